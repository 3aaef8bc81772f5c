"""Plans as data: what a playbook returns, what is previewed, approved, stored and performed."""

from __future__ import annotations

from typing import Any

import msgspec

from knowledge.vocabulary.money import Money


class PlanStep(msgspec.Struct, frozen=True, kw_only=True):
    """One write in an outside system, as data.

    `action` is a verb of `tools.actions`; `arguments` its arguments (JSON). `target` names what it locks
    (`payment:ID`, `order:ID`, `checkout:ID`, `reservation:ID`): while one effect there is unknown no other starts.
    `effect` is what will be different, in words per language; `undo` likewise, or None where the world allows none.
    `goodwill` is what it costs us (refund, price cut, coupon) and is counted against the limits.
    `repays` marks a refund that only pays out a price cut of the same plan (the larger of the two counts once).
    """

    action: str
    target: str
    arguments: dict[str, Any]
    effect: dict[str, str]
    undo: dict[str, str] | None = None
    goodwill: Money | None = None
    repays: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about a case, and what comes after.

    `steps` are performed in order. Then `then` says what follows: `verify` (read back, the fault must be gone),
    `await_customer` (the last message asks; `timeout` picks what happens without an answer), `wait` (nothing to do
    yet: look again after `wait_seconds`), `hand_off` (to a human, `reason` says why) or `resolve` (with `resolution`).
    `needs_human` lists the reasons for which a human must approve before the first step.
    """

    fault: str
    summary: dict[str, str]
    steps: list[PlanStep] = []
    then: str = "verify"
    resolution: str = "repaired"
    wait_seconds: float = 0.0
    reason: str = ""
    choices: list[str] = []
    needs_human: list[str] = []

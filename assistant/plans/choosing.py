"""Which of several findings is treated now, and by which plan; pure, so that a replay can decide again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

# These forbid everything else: a person decides before anything is touched.
HUMAN_FIRST = frozenset({FaultCode.PAYMENT_DISPUTED, FaultCode.ACCOUNT_BLOCKED})


class Choice(msgspec.Struct, frozen=True):
    """The plan for the leading finding; `reason` is set when a human takes over instead."""

    finding: Finding
    plan: Plan | None
    reason: str = ""


def choose(
    findings: Sequence[Finding], begun: Sequence[Finding], facts: Facts, context: PlanContext
) -> Choice | None:
    """The plan for the first finding that is not settled; None when all are.

    `begun` are those on which this episode has changed something: they count until their playbook says that they are
    settled, even when the snapshot no longer shows them (a substitute is in the order, the difference is not paid back
    yet), and are finished first: in the middle of a repair the books can't agree. What only a person can treat waits
    until the rest is settled: so does a plan that does nothing but hand off, unless it does because everything is
    forbidden.
    """
    unsettled = [f for f in _once([*findings, *begun]) if not _is_settled(f, facts, context)]
    if not unsettled:
        return None
    if (forbidding := next((f for f in unsettled if f.code in HUMAN_FIRST), None)) is not None:
        return Choice(forbidding, None, forbidding.code)
    ours = [f for f in unsettled if f.code in {b.code for b in begun}]
    choices = [
        Choice(f, plan(f, facts, context)) for f in ours or unsettled if (plan := CATALOGUE[f.code].plan) is not None
    ]
    # One that says "nothing to do" speaks for itself alone: it ends the case only when all say so.
    if active := [c for c in choices if not _is_empty(c.plan)]:
        return next((c for c in active if not _only_hands_off(c.plan)), active[0])
    untreatable = [f for f in unsettled if CATALOGUE[f.code].plan is None]
    return Choice(untreatable[0], None, "human_fault") if untreatable else choices[0]


def _is_settled(finding: Finding, facts: Facts, context: PlanContext) -> bool:
    """A playbook may say that a finding is dealt with although the snapshot still shows it."""
    hook = CATALOGUE[finding.code].settled
    return hook is not None and bool(context.done and hook(finding, facts, context))


def _once(findings: list[Finding]) -> list[Finding]:
    """Of two findings with one code the first: what is seen now goes before what was written down."""
    return list({f.code: f for f in reversed(findings)}.values())[::-1]


def _only_hands_off(plan: Plan | None) -> bool:
    """Whether it leaves everything to a person; one for whom nothing may be touched stays where it is."""
    return plan is not None and plan.then == "hand_off" and not plan.steps and plan.reason not in HUMAN_FIRST


def _is_empty(plan: Plan | None) -> bool:
    return plan is not None and plan.then == "resolve" and not plan.steps

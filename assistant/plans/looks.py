"""Keeps what was known when a journey decided and what it decided, masked, so that a case can be replayed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.records import Case
from assistant.intake.facts import parts_of
from assistant.plans.choosing import Choice, choose
from assistant.store.tables import looks
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

# What every look says anew, though nothing has changed: left out when two looks are compared.
_FLEETING = frozenset({"at", "now", "received_at", "version", "detectable_at"})


def masked(facts: Facts) -> Facts:
    """The read-back with every personal value masked, of the same shape."""
    parts, _ = parts_of(facts, confirms=False)
    values: dict[str, Any] = {name: part["value"] for name, part in parts.items() if part["value"] is not None}
    for name in ("coupon", "products", "pickup_points"):
        values.setdefault(name, msgspec.to_builtins(getattr(facts, name)))
    known = {name: value for name, value in values.items() if name in Facts.__struct_fields__ and value is not None}
    return msgspec.convert({"checkout_id": facts.checkout_id, "at": facts.at, **known}, Facts)


def record(
    tx: sa.Connection, case: Case, look: Look, begun: list[Finding], context: PlanContext, choice: Choice | None,
    outcome: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    """Writes one look and its decision down in the transaction that decided; nothing when all is as at the last one.

    `outcome` says what came of it: the journey's next step, the case's status, the plan version and its state.
    """
    facts = masked(look.facts)
    decision = {"choice": choice, **outcome, "on_masked": _on_masked(look, begun, facts, context, choice)}
    row: dict[str, Any] = _plain({
        "snapshot": look.snapshot, "facts": facts, "context": _kept(case, context, look, begun),
        "findings": look.findings, "decision": decision,
    })  # fmt: skip
    query = sa.select(looks).where(looks.c.case_id == case["id"]).order_by(looks.c.seq.desc()).limit(1)
    last = tx.execute(query).mappings().first()
    if last is not None and _lasting({name: last[name] for name in row}) == _lasting(row):
        return
    tx.execute(looks.insert().values(
        case_id=case["id"], generation=case["generation"], at=now, policy_version=context.policies.version, **row
    ))  # fmt: skip


def facts_of_plan(tx: sa.Connection, case_id: str, version: int) -> Facts | None:
    """What was read back when this plan version was decided; None where no look kept it."""
    query = sa.select(looks.c.facts, looks.c.decision).where(looks.c.case_id == case_id).order_by(looks.c.seq)
    for facts, decision in tx.execute(query):
        if decision.get("plan_version") == version:
            return msgspec.convert(facts, Facts)
    return None


# -- parts ----------------------------------------------------------------------------------------------------------


def _kept(case: Case, context: PlanContext, look: Look, begun: list[Finding]) -> dict[str, Any]:
    """The context as data: PlanContext without its snapshot, and what detectors and choice knew beside it."""
    known = {name: getattr(context, name) for name in PlanContext.__struct_fields__ if name != "snapshot"}
    beside = {"begun": begun, "history": look.history, "scores": look.scores, "stock": look.stock}
    return known | beside | {"settled": case["settled"]}


def _on_masked(
    look: Look, begun: list[Finding], facts: Facts, context: PlanContext, choice: Choice | None
) -> dict[str, Any] | None:
    """What is decided on the masked read-back, where that differs: a replay has nothing else to compare with."""
    try:
        again = choose(look.findings, begun, facts, context)
    except Exception as error:  # a playbook may need what is masked; the replay will find the same
        return {"failed": type(error).__name__}
    return None if said(again) == said(choice) else {"choice": said(again)}


def said(choice: Choice | None) -> dict[str, Any] | None:
    """A choice as data, without what changes by itself: versions and the times to wait."""
    if choice is None:
        return None
    plan: Plan | None = choice.plan
    steps = [] if plan is None else [
        {"action": s.action, "target": s.target,
         "arguments": {k: v for k, v in s.arguments.items() if k != "version"}}
        for s in plan.steps
    ]  # fmt: skip
    plain: dict[str, Any] = _plain({
        "fault": choice.finding.code, "reason": choice.reason or (plan.reason if plan else ""),
        "then": plan.then if plan else "hand_off", "resolution": plan.resolution if plan else "", "steps": steps,
    })  # fmt: skip
    return plain


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value, order="deterministic"))


def _lasting(value: Any) -> Any:
    """What of a look counts as news."""
    if isinstance(value, list):
        return [_lasting(one) for one in value if not _is_read_back(one)]
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if k not in _FLEETING and v not in (None, [], {})}
    return value


def _is_read_back(value: Any) -> bool:
    """A read-back's mark or evidence: each look leaves one."""
    return isinstance(value, dict) and (
        str(value.get("type", "")).startswith("read_back.") or value.get("kind") == "read_back"
    )

"""Plans for purchases that were paid twice: the redundant payment goes back, exactly the excess, once; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import captured_net
from knowledge.faults.overpaid import cancel_redundant, cancelled_in_vain, given_back, owed, refund_redundant
from knowledge.faults.planning import (
    PlanContext,
    acting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.DUPLICATE_CHARGE
REASON = "duplicate_charge"


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. What is over is `refund_missing`'s; which payment is redundant is worked out from the facts."""
    if reason := obstacle(facts, split=True):
        return hand_off(finding, reason)
    if over(facts):
        return finished(finding, ctx)
    due = owed(facts, ctx.policies.rounding)
    if due is None:
        return hand_off(finding, "total_unclear")
    if captured_net(facts) >= due and cancelled_in_vain(facts, ctx):
        return hand_off(finding, "cancel_not_effective")
    refunds = []
    if captured_net(facts) - due > ctx.policies.rounding:
        refunds = refund_redundant(facts, ctx, due, REASON)
    changed = bool(refunds) or performed_any(ctx, "refund_payment")
    steps = [*(cancel_redundant(facts, ctx, due) if changed else []), *refunds, *_told(facts, ctx, refunds)]
    if not steps:
        return finished(finding, ctx)
    summary = words("重复收款：取消多余的授权，退还多收的部分。",
                    "Paid twice: cancel what is redundant and refund exactly what was taken too much.")  # fmt: skip
    return acting(finding, facts, summary, steps)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether no more than what is due is kept, nothing more can be taken, and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _told(facts: Facts, ctx: PlanContext, refunds: list[PlanStep]) -> list[PlanStep]:
    params: dict[str, Any] = {"reference": reference(facts)}
    if back := given_back(refunds):
        params["refund"] = [money.json() for money in back]
        return do.send_message(ctx, FAULT, "duplicate_refunded", "duplicate_refunded", params)
    if performed_any(ctx, "refund_payment"):
        return do.send_message(ctx, FAULT, "duplicate_refunded", "duplicate_returned", params)
    return []

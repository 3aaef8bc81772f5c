"""Plans for stock that stays reserved although nobody pays for it any more: release it, say why; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, captured_net, kept, minor, own, paid_later, valid_authorisation
from knowledge.faults.planning import (
    PlanContext,
    acting,
    can_retry,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import release_all
from knowledge.vocabulary.codes import FaultCode, PaymentStatus
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PAYMENT_FAILED_STOCK_HELD
FAILED = frozenset({PaymentStatus.FAILED, PaymentStatus.EXPIRED, PaymentStatus.CANCELLED})


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Nothing is released while an order or any payment may still need the stock."""
    if reason := obstacle(facts, moves=False):
        return hand_off(finding, reason)
    if over(facts):
        if captured_net(facts):
            return hand_off(finding, "refund_missing")
        if any(valid_authorisation(p, ctx.now) for p in facts.payments or []):
            return hand_off(finding, "payment_in_use")
    elif facts.live_order is not None or _alive(facts, ctx):
        return finished(finding, ctx)
    held = own(facts)
    if any(r.status == "committed" for r in held) and not facts.orders:
        return hand_off(finding, "committed_without_order")
    steps = release_all(held)
    if steps or performed_any(ctx, "release_reservation"):
        steps += _told(facts, ctx)
    if not steps:
        return finished(finding, ctx)
    summary = words("付款未成功：释放预留库存并告知顾客。",
                    "The payment did not succeed: release the stock and tell the customer.")  # fmt: skip
    return acting(finding, facts, summary, steps)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether nothing is held any more that nobody pays for, and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _alive(facts: Facts, ctx: PlanContext) -> bool:
    payments = facts.payments or []
    return paid_later(facts) or any(kept(p) or valid_authorisation(p, ctx.now) or p.status in OPEN for p in payments)


def _told(facts: Facts, ctx: PlanContext) -> list[PlanStep]:
    """Why, and how to try again; a customer who never tried to pay, or got money back, hears it elsewhere."""
    payments = facts.payments or []
    if facts.orders or any(minor(p.captured) for p in payments) or not any(p.status in FAILED for p in payments):
        return []
    phrase = "payment_failed_retry" if can_retry(facts, ctx.now) else "payment_failed"
    return do.send_message(ctx, FAULT, "payment_failed", phrase, {"reference": reference(facts)})

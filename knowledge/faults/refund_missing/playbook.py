"""Plans for money that was kept although nothing will be delivered: all of it goes back, once; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.overpaid import cancelled_in_vain, given_back
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
from knowledge.faults.unwinding import unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.REFUND_MISSING
REASON = "refund_missing"


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk: what could still be taken is cancelled, what is kept goes back per payment, with surcharges.

    Every payment is refunded in its own currency, so that several of them are no obstacle.
    """
    reason = obstacle(facts)
    if reason and reason != "currency_mismatch":
        return hand_off(finding, reason)
    if not over(facts):
        return finished(finding, ctx)
    if cancelled_in_vain(facts, ctx):
        return hand_off(finding, "cancel_not_effective")
    steps = unwind(facts, ctx, REASON)
    steps += _told(facts, ctx, steps)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("订单已结束：全额退还仍未退的款项，并释放剩余预留。",
                    "The purchase is over: refund everything still kept, let go what is reserved.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether nothing is kept, reserved or still open, and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _told(facts: Facts, ctx: PlanContext, steps: list[PlanStep]) -> list[PlanStep]:
    """Word of the refund, with what this plan (or else everything so far) returns."""
    back = given_back(steps)
    if not back and performed_any(ctx, "refund_payment"):
        back = _returned(facts)
    if not back:
        return []
    params = {"reference": reference(facts), "refund": [money.json() for money in back]}
    return do.send_message(ctx, FAULT, "refund_made_good", "refund_made_good", params)


def _returned(facts: Facts) -> list[Money]:
    sums: dict[str, int] = {}
    for payment in facts.payments or []:
        for money in (payment.refunded, payment.refund_pending):
            if money is not None and money.amount:
                sums[money.currency] = sums.get(money.currency, 0) + money.amount
    return [Money(amount, currency) for currency, amount in sums.items()]

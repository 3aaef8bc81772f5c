"""Plans for payments the gateway never answered about: cancel them, free the stock, tell the customer; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, kept, own, paid_later, valid_authorisation
from knowledge.faults.overpaid import cancelled_in_vain
from knowledge.faults.planning import (
    PlanContext,
    acting,
    can_retry,
    confirm_by,
    finished,
    hand_off,
    is_settled,
    obstacle,
    performed,
    performed_any,
    reference,
    waiting,
)
from knowledge.faults.steps import words
from knowledge.faults.unpaid_order_live import playbook as unpaid_order_live
from knowledge.faults.unwinding import ended_by_us, release_all
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, PaymentFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.PAYMENT_UNCONFIRMED


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. A payment that turned out captured or failed is no longer this fault.

    Stock goes only when nothing else may still pay for it; the customer is told once the payment is cancelled.
    """
    if reason := obstacle(facts, moves=False):
        return hand_off(finding, reason)
    pending = [p for p in facts.payments or [] if p.status in OPEN]
    overdue = [p for p in pending if confirm_by(p, finding, ctx) <= ctx.now]
    if facts.live_order is not None or ended_by_us(facts, ctx):
        return _with_order(finding, facts, ctx, overdue)
    if any(performed(ctx, "cancel_payment", f"payment:{p.id}") for p in overdue):
        return hand_off(finding, "cancel_not_effective")
    if not overdue and pending:
        left = min(confirm_by(p, finding, ctx) for p in pending) - ctx.now
        return waiting(finding, left.total_seconds(), words("等待支付网关答复。", "Wait for the gateway's answer."))
    if not overdue and not performed_any(ctx, "cancel_payment"):
        return finished(finding, ctx)
    return _let_go(finding, facts, ctx, overdue)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether no payment is left unanswered and nothing is held for it."""
    return is_settled(plan(finding, facts, ctx))


def _with_order(finding: Finding, facts: Facts, ctx: PlanContext, overdue: list[PaymentFact]) -> Plan:
    """An order stands on it: its stock stays, and where nothing else pays for it, it is an order nobody paid."""
    if overdue and _paid_otherwise(facts, ctx, overdue):
        if cancelled_in_vain(facts, ctx):
            return hand_off(finding, "cancel_not_effective")
        summary = words("订单已由其他付款覆盖：取消逾期未确认的付款。",
                        "Other payments cover the order: cancel the one that was never confirmed.")  # fmt: skip
        return acting(finding, facts, summary, [do.cancel_payment(payment) for payment in overdue])
    if overdue or performed_any(ctx, "hold_order", "create_payment_link"):
        return unpaid_order_live.plan(finding, facts, ctx)
    return finished(finding, ctx)


def _let_go(finding: Finding, facts: Facts, ctx: PlanContext, overdue: list[PaymentFact]) -> Plan:
    steps = [do.cancel_payment(payment) for payment in overdue]
    if not _paid_otherwise(facts, ctx, overdue):
        if any(r.status == "committed" for r in own(facts)) and not facts.orders:
            return hand_off(finding, "committed_without_order")
        steps += release_all(own(facts))
        phrase = "not_confirmed_retry" if can_retry(facts, ctx.now) else "not_confirmed"
        steps += do.send_message(ctx, FAULT, "payment_not_confirmed", phrase, {"reference": reference(facts)})
    if not steps:
        return finished(finding, ctx)
    summary = words("付款逾期未确认：取消付款、释放库存并告知顾客。",
                    "The payment was never confirmed: cancel it, release the stock, tell the customer.")  # fmt: skip
    return acting(finding, facts, summary, steps)


def _paid_otherwise(facts: Facts, ctx: PlanContext, overdue: list[PaymentFact]) -> bool:
    """Whether any other payment holds or promises money, or may still do so."""
    gone = {p.id for p in overdue}
    rest = [p for p in facts.payments or [] if p.id not in gone]
    alive = any(kept(p) or valid_authorisation(p, ctx.now) or p.status in OPEN for p in rest)
    return alive or paid_later(facts)

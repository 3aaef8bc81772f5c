"""Plans for purchases of which only a part was paid: collect the rest by a link, or give everything back; pure."""

from __future__ import annotations

from datetime import timedelta

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, captured_net, lacking, minor, total_of
from knowledge.faults.payment_unconfirmed import playbook as payment_unconfirmed
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    confirm_by,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    reference,
    sent,
    waiting,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode, PaymentStatus
from knowledge.vocabulary.facts import Facts, PaymentFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PARTIAL_PAYMENT
REASON = "partial_payment"
OCCASION = "pay_rest"
LOOK_AGAIN = timedelta(seconds=5)
REFUSE = {"id": "no_refund", "label": {"zh-CN": "不再支付，取消并退款", "en": "No, cancel and refund me"}}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk: link and question, the wait, then nothing more (paid) or everything back."""
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    if ended_by_us(facts, ctx):
        return _give_back(finding, facts, ctx)
    priced = facts.live_order or facts.checkout
    if over(facts) or priced is None or not priced.lines:
        return hand_off(finding, "refund_missing" if over(facts) else "facts_missing")
    due = Money(total_of(priced), priced.lines[0].unit_price.currency)
    rest = lacking(facts, due, ctx.now)
    if rest <= ctx.policies.rounding:
        return _paid(finding, facts, ctx)
    if _refunds_explain(facts, due, ctx.policies.rounding):
        return hand_off(finding, "refunded_before", _cancel_links(ctx))
    return _collect(finding, facts, ctx, Money(rest, due.currency))


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether it is paid and no link can be paid twice, or everything was given back."""
    return is_settled(plan(finding, facts, ctx))


def _paid(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    if links := _cancel_links(ctx):
        summary = words("已付清：作废多余的付款链接。", "Paid in full: the link that is left over is cancelled.")
        return acting(finding, facts, summary, links)
    return finished(finding, ctx)


def _collect(finding: Finding, facts: Facts, ctx: PlanContext, rest: Money) -> Plan:
    state = answer(ctx, OCCASION)
    match state:
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, rest)
        case Answer.WAITING if _rest_changed(facts, ctx):
            return hand_off(finding, "short_changed", _cancel_links(ctx))
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客支付余款。", "Waiting for the customer to pay the rest."))
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.CHOSE:
            return hand_off(finding, "unknown_choice")
        case Answer.UNREACHED:
            return hand_off(finding, "cannot_reach", _cancel_links(ctx))
        case _ if sent(facts):
            return hand_off(finding, "already_shipped", _cancel_links(ctx))
    return _give_back(finding, facts, ctx)


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, rest: Money) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask", _cancel_links(ctx))
    pending = [p for p in facts.payments or [] if p.status in OPEN]
    if pending:
        return _let_it_end(finding, facts, ctx, pending)
    link = next((link for link in ctx.links if link.status == "open"), None)
    steps = [] if link else [do.create_payment_link(facts.checkout_id, rest)]
    url = link.url if link else {"link_from": "create_payment_link"}
    params = {"reference": reference(facts), "captured": Money(captured_net(facts), rest.currency).json(),
              "rest": rest.json(), "link": url}  # fmt: skip
    steps += do.send_message(ctx, FAULT, OCCASION, "pay_rest", params, [REFUSE])
    shown = do.shown(rest)
    summary = words(f"请顾客用付款链接补付 {shown}。", f"Ask the customer to pay the remaining {shown} by a link.")
    return awaiting(finding, summary, steps)


def _let_it_end(finding: Finding, facts: Facts, ctx: PlanContext, pending: list[PaymentFact]) -> Plan:
    """Something more may be coming by itself: not while that is open is a second way to pay offered."""
    deadline = min(confirm_by(p, finding, ctx) for p in pending)
    if deadline <= ctx.now:
        return payment_unconfirmed.plan(finding, facts, ctx)
    summary = words("另一笔付款正在进行。", "Another payment is under way.")
    return waiting(finding, min(LOOK_AGAIN, deadline - ctx.now).total_seconds(), summary)


def _give_back(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The link goes first: a payment by it that came in meanwhile refuses, and everything is read and planned anew."""
    steps = unwind(facts, ctx, REASON)
    if back := returned(facts):
        params = {"reference": reference(facts), "refund": back.json()}
        steps += do.send_message(ctx, FAULT, "partial_refunded", "cancelled_refund", params)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("余款未付：取消、退还已收款项并释放库存。",
                    "The rest was not paid: cancel, refund what was taken, release the stock.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")


def _cancel_links(ctx: PlanContext) -> list[PlanStep]:
    return [do.cancel_payment_link(link) for link in ctx.links if link.status == "open"]


def _refunds_explain(facts: Facts, due: Money, rounding: int) -> bool:
    """Whether enough was once captured, so that a refund (not the customer) left the difference."""
    ever = sum(max(0, minor(p.captured) - minor(p.surcharge)) for p in facts.payments or [])
    return ever >= due.amount - rounding


def _rest_changed(facts: Facts, ctx: PlanContext) -> bool:
    """Whether money came in another way since the link was made: its amount would now be too much."""
    asked = ctx.asked.get(OCCASION)
    ours = {link.payment_id for link in ctx.links}
    return asked is not None and any(
        p.status is PaymentStatus.CAPTURED and p.id not in ours and p.created_at and p.created_at > asked.at
        for p in facts.payments or []
    )

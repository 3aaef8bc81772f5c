"""Plans for orders that go ahead though nobody paid: hold, ask for exactly what is lacking, then go on or end; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, lacking
from knowledge.faults.overpaid import cancelled_in_vain
from knowledge.faults.paying import ask_to_pay, cancel_links, least_total, pay_state, refunds_explain, under_way
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    awaiting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    performed,
    reference,
    refused,
    sent,
    versioned,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_money import hold_order, resume
from knowledge.faults.unwinding import ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.UNPAID_ORDER_LIVE
REASON = "unpaid"
OCCASION = "pay_order"
REFUSE = {"id": "no_cancel", "label": {"zh-CN": "不再需要，取消订单", "en": "No, cancel the order"}}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Nothing is touched while a payment is open within its deadline; what has left is a human's."""
    if reason := obstacle(facts):
        return hand_off(finding, reason, cancel_links(ctx))
    if ended_by_us(facts, ctx):
        return _end(finding, facts, ctx)
    order, due = facts.live_order, least_total(facts)
    if order is None or due is None:
        return finished(finding, ctx)
    rest = Money(lacking(facts, due, ctx.now), due.currency)
    if rest.amount <= ctx.policies.rounding:
        return _paid(finding, facts, ctx)
    if sent(facts):
        return hand_off(finding, "already_shipped", cancel_links(ctx))
    if refunds_explain(facts, due, ctx.policies.rounding):
        return hand_off(finding, "refunded_before", cancel_links(ctx))
    if wait := under_way(finding, facts, ctx):
        return wait
    return _collect(finding, facts, ctx, order, rest)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether it is paid and goes on as it was, or was ended with nothing kept."""
    return is_settled(plan(finding, facts, ctx))


def _paid(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    steps = [*cancel_links(ctx), *resume(facts.live_order, ctx)]
    if not steps:
        return finished(finding, ctx)
    summary = words("已付清：作废多余的付款链接，解除暂停。", "It is paid: no link is left, the hold is lifted.")
    return acting(finding, facts, summary, steps)


def _collect(finding: Finding, facts: Facts, ctx: PlanContext, order: OrderFact, rest: Money) -> Plan:
    match pay_state(ctx, OCCASION, rest):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, order, rest)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客付款。", "Waiting for the customer to pay."))
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.CHOSE:
            return hand_off(finding, "unknown_choice")
        case Answer.UNREACHED:
            return hand_off(finding, "cannot_reach", cancel_links(ctx))
        case None:
            return hand_off(finding, "short_changed", cancel_links(ctx))
    return _end(finding, facts, ctx)


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, order: OrderFact, rest: Money) -> Plan:
    """The hold first: if the goods leave at this moment it is refused, and nobody is asked for money.

    Where the shop refuses to hold an order that is still there, the message doesn't say that it is held.
    """
    steps = _hold(order, ctx)
    held = bool(steps) or order.status == "on_hold"
    if refused(ctx, "create_payment_link", f"checkout:{facts.checkout_id}"):
        return hand_off(finding, "link_refused", versioned([*steps, *cancel_links(ctx)], facts))
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask", versioned([*steps, *cancel_links(ctx)], facts))
    if cancelled_in_vain(facts, ctx):
        return hand_off(finding, "cancel_not_effective", versioned([*steps, *cancel_links(ctx)], facts))
    steps += [do.cancel_payment(p) for p in facts.payments or [] if p.status in OPEN]  # overdue ones
    params = {"reference": reference(facts), "rest": rest.json()}
    phrase = "pay_order" if held else "pay_order_unheld"
    steps += ask_to_pay(facts, ctx, FAULT, OCCASION, rest, phrase, params, [REFUSE])
    shown = do.shown(rest)
    summary = words(f"订单未付款：先暂停订单，请顾客用付款链接支付 {shown}。",
                    f"The order isn't paid: put it on hold and ask the customer for {shown} by a link.")  # fmt: skip
    if not held:
        summary = words(f"订单未付款，未能暂停：请顾客用付款链接支付 {shown}。",
                        f"The order isn't paid, it can't be held: ask the customer for {shown} by a link.")  # fmt: skip
    return awaiting(finding, summary, versioned(steps, facts))


def _hold(order: OrderFact, ctx: PlanContext) -> list[PlanStep]:
    """Once, and not where the shop has refused it."""
    key = f"order:{order.id}"
    if order.status == "on_hold" or performed(ctx, "hold_order", key) or f"hold_order|{key}" in ctx.refused:
        return []
    return [hold_order(order, REASON)]


def _end(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The link goes first: a payment by it that came in meanwhile refuses, and everything is read and planned anew."""
    steps = unwind(facts, ctx, REASON)
    params: dict[str, Any] = {"reference": reference(facts)}
    if back := returned(facts):
        params["refund"] = back.json()
    phrase = "unpaid_cancelled_refund" if back else "unpaid_cancelled"
    steps += do.send_message(ctx, FAULT, "unpaid_cancelled", phrase, params)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("未付款：取消订单、释放库存并告知顾客。",
                    "It was not paid: cancel the order, release the stock, tell the customer.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")

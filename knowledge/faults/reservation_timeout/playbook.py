"""Plans for goods that were never set aside: reserve them, or tell the customer while nothing was charged; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.delivering import shortage_begun, unanswered
from knowledge.faults.figures import available, lacking, total_of
from knowledge.faults.paid_out_of_stock import playbook as out_of_stock
from knowledge.faults.paid_out_of_stock.shortage import Shortage
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    can_retry,
    finished,
    hand_off,
    in_flight,
    is_settled,
    obstacle,
    over,
    reference,
    sent,
    waiting,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import StockChange, ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.RESERVATION_TIMEOUT
OCCASION = "sold_out"
REASON = "out_of_stock"
LOOK_AGAIN = 60.0  # seconds, while the customer changes the basket or a payment is under way
KEEP = {"id": "keep", "label": words("保留，我会修改购物车", "Keep it, I will change the basket")}
UNDER_WAY = words("等待付款结果。", "Waiting for the payment under way.")
CANCEL = {"id": "no_cancel", "label": words("不需要了，取消", "No, cancel it")}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Nothing is reserved once the payment window is over and nobody has paid.

    Once it is paid, what the stock doesn't cover is treated as `paid_out_of_stock` treats it.
    """
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    if shortage_begun(ctx):
        return out_of_stock.plan(finding, facts, ctx)
    if ended_by_us(facts, ctx):
        return _close(finding, facts, ctx)
    if over(facts) or sent(facts):
        return finished(finding, ctx)
    priced = facts.live_order or facts.checkout
    if priced is None or not priced.lines:
        return hand_off(finding, "facts_missing")
    view = Shortage(finding, facts, ctx)
    if view.unread:
        return hand_off(finding, "stock_unread")
    due = Money(total_of(priced), priced.lines[0].unit_price.currency)
    if lacking(facts, due, ctx.now) <= ctx.policies.rounding:
        return _paid(view)
    return _unpaid(view)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the goods are set aside, or nobody waits for them any more."""
    return is_settled(plan(finding, facts, ctx))


def _paid(view: Shortage) -> Plan:
    """A confirmed order needs its new reservation committed, too; what is not confirmed yet the shop goes on with."""
    order = view.facts.live_order
    if view.gaps or (order is not None and order.status == "confirmed"):
        return out_of_stock.plan(view.finding, view.facts, view.ctx)
    return _reserve(view)


def _reserve(view: Shortage) -> Plan:
    stock = StockChange(view.facts, view.finding, view.lines)
    if not stock.reserve:
        return finished(view.finding, view.ctx)
    if f"reserve_stock|checkout:{view.facts.checkout_id}" in view.ctx.refused:
        return hand_off(view.finding, "reservation_refused")
    summary = words("有货：为该结算补做预留。", "The goods are there: reserve them for this checkout.")
    return acting(view.finding, view.facts, summary, stock.reserve)


# -- nobody has paid yet --------------------------------------------------------------------------------------------


def _unpaid(view: Shortage) -> Plan:
    finding, facts, ctx = view.finding, view.facts, view.ctx
    if not can_retry(facts, ctx.now):
        if in_flight(facts):
            return waiting(finding, LOOK_AGAIN, UNDER_WAY)
        return _close(finding, facts, ctx) if OCCASION in ctx.asked else finished(finding, ctx)
    if facts.live_order is not None:
        return hand_off(finding, "order_live")
    if not view.gaps:
        return _reserve(view)
    return _by_customer(view)


def _by_customer(view: Shortage) -> Plan:
    finding, facts, ctx = view.finding, view.facts, view.ctx
    match answer(ctx, OCCASION):
        case Answer.NOT_ASKED:
            return _ask(view)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客就缺货商品作出决定。", "Waiting for what the customer decides."))
        case Answer.DECLINED:
            return _close(finding, facts, ctx)
        case Answer.CHOSE if not _forgotten(facts, ctx):
            summary = words("顾客将修改购物车。", "The customer will change the basket.")
            return waiting(finding, LOOK_AGAIN, summary)
        case Answer.CHOSE | Answer.TIMED_OUT:
            if in_flight(facts):
                return waiting(finding, LOOK_AGAIN, UNDER_WAY)
            return _close(finding, facts, ctx)
    return unanswered(finding, ctx, OCCASION) or hand_off(finding, "customer_silent")


def _forgotten(facts: Facts, ctx: PlanContext) -> bool:
    """Whether the customer who wanted to keep the basket has left it alone, where no payment window ends that."""
    if facts.checkout is not None and facts.checkout.payment_window_ends_at is not None:
        return False
    seen = max(ctx.asked[OCCASION].at, ctx.snapshot.last_activity_at or ctx.asked[OCCASION].at)
    return ctx.now >= seen + timedelta(seconds=ctx.policies.deadlines.abandoned)


def _ask(view: Shortage) -> Plan:
    facts, ctx = view.facts, view.ctx
    if not ctx.can_message:
        return hand_off(view.finding, "cannot_ask")
    skus = list(dict.fromkeys(gap.line.sku for gap in view.gaps))
    params: dict[str, Any] = {"reference": reference(facts), "items": [ctx.titles.get(sku, sku) for sku in skus]}
    offered = [product for sku in skus for product in ctx.substitutes.get(sku, [])[:2]]
    instead = [p for p in offered if p.sku not in skus and (p.sku not in facts.stock or available(facts, p.sku))]
    if instead:
        params["alternatives"] = [product.title or product.sku for product in instead]
    phrase = "sold_out_alternatives" if instead else "sold_out"
    message = do.send_message(ctx, FAULT, OCCASION, phrase, params, [KEEP, CANCEL])
    summary = words("缺货且未付款：请顾客决定。", "Not in stock and not paid: tell the customer, who decides.")
    return awaiting(view.finding, summary, message)


def _close(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """Declined, or nobody answered: the checkout is closed, whatever came in meanwhile goes back."""
    steps = unwind(facts, ctx, REASON)
    back = returned(facts)
    params: dict[str, Any] = {"reference": reference(facts)}
    if back:
        params["refund"] = back.json()
    steps += do.send_message(ctx, FAULT, "sold_out_closed", "closed_refund" if back else "closed", params)
    asked = ctx.asked.get(OCCASION)
    answered = asked is not None and asked.choice is not None
    resolution = "cancelled_refunded" if back or answered else "no_response"
    if not steps:
        return finished(finding, ctx, resolution)
    summary = words("关闭结算，不收取任何款项。", "Close the checkout: nothing is charged.")
    return acting(finding, facts, summary, steps, resolution)

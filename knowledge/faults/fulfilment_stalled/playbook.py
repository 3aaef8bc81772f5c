"""Plans for paid orders that don't go on: confirmed where that is all it needs, else a note and a human; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.delivering import shortage_begun
from knowledge.faults.figures import SENT, lacking, total_of
from knowledge.faults.paid_out_of_stock import playbook as out_of_stock
from knowledge.faults.paid_out_of_stock.shortage import Shortage
from knowledge.faults.planning import (
    PlanContext,
    acting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    performed,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_delivery import add_note
from knowledge.faults.unwinding import StockChange, ended_by_us
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.FULFILMENT_STALLED
# By what is wrong: the reason for the hand-off (how it stands is told with it), the note for the shop.
STATES = {
    "shipment_exception": ("shipment_exception", words(
        "承运商报告异常，至今未解决，请与承运商核实。",
        "The carrier reported a problem that nothing has resolved: ask it.")),
    "late": ("shipment_late", words(
        "已确认但逾期未发货，请仓库核实。", "Confirmed, and its shipment is overdue: ask the warehouse.")),
    "on_hold": ("left_on_hold", words(
        "订单已暂停且逾期，请核实原因并解除或取消。",
        "On hold past its day: find out why, then lift the hold or cancel.")),
}  # fmt: skip


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Only a missing confirmation is the machine's to make good; everything else is a person's.

    What the stock doesn't cover is treated as `paid_out_of_stock` treats it.
    """
    if ended_by_us(facts, ctx) or shortage_begun(ctx):
        return out_of_stock.plan(finding, facts, ctx)
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    order = facts.live_order
    if order is None or order.status == "delivered":
        return finished(finding, ctx)
    if finding.cause == "shipment_exception":
        return _to_a_person(finding, ctx, order, "shipment_exception")
    if order.status in SENT:
        return finished(finding, ctx)
    if order.status == "on_hold":
        return _to_a_person(finding, ctx, order, "on_hold")
    if order.status == "created":
        return _confirm(finding, facts, ctx, order)
    if _confirmed_by_us(ctx, order):
        return finished(finding, ctx)
    return _to_a_person(finding, ctx, order, "late")


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the order goes on."""
    return is_settled(plan(finding, facts, ctx))


def _confirm(finding: Finding, facts: Facts, ctx: PlanContext, order: OrderFact) -> Plan:
    """Paid and its goods secured (or to be had): the confirmation is all that is missing."""
    if not order.lines:
        return hand_off(finding, "facts_missing")
    due = Money(total_of(order), order.lines[0].unit_price.currency)
    if lacking(facts, due, ctx.now) > ctx.policies.rounding:
        return hand_off(finding, "no_longer_paid")
    if _confirmed_by_us(ctx, order):
        return hand_off(finding, "confirm_not_effective")
    if f"confirm_order|order:{order.id}" in ctx.refused:
        return hand_off(finding, "confirm_refused")
    view = Shortage(finding, facts, ctx)
    if view.unread:
        return hand_off(finding, "stock_unread")
    if view.gaps:
        return out_of_stock.plan(finding, facts, ctx)
    stock = StockChange(facts, finding, order.lines, skip=view.backordered)
    steps = [*stock.reserve, do.confirm_order(order, facts.checkout_id), *stock.release]
    summary = words("已付款且有货：确认订单。", "It is paid and the goods are there: confirm the order.")
    return acting(finding, facts, summary, steps)


def _confirmed_by_us(ctx: PlanContext, order: OrderFact) -> bool:
    return performed(ctx, "confirm_order", f"order:{order.id}")


def _to_a_person(finding: Finding, ctx: PlanContext, order: OrderFact, state: str) -> Plan:
    """One note for the shop, then a person; the customer hears both how it stands and by when they will hear."""
    reason, note = STATES[state]
    noted = performed(ctx, "add_note", f"order:{order.id}") or f"add_note|order:{order.id}" in ctx.refused
    return hand_off(finding, reason, [] if noted else [add_note(order, note)])

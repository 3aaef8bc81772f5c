"""Plans for paid checkouts without an order: reserve, create it once, confirm it, tell the customer; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
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
    reference,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import StockChange
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PAID_ORDER_MISSING


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Authorised payments count as paid and are not captured.

    What the stock doesn't cover is treated as `paid_out_of_stock` treats it.
    """
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    if facts.live_order is not None:
        return _with_order(finding, facts, ctx)
    view = Shortage(finding, facts, ctx)
    general = out_of_stock.plan(finding, facts, ctx)
    if general.then == "hand_off" or view.gaps or not _creates(general):
        return general
    steps = [*general.steps, *_told(facts, ctx)]
    summary = words("已付款但没有订单：补建一张订单并确认。", "Paid without an order: create it once and confirm it.")
    return acting(finding, facts, summary, steps)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether there is an order that goes ahead (or everything was given back)."""
    return is_settled(plan(finding, facts, ctx))


def _with_order(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """An order has appeared: ours is carried on, the shop's own is left to the shop."""
    if not performed(ctx, "create_order", f"checkout:{facts.checkout_id}"):
        order = facts.live_order
        stock = StockChange(facts, finding, order.lines if order else [])
        if stock.release:
            summary = words(
                "店铺已自行建单：释放多余的预留。", "The shop made the order itself: release the second hold."
            )
            return acting(finding, facts, summary, stock.release)
        return finished(finding, ctx)
    rest = out_of_stock.plan(finding, facts, ctx)
    if is_settled(rest) and (message := _told(facts, ctx)):
        return acting(
            finding, facts, words("告知顾客订单已补建。", "Tell the customer that the order exists."), message
        )
    return rest


def _creates(plan: Plan) -> bool:
    return any(step.action == "create_order" for step in plan.steps)


def _told(facts: Facts, ctx: PlanContext) -> list[PlanStep]:
    if any(occasion.startswith("out_of_stock:") for occasion in ctx.asked):
        return []  # the shortage's own messages tell it
    return do.send_message(ctx, FAULT, "order_made_good", "order_made_good", {"reference": reference(facts)})

"""What the customer is asked about missing goods, and told in the end; the playbook's messages as steps; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import refunded, total_of
from knowledge.faults.paid_out_of_stock.shortage import Gap, Shortage, occasion
from knowledge.faults.planning import performed_any, reference
from knowledge.faults.steps import words
from knowledge.phrases import format_money
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import OrderFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep

FAULT = FaultCode.PAID_OUT_OF_STOCK


def question(view: Shortage, gap: Gap) -> list[PlanStep]:
    """The one question about a sku: substitutes, waiting, or the refund."""
    sku = gap.line.sku
    params = {"reference": reference(view.facts), "item": title(view, sku), "quantity": gap.short}
    return do.send_message(view.ctx, FAULT, occasion(sku), "ask", params, _choices(view, gap))


def _choices(view: Shortage, gap: Gap) -> list[dict[str, Any]]:
    choices = []
    for product in view.substitutes(gap.line):
        price, title = format_money(product.unit_price or gap.line.unit_price), product.title or product.sku
        label = words(f"换成「{title}」，每件 {price}", f"Take “{title}” at {price} each instead")
        choices.append({"id": f"substitute:{product.sku}", "label": label})
    stock = view.facts.stock.get(gap.line.sku)
    if view.restock(gap.line) and stock and stock.restock_at:
        day = stock.restock_at.date().isoformat()
        label = words(f"等待到货（预计 {day}）", f"Wait for it (expected on {day})")
        choices.append({"id": "backorder", "label": label})
    refuse = (
        words("不需要，缺货部分退款，其余照常发货", "No, refund what is missing and send the rest")
        if view.left_without(view.gaps)
        else words("不需要，取消并退款", "No, cancel and refund me")
    )
    return [*choices, {"id": "no_refund", "label": refuse}]


def closing(view: Shortage, order: OrderFact | None, refund: int, kind: str | None = None) -> list[PlanStep]:
    """The message that tells how it ended, once; `refund` minor units are returned by the same plan.

    `kind` is what this plan does; without it, what earlier plans of the episode have done.
    """
    kinds = {kind} if kind else set()
    kinds |= {"cut"} if performed_any(view.ctx, "cancel_lines") else set()
    kinds |= {"substituted"} if performed_any(view.ctx, "substitute_line") else set()
    if not kinds and (view.backordered or not any(key.startswith("out_of_stock:") for key in view.ctx.asked)):
        return []
    params: dict[str, Any] = {"reference": reference(view.facts)}
    if not kinds or order is None:
        return do.send_message(view.ctx, FAULT, "out_of_stock_outcome", "back_in_stock", params)
    phrase = kinds.pop() if len(kinds) == 1 else "changed"
    params["total"] = Money(total_of(order), currency_of(order)).json()
    back = refund + sum(refunded(p) for p in view.facts.payments or [])
    if back:
        params["refund"] = Money(back, currency_of(order)).json()
    return do.send_message(view.ctx, FAULT, "out_of_stock_outcome", f"{phrase}_refund" if back else phrase, params)


def backordered(view: Shortage, sku: str, day: str) -> list[PlanStep]:
    """The promise of a back-order; `day` is ISO 8601."""
    params = {"reference": reference(view.facts), "item": title(view, sku), "expected_on": day}
    return do.send_message(view.ctx, FAULT, f"backordered:{sku}", "backordered", params)


def title(view: Shortage, sku: str) -> str:
    """The product's name, its sku where nobody knows it."""
    return view.ctx.titles.get(sku, sku)


def currency_of(order: OrderFact) -> str:
    """The currency its lines are priced in."""
    return order.lines[0].unit_price.currency

"""Constructors of the writes that deliveries need beside those of `steps`: pickup, notes, shown stock; pure."""

from __future__ import annotations

import msgspec

from knowledge.faults.planning import Words
from knowledge.faults.steps import words
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import OrderFact, PickupPointFact
from knowledge.vocabulary.plans import PlanStep


def choose_pickup(order: OrderFact, point: PickupPointFact) -> PlanStep:
    name = point.name or point.id
    return PlanStep(
        action="choose_pickup", target=f"order:{order.id}",
        arguments={"order_id": order.id, "pickup_point_id": point.id},
        effect=words(f"订单 {order.id} 改为送到自提点「{name}」，由顾客自取。",
                     f"Order {order.id} goes to the pickup point “{name}”, where the customer fetches it."),
        undo=words("恢复送货到原地址（须有承运商可送达）。",
                   "Deliver to the address again, once a carrier serves it."),
    )  # fmt: skip


def add_note(order: OrderFact, text: Words) -> PlanStep:
    """A note for the shop's people, in both languages; nothing personal in it."""
    return PlanStep(
        action="add_note", target=f"order:{order.id}",
        arguments={"order_id": order.id, "text": f"{text['zh-CN']} {text['en']}"},
        effect=words(f"在订单 {order.id} 上为店铺留下备注：{text['zh-CN']}",
                     f"A note for the shop on order {order.id}: {text['en']}"),
    )  # fmt: skip


def backorder_note(order: OrderFact, sku: str) -> str:
    """The target of the note that a back-order of this sku was entered."""
    return f"backorder:{order.id}/{sku}"


def note_backorder(order: OrderFact, line: Line, day: str) -> PlanStep:
    """Which line waits, `day` being ISO 8601: an order shows one expected date for all its lines."""
    text = words(f"{line.sku} × {line.quantity} 缺货预订，预计 {day} 到货。",
                 f"{line.sku} × {line.quantity} is back-ordered, expected on {day}.")  # fmt: skip
    return msgspec.structs.replace(add_note(order, text), target=backorder_note(order, line.sku))


def resync_stock(sku: str) -> PlanStep:
    return PlanStep(
        action="resync_stock", target=f"stock:{sku}", arguments={"sku": sku},
        effect=words(f"商城显示的 {sku} 库存改为库存系统的可用数量；实际库存和预留不变。",
                     f"The shop shows of {sku} what the inventory system has available; no stock and no reservation "
                     "changes."),
    )  # fmt: skip

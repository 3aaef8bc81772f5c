"""The systems' books as flat figures, made from a read-back; a rehearsal changes a copy of them and compares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from knowledge.vocabulary.events import ADDRESS_FIELDS, Address, Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact, PaymentLinkFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.personal import COARSE

Figures = dict[str, Any]
World = dict[str, Figures]
"""Figures by object (`order:ID`, `stock:SKU`); a figure whose name begins with `_` is bookkeeping, not shown."""

SYSTEMS = {
    "checkout": "shop", "order": "shop", "note": "shop", "payment": "payment", "link": "payment",
    "reservation": "inventory", "stock": "inventory", "coupon": "promotion", "message": "messaging",
}  # fmt: skip
HIDDEN = "‹masked›"  # stands for a personal value, which a preview never shows
KEEPING = ("held", "committed")


def world_of(facts: Facts, links: Iterable[PaymentLinkFact] = ()) -> World:
    """The books as they were read back."""
    world: World = {}
    if facts.checkout is not None:
        world[f"checkout:{facts.checkout.id}"] = _checkout(facts.checkout)
    for order in facts.orders or []:
        world[f"order:{order.id}"] = _order(order)
    for payment in facts.payments or []:
        world[f"payment:{payment.id}"] = _payment(payment)
    for held in facts.reservations or []:
        world[f"reservation:{held.id}"] = {
            "status": held.status, "sku": held.sku, "quantity": held.quantity, "_checkout": held.checkout_id,
        }  # fmt: skip
    for sku, stock in facts.stock.items():
        world[f"stock:{sku}"] = {
            "on_hand": stock.on_hand, "reserved": stock.reserved, "available": stock.available,
            "shop_listed": stock.shop_listed,
        }  # fmt: skip
    if facts.coupon is not None:
        coupon = facts.coupon
        world[f"coupon:{coupon.code}"] = {"status": coupon.status, "used_by_checkout_id": coupon.used_by_checkout_id}
    for link in links:
        world[f"link:{link.id}"] = {"status": link.status}
    return world


def _checkout(fact: CheckoutFact) -> Figures:
    return {"status": fact.status, **_priced(fact), **address_figures(fact.shipping_address)}


def _order(fact: OrderFact) -> Figures:
    return {
        "status": fact.status, **_priced(fact), "pickup_point_id": fact.pickup_point_id,
        "expected_ship_at": fact.expected_ship_at, **address_figures(fact.shipping_address),
        "_checkout": fact.checkout_id,
    }  # fmt: skip


def _priced(fact: CheckoutFact | OrderFact) -> Figures:
    figures: Figures = {"total": fact.total, "discount": fact.discount, "tax": fact.tax}
    for line in fact.lines:
        figures |= line_figures(line)
    return figures


def line_figures(line: Line) -> Figures:
    """One line's figures, by its id."""
    where = f"lines.{line.line_id}"
    return {f"{where}.sku": line.sku, f"{where}.quantity": line.quantity, f"{where}.unit_price": line.unit_price}


def _payment(fact: PaymentFact) -> Figures:
    """`refunded` counts what is on its way back, too: to the books it is gone."""
    currency = (fact.amount or fact.captured or Money(0, "XXX")).currency
    back = sum(m.amount for m in (fact.refunded, fact.refund_pending) if m)
    return {
        "status": str(fact.status), "captured": fact.captured or Money(0, currency), "refunded": Money(back, currency),
        "_amount": fact.amount, "_disputed": fact.disputed.amount if fact.disputed else 0,
    }  # fmt: skip


def address_figures(address: Address | None) -> Figures:
    """Which fields an address has: the coarse ones as they are, of the others only that they are there.

    `_address` holds the whole of it, so that a changed street is seen as a change.
    """
    figures: Figures = {"_address": address}
    for field in ADDRESS_FIELDS:
        value = str(getattr(address, field, None) or "").strip()
        figures[f"shipping_address.{field}"] = (value if field in COARSE else HIDDEN) if value else None
        figures[f"_shipping_address.{field}"] = value or None
    return figures


# -- what several rules read ----------------------------------------------------------------------------------------


def lines_of(figures: Figures) -> dict[str, tuple[str, int, Money]]:
    """`{line_id: (sku, quantity, unit price)}`."""
    ids = [name[len("lines."):-len(".sku")] for name in figures if name.startswith("lines.") and name.endswith(".sku")]
    return {
        i: (figures[f"lines.{i}.sku"], figures[f"lines.{i}.quantity"], figures[f"lines.{i}.unit_price"]) for i in ids
    }


def goods_of(figures: Figures) -> int:
    """Σ unit price × quantity in minor units."""
    return sum(quantity * price.amount for _, quantity, price in lines_of(figures).values())


def reservations_of(world: World, checkout_id: str | None) -> list[str]:
    """Keys of the checkout's reservations that keep stock now."""
    return [
        key for key, figures in world.items()
        if key.startswith("reservation:") and figures["_checkout"] == checkout_id and figures["status"] in KEEPING
    ]  # fmt: skip

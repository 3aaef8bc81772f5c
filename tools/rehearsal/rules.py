"""One small rule per write verb: what it changes in the books; contract B says that it changes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from knowledge.addresses import complete
from knowledge.faults.delivering import corrected
from knowledge.faults.incomplete_information.addresses import from_history, lacks, merged
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.money import Money
from tools.rehearsal.world import (
    KEEPING,
    Figures,
    World,
    address_figures,
    goods_of,
    lines_of,
    reservations_of,
)

Rule = Callable[[World, dict[str, Any], Facts], None]
NEW = "new"  # the id of what does not exist yet
BY_THE_SHOP = "‹set by the shop›"  # what only the shop can say


def _money(value: Any) -> Money:
    return value if isinstance(value, Money) else msgspec.convert(value, Money)


# -- orders and checkouts -------------------------------------------------------------------------------------------


def create_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    checkout_id = arguments["checkout_id"]
    checkout = world.get(f"checkout:{checkout_id}")
    figures = {name: value for name, value in (checkout or {}).items() if name != "status"}
    world[f"order:{NEW}"] = {
        **figures, "status": "created", "pickup_point_id": None, "expected_ship_at": BY_THE_SHOP,
        "_checkout": checkout_id, "_uncertain": ("expected_ship_at",),
    }  # fmt: skip
    if checkout is not None:
        checkout["status"] = "completed"


def confirm_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    order = _order(world, arguments)
    order["status"] = "confirmed"
    for key in reservations_of(world, order.get("_checkout")):
        world[key]["status"] = "committed"


def hold_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    order = _order(world, arguments)
    order["_held_from"], order["status"] = order.get("status"), "on_hold"


def unhold_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    """Back to where it was: the contract does not say where that is, committed stock does."""
    order = _order(world, arguments)
    held = [world[key]["status"] for key in reservations_of(world, order.get("_checkout"))]
    order["status"] = order.get("_held_from") or ("confirmed" if "committed" in held else "created")


def cancel_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _order(world, arguments)["status"] = "cancelled"


def cancel_lines(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    order = _order(world, arguments)
    before = goods_of(order)
    for row in arguments["lines"]:
        where = f"lines.{row['line_id']}"
        order[f"{where}.quantity"] = max(0, order.get(f"{where}.quantity", 0) - row["quantity"])
        if not order[f"{where}.quantity"]:
            for part in ("sku", "quantity", "unit_price"):
                order.pop(f"{where}.{part}", None)
    _recompute(order, before)


def backorder_line(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _order(world, arguments)["expected_ship_at"] = msgspec.convert(arguments["expected_at"], datetime)


def substitute_line(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    """The whole line in place; a part of it becomes a line of its own."""
    order, line_id = _order(world, arguments), arguments["line_id"]
    before, quantity = goods_of(order), arguments["quantity"]
    has = order.get(f"lines.{line_id}.quantity", 0)
    where = f"lines.{line_id}"
    if quantity < has:
        order[f"{where}.quantity"] = has - quantity
        where = f"lines.{line_id}-{len(lines_of(order)) + 1}"
        order[f"{where}.quantity"] = quantity
    order[f"{where}.sku"], order[f"{where}.unit_price"] = arguments["to_sku"], _money(arguments["unit_price"])
    _recompute(order, before)


def reprice_order(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _reprice(_order(world, arguments), arguments)


def reprice_checkout(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _reprice(_checkout(world, arguments), arguments)


def set_order_address(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _order(world, arguments).update(_new_address(arguments, facts))


def set_checkout_address(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _checkout(world, arguments).update(_new_address(arguments, facts))


def choose_pickup(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _order(world, arguments)["pickup_point_id"] = arguments["pickup_point_id"]


def add_note(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    world.setdefault(f"note:{arguments['order_id']}", {})["added"] = True


def expire_checkout(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _checkout(world, arguments)["status"] = "expired"


# -- money ----------------------------------------------------------------------------------------------------------


def capture_payment(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    payment, amount = _payment(world, arguments), _money(arguments["amount"])
    captured = payment.get("captured") or Money(0, amount.currency)
    payment["status"], payment["captured"] = str(PaymentStatus.CAPTURED), Money(
        captured.amount + amount.amount, amount.currency
    )


def cancel_payment(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    _payment(world, arguments)["status"] = str(PaymentStatus.CANCELLED)


def refund_payment(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    payment, amount = _payment(world, arguments), _money(arguments["amount"])
    before = payment.get("refunded") or Money(0, amount.currency)
    payment["refunded"] = Money(before.amount + amount.amount, amount.currency)


def create_payment_link(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    world[f"link:{NEW}"] = {"status": "open", "amount": _money(arguments["amount"])}


def cancel_payment_link(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    """A link that nobody read counts as open."""
    world.setdefault(f"link:{arguments['link_id']}", {"status": "open"})["status"] = "cancelled"


# -- stock ----------------------------------------------------------------------------------------------------------


def reserve_stock(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    for row in arguments["lines"]:
        world[f"reservation:{NEW}:{row['sku']}"] = {
            "status": "held", "sku": row["sku"], "quantity": row["quantity"], "_checkout": arguments["checkout_id"],
        }  # fmt: skip
        _take(world, row["sku"], row["quantity"])


def release_reservation(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    held = world.setdefault(f"reservation:{arguments['reservation_id']}", {"status": None, "_checkout": None})
    if held["status"] in KEEPING:
        _take(world, held["sku"], -held["quantity"])
    held["status"] = "released"


def commit_reservation(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    world.setdefault(f"reservation:{arguments['reservation_id']}", {"_checkout": None})["status"] = "committed"


def resync_stock(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    stock = world.setdefault(f"stock:{arguments['sku']}", {})
    if "available" in stock:
        stock["shop_listed"] = stock["available"]


# -- coupons and messages -------------------------------------------------------------------------------------------


def release_coupon(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    coupon = world.setdefault(f"coupon:{arguments['code']}", {})
    coupon["used_by_checkout_id"] = None
    if coupon.get("status") == "used":
        coupon["status"] = "valid"


def issue_coupon(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    worth = {"percent": arguments["percent"]} if arguments.get("percent") else {"amount": _money(arguments["amount"])}
    world[f"coupon:{NEW}"] = {"status": "valid", **worth}


def send_message(world: World, arguments: dict[str, Any], facts: Facts) -> None:
    occasion = arguments.get("occasion") or arguments.get("dedupe_key", NEW)
    world.setdefault(f"message:{occasion}", {})["sent"] = True


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        create_order, confirm_order, hold_order, unhold_order, cancel_order, cancel_lines, backorder_line,
        substitute_line, set_order_address, choose_pickup, reprice_order, add_note, reprice_checkout,
        set_checkout_address, expire_checkout, capture_payment, cancel_payment, refund_payment, create_payment_link,
        cancel_payment_link, reserve_stock, release_reservation, commit_reservation, resync_stock, release_coupon,
        issue_coupon, send_message,
    )
}  # fmt: skip


# -- parts ----------------------------------------------------------------------------------------------------------


def _order(world: World, arguments: dict[str, Any]) -> Figures:
    return world.setdefault(f"order:{arguments['order_id']}", {})


def _checkout(world: World, arguments: dict[str, Any]) -> Figures:
    return world.setdefault(f"checkout:{arguments['checkout_id']}", {})


def _payment(world: World, arguments: dict[str, Any]) -> Figures:
    return world.setdefault(f"payment:{arguments['payment_id']}", {})


def _reprice(priced: Figures, arguments: dict[str, Any]) -> None:
    before = goods_of(priced)
    for row in arguments["lines"]:
        priced[f"lines.{row['line_id']}.unit_price"] = _money(row["unit_price"])
    discount = arguments.get("discount")
    _recompute(priced, before, _money(discount) if discount is not None else None)


def _recompute(priced: Figures, goods_before: int, discount: Money | None = None) -> None:
    """The total follows the goods and the discount, and a tax its share of both (to the unit of rounding)."""
    total: Money | None = priced.get("total")
    if total is None:
        return
    goods, old = goods_of(priced), priced.get("discount")
    taken = old.amount if old else 0
    now = min(discount.amount if discount is not None else taken, goods)
    taxed, tax = goods_before - taken, priced.get("tax")
    new_tax = (2 * tax.amount * (goods - now) + taxed) // (2 * taxed) if tax and taxed > 0 else 0
    change = (goods - now) - taxed + (new_tax - tax.amount if tax else 0)
    if tax is not None:
        priced["tax"] = Money(new_tax, tax.currency)
    if old is not None or now:
        priced["discount"] = Money(now, total.currency)
    priced["total"] = Money(max(0, total.amount + change), total.currency)
    if tax is not None and (tax.amount or taxed <= 0):  # its rate is not known, or only roughly
        priced["_uncertain"] = ("total", "tax")


def _take(world: World, sku: str, quantity: int) -> None:
    """Sets stock aside (or with a negative quantity gives it back); a storefront that agreed goes on agreeing."""
    stock = world.get(f"stock:{sku}")
    if stock is None:
        return
    agrees = stock["shop_listed"] == max(0, stock["available"])
    stock["reserved"] += quantity
    stock["available"] -= quantity
    if agrees:
        stock["shop_listed"] = max(0, stock["available"])


def _new_address(arguments: dict[str, Any], facts: Facts) -> Figures:
    """The figures of the address that will be set; where only its source is known, that it changes."""
    given = arguments.get("address")
    source, order_id = arguments.get("address_from", ""), arguments.get("order_id")
    address = msgspec.convert(given, Address) if given else address_from(source, facts, order_id)
    if address is None:
        return {"shipping_address": {"from": source}}
    filled = {**msgspec.to_builtins(address), **(arguments.get("fill") or {})}
    return address_figures(msgspec.convert(filled, Address))


def address_from(source: str, facts: Facts, order_id: str | None = None) -> Address | None:
    """The address a plan refers to by its source; None where the read-back does not hold it.

    An order's is made from its own, unless the checkout's is to be copied to it.
    """
    of_order = order_id is not None and source != "checkout"
    base = next((o for o in facts.orders or [] if o.id == order_id), None) if of_order else facts.checkout
    given = base.shipping_address if base else None
    verdict = facts.serviceability
    if source == "customer_history":
        return from_history(given, facts.customer.addresses if facts.customer else [], lacks(given, verdict))
    if given is None or source == "checkout":
        return given
    if source == "serviceability" and verdict is not None and verdict.normalised is not None:
        return merged(given, verdict.normalised)
    if source == "completed":
        return complete(given).address
    return corrected(given) if source == "corrected" else None

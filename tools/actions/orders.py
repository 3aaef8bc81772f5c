"""Write verbs on orders: create, confirm, hold, cancel, change. None moves money, stock or coupons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec

from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import OrderFact
from knowledge.vocabulary.money import Money
from tools.actions.action import Action, Applied, Arguments, require, unreadable
from tools.actions.arguments import (
    LinePrice,
    LineQuantity,
    Moment,
    Quantity,
    Text,
    Version,
    each_once,
    not_empty,
    not_negative,
    repricing,
)
from tools.actions.effects import address_is, pricing_is, remaining_is, shown_by
from tools.connectors.ports import ShopReader

KEPT = ("id", "checkout_id", "status", "version", "total")


class CreateOrder(Arguments, frozen=True, kw_only=True):
    """`version` is the checkout's."""

    checkout_id: Text
    version: Version = None


class OnOrder(Arguments, frozen=True, kw_only=True):
    order_id: Text
    version: Version = None


class WithReason(OnOrder, frozen=True, kw_only=True):
    reason: Text


class CancelLines(OnOrder, frozen=True, kw_only=True):
    """`expect` is the quantity that remains of each named line afterwards: 0 for a line that goes."""

    lines: Annotated[list[LineQuantity], msgspec.Meta(min_length=1)]
    reason: Text
    expect: dict[str, int]

    def __post_init__(self) -> None:
        named = [line.line_id for line in self.lines]
        each_once(named, "a line")
        require(set(named) <= set(self.expect), "expect must give the remaining quantity of every line")


class BackorderLine(OnOrder, frozen=True, kw_only=True):
    line_id: Text
    expected_at: Moment


class SubstituteLine(OnOrder, frozen=True, kw_only=True):
    """`quantity` of the line becomes `to_sku`; `expect` may say what remains of the line afterwards."""

    line_id: Text
    to_sku: Text
    quantity: Quantity
    unit_price: Money
    expect: dict[str, int] | None = None

    def __post_init__(self) -> None:
        not_negative(self.unit_price, "unit_price")


class SetOrderAddress(OnOrder, frozen=True, kw_only=True):
    address: Address

    def __post_init__(self) -> None:
        not_empty(self.address)


class ChoosePickup(OnOrder, frozen=True, kw_only=True):
    pickup_point_id: Text


class RepriceOrder(OnOrder, frozen=True, kw_only=True):
    lines: list[LinePrice]
    discount: Money | None = None

    def __post_init__(self) -> None:
        repricing(self.lines, self.discount)


class AddNote(OnOrder, frozen=True, kw_only=True):
    text: Text


Order = TypeVar("Order", bound=OnOrder)


def _on_order(sees: Callable[[Order, OrderFact], bool | None]) -> Applied[Order]:
    return shown_by(lambda reader, arguments: reader.order(arguments.order_id), sees)


def _created(arguments: CreateOrder, reader: ShopReader) -> bool | None:
    """A cancelled order may be ours, cancelled by somebody since, or an older one."""
    orders = reader.orders(arguments.checkout_id)
    return True if any(order.live for order in orders) else (None if orders else False)


def _confirmed(arguments: OnOrder, order: OrderFact) -> bool | None:
    """An order on hold may have been confirmed before it was held."""
    return None if order.status == "on_hold" else order.status in ("confirmed", "shipped", "delivered")


def _lines_cancelled(arguments: CancelLines, order: OrderFact) -> bool | None:
    remaining = {line.line_id: line.quantity for line in order.lines}
    if remaining_is(remaining, arguments.expect):
        return True
    taken = {line.line_id: line.quantity for line in arguments.lines}
    before = {line_id: left + taken.get(line_id, 0) for line_id, left in arguments.expect.items()}
    return False if remaining_is(remaining, before) else None


def _substituted(arguments: SubstituteLine, order: OrderFact) -> bool | None:
    """In place, or as a line of its own; a line of that sku which was there before must not pass for ours."""
    theirs = [line for line in order.lines if line.sku == arguments.to_sku]
    if not theirs:
        return False
    matching = [
        line.line_id
        for line in theirs
        if line.quantity >= arguments.quantity and line.unit_price == arguments.unit_price
    ]
    if arguments.line_id in matching:
        return True
    left = sum(line.quantity for line in order.lines if line.line_id == arguments.line_id)
    expected = (arguments.expect or {}).get(arguments.line_id)
    if expected is not None and left == expected + arguments.quantity:
        return False
    return True if matching and left == (expected or 0) else None


ACTIONS: tuple[Action[Any], ...] = (
    Action(
        name="create_order",
        arguments=CreateOrder,
        path="/orders",
        applied_by=_created,
        keep=KEPT,
        means_already=frozenset({"order_exists"}),
    ),
    Action(
        name="confirm_order",
        arguments=OnOrder,
        path="/orders/{order_id}/confirm",
        applied_by=_on_order(_confirmed),
        keep=KEPT,
        means_already=frozenset({"already_confirmed", "already_shipped", "already_delivered"}),
    ),
    Action(
        name="hold_order",
        arguments=WithReason,
        path="/orders/{order_id}/hold",
        applied_by=_on_order(lambda arguments, order: order.status == "on_hold"),
        keep=KEPT,
        means_already=frozenset({"already_on_hold", "already_held"}),
    ),
    Action(
        name="unhold_order",
        arguments=OnOrder,
        path="/orders/{order_id}/unhold",
        applied_by=_on_order(lambda arguments, order: order.status not in ("on_hold", "cancelled")),
        keep=KEPT,
        means_already=frozenset({"not_on_hold", "already_unheld"}),
    ),
    Action(
        name="cancel_order",
        arguments=WithReason,
        path="/orders/{order_id}/cancel",
        applied_by=_on_order(lambda arguments, order: order.status == "cancelled"),
        keep=KEPT,
        means_already=frozenset({"already_cancelled"}),
    ),
    Action(
        name="cancel_lines",
        arguments=CancelLines,
        path="/orders/{order_id}/cancel-lines",
        applied_by=_on_order(_lines_cancelled),
        keep=KEPT,
        unsent=frozenset({"expect"}),
        means_already=frozenset({"nothing_left", "already_cancelled"}),
    ),
    Action(
        name="backorder_line",
        arguments=BackorderLine,
        path="/orders/{order_id}/backorder",
        applied_by=unreadable,  # the contract shows the order's date only, and not which line it comes from
        keep=(*KEPT, "expected_ship_at"),
    ),
    Action(
        name="substitute_line",
        arguments=SubstituteLine,
        path="/orders/{order_id}/substitute",
        applied_by=_on_order(_substituted),
        keep=KEPT,
        unsent=frozenset({"expect"}),
    ),
    Action(
        name="set_order_address",
        arguments=SetOrderAddress,
        path="/orders/{order_id}/address",
        applied_by=_on_order(lambda arguments, order: address_is(order.shipping_address, arguments.address)),
        keep=KEPT,
    ),
    Action(
        name="choose_pickup",
        arguments=ChoosePickup,
        path="/orders/{order_id}/pickup",
        applied_by=_on_order(lambda arguments, order: order.pickup_point_id == arguments.pickup_point_id),
        keep=(*KEPT, "pickup_point_id"),
    ),
    Action(
        name="reprice_order",
        arguments=RepriceOrder,
        path="/orders/{order_id}/reprice",
        applied_by=_on_order(lambda arguments, order: pricing_is(order, arguments.lines, arguments.discount)),
        keep=KEPT,
    ),
    Action(
        name="add_note",
        arguments=AddNote,
        path="/orders/{order_id}/notes",
        applied_by=unreadable,
    ),
)

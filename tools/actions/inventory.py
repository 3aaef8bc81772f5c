"""Write verbs on stock: reserve, release, commit, and bring the storefront's figure in line."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from knowledge.vocabulary.facts import ReservationFact, StockFact
from tools.actions.action import Action, Applied, Arguments
from tools.actions.arguments import SkuQuantity, Text, each_once
from tools.actions.effects import shown_by
from tools.connectors.ports import ShopReader

KEPT = ("id", "checkout_id", "sku", "quantity", "status", "expires_at")


class ReserveStock(Arguments, frozen=True, kw_only=True):
    """All lines or nothing. `held_before` is what the checkout held of each sku, as last read."""

    checkout_id: Text
    lines: Annotated[list[SkuQuantity], msgspec.Meta(min_length=1)]
    held_before: dict[str, int] | None = None

    def __post_init__(self) -> None:
        each_once([line.sku for line in self.lines], "a sku")


class OnReservation(Arguments, frozen=True, kw_only=True):
    """`checkout_id` says where to read back: the contract lists reservations by checkout only."""

    reservation_id: Text
    checkout_id: Text | None = None


class ResyncStock(Arguments, frozen=True, kw_only=True):
    sku: Text


def _reserved(arguments: ReserveStock, reader: ShopReader) -> bool | None:
    """Without knowing what was held before, what is held now may be older than ours."""
    held = {line.sku: 0 for line in arguments.lines}
    for reservation in reader.reservations(arguments.checkout_id):
        if reservation.sku in held and reservation.status in ("held", "committed"):
            held[reservation.sku] += reservation.quantity
    gained = {sku: quantity - (arguments.held_before or {}).get(sku, 0) for sku, quantity in held.items()}
    if not any(gained.values()):
        return False
    known = arguments.held_before is not None
    return True if known and all(gained[line.sku] == line.quantity for line in arguments.lines) else None


def _find(reader: ShopReader, arguments: OnReservation) -> ReservationFact | None:
    if arguments.checkout_id is None:
        return None
    found = reader.reservations(arguments.checkout_id)
    return next((one for one in found if one.id == arguments.reservation_id), None)


def _reservation_is(*statuses: str) -> Applied[OnReservation]:
    return shown_by(_find, lambda arguments, reservation: reservation.status in statuses, absent=None)


def _in_line(arguments: ResyncStock, stock: StockFact) -> bool:
    """A storefront may show nothing where the system counts below zero."""
    return stock.shop_listed in (stock.available, max(0, stock.available))


ACTIONS: tuple[Action[Any], ...] = (
    Action(
        name="reserve_stock",
        arguments=ReserveStock,
        path="/reservations",
        applied_by=_reserved,
        keep=KEPT,
        unsent=frozenset({"held_before"}),
        means_already=frozenset({"already_reserved"}),
    ),
    Action(
        name="release_reservation",
        arguments=OnReservation,
        path="/reservations/{reservation_id}/release",
        applied_by=_reservation_is("released", "expired"),
        keep=KEPT,
        unsent=frozenset({"checkout_id"}),
        means_already=frozenset({"already_released", "already_expired"}),
    ),
    Action(
        name="commit_reservation",
        arguments=OnReservation,
        path="/reservations/{reservation_id}/commit",
        applied_by=_reservation_is("committed"),
        keep=KEPT,
        unsent=frozenset({"checkout_id"}),
        means_already=frozenset({"already_committed"}),
    ),
    Action(
        name="resync_stock",
        arguments=ResyncStock,
        path="/stock/{sku}/resync",
        applied_by=shown_by(lambda reader, arguments: reader.stock([arguments.sku]).get(arguments.sku), _in_line),
        keep=("sku", "on_hand", "reserved", "available", "shop_listed"),
    ),
)

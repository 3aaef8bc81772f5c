"""Write verbs on checkouts: reprice, set the address, expire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import CheckoutFact
from knowledge.vocabulary.money import Money
from tools.actions.action import Action, Applied, Arguments
from tools.actions.arguments import LinePrice, Text, Version, not_empty, repricing
from tools.actions.effects import address_is, pricing_is, shown_by

KEPT = ("id", "status", "version", "total")


class OnCheckout(Arguments, frozen=True, kw_only=True):
    checkout_id: Text
    version: Version = None


class RepriceCheckout(OnCheckout, frozen=True, kw_only=True):
    lines: list[LinePrice]
    discount: Money | None = None

    def __post_init__(self) -> None:
        repricing(self.lines, self.discount)


class SetCheckoutAddress(OnCheckout, frozen=True, kw_only=True):
    address: Address

    def __post_init__(self) -> None:
        not_empty(self.address)


class ExpireCheckout(OnCheckout, frozen=True, kw_only=True):
    reason: Text


Checkout = TypeVar("Checkout", bound=OnCheckout)


def _on_checkout(sees: Callable[[Checkout, CheckoutFact], bool | None]) -> Applied[Checkout]:
    return shown_by(lambda reader, arguments: reader.checkout(arguments.checkout_id), sees)


def _expired(arguments: ExpireCheckout, checkout: CheckoutFact) -> bool | None:
    """Only `expired` guarantees that no order can appear; of `cancelled` the contract doesn't say so."""
    return None if checkout.status == "cancelled" else checkout.status == "expired"


ACTIONS: tuple[Action[Any], ...] = (
    Action(
        name="reprice_checkout",
        arguments=RepriceCheckout,
        path="/checkouts/{checkout_id}/reprice",
        applied_by=_on_checkout(lambda arguments, checkout: pricing_is(checkout, arguments.lines, arguments.discount)),
        keep=KEPT,
    ),
    Action(
        name="set_checkout_address",
        arguments=SetCheckoutAddress,
        path="/checkouts/{checkout_id}/address",
        applied_by=_on_checkout(lambda arguments, checkout: address_is(checkout.shipping_address, arguments.address)),
        keep=KEPT,
    ),
    Action(
        name="expire_checkout",
        arguments=ExpireCheckout,
        path="/checkouts/{checkout_id}/expire",
        applied_by=_on_checkout(_expired),
        keep=KEPT,
        means_already=frozenset({"already_expired", "checkout_expired"}),
    ),
)

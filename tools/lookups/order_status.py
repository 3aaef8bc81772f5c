"""Reads everything the shop says of one checkout; called to confirm faults, to plan and to verify."""

from __future__ import annotations

from datetime import datetime

from knowledge.vocabulary.events import ADDRESS_FIELDS, Address
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact
from tools.connectors.ports import ShopReader


def read_facts(
    reader: ShopReader,
    checkout_id: str,
    now: datetime,
    *,
    with_stock: bool = True,
    with_customer: bool = True,
    with_serviceability: bool = False,
) -> Facts:
    """The checkout, its payments, reservations and orders, and what they lead to, as the shop states them.

    `now` (aware UTC) is taken before the first read and becomes `Facts.at`: whatever happens while we read
    counts as newer. Orders are read after payments and reservations: an order that appears meanwhile is
    seen, and not reported missing. Serviceability is asked only where something has to be shipped to an
    address that has at least one field.

    Raises:
        UnavailableError: one of the systems doesn't answer; there are no half facts.
    """
    checkout = reader.checkout(checkout_id)
    payments = reader.payments(checkout_id)
    reservations = reader.reservations(checkout_id)
    orders = reader.orders(checkout_id)
    skus = _skus(checkout, orders) if with_stock else []
    customer_id = _customer_id(checkout, orders) if with_customer else None
    address = _address(checkout, orders) if with_serviceability else None
    return Facts(
        checkout_id=checkout_id,
        at=now,
        checkout=checkout,
        orders=orders,
        payments=payments,
        reservations=reservations,
        stock=reader.stock(skus) if skus else {},
        customer=reader.customer(customer_id) if customer_id else None,
        serviceability=reader.serviceability(address) if address else None,
    )


def _skus(checkout: CheckoutFact | None, orders: list[OrderFact]) -> list[str]:
    """The skus of the checkout's and of live orders' lines, each once."""
    lines = [
        *(checkout.lines if checkout else ()),
        *(line for order in orders if order.live for line in order.lines),
    ]
    return list(dict.fromkeys(line.sku for line in lines))


def _customer_id(checkout: CheckoutFact | None, orders: list[OrderFact]) -> str | None:
    known = [checkout.customer_id if checkout else None, *(order.customer_id for order in orders)]
    return next((one for one in known if one), None)


def _address(checkout: CheckoutFact | None, orders: list[OrderFact]) -> Address | None:
    """Where the goods go: the live order's address, else the checkout's; None for pickup or no goods."""
    live = [order for order in orders if order.live]
    going: OrderFact | CheckoutFact | None = live[-1] if live else checkout
    if going is None or not any(line.requires_shipping for line in going.lines):
        return None
    if isinstance(going, OrderFact) and going.pickup_point_id:
        return None
    address = going.shipping_address
    if address is None or not any((getattr(address, field) or "").strip() for field in ADDRESS_FIELDS):
        return None
    return address

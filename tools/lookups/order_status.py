"""Reads everything the shop says of one checkout; called to confirm faults, to plan and to verify."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import ADDRESS_FIELDS, Address
from knowledge.vocabulary.facts import CheckoutFact, CouponFact, Facts, OrderFact, ServiceabilityFact
from tools.connectors.ports import ShopReader
from tools.lookups.coupon import coupon as look_up_coupon
from tools.lookups.customer_history import customer_history
from tools.lookups.optional import unless_refused

T = TypeVar("T")


def read_facts(
    reader: ShopReader,
    checkout_id: str,
    now: datetime,
    *,
    with_stock: bool = True,
    with_customer: bool = True,
    with_serviceability: bool = False,
    with_coupon: bool = False,
    with_products: bool = False,
    outages: dict[str, UnavailableError] | None = None,
) -> Facts:
    """The checkout, its payments, reservations and orders, and what they lead to, as the shop states them.

    `now` (aware UTC) is taken before the first read and becomes `Facts.at`: whatever happens while we read
    counts as newer. Orders are read after payments and reservations: an order that appears meanwhile is
    seen, and not reported missing. Serviceability is asked only where something has to be shipped to an
    address that has at least one field; the coupon only where the checkout names one,
    with the other checkout that has used it. What customer system, carrier or promotion system definitely
    refuse to tell is None. Their outage is raised like any other; with `outages` that of carrier (`logistics`) and
    promotion system (`promotion`) is entered there instead, and what they would have told is None.

    Raises:
        UnavailableError: one of the systems doesn't answer; there are no other half facts.
    """
    checkout = reader.checkout(checkout_id)
    payments = reader.payments(checkout_id)
    reservations = reader.reservations(checkout_id)
    orders = reader.orders(checkout_id)
    skus = _skus(checkout, orders) if with_stock or with_products else []
    customer_id = _customer_id(checkout, orders) if with_customer else None
    address = _address(checkout, orders) if with_serviceability else None
    coupon = _spared("promotion", lambda: _coupon(reader, checkout, orders), outages) if with_coupon else None
    holder = coupon.used_by_checkout_id if coupon else None
    return Facts(
        checkout_id=checkout_id,
        at=now,
        checkout=checkout,
        orders=orders,
        payments=payments,
        reservations=reservations,
        stock=reader.stock(skus) if skus and with_stock else {},
        customer=customer_history(reader, customer_id) if customer_id else None,
        serviceability=_spared("logistics", lambda: _serviceability(reader, address), outages),
        coupon=coupon,
        coupon_holder=reader.checkout(holder) if holder and holder != checkout_id else None,
        products={product.sku: product for sku in skus if (product := reader.product(sku))} if with_products else {},
    )


def _spared(system: str, read: Callable[[], T | None], outages: dict[str, UnavailableError] | None) -> T | None:
    try:
        return read()
    except UnavailableError as outage:
        if outages is None:
            raise
        outages[system] = outage
        return None


def _serviceability(reader: ShopReader, address: Address | None) -> ServiceabilityFact | None:
    """What carriers say of the address; None where there is none, or they refuse to say."""
    return None if address is None else unless_refused("serviceability", lambda: reader.serviceability(address))


def _coupon(reader: ShopReader, checkout: CheckoutFact | None, orders: list[OrderFact]) -> CouponFact | None:
    """What the checkout's coupon is worth to its customer there; None where it names none."""
    if checkout is None or not checkout.coupon_code:
        return None
    customer_id = _customer_id(checkout, orders)
    return look_up_coupon(reader, checkout.coupon_code, customer_id=customer_id, checkout_id=checkout.id)


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

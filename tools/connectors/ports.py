"""The ports: a Reader protocol per kind of outside system, one Writer, and the requests it sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    PaymentLinkFact,
    PickupPointFact,
    ProductFact,
    RefundFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from tools.connectors.outcome import Outcome

# The kinds of outside systems by the first segment of contract B's paths (names of health and circuits).
SYSTEM_BY_RESOURCE = {
    "checkouts": "shop",
    "orders": "shop",
    "payments": "payment",
    "payment-links": "payment",
    "stock": "inventory",
    "reservations": "inventory",
    "products": "catalogue",
    "customers": "customer",
    "coupons": "promotion",
    "serviceability": "logistics",
    "pickup-points": "logistics",
    "messages": "messaging",
}
SYSTEMS = frozenset(SYSTEM_BY_RESOURCE.values())

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page of a listing, oldest change first; `next` is the cursor of the following one, None at the end.

    `unreadable` says what was wrong with items that break the contract: they are left out, so that one
    of them does not stop a sweep for ever.
    """

    items: list[T]
    next: str | None = None
    unreadable: list[str] = []


class Port(Protocol):
    """What every connector can be asked."""

    def capabilities(self) -> frozenset[str]:
        """Which of SYSTEMS it serves."""
        ...


class OrderReader(Port, Protocol):
    """The shop's checkouts and orders. All readers raise UnavailableError without an answer."""

    def checkout(self, checkout_id: str) -> CheckoutFact | None:
        """The checkout, None when it doesn't exist."""
        ...

    def order(self, order_id: str) -> OrderFact | None:
        """The order, None when it doesn't exist."""
        ...

    def orders(self, checkout_id: str) -> list[OrderFact]:
        """The checkout's orders, oldest first."""
        ...

    def checkouts_changed(self, since: datetime, cursor: str | None = None) -> Page[CheckoutFact]:
        """Checkouts changed since then (UTC)."""
        ...

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page[OrderFact]:
        """Orders changed since then (UTC)."""
        ...


class PaymentReader(Port, Protocol):
    """Payments, their refunds and payment links."""

    def payment(self, payment_id: str) -> PaymentFact | None:
        """The payment, None when it doesn't exist."""
        ...

    def payments(self, checkout_id: str) -> list[PaymentFact]:
        """The checkout's payments."""
        ...

    def payments_changed(self, since: datetime, cursor: str | None = None) -> Page[PaymentFact]:
        """Payments changed since then (UTC)."""
        ...

    def refunds(self, payment_id: str) -> list[RefundFact]:
        """The payment's refunds, whatever became of them."""
        ...

    def payment_link(self, link_id: str) -> PaymentLinkFact | None:
        """The payment link, None when it doesn't exist."""
        ...


class InventoryReader(Port, Protocol):
    """Stock and reservations."""

    def stock(self, skus: Sequence[str]) -> dict[str, StockFact]:
        """Stock by sku; what the system doesn't know is missing."""
        ...

    def reservations(self, checkout_id: str) -> list[ReservationFact]:
        """The checkout's reservations, ended ones too."""
        ...

    def reservations_changed(self, since: datetime, cursor: str | None = None) -> Page[ReservationFact]:
        """Reservations changed since then (UTC)."""
        ...


class CatalogueReader(Port, Protocol):
    """Products."""

    def product(self, sku: str) -> ProductFact | None:
        """The product, None when it doesn't exist."""
        ...

    def products(self, *, category: str | None = None, query: str | None = None, limit: int = 20) -> list[ProductFact]:
        """Products of a category and (or) matching words."""
        ...


class CustomerReader(Port, Protocol):
    """Customers."""

    def customer(self, customer_id: str) -> CustomerFact | None:
        """The customer with past orders, None when there is none."""
        ...


class PromotionReader(Port, Protocol):
    """Coupons."""

    def coupon(self, code: str, *, customer_id: str | None = None, checkout_id: str | None = None) -> CouponFact | None:
        """The coupon's state for this customer and checkout, None when the code doesn't exist."""
        ...


class LogisticsReader(Port, Protocol):
    """What carriers say of an address."""

    def serviceability(self, address: Address) -> ServiceabilityFact:
        """Whether the address can be delivered to, and if not why."""
        ...

    def pickup_points(self, address: Address, limit: int = 3) -> list[PickupPointFact]:
        """Pickup points near the address."""
        ...


class ShopReader(
    OrderReader,
    PaymentReader,
    InventoryReader,
    CatalogueReader,
    CustomerReader,
    PromotionReader,
    LogisticsReader,
    Protocol,
):
    """Everything that can be read of one shop, whichever systems it comes from."""


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One write, byte by byte as it is sent and sent again: contract B's call with its idempotency `key`."""

    method: str
    path: str
    body: bytes
    key: str
    if_match: str | None = None


class WriteDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A write request that has no key yet; what an action makes of its arguments."""

    method: str
    path: str
    body: bytes
    if_match: str | None = None

    def with_key(self, key: str) -> WriteRequest:
        """The request to send; `key` is 1 to 255 printable ASCII characters.

        Raises:
            InputError: `invalid_key`.
        """
        if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
            raise InputError("invalid_key", "key", "must be 1 to 255 printable ASCII characters")
        return WriteRequest(method=self.method, path=self.path, body=self.body, key=key, if_match=self.if_match)


class ShopWriter(Port, Protocol):
    """The one way in which anything is changed outside. Only repair and notifications hold one."""

    def send(self, request: WriteRequest) -> Outcome:
        """Sends exactly these bytes once; never retries, never raises for what the system answers."""
        ...


def resource_path(*segments: str) -> str:
    """`/orders/ord%2F1/cancel` from its segments, each quoted so that an id can't leave its place.

    Raises:
        InputError: `invalid_id` for an empty segment, `.` or `..`.
    """
    for segment in segments:
        if not segment.strip(".") or not segment.strip():
            raise InputError("invalid_id", "id", f"{segment!r} can't be part of a path")
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def system_of(path: str) -> str:
    """Which of SYSTEMS a contract B path belongs to (`/payments/p-1/refund` → `payment`); else `shop`."""
    return SYSTEM_BY_RESOURCE.get(path.lstrip("/").split("/", 1)[0].split("?", 1)[0], "shop")

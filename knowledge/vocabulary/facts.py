"""Contract B's objects as read back from the shop, and Facts: everything read about one checkout at one moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import Address, Contact, Line
from knowledge.vocabulary.money import Money


class CheckoutFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    version: int | str | None = None
    customer_id: str | None = None
    contact: Contact | None = None
    cart_lines: list[Line] | None = None
    lines: list[Line] = []
    shipping_fee: Money | None = None
    tax: Money | None = None
    fees: Money | None = None
    discount: Money | None = None
    coupon_code: str | None = None
    total: Money | None = None
    shipping_address: Address | None = None
    submitted_at: datetime | None = None
    payment_window_ends_at: datetime | None = None
    status: str = "open"
    updated_at: datetime | None = None


class OrderFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    checkout_id: str | None = None
    version: int | str | None = None
    customer_id: str | None = None
    status: str = "created"
    lines: list[Line] = []
    shipping_fee: Money | None = None
    tax: Money | None = None
    fees: Money | None = None
    discount: Money | None = None
    total: Money | None = None
    shipping_address: Address | None = None
    pickup_point_id: str | None = None
    expected_ship_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether the shop still means to deliver it (or has)."""
        return self.status != "cancelled"


class PaymentFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    checkout_id: str | None = None
    status: PaymentStatus = PaymentStatus.PENDING
    kind: str = PaymentKind.MONEY
    amount: Money | None = None
    captured: Money | None = None
    refunded: Money | None = None
    refund_pending: Money | None = None
    disputed: Money | None = None
    surcharge: Money | None = None
    method: str | None = None
    failure_code: str | None = None
    created_at: datetime | None = None
    authorized_until: datetime | None = None
    updated_at: datetime | None = None


class ReservationFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    checkout_id: str | None = None
    sku: str = ""
    quantity: int = 0
    status: str = "held"
    expires_at: datetime | None = None
    updated_at: datetime | None = None


class StockFact(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    on_hand: int = 0
    reserved: int = 0
    available: int = 0
    shop_listed: int | None = None
    restock_at: datetime | None = None


class ProductFact(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    title: str = ""
    category: str | None = None
    attributes: dict[str, Any] = {}
    unit_price: Money | None = None
    active: bool = True
    requires_shipping: bool = True


class CustomerFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str | None = None
    language: str | None = None
    tier: str = "standard"
    status: str = "active"
    email: str | None = None
    phone: str | None = None
    preferred_channel: str | None = None
    allowed_channels: list[str] = []
    marketing_consent: bool = False
    time_zone: str | None = None
    addresses: list[Address] = []
    orders: list[dict[str, Any]] = []
    lifetime_value: Money | None = None


class ServiceabilityFact(msgspec.Struct, frozen=True, kw_only=True):
    deliverable: bool
    reason: str | None = None
    missing: list[str] = []
    normalised: Address | None = None


class PaymentLinkFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    url: str = ""
    status: str = "open"
    payment_id: str | None = None
    expires_at: datetime | None = None


class RefundFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    status: str = "pending"
    amount: Money | None = None


class CouponFact(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    status: str = "unknown"
    used_by_checkout_id: str | None = None
    discount: Money | None = None


class PickupPointFact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str = ""
    address: Address | str | None = None
    distance_m: float | None = None


def standing_key(part: str, fact_id: str, sku: str | None = None) -> str:
    """How `Facts.since` names one thing of a part."""
    return "/".join([part, fact_id, *([sku] if sku else [])])


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the shop said about one checkout, read at `at` (UTC). None means not read or not existing.

    `since` tells when things that carry no time of their own were first read in their status, where that was before
    `at`; by part and id. `given` is the whole address that the customer told us in a conversation about it, when that
    is the last one they gave. Holds personal data: it lives in memory only; intake masks what is stored of it.
    """

    checkout_id: str
    at: datetime
    since: dict[str, datetime] = {}
    checkout: CheckoutFact | None = None
    orders: list[OrderFact] | None = None
    payments: list[PaymentFact] | None = None
    reservations: list[ReservationFact] | None = None
    stock: dict[str, StockFact] = {}
    customer: CustomerFact | None = None
    serviceability: ServiceabilityFact | None = None
    coupon: CouponFact | None = None
    coupon_holder: CheckoutFact | None = None  # the other checkout that used the coupon
    products: dict[str, ProductFact] = {}
    pickup_points: list[PickupPointFact] | None = None
    given: Address | None = None

    def changed_at(self, part: str, fact: CheckoutFact | OrderFact | PaymentFact | ReservationFact) -> datetime:
        """When it came into its status: as the shop says, else as first read."""
        return fact.updated_at or self.since.get(standing_key(part, fact.id, getattr(fact, "sku", None)), self.at)

    @property
    def live_order(self) -> OrderFact | None:
        """The newest order that isn't cancelled."""
        live = [order for order in self.orders or [] if order.live]
        return live[-1] if live else None

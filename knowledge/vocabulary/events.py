"""Contract A's events: their types, the shape of each type's data, and the checks intake runs on them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec

from knowledge.vocabulary.errors import InputError
from knowledge.vocabulary.money import Money

MAX_CLOCK_AHEAD = timedelta(minutes=5)  # contract A: further ahead counts as the time of receipt


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One validated event. `data` is contract A's data as plain JSON; personal fields may be masked (see personal.py).

    `at` is when it happened (never more than five minutes after `received_at`); both are aware UTC.
    `(source, id)` is its identity; `checkout_id` is None for what belongs to no checkout (or not yet).
    """

    source: str
    id: str
    type: str
    at: datetime
    received_at: datetime
    data: dict[str, Any]
    subject: str | None = None
    checkout_id: str | None = None

    @property
    def ref(self) -> str:
        """How evidence names this event."""
        return f"{self.source}#{self.id}"


class Contact(msgspec.Struct, forbid_unknown_fields=False):
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class Line(msgspec.Struct, frozen=True):
    """One line of a cart, checkout or order; `unit_price` in minor units."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Money
    requires_shipping: bool = True

    def __post_init__(self) -> None:
        if self.quantity < 0:
            raise ValueError("quantity must not be negative")


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address; any field may be absent, `text` is free text as the customer typed it."""

    recipient: str | None = None
    phone: str | None = None
    country: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    postcode: str | None = None
    text: str | None = None


ADDRESS_FIELDS = tuple(Address.__struct_fields__)


class _SkuLine(msgspec.Struct):
    sku: str
    quantity: int


class _Base(msgspec.Struct):
    checkout_id: str | None = None
    order_id: str | None = None


class CheckoutStarted(_Base):
    customer_id: str | None = None
    contact: Contact | None = None
    lines: list[Line] | None = None


class CheckoutUpdated(_Base):
    lines: list[Line] | None = None
    coupon_code: str | None = None
    shipping_address: Address | None = None
    contact: Contact | None = None


class CheckoutSubmitted(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str | None = None
    customer_id: str | None = None
    contact: Contact | None = None
    lines: list[Line]
    cart_lines: list[Line] | None = None
    total: Money
    shipping_fee: Money | None = None
    tax: Money | None = None
    fees: Money | None = None
    discount: Money | None = None
    coupon_code: str | None = None
    shipping_address: Address | None = None


class Telemetry(_Base):
    rtt_ms: float | None = None
    offline_seconds: float | None = None
    retries: int | None = None
    errors: int | None = None
    page: str | None = None
    dwell_seconds: float | None = None


class WithReason(_Base):
    reason: str | None = None


class PaymentData(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str | None = None
    payment_id: str
    amount: Money | None = None
    method: str | None = None
    kind: str | None = None
    capture_id: str | None = None
    surcharge: Money | None = None
    failure_code: str | None = None


class PaymentAmountData(PaymentData, kw_only=True):
    amount: Money


class RefundData(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str | None = None
    payment_id: str
    refund_id: str
    amount: Money
    reason: str | None = None


class InventoryData(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str | None = None
    reservation_id: str | None = None
    lines: list[_SkuLine] | None = None
    reason: str | None = None


class InventoryLevel(msgspec.Struct, kw_only=True):
    sku: str
    on_hand: int
    available: int
    shop_listed: int
    checkout_id: str | None = None


class OrderData(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str
    total: Money | None = None
    expected_ship_at: datetime | None = None
    reason: str | None = None


class CouponData(msgspec.Struct, kw_only=True):
    checkout_id: str | None = None
    order_id: str | None = None
    coupon_code: str
    discount: Money | None = None
    reason: str | None = None


class AddressData(_Base):
    reason: str | None = None
    missing: list[str] | None = None


class CustomerReplied(_Base):
    customer_id: str | None = None
    in_reply_to: str | None = None
    choice: str | None = None
    text: str | None = None


class SystemHealth(msgspec.Struct, kw_only=True):
    system: str
    ok: bool
    latency_ms: float | None = None
    lag_seconds: float | None = None


DATA_TYPES: dict[str, type[msgspec.Struct]] = {
    "checkout.started": CheckoutStarted,
    "checkout.updated": CheckoutUpdated,
    "checkout.submitted": CheckoutSubmitted,
    "checkout.telemetry": Telemetry,
    "checkout.expired": WithReason,
    "checkout.cancelled": WithReason,
    "payment.requested": PaymentAmountData,
    "payment.authorized": PaymentAmountData,
    "payment.captured": PaymentAmountData,
    "payment.failed": PaymentData,
    "payment.cancelled": PaymentData,
    "payment.expired": PaymentData,
    "payment.disputed": PaymentAmountData,
    "refund.requested": RefundData,
    "refund.succeeded": RefundData,
    "refund.failed": RefundData,
    "inventory.reserved": InventoryData,
    "inventory.reservation_failed": InventoryData,
    "inventory.released": InventoryData,
    "inventory.committed": InventoryData,
    "inventory.expired": InventoryData,
    "inventory.level": InventoryLevel,
    "order.created": OrderData,
    "order.confirmed": OrderData,
    "order.held": OrderData,
    "order.changed": OrderData,
    "order.cancelled": OrderData,
    "order.shipped": OrderData,
    "order.delivered": OrderData,
    "shipment.exception": OrderData,
    "coupon.applied": CouponData,
    "coupon.rejected": CouponData,
    "address.accepted": AddressData,
    "address.rejected": AddressData,
    "customer.replied": CustomerReplied,
    "system.health": SystemHealth,
}

# Types about something other than one checkout: `subject` is the system or the sku.
NOT_ABOUT_A_CHECKOUT = frozenset({"system.health", "inventory.level"})
# A gateway often doesn't know the checkout: these may lack checkout_id and are matched by payment_id.
MATCHED_BY_PAYMENT = frozenset(t for t in DATA_TYPES if t.startswith(("payment.", "refund.")))


class _Envelope(msgspec.Struct):
    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    subject: str | None = None
    data: dict[str, Any] | None = None


def parse_event(raw: dict[str, Any], received_at: datetime, *, may_hold_card: bool = True) -> Event:
    """A validated Event from one CloudEvents JSON object.

    `may_hold_card` is False where the caller made sure that no card number is in it.

    Raises:
        InputError: with the field's path; codes `invalid_event`, `invalid_data`, `missing_checkout`, `card_number`.
    """
    if may_hold_card and find_card_number(raw):
        raise InputError("card_number", "data", "carries a full card number; it was not kept")
    try:
        envelope = msgspec.convert(raw, _Envelope)
    except msgspec.ValidationError as error:
        raise _translated("invalid_event", error, "") from error
    for name in ("id", "source", "type"):
        value = getattr(envelope, name)
        if not value or len(value) > 512:
            raise InputError("invalid_event", name, "must have 1 to 512 characters")
    if envelope.specversion != "1.0":
        raise InputError("invalid_event", "specversion", f"must be '1.0', not {envelope.specversion!r}")
    if envelope.time.tzinfo is None:
        raise InputError("invalid_event", "time", "must be RFC 3339 with an offset")
    data = envelope.data or {}
    checkout_id = _checkout_id(envelope, data)
    at = received_at if envelope.time > received_at + MAX_CLOCK_AHEAD else envelope.time
    return Event(
        source=envelope.source, id=envelope.id, type=envelope.type, at=at, received_at=received_at,
        data=data, subject=envelope.subject, checkout_id=checkout_id,
    )  # fmt: skip


def _checkout_id(envelope: _Envelope, data: dict[str, Any]) -> str | None:
    shape = DATA_TYPES.get(envelope.type)
    if shape is None:  # unknown types are accepted and kept
        own = data.get("checkout_id")
        return own if isinstance(own, str) and own else None
    try:
        msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise _translated("invalid_data", error, "data") from error
    if envelope.type in NOT_ABOUT_A_CHECKOUT:
        return None
    checkout_id = data.get("checkout_id") or envelope.subject
    if not checkout_id and envelope.type not in MATCHED_BY_PAYMENT:
        raise InputError("missing_checkout", "data.checkout_id", f"{envelope.type} needs a checkout_id or a subject")
    return checkout_id or None


_AT = re.compile(r"(.*) - at `\$(.*)`$")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")


def _translated(code: str, error: msgspec.ValidationError, prefix: str) -> InputError:
    """msgspec's message with the field's dotted path taken out of it."""
    text, path = str(error), ""
    if match := _AT.match(text):
        text, path = match.group(1), match.group(2).lstrip(".")
    if match := _MISSING.match(text):
        path = f"{path}.{match.group(1)}".lstrip(".")
    field = ".".join(part for part in (prefix, path) if part)
    return InputError(code, field or "event", text)


# Fields that hold identities; long digit strings there are numbers of things, not cards.
_IDENTITIES = frozenset(
    [
        "id",
        "source",
        "subject",
        "time",
        "type",
        "checkout_id",
        "customer_id",
        "order_id",
        "payment_id",
        "capture_id",
        "refund_id",
        "reservation_id",
        "line_id",
        "sku",
        "in_reply_to",
        "coupon_code",
    ]
)
_CARD = re.compile(r"(?<![\d.])(?:\d[ -]?){13,18}\d(?![\d.])")
_ISSUERS = re.compile(r"4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|35\d{14}"
                      r"|6(?:011|5\d\d)\d{12}|62\d{14,17}|9792\d{12}")  # fmt: skip


def find_card_number(value: Any, field: str = "") -> bool:
    """Whether a full payment card number (issuer prefix, length, Luhn) stands anywhere but in an identity field."""
    if isinstance(value, str):
        return len(value) >= 13 and field not in _IDENTITIES and _holds_card(value)
    if isinstance(value, dict):
        for key, item in value.items():  # loops, not any(): it looks at every event
            if find_card_number(item, key):
                return True
    elif isinstance(value, list):
        for item in value:
            if find_card_number(item, field):
                return True
    elif isinstance(value, int):
        return value > 10**12 and field not in _IDENTITIES and is_card(str(value))
    return False


def _holds_card(text: str) -> bool:
    # int(): digits of every script are read as digits (４１１１… is a card, too)
    return any(is_card(str(int(re.sub(r"\D", "", found.group())))) for found in _CARD.finditer(text))


def is_card(digits: str) -> bool:
    """Whether these digits are a payment card's: issuer prefix, length, check digit (Luhn)."""
    return bool(_ISSUERS.fullmatch(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = [int(d) if i % 2 == 0 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0

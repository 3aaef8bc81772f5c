"""The nouns of the shop's books; amounts are integer minor units of the record's currency, times RFC 3339
text."""

from typing import Any, Literal

from pydantic import BaseModel, Field

Json = dict[str, Any]
CheckoutStatus = Literal["open", "submitted", "completed", "expired", "cancelled"]
OrderStatus = Literal["created", "confirmed", "on_hold", "shipped", "delivered", "cancelled"]
PaymentStatus = Literal["requires_action", "pending", "authorized", "captured", "failed", "cancelled", "expired"]
PaymentKind = Literal["money", "gift_card", "points", "voucher", "on_delivery", "pay_later"]


class Record(BaseModel):
    """What every row has: an id, a version that rises with each change, and the time of the last change."""

    id: str
    version: int = 1
    created_at: str = ""
    updated_at: str = ""


class Line(BaseModel):
    line_id: str
    sku: str
    quantity: int
    unit_price: int
    requires_shipping: bool = True


class Address(BaseModel):
    recipient: str | None = None
    phone: str | None = None
    country: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    postcode: str | None = None
    text: str | None = None


class Priced(Record):
    """Lines with the parts of a total; `tax_rate` is in basis points, `rounding` at most one minor unit."""

    currency: str
    lines: list[Line]
    shipping_fee: int = 0
    tax: int = 0
    tax_rate: int = 0
    fees: int = 0
    discount: int = 0
    rounding: int = 0
    shipping_address: Address | None = None

    @property
    def goods(self) -> int:
        return sum(line.unit_price * line.quantity for line in self.lines)

    @property
    def total(self) -> int:
        return max(0, self.goods + self.shipping_fee + self.tax + self.fees - self.discount + self.rounding)

    @property
    def ships(self) -> bool:
        return any(line.requires_shipping for line in self.lines)

    def recompute(self) -> None:
        """After the lines changed: the discount can't exceed the goods, the tax follows at its rate."""
        self.discount = min(self.discount, self.goods)
        self.tax = (self.tax_rate * (self.goods - self.discount) + 5_000) // 10_000


class Checkout(Priced):
    customer_id: str | None = None
    contact: Json | None = None
    cart_lines: list[Line] = Field(default_factory=list)
    coupon_code: str | None = None
    submitted_at: str | None = None
    payment_window_ends_at: str | None = None
    status: CheckoutStatus = "open"


class Order(Priced):
    checkout_id: str
    customer_id: str | None = None
    status: OrderStatus = "created"
    held_from: OrderStatus | None = None
    hold_reason: str | None = None
    pickup_point_id: str | None = None
    expected_ship_at: str | None = None
    backorders: dict[str, str] = Field(default_factory=dict)
    notes: list[str] = Field(default_factory=list)
    shipped_at: str | None = None
    delivered_at: str | None = None
    exception: str | None = None


class Payment(Record):
    checkout_id: str
    currency: str
    amount: int
    status: PaymentStatus = "pending"
    kind: PaymentKind = "money"
    method: str = "card"
    captured: int = 0
    refunded: int = 0
    refund_pending: int = 0
    disputed: int = 0
    surcharge: int = 0
    failure_code: str | None = None
    authorized_until: str | None = None

    @property
    def refundable(self) -> int:
        return self.captured - self.refunded - self.refund_pending - self.disputed


class Refund(Record):
    payment_id: str
    currency: str
    amount: int
    reason: str
    status: Literal["pending", "succeeded", "failed"] = "pending"


class PaymentLink(Record):
    checkout_id: str
    currency: str
    amount: int
    url: str
    status: Literal["open", "paid", "cancelled", "expired"] = "open"
    payment_id: str | None = None
    expires_at: str


class Reservation(Record):
    checkout_id: str
    sku: str
    quantity: int
    status: Literal["held", "committed", "released", "expired"] = "held"
    expires_at: str | None = None
    shipped: bool = False


class Stock(Record):
    """One sku in the warehouse; the record's id is the sku. `received` counts everything that ever came
    in."""

    on_hand: int
    reserved: int = 0
    shop_listed: int = 0
    drifted: bool = False
    scarce: bool = False
    received: int = 0
    shipped: int = 0
    restock_at: str | None = None

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Product(Record):
    """A sku for sale; the record's id is the sku, the title is in the language of its market."""

    title: str
    category: str
    attributes: dict[str, str]
    currency: str
    unit_price: int
    active: bool = True
    requires_shipping: bool = True


class PastOrder(BaseModel):
    id: str
    total: int
    at: str
    status: str


class Customer(Record):
    """`cast`: invented for one story, and not drawn for any other."""

    name: str
    language: str
    currency: str
    tier: Literal["standard", "vip"] = "standard"
    status: Literal["active", "suspended", "closed"] = "active"
    email: str
    phone: str
    preferred_channel: Literal["sms", "email", "in_app"]
    allowed_channels: list[str]
    marketing_consent: bool
    time_zone: str
    addresses: list[Address]
    cast: bool = False
    history: list[PastOrder] = Field(default_factory=list)


class Coupon(Record):
    """The record's id is the code; exactly one of `percent` and `amount` is set. `reusable`: by everybody, ever
    again."""

    customer_id: str | None = None
    percent: int | None = None
    amount: int | None = None
    currency: str | None = None
    expires_at: str | None = None
    reason: str = ""
    reusable: bool = False
    used_by_checkout_id: str | None = None


class Message(Record):
    customer_id: str | None = None
    contact: Json | None = None
    checkout_id: str | None = None
    channel: str
    language: str
    subject: str | None = None
    text: str
    choices: list[dict[str, str]] = Field(default_factory=list)
    dedupe_key: str
    repeats: int = 0


class BoundKey(Record):
    """An idempotency key (the record's id) and the first 2xx answer that it is bound to."""

    method: str
    path: str
    body_hash: str
    status: int
    answer: Any = None


class WriteSeen(Record):
    """One write as it arrived, whatever came of it; `outcome` is applied, replayed or the refusal's code."""

    method: str
    path: str
    key: str | None
    body_hash: str
    outcome: str
    status: int
    chaos: str | None = None

"""The request bodies of contract B; a field that the contract doesn't name is refused, so that slips are
noticed."""

from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
Quantity = Annotated[StrictInt, Field(ge=1, le=100_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(Body):
    """For calls that say everything in their path."""


class Money(Body):
    amount: Annotated[StrictInt, Field(ge=0)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Positive(Money):
    amount: Annotated[StrictInt, Field(gt=0)]


class LinePrice(Body):
    line_id: Text
    unit_price: Money


class Reprice(Body):
    lines: list[LinePrice]
    discount: Money | None = None


class AddressFields(Body):
    recipient: str | None = None
    phone: str | None = None
    country: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    postcode: str | None = None
    text: str | None = None


class AddressBody(Body):
    address: AddressFields


class PickupSearch(AddressBody):
    limit: Annotated[int, Field(ge=1, le=50)] = 5


class Reason(Body):
    reason: Text


class CreateOrder(Body):
    checkout_id: Text


class LineQuantity(Body):
    line_id: Text
    quantity: Quantity


class CancelLines(Reason):
    lines: Annotated[list[LineQuantity], Field(min_length=1)]


class Backorder(Body):
    line_id: Text
    expected_at: AwareDatetime


class Pickup(Body):
    pickup_point_id: Text


class Substitute(Body):
    line_id: Text
    to_sku: Text
    quantity: Quantity
    unit_price: Money


class Note(Body):
    text: Text


class Amount(Body):
    amount: Positive


class RefundBody(Amount):
    reason: Text
    expected_refunded: Money


class Link(Amount):
    checkout_id: Text


class SkuQuantity(Body):
    sku: Text
    quantity: Quantity


class Reserve(Body):
    checkout_id: Text
    lines: Annotated[list[SkuQuantity], Field(min_length=1)]


class CouponRelease(Body):
    checkout_id: Text


class NewCoupon(Body):
    customer_id: Text
    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    amount: Positive | None = None
    expires_at: AwareDatetime
    reason: Text

    @model_validator(mode="after")
    def one_of_two(self) -> "NewCoupon":
        if (self.percent is None) == (self.amount is None):
            raise ValueError("either percent or amount")
        return self


class Choice(Body):
    id: Text
    label: Text


class Contact(Body):
    email: str | None = None
    phone: str | None = None
    language: str | None = None


class NewMessage(Body):
    customer_id: Text | None = None
    contact: Contact | None = None
    checkout_id: Text | None = None
    channel: Literal["sms", "email", "in_app"]
    language: Literal["zh-CN", "en"]
    subject: str | None = None
    text: Text
    choices: list[Choice] = Field(default_factory=list)
    dedupe_key: Text

    @model_validator(mode="after")
    def somebody(self) -> "NewMessage":
        if not self.customer_id and not self.contact:
            raise ValueError("either customer_id or contact")
        return self

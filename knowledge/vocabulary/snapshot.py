"""OrderSnapshot: one checkout as every system sees it, folded from events and corrected by read-backs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.money import Money


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """That something was said: by which event or read-back (`ref`), about which `entity`, when, and when we heard."""

    type: str
    ref: str
    at: datetime
    received_at: datetime
    entity: str = ""

    def evidence(self, value: object = None) -> Evidence:
        """This mark as evidence."""
        kind = "read_back" if self.type.startswith("read_back.") else "event"
        return Evidence(kind=kind, ref=self.ref, at=self.at, value=value if value is not None else self.type)  # type: ignore[arg-type]


class PaymentView(msgspec.Struct, omit_defaults=True):
    """One payment. Amounts in minor units of `currency`; `captured` is money taken, cumulative."""

    id: str
    status: PaymentStatus = PaymentStatus.PENDING
    kind: str = PaymentKind.MONEY
    method: str | None = None
    currency: str = ""
    amount: int = 0
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    refund_pending: int = 0
    disputed: int = 0
    surcharge: int = 0
    requested_at: datetime | None = None
    authorized_at: datetime | None = None
    captured_at: datetime | None = None
    ended_at: datetime | None = None
    authorized_until: datetime | None = None
    failure_code: str | None = None

    @property
    def kept(self) -> int:
        """Captured, less what went or is going back, in minor units."""
        return max(0, self.captured - self.refunded - self.refund_pending - self.disputed)

    @property
    def kept_net(self) -> int:
        """`kept` without the surcharge (interest, fees of the method): what counts towards the total."""
        return max(0, self.kept - self.surcharge) if self.kept else 0

    @property
    def open(self) -> bool:
        """Whether money may still come of it by itself."""
        return self.status in (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION)


class ReservationView(msgspec.Struct, omit_defaults=True):
    """Stock set aside for this checkout; status held, committed, released or expired."""

    id: str
    sku: str
    quantity: int
    status: str
    at: datetime


# Goods promised for so long after the order are not there yet, and nobody thinks they are.
BACK_ORDERED = timedelta(days=2)


class OrderView(msgspec.Struct, omit_defaults=True):
    """One order of the checkout; `total` is None until somebody said it."""

    id: str
    status: str = "created"
    total: Money | None = None
    created_at: datetime | None = None
    expected_ship_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    lines: list[Line] | None = None  # as last read back; events don't tell them
    discount: Money | None = None  # as last read back
    pickup_point_id: str | None = None  # where the customer fetches it; as last read back

    @property
    def live(self) -> bool:
        """Whether the shop still means to deliver it (or has)."""
        return self.status != "cancelled"


class AddressState(msgspec.Struct, omit_defaults=True):
    """What is known of the shipping address outside the vault: present fields, the coarse ones, the vault's ref."""

    present: list[str] = []
    country: str | None = None
    province: str | None = None
    city: str | None = None
    ref: str | None = None
    at: datetime | None = None
    verdict: str | None = None  # None: nobody checked; 'accepted', or the carrier's reason
    missing: list[str] = []
    normalised: list[str] = []  # fields that the carrier would write differently
    deliverable: bool | None = None  # the carrier's word; None: nobody asked


_IMPLIED = {
    "postcode_format": ["postcode"], "postcode_mismatch": ["postcode"], "phone_format": ["phone"],
    "fields_swapped": ["recipient", "phone"], "street_unclear": ["street"],
}  # fmt: skip


def implied_by(reason: str | None) -> list[str]:
    """The address fields that a carrier's reason (contract B) means to be written otherwise."""
    return list(_IMPLIED.get(reason or "", ()))


class CustomerView(msgspec.Struct, omit_defaults=True):
    """The customer as last read back: account, tier, and what their other orders came to (nothing personal)."""

    status: str = "active"
    tier: str = "standard"
    past_totals: list[Money] = []  # of orders that were not cancelled and are not this checkout's, newest last
    at: datetime | None = None


class CouponView(msgspec.Struct, omit_defaults=True):
    """The checkout's coupon as the promotion system sees it for this customer and checkout."""

    code: str
    status: str = "unknown"  # valid, expired, used, not_eligible, unknown; 'rejected' when only an event told
    used_by_checkout_id: str | None = None
    discount: Money | None = None  # what it should take off
    reason: str | None = None
    at: datetime | None = None


class OrderSnapshot(msgspec.Struct, omit_defaults=True):
    """One checkout: what was agreed, what was paid, set aside, promised and sent, and who said so (`marks`)."""

    checkout_id: str
    customer_id: str | None = None
    language: str | None = None
    contact: list[str] = []
    contact_ref: str | None = None
    status: str = "open"
    started_at: datetime | None = None
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    payment_window_ends_at: datetime | None = None
    last_activity_at: datetime | None = None
    cart_lines: list[Line] | None = None
    lines: list[Line] | None = None
    shipping_fee: Money | None = None
    tax: Money | None = None
    fees: Money | None = None
    discount: Money | None = None
    coupon_code: str | None = None
    total: Money | None = None
    address: AddressState | None = None
    customer: CustomerView | None = None
    coupon: CouponView | None = None
    payments: dict[str, PaymentView] = {}
    reservations: dict[str, ReservationView] = {}
    reservation_failed_at: datetime | None = None
    orders: dict[str, OrderView] = {}
    marks: list[Mark] = []

    # -- derived ------------------------------------------------------------------------------------------------

    @property
    def requires_shipping(self) -> bool:
        """Whether anything has to be delivered; unknown lines count as yes."""
        return any(line.requires_shipping for line in self.lines) if self.lines is not None else True

    @property
    def live_orders(self) -> list[OrderView]:
        """Orders that aren't cancelled."""
        return [order for order in self.orders.values() if order.status != "cancelled"]

    @property
    def held(self) -> list[ReservationView]:
        """Reservations that hold stock now."""
        return [r for r in self.reservations.values() if r.status in ("held", "committed")]

    @property
    def due(self) -> int | None:
        """The agreed total in minor units; None while nothing was agreed."""
        return self.total.amount if self.total else None

    def lines_to_cover(self) -> list[Line]:
        """Lines that still need stock; empty when nobody told the lines.

        What the live orders say now (after a substitution, say) goes before what the checkout said. Lines that
        need no shipping count only when nothing else does.
        """
        waiting = [o for o in self.live_orders if o.status not in ("shipped", "delivered")]
        if waiting and all(o.lines for o in waiting):
            lines = [line for o in waiting for line in o.lines or []]
        else:
            lines = self.lines or []
        return [line for line in lines if line.requires_shipping] or lines

    def shortfall(self) -> Counter[str]:
        """Units by sku that are needed and not held."""
        missing: Counter[str] = Counter()
        for line in self.lines_to_cover():
            missing[line.sku] += line.quantity
        for reservation in self.held:
            missing[reservation.sku] -= reservation.quantity
        return +missing

    def money_payments(self) -> list[PaymentView]:
        """Payments in the total's currency."""
        return [p for p in self.payments.values() if not self.total or p.currency in ("", self.total.currency)]

    def captured_net(self) -> int:
        """Money (and gift cards, points, vouchers) taken and kept, without surcharges, in minor units."""
        return sum(p.kept_net for p in self.money_payments())

    def paid_at(self, now: datetime) -> datetime | None:
        """When it became paid in SPEC's sense, None while it isn't.

        Paid = captured + valid authorisations + redeemed gift cards, points and vouchers ≥ due, or cash on
        delivery / pay later accepted.
        """
        if self.total is None:
            return None
        if self.total.amount == 0:
            return self.submitted_at
        gains: list[tuple[datetime, int]] = []
        for p in self.money_payments():
            accepted = p.status in (PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED)
            if accepted and p.kind in (PaymentKind.ON_DELIVERY, PaymentKind.PAY_LATER):
                when = _first(p.captured_at, p.authorized_at, p.requested_at, self.submitted_at)
                gains.append((when, self.total.amount))
            elif p.status is PaymentStatus.CAPTURED:
                gains.append((_first(p.captured_at, p.authorized_at, p.requested_at, self.submitted_at), p.kept_net))
            if p.status is PaymentStatus.AUTHORIZED and not (p.authorized_until and p.authorized_until <= now):
                worth = max(0, max(p.authorized, p.amount if not p.authorized else 0) - p.surcharge)
                gains.append((_first(p.authorized_at, p.requested_at, self.submitted_at), worth))
        have = 0
        for at, worth in sorted(gains):
            have += worth
            if have >= self.total.amount - 1:  # one unit of rounding
                return at
        return None

    def marks_of(self, *types: str, entity: str | None = None) -> list[Mark]:
        """Marks of these types (a prefix ending in '.' matches all below it), oldest first."""
        prefixes = tuple(t for t in types if t[-1] == ".")
        return [
            m for m in self.marks
            if (m.type in types or (prefixes and m.type.startswith(prefixes)))
            and (entity is None or m.entity == entity)
        ]  # fmt: skip


def _first(*times: datetime | None) -> datetime:
    for at in times:
        if at is not None:
            return at
    return datetime.min.replace(tzinfo=UTC)


def heard_at(marks: Iterable[Mark], floor: datetime) -> datetime:
    """When the last of these was received, at least `floor`."""
    return max([floor, *(m.received_at for m in marks)])

"""apply_read_back: lets what the shop says now correct what events told. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import ADDRESS_FIELDS, DATA_TYPES, Address
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    Facts,
    OrderFact,
    PaymentFact,
    ReservationFact,
    ServiceabilityFact,
)
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.personal import COARSE, address_view, is_masked
from knowledge.vocabulary.snapshot import (
    BACK_ORDERED,
    AddressState,
    CouponView,
    CustomerView,
    Mark,
    OrderSnapshot,
    OrderView,
    PaymentView,
    ReservationView,
    implied_by,
)

PAST_ORDERS = 50  # the customer's newest ones say what is usual
# Events after which what was read of a checkout is out of date.
CHECKOUT_CHANGES = tuple(f"checkout.{what}" for what in ("started", "updated", "submitted", "expired", "cancelled"))


def apply_read_back(snapshot: OrderSnapshot, facts: Facts) -> OrderSnapshot:
    """A new snapshot in which the shop's own state at `facts.at` replaces what events told up to then.

    What happened after `facts.at` is kept from the events. A part that was not read (None) changes nothing; a part
    that was read and is empty says that nothing is there.
    """
    s = msgspec.convert(msgspec.to_builtins(snapshot), OrderSnapshot)
    if facts.checkout is not None and not _changed_since(s, facts.at):
        _checkout(s, facts.checkout, facts)
    if facts.orders is not None:
        _orders(s, facts.orders, facts)
    if facts.payments is not None:
        _payments(s, facts.payments, facts)
    if facts.reservations is not None and not _newer(s, "inventory.", None, facts.at):
        s.reservations = {f"{r.id}/{r.sku}": _reservation(s, r, facts) for r in facts.reservations}
        _mark(s, "reservations", "", facts.at)
        if _unobtainable(s, facts):
            s.reservation_failed_at = facts.at
    if facts.serviceability is not None and not _newer(s, "address.", None, facts.at):
        _serviceability(s, facts.serviceability, facts)
    if facts.coupon is not None and not _newer(s, "coupon.", None, facts.at):
        _coupon(s, facts.coupon, facts.at)
    if facts.customer is not None:
        _customer(s, facts.customer, facts)
    return s


def _mark(s: OrderSnapshot, kind: str, entity: str, at: datetime) -> None:
    s.marks.append(Mark(f"read_back.{kind}", f"{kind}/{entity or s.checkout_id}@{at:%H:%M:%S.%f}", at, at, entity))


def _newer(s: OrderSnapshot, prefix: str, entity: str | None, at: datetime) -> bool:
    """Whether an event about it happened after the read-back; what the contract doesn't know says nothing of it."""
    return any(m.at > at and m.type in DATA_TYPES for m in s.marks_of(prefix, entity=entity))


def _changed_since(s: OrderSnapshot, at: datetime) -> bool:
    """Whether an event that changes the checkout itself happened after the read-back."""
    return any(m.at > at for m in s.marks_of(*CHECKOUT_CHANGES))


def _checkout(s: OrderSnapshot, c: CheckoutFact, facts: Facts) -> None:
    at, changed_at = facts.at, facts.changed_at("checkout", c)
    s.customer_id = c.customer_id or s.customer_id
    if c.status in ("submitted", "expired", "cancelled", "completed", "open"):
        if c.status in ("expired", "cancelled") and s.status != c.status:
            s.ended_at = changed_at
        s.status = c.status
    s.submitted_at = s.submitted_at or c.submitted_at
    s.payment_window_ends_at = c.payment_window_ends_at
    s.cart_lines = c.cart_lines if c.cart_lines is not None else s.cart_lines
    s.lines = c.lines or s.lines
    for name in ("shipping_fee", "tax", "fees", "discount", "total"):
        setattr(s, name, getattr(c, name) or getattr(s, name))
    s.coupon_code = c.coupon_code
    if c.contact is not None:
        s.contact = sorted(f for f in ("email", "phone") if getattr(c.contact, f))
        s.language = s.language or c.contact.language
    if c.shipping_address is not None:
        _address(s, msgspec.to_builtins(c.shipping_address), changed_at)
    if not s.last_activity_at:
        s.last_activity_at = c.submitted_at or changed_at
    _mark(s, "checkout", "", at)


def _address(s: OrderSnapshot, address: dict[str, Any], at: datetime | None) -> None:
    view = address_view(address, None)
    known = s.address or AddressState()
    same = known.present == view["present"] and all(getattr(known, f) == view.get(f) for f in COARSE)
    if same and s.address is not None:
        return
    s.address = AddressState(
        present=view["present"], country=view.get("country"), province=view.get("province"), city=view.get("city"),
        ref=known.ref, at=known.at or at,
    )  # fmt: skip


def _reservation(s: OrderSnapshot, fact: ReservationFact, facts: Facts) -> ReservationView:
    """As the shop says; since when, an event may have told."""
    key = f"{fact.id}/{fact.sku}"
    known = s.reservations.get(key)
    told = known.at if known is not None and known.status == fact.status else None
    since = fact.updated_at or told or facts.changed_at("reservations", fact)
    return ReservationView(key, fact.sku, fact.quantity, fact.status, since)


def _unobtainable(s: OrderSnapshot, facts: Facts) -> bool:
    """Whether a paid order lacks more of a sku than there is, and nothing that was set aside got lost: it was refused.

    An order that promises its goods for much later waits for them to come back, and lacks nothing.
    """
    orders, lost = s.live_orders, len(s.held) < len(s.reservations)
    if lost or not orders or not s.requires_shipping or s.paid_at(facts.at) is None:
        return False
    if any(o.shipped_at or o.status in ("shipped", "delivered") for o in orders):
        return False
    if any(o.expected_ship_at and o.expected_ship_at >= (o.created_at or facts.at) + BACK_ORDERED for o in orders):
        return False
    there = {sku: max(0, stock.available) for sku, stock in facts.stock.items()}
    return any(sku in there and missing > there[sku] for sku, missing in s.shortfall().items())


def _serviceability(s: OrderSnapshot, verdict: ServiceabilityFact, facts: Facts) -> None:
    """The carrier's word on where the goods go now; a reason may come with an address it delivers to all the same."""
    if s.address is None:
        going = facts.live_order or facts.checkout
        if going is None or going.shipping_address is None:
            return
        _address(s, msgspec.to_builtins(going.shipping_address), None)
    address = s.address or AddressState()
    address.verdict = verdict.reason or ("accepted" if verdict.deliverable else "no_carrier")
    address.missing, address.deliverable = list(verdict.missing), verdict.deliverable
    address.normalised = _rewritten(facts, verdict)
    _mark(s, "serviceability", "", facts.at)


def _rewritten(facts: Facts, verdict: ServiceabilityFact) -> list[str]:
    """The fields the carrier writes otherwise; masked ones can't be compared, there the reason has to say it."""
    if verdict.normalised is None:
        return implied_by(verdict.reason)
    going = facts.live_order or facts.checkout
    asked = (going.shipping_address if going else None) or Address()
    implied = implied_by(verdict.reason)
    return [f for f in ADDRESS_FIELDS if _differs(getattr(asked, f), getattr(verdict.normalised, f), f in implied)]


def _differs(asked: str | None, normalised: str | None, implied: bool) -> bool:
    if not normalised:
        return False
    if is_masked(normalised) or (asked and is_masked(asked)):
        return implied
    return (asked or "") != normalised


def same_code(one: str, other: str) -> bool:
    """Whether two spellings name one coupon."""
    return one.strip().casefold() == other.strip().casefold()


def still_counts(was: str, now: str, holder: str | None) -> bool:
    """Whether a coupon whose status was that and is this now counts all the same: it was good once, and no other
    checkout (`holder`) used it."""
    return was == "valid" and (now in ("expired", "not_eligible") or (now == "used" and holder is None))


def _coupon(s: OrderSnapshot, fact: CouponFact, at: datetime) -> None:
    known = s.coupon if s.coupon and same_code(s.coupon.code, fact.code) else None
    told, status = known.discount if known else None, fact.status
    if known is not None and still_counts(known.status, status, fact.used_by_checkout_id):
        status = known.status
    s.coupon = CouponView(fact.code, status, fact.used_by_checkout_id, fact.discount or told, at=at)
    _mark(s, "coupon", fact.code, at)


def _customer(s: OrderSnapshot, fact: CustomerFact, facts: Facts) -> None:
    s.language = s.language or fact.language
    own = set(s.orders) | {order.id for order in facts.orders or []}
    past = [o for o in fact.orders if o.get("id") not in own and o.get("status") != "cancelled"]
    past.sort(key=lambda o: str(o.get("at") or ""))
    totals = [total for o in past if (total := _readable(o.get("total")))]
    s.customer = CustomerView(status=fact.status, tier=fact.tier, past_totals=totals[-PAST_ORDERS:], at=facts.at)
    _mark(s, "customer", fact.id, facts.at)


def _readable(total: object) -> Money | None:
    """A past order's total; what is no money says nothing about what is usual."""
    try:
        return msgspec.convert(total, Money)
    except msgspec.ValidationError:
        return None


def _orders(s: OrderSnapshot, orders: list[OrderFact], facts: Facts) -> None:
    at = facts.at
    for fact in orders:
        if _newer(s, "order.", fact.id, at):
            continue
        o = s.orders.setdefault(fact.id, OrderView(id=fact.id))
        if fact.status == "cancelled" and o.status != "cancelled":
            o.cancelled_at = facts.changed_at("orders", fact)
        o.status, o.total = fact.status, fact.total or o.total
        o.created_at = fact.created_at or o.created_at
        o.lines = list(fact.lines) or o.lines
        o.discount, o.pickup_point_id = fact.discount, fact.pickup_point_id
        o.expected_ship_at = fact.expected_ship_at or o.expected_ship_at
        _mark(s, "order", fact.id, at)
    if not orders:
        _mark(s, "no_order", "", at)


def _payments(s: OrderSnapshot, payments: list[PaymentFact], facts: Facts) -> None:
    at = facts.at
    for fact in payments:
        if _newer(s, "payment.", fact.id, at) or _newer(s, "refund.", fact.id, at):
            continue
        p = s.payments.setdefault(fact.id, PaymentView(id=fact.id))
        p.status, p.kind, p.method = fact.status, fact.kind, fact.method or p.method
        p.currency = (fact.amount or fact.captured or Money(0, p.currency or "XXX")).currency
        p.amount = _amount(fact.amount)
        p.captured, p.refunded = _amount(fact.captured), _amount(fact.refunded)
        p.refund_pending, p.disputed = _amount(fact.refund_pending), _amount(fact.disputed)
        p.surcharge, p.failure_code = _amount(fact.surcharge), fact.failure_code or p.failure_code
        since = facts.changed_at("payments", fact)
        p.requested_at = p.requested_at or fact.created_at or since
        p.authorized_until = fact.authorized_until
        if fact.status is PaymentStatus.AUTHORIZED:
            p.authorized = p.authorized or p.amount
            p.authorized_at = p.authorized_at or since
        elif fact.status is PaymentStatus.CAPTURED:
            p.captured_at = p.captured_at or since
        elif fact.status in (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED):
            p.ended_at = p.ended_at or since
        _mark(s, "payment", fact.id, at)


def _amount(money: Money | None) -> int:
    return money.amount if money else 0

"""The pure fold: events of one checkout, in any order and with duplicates, become one OrderSnapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import DATA_TYPES, Event, Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.personal import COARSE, address_view, contact_view
from knowledge.vocabulary.snapshot import (
    AddressState,
    CouponView,
    Mark,
    OrderSnapshot,
    OrderView,
    PaymentView,
    ReservationView,
    implied_by,
)

# The later state wins whatever the order of arrival: money taken beats everything, an end beats a beginning.
PAYMENT_PRECEDENCE = {
    status: rank
    for rank, status in enumerate(
        [PaymentStatus.REQUIRES_ACTION, PaymentStatus.PENDING, PaymentStatus.AUTHORIZED, PaymentStatus.FAILED,
         PaymentStatus.EXPIRED, PaymentStatus.CANCELLED, PaymentStatus.CAPTURED]
    )
}  # fmt: skip


def fold(checkout_id: str, events: Iterable[Event]) -> OrderSnapshot:
    """One snapshot from all events known of a checkout. Depends on the set of events only, not on their order.

    Of two events with one identity `(source, id)` the one received first counts.
    """
    unique: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.source, event.id)
        known = unique.get(key)
        if known is None or _first_heard(event) < _first_heard(known):
            unique[key] = event
    folding = Fold(checkout_id)
    for event in sorted(unique.values(), key=_order_of):
        folding.add(event)
    return folding.snapshot()


def _order_of(event: Event) -> tuple[datetime, str, str]:
    return event.at, event.source, event.id


class Fold:
    """A fold that can go on: events added in order, however many at a time, give the snapshot `fold` gives."""

    def __init__(self, checkout_id: str) -> None:
        self._snapshot = OrderSnapshot(checkout_id=checkout_id)
        self._captures: dict[str, dict[str, dict[str, int]]] = {}
        self._refunds: dict[tuple[str, str], tuple[str, int]] = {}
        self._disputes: dict[str, dict[str, int]] = {}
        self._last: tuple[datetime, str, str] | None = None

    def precedes(self, event: Event) -> bool:
        """Whether the event comes after all that were added: only such a one may be added."""
        return self._last is None or self._last < _order_of(event)

    def add(self, event: Event) -> None:
        """Goes on with the next event. Of a type that the contract doesn't know it is only remembered that it came."""
        self._last = _order_of(event)
        _mark(self._snapshot, event)
        if event.type not in DATA_TYPES:
            return
        if event.type.startswith("payment."):
            _payment(self._snapshot, event, self._captures, self._disputes)
        elif event.type.startswith("refund."):
            _refund(self._snapshot, event, self._refunds)
        elif handler := _HANDLERS.get(event.type):
            handler(self._snapshot, event)

    def snapshot(self) -> OrderSnapshot:
        """What the events say so far. The same object each time: it changes when more is added."""
        payments = self._snapshot.payments
        for payment_id, by_source in self._captures.items():
            payments[payment_id].captured = _captured(by_source)
        for payment_id, told in self._disputes.items():
            payments[payment_id].disputed = max(told.values())  # two systems may tell of the same one
        if self._refunds:
            _sum_refunds(payments, self._refunds)
        return self._snapshot


def _first_heard(event: Event) -> tuple[datetime, datetime, str, bytes]:
    """Orders two events of one identity, so that even a tie is decided by what they say and not by who came first."""
    return event.received_at, event.at, event.type, msgspec.json.encode(event.data, order="sorted")


def _mark(snapshot: OrderSnapshot, event: Event) -> None:
    names = ("coupon_code",) if event.type.startswith("coupon.") else ("payment_id", "reservation_id", "order_id")
    told = (event.data.get(name) for name in names)
    entity = next((value for value in told if isinstance(value, str) and value), "")
    snapshot.marks.append(Mark(event.type, event.ref, event.at, event.received_at, entity))
    if event.type.startswith(("checkout.", "payment.", "customer.", "coupon.")):
        snapshot.last_activity_at = event.at


# -- checkout -------------------------------------------------------------------------------------------------------


def lines_of(value: list[dict[str, Any]] | None) -> list[Line] | None:
    """Lines from JSON; None stays None."""
    return None if value is None else [msgspec.convert(line, Line) for line in value]


def _money(value: dict[str, Any] | None) -> Money | None:
    return Money(value["amount"], value["currency"]) if value else None


def _party(s: OrderSnapshot, data: dict[str, Any]) -> None:
    s.customer_id = data.get("customer_id") or s.customer_id
    if contact := data.get("contact"):
        view = contact if "present" in contact else contact_view(contact, None)
        s.contact = sorted({*s.contact, *view["present"]})
        s.contact_ref = view.get("ref") or s.contact_ref
        s.language = view.get("language") or s.language


def _address(s: OrderSnapshot, data: dict[str, Any], at: datetime, *, again: bool = False) -> None:
    """A new address, which nobody checked yet; told `again`, one that looks the same keeps what the carrier said."""
    address = data.get("shipping_address")
    if address is None:
        return
    view = address if "present" in address else address_view(address, None)
    before = s.address
    s.address = AddressState(
        present=list(view["present"]), country=view.get("country"), province=view.get("province"),
        city=view.get("city"), ref=view.get("ref"), at=at,
    )  # fmt: skip
    if again and before is not None and all(getattr(before, f) == getattr(s.address, f) for f in ("present", *COARSE)):
        for name in ("verdict", "missing", "normalised", "deliverable"):
            setattr(s.address, name, getattr(before, name))


def _started(s: OrderSnapshot, e: Event) -> None:
    s.started_at = s.started_at or e.at
    _party(s, e.data)
    if e.data.get("lines") is not None:
        s.lines = lines_of(e.data["lines"])


def _updated(s: OrderSnapshot, e: Event) -> None:
    _party(s, e.data)
    if e.data.get("lines") is not None:
        s.lines = lines_of(e.data["lines"])
    if "coupon_code" in e.data:
        s.coupon_code = e.data["coupon_code"]
    _address(s, e.data, e.at)


def _submitted(s: OrderSnapshot, e: Event) -> None:
    data = e.data
    _party(s, data)
    s.submitted_at = e.at
    if s.status == "open":
        s.status = "submitted"
    s.lines = lines_of(data.get("lines"))
    s.cart_lines = lines_of(data.get("cart_lines"))
    for name in ("shipping_fee", "tax", "fees", "discount", "total"):
        setattr(s, name, _money(data.get(name)))
    s.coupon_code = data.get("coupon_code")
    _address(s, data, e.at, again=True)


def _ended(s: OrderSnapshot, e: Event) -> None:
    s.status = "expired" if e.type == "checkout.expired" else "cancelled"
    s.ended_at = e.at


# -- payments -------------------------------------------------------------------------------------------------------

_STATUS_OF = {
    "payment.requested": PaymentStatus.PENDING,
    "payment.authorized": PaymentStatus.AUTHORIZED,
    "payment.captured": PaymentStatus.CAPTURED,
    "payment.failed": PaymentStatus.FAILED,
    "payment.cancelled": PaymentStatus.CANCELLED,
    "payment.expired": PaymentStatus.EXPIRED,
}


def _payment(
    s: OrderSnapshot, e: Event, captures: dict[str, dict[str, dict[str, int]]], disputes: dict[str, dict[str, int]]
) -> None:
    data = e.data
    p = s.payments.setdefault(data["payment_id"], PaymentView(id=data["payment_id"]))
    amount = data.get("amount") or {}
    p.currency = p.currency or amount.get("currency", "")
    p.kind = data.get("kind") or p.kind
    p.method = data.get("method") or p.method
    if surcharge := data.get("surcharge"):
        p.surcharge = max(p.surcharge, surcharge["amount"])
    status = _STATUS_OF.get(e.type)
    if status is not None and PAYMENT_PRECEDENCE[status] >= PAYMENT_PRECEDENCE[p.status]:
        p.status = status
    value = amount.get("amount", 0)
    if e.type == "payment.requested":
        p.amount, p.requested_at = max(p.amount, value), p.requested_at or e.at
    elif e.type == "payment.authorized":
        p.authorized, p.authorized_at = max(p.authorized, value), p.authorized_at or e.at
    elif e.type == "payment.captured":
        p.captured_at = e.at
        by_source = captures.setdefault(p.id, {}).setdefault(e.source, {})
        by_source[data.get("capture_id") or f"#{e.id}"] = value
    elif e.type == "payment.disputed":
        told = disputes.setdefault(p.id, {})
        told[e.source] = told.get(e.source, 0) + value
    else:
        p.ended_at, p.failure_code = e.at, data.get("failure_code") or p.failure_code


def _captured(by_source: dict[str, dict[str, int]]) -> int:
    """Captures named by `capture_id` count once however many systems tell of them.

    Unnamed ones can't be matched across systems: the system that tells most is believed, and read-back settles it.
    """
    named: dict[str, int] = {}
    unnamed = 0
    for captures in by_source.values():
        named |= {key: value for key, value in captures.items() if not key.startswith("#")}
        unnamed = max(unnamed, sum(value for key, value in captures.items() if key.startswith("#")))
    return max(sum(named.values()), unnamed)


def _refund(s: OrderSnapshot, e: Event, latest: dict[tuple[str, str], tuple[str, int]]) -> None:
    """Per refund id the last word counts; a success is final."""
    payment_id = e.data["payment_id"]
    s.payments.setdefault(payment_id, PaymentView(id=payment_id))
    key = (payment_id, e.data["refund_id"])
    if latest.get(key, ("", 0))[0] != "refund.succeeded":
        latest[key] = (e.type, e.data["amount"]["amount"])


def _sum_refunds(payments: dict[str, PaymentView], latest: dict[tuple[str, str], tuple[str, int]]) -> None:
    for payment_id, _ in latest:
        payments[payment_id].refunded = payments[payment_id].refund_pending = 0
    for (payment_id, _), (kind, amount) in latest.items():
        if kind == "refund.succeeded":
            payments[payment_id].refunded += amount
        elif kind == "refund.requested":
            payments[payment_id].refund_pending += amount


# -- stock ----------------------------------------------------------------------------------------------------------

_RESERVATION_STATUS = {
    "inventory.reserved": "held",
    "inventory.committed": "committed",
    "inventory.released": "released",
    "inventory.expired": "expired",
}


def _inventory(s: OrderSnapshot, e: Event) -> None:
    status, reservation_id = _RESERVATION_STATUS[e.type], e.data.get("reservation_id")
    if status in ("released", "expired") and reservation_id is None and not e.data.get("lines"):
        for reservation in s.reservations.values():  # says nothing more than "this checkout's"
            reservation.status, reservation.at = status, e.at
        return
    known = [r for r in s.reservations.values() if reservation_id and r.id.split("/")[0] == reservation_id]
    lines = e.data.get("lines") or []
    if not lines:
        for reservation in known:
            reservation.status, reservation.at = status, e.at
    for line in lines:
        if reservation_id is None and status != "held":  # about whatever this checkout holds of the sku
            for reservation in s.reservations.values():
                if reservation.sku == line["sku"] and reservation.status in ("held", "committed"):
                    reservation.status, reservation.at = status, e.at
            continue
        key = f"{reservation_id or 'unnamed'}/{line['sku']}"
        s.reservations[key] = ReservationView(key, line["sku"], line["quantity"], status, e.at)


def _reservation_failed(s: OrderSnapshot, e: Event) -> None:
    s.reservation_failed_at = e.at


# -- orders ---------------------------------------------------------------------------------------------------------

_ORDER_STATUS = {
    "order.created": "created",
    "order.confirmed": "confirmed",
    "order.held": "on_hold",
    "order.shipped": "shipped",
    "order.delivered": "delivered",
    "order.cancelled": "cancelled",
}
_ORDER_TIME = {
    "order.created": "created_at",
    "order.shipped": "shipped_at",
    "order.delivered": "delivered_at",
    "order.cancelled": "cancelled_at",
}


def _order(s: OrderSnapshot, e: Event) -> None:
    data = e.data
    o = s.orders.setdefault(data["order_id"], OrderView(id=data["order_id"]))
    if e.type in _ORDER_STATUS and o.status != "cancelled":
        o.status = _ORDER_STATUS[e.type]
    if name := _ORDER_TIME.get(e.type):
        first = getattr(o, name) if name in ("created_at", "shipped_at") else None  # more parcels may follow
        setattr(o, name, first or e.at)
    if data.get("total"):
        o.total = _money(data["total"])
    if data.get("expected_ship_at"):
        o.expected_ship_at = msgspec.convert(data["expected_ship_at"], datetime)
    if e.type == "order.cancelled":
        o.cancel_reason = data.get("reason")


def _coupon(s: OrderSnapshot, e: Event) -> None:
    applied, code = e.type == "coupon.applied", e.data["coupon_code"]
    if applied:
        s.coupon_code = code
    status = "valid" if applied else "rejected"
    s.coupon = CouponView(code, status, discount=_money(e.data.get("discount")), reason=e.data.get("reason"), at=e.at)


def _address_verdict(s: OrderSnapshot, e: Event) -> None:
    a = s.address = s.address or AddressState(at=e.at)
    reason = e.data.get("reason")
    if e.type == "address.accepted":  # perhaps with a small reservation
        a.normalised, a.missing, a.deliverable = implied_by(reason), [], True
        a.verdict = reason if a.normalised else "accepted"
        return
    a.verdict = reason or ("incomplete" if e.data.get("missing") else "no_carrier")
    a.missing = list(e.data.get("missing") or [])
    a.normalised = implied_by(a.verdict)
    a.deliverable = False if a.verdict in ("incomplete", "no_carrier") else None


_HANDLERS: dict[str, Callable[[OrderSnapshot, Event], None]] = {
    "checkout.started": _started,
    "checkout.updated": _updated,
    "checkout.submitted": _submitted,
    "checkout.expired": _ended,
    "checkout.cancelled": _ended,
    "inventory.reserved": _inventory,
    "inventory.committed": _inventory,
    "inventory.released": _inventory,
    "inventory.expired": _inventory,
    "inventory.reservation_failed": _reservation_failed,
    "order.created": _order,
    "order.confirmed": _order,
    "order.held": _order,
    "order.changed": _order,
    "order.cancelled": _order,
    "order.shipped": _order,
    "order.delivered": _order,
    "shipment.exception": _order,
    "coupon.applied": _coupon,
    "coupon.rejected": _coupon,
    "address.accepted": _address_verdict,
    "address.rejected": _address_verdict,
}

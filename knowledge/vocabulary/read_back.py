"""apply_read_back: lets what the shop says now correct what events told. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.personal import address_view
from knowledge.vocabulary.snapshot import AddressState, Mark, OrderSnapshot, OrderView, PaymentView, ReservationView


def apply_read_back(snapshot: OrderSnapshot, facts: Facts) -> OrderSnapshot:
    """A new snapshot in which the shop's own state at `facts.at` replaces what events told up to then.

    What happened after `facts.at` is kept from the events. A part that was not read (None) changes nothing; a part
    that was read and is empty says that nothing is there.
    """
    s = msgspec.convert(msgspec.to_builtins(snapshot), OrderSnapshot)
    if facts.checkout is not None and not _newer(s, "checkout.", "", facts.at):
        _checkout(s, facts.checkout, facts.at)
    if facts.orders is not None:
        _orders(s, facts.orders, facts.at)
    if facts.payments is not None:
        _payments(s, facts.payments, facts.at)
    if facts.reservations is not None and not _newer(s, "inventory.", None, facts.at):
        s.reservations = {
            f"{r.id}/{r.sku}": ReservationView(f"{r.id}/{r.sku}", r.sku, r.quantity, r.status, r.updated_at or facts.at)
            for r in facts.reservations
        }
        _mark(s, "reservations", "", facts.at)
    if facts.serviceability is not None and s.address is not None:
        verdict = facts.serviceability
        s.address.verdict = "accepted" if verdict.deliverable else (verdict.reason or "no_carrier")
        s.address.missing = list(verdict.missing)
        _mark(s, "serviceability", "", facts.at)
    if facts.customer is not None:
        s.language = s.language or facts.customer.language
    return s


def _mark(s: OrderSnapshot, kind: str, entity: str, at: datetime) -> None:
    s.marks.append(Mark(f"read_back.{kind}", f"{kind}/{entity or s.checkout_id}@{at:%H:%M:%S.%f}", at, at, entity))


def _newer(s: OrderSnapshot, prefix: str, entity: str | None, at: datetime) -> bool:
    """Whether an event about it happened after the read-back."""
    return any(m.at > at for m in s.marks_of(prefix, entity=entity))


def _checkout(s: OrderSnapshot, c: CheckoutFact, at: datetime) -> None:
    s.customer_id = c.customer_id or s.customer_id
    if c.status in ("submitted", "expired", "cancelled", "completed", "open"):
        if c.status in ("expired", "cancelled") and s.status != c.status:
            s.ended_at = c.updated_at or at
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
        _address(s, msgspec.to_builtins(c.shipping_address), at)
    if not s.last_activity_at:
        s.last_activity_at = c.submitted_at or c.updated_at or at
    _mark(s, "checkout", "", at)


def _address(s: OrderSnapshot, address: dict[str, Any], at: datetime) -> None:
    view = address_view(address, None)
    known = s.address or AddressState()
    same = known.present == view["present"]
    s.address = AddressState(
        present=view["present"], country=view.get("country"), province=view.get("province"), city=view.get("city"),
        ref=known.ref, at=known.at or at,
        verdict=known.verdict if same else None, missing=known.missing if same else [],
    )  # fmt: skip


def _orders(s: OrderSnapshot, orders: list[OrderFact], at: datetime) -> None:
    for fact in orders:
        if _newer(s, "order.", fact.id, at):
            continue
        o = s.orders.setdefault(fact.id, OrderView(id=fact.id))
        if fact.status == "cancelled" and o.status != "cancelled":
            o.cancelled_at = fact.updated_at or at
        o.status, o.total = fact.status, fact.total or o.total
        o.created_at = fact.created_at or o.created_at
        o.lines = list(fact.lines) or o.lines
        o.expected_ship_at = fact.expected_ship_at or o.expected_ship_at
        _mark(s, "order", fact.id, at)
    if not orders:
        _mark(s, "no_order", "", at)


def _payments(s: OrderSnapshot, payments: list[PaymentFact], at: datetime) -> None:
    for fact in payments:
        if _newer(s, "payment.", fact.id, at) or _newer(s, "refund.", fact.id, at):
            continue
        p = s.payments.setdefault(fact.id, PaymentView(id=fact.id))
        was = p.status
        p.status, p.kind, p.method = fact.status, fact.kind, fact.method or p.method
        p.currency = (fact.amount or fact.captured or Money(0, p.currency or "XXX")).currency
        p.amount = _amount(fact.amount)
        p.captured, p.refunded = _amount(fact.captured), _amount(fact.refunded)
        p.refund_pending, p.disputed = _amount(fact.refund_pending), _amount(fact.disputed)
        p.surcharge, p.failure_code = _amount(fact.surcharge), fact.failure_code or p.failure_code
        p.requested_at = p.requested_at or fact.created_at or at
        p.authorized_until = fact.authorized_until
        changed_at = fact.updated_at or (at if was != fact.status else None)
        if fact.status is PaymentStatus.AUTHORIZED:
            p.authorized = p.authorized or p.amount
            p.authorized_at = p.authorized_at or changed_at or at
        elif fact.status is PaymentStatus.CAPTURED:
            p.captured_at = p.captured_at or changed_at or at
        elif fact.status in (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED):
            p.ended_at = p.ended_at or changed_at or at
        _mark(s, "payment", fact.id, at)


def _amount(money: Money | None) -> int:
    return money.amount if money else 0

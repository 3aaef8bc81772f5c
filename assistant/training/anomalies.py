"""Injected anomalies: healthy snapshots bent in ways no fault of the catalogue names; measures what novelty finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, PaymentView, ReservationView

Bend = Callable[[OrderSnapshot, Random], None]


def bent(snapshot: OrderSnapshot, kind: str, rng: Random) -> OrderSnapshot:
    """A copy of a healthy, submitted snapshot with the anomaly `kind` (a key of ANOMALIES)."""
    copy = msgspec.convert(msgspec.to_builtins(snapshot), OrderSnapshot)
    ANOMALIES[kind](copy, rng)
    return copy


def _submitted(s: OrderSnapshot) -> datetime:
    return s.submitted_at or datetime(2026, 1, 1, tzinfo=UTC)


def _payment(s: OrderSnapshot, number: int, status: PaymentStatus, amount: int) -> PaymentView:
    captured = amount if status is PaymentStatus.CAPTURED else 0
    currency = s.total.currency if s.total else "CNY"
    payment = PaymentView(
        id=f"odd-{number}", status=status, method="card", currency=currency, amount=amount, captured=captured,
        requested_at=s.submitted_at, captured_at=s.submitted_at if captured else None,
    )  # fmt: skip
    s.payments[payment.id] = payment
    return payment


def _tell(s: OrderSnapshot, kind: str, times: int) -> None:
    at = _submitted(s)
    for number in range(times):
        when = at + timedelta(seconds=number)
        s.marks.append(Mark(kind, f"odd#{kind}{number}", when, when))


def many_instalments(s: OrderSnapshot, rng: Random) -> None:
    """Paid in a dozen captures that add up."""
    due, parts = s.due or 1200, rng.randint(9, 16)
    s.payments.clear()
    for number in range(parts):
        _payment(s, number, PaymentStatus.CAPTURED, due // parts + (due % parts if number == 0 else 0))


def card_testing(s: OrderSnapshot, rng: Random) -> None:
    """A long row of declined payments, each by another method, before one succeeds."""
    for number in range(rng.randint(8, 20)):
        _payment(s, number, PaymentStatus.FAILED, s.due or 1).method = f"card-{number % 7}"


def churned_orders(s: OrderSnapshot, rng: Random) -> None:
    """Ordered and cancelled again and again."""
    for number in range(rng.randint(5, 10)):
        s.orders[f"odd-{number}"] = OrderView(id=f"odd-{number}", status="cancelled", total=s.total)


def foreign_stock(s: OrderSnapshot, rng: Random) -> None:
    """Stock set aside for goods nobody ordered."""
    at = _submitted(s)
    for number in range(rng.randint(3, 6)):
        s.reservations[f"odd-{number}"] = ReservationView(f"odd-{number}", f"OTHER-{number}", 4, "held", at)


def hoarded_stock(s: OrderSnapshot, rng: Random) -> None:
    """Stock set aside over and over for the same goods."""
    at = _submitted(s)
    for line in s.lines or []:
        for number in range(rng.randint(5, 8)):
            key = f"odd-{number}/{line.sku}"
            s.reservations[key] = ReservationView(key, line.sku, line.quantity, "held", at)


def thrown_in(s: OrderSnapshot, rng: Random) -> None:
    """A pile of goods at no price, and parts that don't make the total."""
    currency = s.total.currency if s.total else "CNY"
    free = [Line(f"odd-{n}", f"FREE-{n}", rng.randint(3, 9), Money(0, currency)) for n in range(3)]
    s.lines = [*free, *(s.lines or [])[:1]]
    s.fees = Money(4 * (s.due or 1000), currency)


def currencies_mixed(s: OrderSnapshot, rng: Random) -> None:
    """Fees, shipping and a payment each in a currency of its own."""
    s.shipping_fee, s.fees = Money(500, "EUR"), Money(700, "JPY")
    _payment(s, 0, PaymentStatus.FAILED, 300).currency = "BRL"


def strange_words(s: OrderSnapshot, rng: Random) -> None:
    """Most of what is told is of types nobody knows, and stock was released before anything was sent."""
    _tell(s, "warehouse.robot_fault", 4 * len(s.marks))
    for reservation in s.reservations.values():
        reservation.status = "released"
    for order in s.orders.values():
        order.status = "shipped"


def restless(s: OrderSnapshot, rng: Random) -> None:
    """Submitted, changed, held and released again and again."""
    for kind in ("checkout.submitted", "checkout.updated", "order.held", "order.changed"):
        _tell(s, kind, rng.randint(6, 12))


def backwards(s: OrderSnapshot, rng: Random) -> None:
    """Captured days before it was asked for, asked for days before it was submitted, started afterwards."""
    s.started_at = _submitted(s) + timedelta(days=2)
    for payment in s.payments.values():
        payment.requested_at = _submitted(s) + timedelta(days=1)
        payment.captured_at = s.submitted_at
        payment.captured = 2 * payment.amount
        payment.refunded = payment.amount


ANOMALIES: dict[str, Bend] = {
    bend.__name__: bend
    for bend in (
        many_instalments, card_testing, churned_orders, foreign_stock, hoarded_stock, thrown_in, currencies_mixed,
        strange_words, restless, backwards,
    )
}  # fmt: skip

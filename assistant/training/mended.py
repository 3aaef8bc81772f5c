"""What repairs and customers' changes leave behind: healthy snapshots as they look after something was put right.

The demo shop plays its orders untouched, so that training adds these: a mended order must not look novel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, PaymentView, ReservationView

MINUTE = timedelta(minutes=1)


def mended(snapshot: OrderSnapshot) -> Iterator[OrderSnapshot]:
    """Every way of mending that applies to a submitted snapshot with a total, and some that come together."""
    if snapshot.submitted_at is None or not snapshot.total or snapshot.total.amount < 100:
        return
    for ways in WAYS:
        copy = msgspec.convert(msgspec.to_builtins(snapshot), OrderSnapshot)
        for way in ways:
            way(copy)
        yield copy


def _total(s: OrderSnapshot) -> Money:
    return s.total or Money(0, "CNY")


def _submitted(s: OrderSnapshot) -> datetime:
    return s.submitted_at or datetime(2026, 1, 1, tzinfo=UTC)


def _told(s: OrderSnapshot, kind: str, entity: str = "") -> None:
    at = (s.last_activity_at or _submitted(s)) + MINUTE
    s.marks.append(Mark(kind, f"mended#{kind}{len(s.marks)}", at, at, entity))


def _pay(s: OrderSnapshot, number: int, status: PaymentStatus, amount: int, **more: Any) -> PaymentView:
    captured = amount if status is PaymentStatus.CAPTURED else 0
    payment = PaymentView(
        id=f"mended-{len(s.payments)}-{number}", status=status, method="card", currency=_total(s).currency,
        amount=amount,
        captured=captured, requested_at=s.submitted_at, captured_at=s.submitted_at if captured else None, **more,
    )  # fmt: skip
    s.payments[payment.id] = payment
    return payment


def _one_order(s: OrderSnapshot) -> OrderView:
    live = s.live_orders
    return live[-1] if live else s.orders.setdefault("mended-o", OrderView(id="mended-o", total=s.total))


def paid_twice_and_refunded(s: OrderSnapshot) -> None:
    """A second whole payment, given back."""
    payment = _pay(s, 1, PaymentStatus.CAPTURED, s.due or 0)
    payment.refunded = payment.captured
    _told(s, "refund.succeeded", payment.id)


def paid_too_much_and_refunded(s: OrderSnapshot) -> None:
    """A little more was taken, and given back."""
    for payment in s.payments.values():
        if payment.captured:
            payment.captured += 300
            payment.refunded += 300
            return


def price_corrected(s: OrderSnapshot) -> None:
    """The order costs a tenth less, and the difference was given back."""
    order, total = _one_order(s), _total(s)
    less = total.amount // 10
    order.total = Money(total.amount - less, total.currency)
    _told(s, "order.changed", order.id)
    for payment in s.payments.values():
        if payment.captured:
            payment.refunded = min(payment.captured, less)
            return


def half_cancelled(s: OrderSnapshot) -> None:
    """Half of the order was cancelled, its money given back and its stock released."""
    order, total = _one_order(s), _total(s)
    order.total = Money(total.amount // 2, total.currency)
    _told(s, "order.changed", order.id)
    left = total.amount - total.amount // 2
    for payment in s.payments.values():
        payment.refunded = min(payment.captured, left)
        left -= payment.refunded
    for reservation in list(s.reservations.values())[::2]:
        reservation.status = "released"


def cancelled_and_refunded(s: OrderSnapshot) -> None:
    """All is over: orders and checkout cancelled, money back, stock released, open payments cancelled."""
    for order in s.orders.values():
        order.status, order.cancelled_at = "cancelled", s.submitted_at
    s.status = "cancelled"
    for payment in s.payments.values():
        payment.refunded = payment.captured
        if payment.status is not PaymentStatus.CAPTURED:
            payment.status = PaymentStatus.CANCELLED
    for reservation in s.reservations.values():
        reservation.status = "released"


def ordered_again(s: OrderSnapshot) -> None:
    """One order was cancelled and another made."""
    s.orders["mended-c"] = OrderView(id="mended-c", status="cancelled", total=s.total)


def paid_by_link(s: OrderSnapshot) -> None:
    """The first payments failed; a link brought the money."""
    for payment in s.payments.values():
        payment.status, payment.captured, payment.authorized = PaymentStatus.FAILED, 0, 0
    _pay(s, 2, PaymentStatus.EXPIRED, s.due or 0)
    _pay(s, 3, PaymentStatus.CAPTURED, s.due or 0)


def paid_the_rest(s: OrderSnapshot) -> None:
    """Paid in three parts, one of which failed at first."""
    due = s.due or 0
    s.payments.clear()
    _pay(s, 1, PaymentStatus.CAPTURED, due // 2)
    _pay(s, 2, PaymentStatus.FAILED, due - due // 2, failure_code="card_declined")
    _pay(s, 3, PaymentStatus.CAPTURED, due - due // 2)


def paid_with_everything(s: OrderSnapshot) -> None:
    """A gift card, points and a card together."""
    due = s.due or 0
    s.payments.clear()
    _pay(s, 1, PaymentStatus.CAPTURED, due // 4, kind=PaymentKind.GIFT_CARD)
    _pay(s, 2, PaymentStatus.CAPTURED, due // 4, kind=PaymentKind.POINTS)
    _pay(s, 3, PaymentStatus.CAPTURED, due - 2 * (due // 4))


def substituted(s: OrderSnapshot) -> None:
    """What was held was released, and as much of another product set aside and ordered."""
    order = _one_order(s)
    if not s.lines:
        return
    order.lines = [Line(line.line_id, f"{line.sku}-B", line.quantity, line.unit_price) for line in s.lines]
    _told(s, "order.changed", order.id)
    for reservation in list(s.reservations.values()):
        reservation.status = "released"
    for line in order.lines:
        key = f"mended-r/{line.sku}"
        s.reservations[key] = ReservationView(key, line.sku, line.quantity, "committed", _submitted(s))


def reserved_again(s: OrderSnapshot) -> None:
    """The first reservation ran out; the second holds."""
    for reservation in list(s.reservations.values()):
        key = f"again-{reservation.id}"
        s.reservations[key] = msgspec.structs.replace(reservation, id=key)
        reservation.status = "expired"


def corrected(s: OrderSnapshot) -> None:
    """The customer typed the address again, twice, and it was copied to the order, which was held meanwhile."""
    for kind in ("checkout.updated", "checkout.updated", "order.held", "order.changed", "customer.replied"):
        _told(s, kind)


def submitted_again(s: OrderSnapshot) -> None:
    """Pressed twice."""
    _told(s, "checkout.submitted")


def nothing_reserved(s: OrderSnapshot) -> None:
    """A shop whose inventory system is not connected."""
    s.reservations.clear()


def nothing_asked(s: OrderSnapshot) -> None:
    """A shop that tells captures only."""
    for payment in s.payments.values():
        payment.amount, payment.requested_at = 0, None


def delivered(s: OrderSnapshot) -> None:
    """Everything went its way to the end."""
    for order in s.live_orders:
        order.status = "delivered"


Way = Callable[[OrderSnapshot], None]
_MONEY: tuple[Way, ...] = (
    paid_twice_and_refunded, paid_too_much_and_refunded, price_corrected, half_cancelled, cancelled_and_refunded,
    paid_by_link, paid_the_rest, paid_with_everything,
)  # fmt: skip
_OTHER: tuple[Way, ...] = (
    ordered_again, substituted, reserved_again, corrected, submitted_again, nothing_reserved, nothing_asked, delivered,
)  # fmt: skip
WAYS: tuple[tuple[Way, ...], ...] = (
    *((way,) for way in (*_MONEY, *_OTHER)),
    *((other, way) for way in _MONEY for other in _OTHER),
    (paid_by_link, paid_twice_and_refunded), (paid_twice_and_refunded, cancelled_and_refunded),
    (corrected, substituted, price_corrected), (ordered_again, substituted, half_cancelled),
)  # fmt: skip

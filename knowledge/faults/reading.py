"""Questions several detectors put to a snapshot; pure, no fault is decided here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, PaymentView

ACCEPTED = frozenset({PaymentStatus.AUTHORIZED, PaymentStatus.CAPTURED})
FAILED = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED})
LATER = frozenset({PaymentKind.ON_DELIVERY, PaymentKind.PAY_LATER})
SENT = frozenset({"shipped", "delivered"})
CONFIRMATIONS = ("payment.authorized", "payment.captured")


def ended(s: OrderSnapshot) -> bool:
    """Whether the checkout was expired or cancelled: no order may come of it any more."""
    return s.status in ("expired", "cancelled")


def over(s: OrderSnapshot) -> bool:
    """Whether nothing will be delivered: ended without a live order, or every order cancelled."""
    return not s.live_orders and (ended(s) or bool(s.orders))


def over_since(s: OrderSnapshot) -> datetime | None:
    """When it was over (the checkout's end or the last cancellation, the earlier); None while it isn't."""
    if not over(s):
        return None
    cancelled = [o.cancelled_at for o in s.orders.values() if o.cancelled_at]
    times = [s.ended_at if ended(s) else None, max(cancelled, default=None)]
    return min((t for t in times if t is not None), default=None)


def sent(s: OrderSnapshot) -> bool:
    """Whether any live order left the warehouse."""
    return any(o.status in SENT or o.shipped_at or o.delivered_at for o in s.live_orders)


def all_sent(s: OrderSnapshot) -> bool:
    """Whether there are live orders and all of them left the warehouse."""
    live = s.live_orders
    return bool(live) and all(o.status in SENT or o.shipped_at or o.delivered_at for o in live)


def money(s: OrderSnapshot, amount: int) -> Money | None:
    """`amount` minor units in the checkout's currency (the payments' where no total is known)."""
    currency = s.total.currency if s.total else next((p.currency for p in s.payments.values() if p.currency), "")
    return Money(amount, currency) if currency else None


def gross_net(p: PaymentView) -> int:
    """Ever captured without the surcharge, refunded or not, in minor units."""
    return max(0, p.captured - p.surcharge)


def valid_authorisation(p: PaymentView, now: datetime) -> bool:
    """Whether money is authorised and may still be captured."""
    return p.status is PaymentStatus.AUTHORIZED and not (p.authorized_until and p.authorized_until <= now)


def live_total(s: OrderSnapshot) -> int | None:
    """What the live orders ask together in minor units; None without one or while a total is unknown."""
    totals = [o.total for o in s.live_orders]
    if not totals or s.total is None:
        return None
    if any(t is None or t.currency != s.total.currency for t in totals):
        return None
    return sum(t.amount for t in totals if t)


def lines_total(lines: list[Line] | None) -> Money | None:
    """The lines' sum; None for no lines or mixed currencies."""
    currencies = {line.unit_price.currency for line in lines or []}
    if len(currencies) != 1:
        return None
    return Money(sum(line.unit_price.amount * line.quantity for line in lines or []), currencies.pop())


def lines_to_cover(s: OrderSnapshot) -> list[Line]:
    """Lines that still need stock; empty when nobody told the lines."""
    return s.lines_to_cover()


def shortfall(s: OrderSnapshot) -> Counter[str]:
    """Units by sku that are needed and not held."""
    return s.shortfall()


def covered(s: OrderSnapshot) -> bool:
    """Whether what is held covers the lines (any hold at all where nobody told the lines)."""
    return not shortfall(s) if lines_to_cover(s) else bool(s.held)


def dead(p: PaymentView, now: datetime) -> bool:
    """Whether it ended without ever taking money: failed, cancelled, expired, or authorised until it lapsed."""
    lapsed = p.status is PaymentStatus.AUTHORIZED and not valid_authorisation(p, now)
    return not p.captured and (p.status in FAILED or lapsed)


def dead_since(p: PaymentView) -> datetime | None:
    """When a payment ended without money; None when nobody said."""
    if p.status in FAILED:
        return p.ended_at or p.requested_at
    return p.authorized_until or p.captured_at or p.requested_at


def how_it_ended(payments: Iterable[PaymentView]) -> str:
    """Of payments that all ended without money, the word for it: a refusal says more than a time-out."""
    statuses = {p.status for p in payments}
    if PaymentStatus.FAILED in statuses:
        return "payment_failed"
    return "payment_expired" if PaymentStatus.EXPIRED in statuses else "payment_cancelled"


def bought(s: OrderSnapshot, paid_at: datetime | None) -> bool:
    """Whether it is paid, or was and still keeps money: what was refunded of it since was agreed on or a kindness.

    An order that was taken on delivery or on account needs nobody's confirmation.
    """
    if paid_at is not None or any(p.kind in LATER and p.status not in FAILED for p in s.payments.values()):
        return True
    ever = sum(gross_net(p) for p in s.money_payments())
    return s.due is not None and ever >= s.due - 1 and s.captured_net() > 0


def goes_to_address(s: OrderSnapshot) -> bool:
    """Whether goods still have to be sent to the customer's address: not over, not sent, not fetched by them."""
    if not s.requires_shipping or s.submitted_at is None or ended(s) or sent(s):
        return False
    live = s.live_orders
    return bool(live) and not all(o.pickup_point_id for o in live) if s.orders else True


def address_marks(s: OrderSnapshot) -> list[Mark]:
    """The submit or update that gave the address (the last submit when none ever did)."""
    at = s.address.at if s.address else None
    given = [m for m in s.marks_of("checkout.submitted", "checkout.updated") if m.at == at]
    return given[-1:] or said(s, "checkout.submitted", read_back="checkout")[-1:]


def verdict_marks(s: OrderSnapshot) -> list[Mark]:
    """The carrier's last word on the address."""
    return said(s, "address.rejected", "address.accepted", read_back="serviceability")[-1:]


def said(s: OrderSnapshot, *types: str, entity: str | None = None, read_back: str = "") -> list[Mark]:
    """The events of these types, or where no event told, the first read-back of kind `read_back`."""
    marks = s.marks_of(*types, entity=entity)
    if marks or not read_back:
        return marks
    return s.marks_of(f"read_back.{read_back}", entity=entity)[:1]


def payment_marks(s: OrderSnapshot, payments: Iterable[PaymentView], *types: str) -> list[Mark]:
    """What was said in events of these types about these payments, else their first read-backs."""
    return [m for p in payments for m in said(s, *types, entity=p.id, read_back="payment")]


def failed_refunds(s: OrderSnapshot, payments: Iterable[PaymentView]) -> list[Mark]:
    """The refunds of these payments that failed: whatever was settled before, the money is kept since."""
    return [m for p in payments for m in s.marks_of("refund.failed", entity=p.id)]


def paying(s: OrderSnapshot) -> list[Mark]:
    """The marks that say the checkout is paid: its confirmations, or the submit where nothing was due."""
    if s.due == 0:
        return said(s, "checkout.submitted", read_back="checkout")[-1:]
    return payment_marks(s, (p for p in s.payments.values() if p.status in ACCEPTED), *CONFIRMATIONS)


def evidence(*groups: Iterable[Mark]) -> list[Evidence]:
    """Marks as evidence, oldest first, each once."""
    marks = {mark.ref: mark for group in groups for mark in group}
    return [mark.evidence() for mark in sorted(marks.values(), key=lambda m: (m.at, m.ref))]


def iso(at: datetime | None) -> str | None:
    """RFC 3339, for details."""
    return at.isoformat() if at else None

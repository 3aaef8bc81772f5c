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
    """Lines that still need stock; empty when nobody told the lines.

    What the live orders say now (after a substitution, say) goes before what the checkout said. Lines that
    need no shipping count only when nothing else does.
    """
    waiting = [o for o in s.live_orders if o.status not in SENT]
    if waiting and all(o.lines for o in waiting):
        lines = [line for o in waiting for line in o.lines or []]
    else:
        lines = s.lines or []
    return [line for line in lines if line.requires_shipping] or lines


def shortfall(s: OrderSnapshot) -> Counter[str]:
    """Units by sku that are needed and not held."""
    missing: Counter[str] = Counter()
    for line in lines_to_cover(s):
        missing[line.sku] += line.quantity
    for reservation in s.held:
        missing[reservation.sku] -= reservation.quantity
    return +missing


def covered(s: OrderSnapshot) -> bool:
    """Whether what is held covers the lines (any hold at all where nobody told the lines)."""
    return not shortfall(s) if lines_to_cover(s) else bool(s.held)


def said(s: OrderSnapshot, *types: str, entity: str | None = None, read_back: str = "") -> list[Mark]:
    """The events of these types, or where no event told, the first read-back of kind `read_back`."""
    marks = s.marks_of(*types, entity=entity)
    if marks or not read_back:
        return marks
    return s.marks_of(f"read_back.{read_back}", entity=entity)[:1]


def payment_marks(s: OrderSnapshot, payments: Iterable[PaymentView], *types: str) -> list[Mark]:
    """What was said in events of these types about these payments, else their first read-backs."""
    return [m for p in payments for m in said(s, *types, entity=p.id, read_back="payment")]


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

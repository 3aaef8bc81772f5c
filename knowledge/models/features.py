"""The novelty model's features: scale-free figures of a snapshot, so that no shop's prices or pace matter."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.vocabulary.codes import PaymentKind, PaymentStatus
from knowledge.vocabulary.snapshot import OrderSnapshot

Vector = NDArray[np.float64]
LOST = (PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED)
OPEN = (PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION)
MOST = 6.0  # no feature is larger: beyond that, more is not stranger

KNOWN_TYPES = (
    "checkout.", "payment.", "refund.", "inventory.", "order.", "shipment.", "coupon.", "address.", "customer.",
    "read_back.", "system.",
)  # fmt: skip


class Feature(msgspec.Struct, frozen=True):
    """One figure: its name (worded in unknown_anomaly's texts), its unit, and how it is read from a snapshot."""

    name: str
    unit: str
    read: Callable[[OrderSnapshot], float]


def vector(snapshot: OrderSnapshot) -> Vector:
    """All features of a snapshot in the order of FEATURES, each between -MOST and MOST."""
    values = np.array([feature.read(snapshot) for feature in FEATURES], dtype=np.float64)
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=MOST, neginf=-MOST), -MOST, MOST)


def _share(part: float, whole: float | None) -> float:
    """part / whole; 0 where there is no part, MOST where there is a part of nothing."""
    if not part:
        return 0.0
    return part / whole if whole else math.copysign(MOST, part)


def _many(count: int) -> float:
    """log2(1 + count): one is 1, three are 2."""
    return math.log2(1 + count)


def _fold_off(a: float | None, b: float | None) -> float:
    """log2(a / b): 0 where they agree or one is unknown, 1 where a is twice b."""
    if a is None or b is None or a == b:
        return 0.0
    return math.log2(a / b) if a > 0 and b > 0 else math.copysign(MOST, a - b)


# -- money ----------------------------------------------------------------------------------------------------------


def _expected(s: OrderSnapshot) -> int | None:
    """Minor units that should be kept: what the live orders ask, else the agreed total; 0 once all is over."""
    if not s.live_orders and (s.status in ("expired", "cancelled") or s.orders):
        return 0
    asked = [o.total.amount for o in s.live_orders if o.total and s.total and o.total.currency == s.total.currency]
    return sum(asked) if asked and len(asked) == len(s.live_orders) else s.due


def _kept_too_much(s: OrderSnapshot) -> float:
    expected = _expected(s)
    if expected is None:
        return 0.0
    return _share(max(0, s.captured_net() - max(expected, s.due or 0) - 1), s.due)


def _moved(s: OrderSnapshot) -> float:
    return _share(sum(p.captured for p in s.money_payments()), s.due)


def _authorised_and_taken(s: OrderSnapshot) -> float:
    open_ = sum(p.authorized for p in s.money_payments() if p.status is PaymentStatus.AUTHORIZED)
    return _share(open_ + s.captured_net(), s.due)


def _asked_for(s: OrderSnapshot) -> float:
    """What open and successful payments ask together of what is due."""
    return _share(sum(max(p.amount, p.captured) for p in s.money_payments() if p.status not in LOST), s.due)


def _refunded_while_live(s: OrderSnapshot) -> float:
    """Refunded of captured where an order goes ahead, beyond what was paid too much."""
    if not s.live_orders:
        return 0.0
    captured = sum(p.captured for p in s.money_payments())
    back = sum(p.refunded + p.refund_pending for p in s.money_payments())
    expected = _expected(s)
    excess = max(0, captured - expected) if expected is not None else 0
    return _share(max(0, back - excess - 1), captured)


def _refunded_beyond(s: OrderSnapshot) -> float:
    beyond = sum(max(0, p.refunded + p.refund_pending - p.captured) for p in s.payments.values())
    return _share(beyond, sum(p.captured for p in s.payments.values()))


def _surcharge(s: OrderSnapshot) -> float:
    return _share(sum(p.surcharge for p in s.money_payments()), s.due)


def _captured_of_asked(s: OrderSnapshot) -> float:
    """The payment whose capture differs most from what it was asked for (log2)."""
    pairs = [(p.captured, p.amount) for p in s.payments.values() if p.captured and p.amount]
    return max((_fold_off(c, a) for c, a in pairs), key=abs, default=0.0)


def _payments(s: OrderSnapshot, *states: PaymentStatus) -> int:
    return sum(p.status in states for p in s.payments.values())


def _kinds(s: OrderSnapshot) -> float:
    return math.log2(max(1, len({(p.kind, p.method) for p in s.payments.values()})))


def _taken(s: OrderSnapshot) -> int:
    """Payments that succeeded; any number of vouchers, points or gift cards counts as one of its kind."""
    good = [p for p in s.payments.values() if p.status in (PaymentStatus.CAPTURED, PaymentStatus.AUTHORIZED)]
    return len({p.id if p.kind == PaymentKind.MONEY else p.kind for p in good})


# -- stock and orders -----------------------------------------------------------------------------------------------


def _needed(s: OrderSnapshot) -> int:
    return sum(line.quantity for line in s.lines or [])


def _held_too_much(s: OrderSnapshot) -> float:
    return _share(max(0, sum(r.quantity for r in s.held) - _needed(s)), _needed(s)) if s.lines else 0.0


def _held_elsewhere(s: OrderSnapshot) -> float:
    """Share of the units set aside that are of no sku of the checkout or its orders."""
    wanted = {line.sku for line in s.lines or []} | {line.sku for o in s.orders.values() for line in o.lines or []}
    held = sum(r.quantity for r in s.held)
    return _share(sum(r.quantity for r in s.held if r.sku not in wanted), held) if s.lines else 0.0


def _times_reserved(s: OrderSnapshot) -> float:
    """How often each needed unit was set aside, counting what was released."""
    return _share(sum(r.quantity for r in s.reservations.values()), _needed(s)) if s.lines else 0.0


def _order_total_off(s: OrderSnapshot) -> float:
    totals = [o.total.amount for o in s.live_orders if o.total and s.total and o.total.currency == s.total.currency]
    if not totals or len(totals) != len(s.live_orders):
        return 0.0
    return _fold_off(sum(totals), s.due)


def _sent_of_nothing(s: OrderSnapshot) -> float:
    """1 where an order was sent although everything that was set aside has been released."""
    sent = any(o.status in ("shipped", "delivered") for o in s.orders.values())
    return float(sent and bool(s.reservations) and not s.held)


def _sent_though_over(s: OrderSnapshot) -> float:
    """1 where an order that was cancelled had been sent."""
    return float(any(o.cancelled_at and (o.shipped_at or o.delivered_at) for o in s.orders.values()))


def _alive_after_end(s: OrderSnapshot) -> float:
    return float(s.status in ("expired", "cancelled") and bool(s.live_orders))


# -- what was agreed ------------------------------------------------------------------------------------------------


def _sum_of_parts(s: OrderSnapshot) -> float:
    """The parts' sum against the total (log2); 0 where lines or total are unknown."""
    if not s.lines or s.total is None or any(line.unit_price.currency != s.total.currency for line in s.lines):
        return 0.0
    parts = sum(line.unit_price.amount * line.quantity for line in s.lines)
    parts += sum(m.amount for m in (s.shipping_fee, s.tax, s.fees) if m)
    parts -= s.discount.amount if s.discount else 0
    return 0.0 if abs(parts - s.total.amount) <= 1 + len(s.lines) else _fold_off(parts, s.total.amount)


def _discount(s: OrderSnapshot) -> float:
    gross = sum(line.unit_price.amount * line.quantity for line in s.lines or [])
    return _share(s.discount.amount, gross) if s.discount and s.lines else 0.0


def _extras(s: OrderSnapshot) -> float:
    """Tax and fees of what the lines come to; shipping is left out: it may cost more than what is sent."""
    gross = sum(line.unit_price.amount * line.quantity for line in s.lines or [])
    return _share(sum(m.amount for m in (s.tax, s.fees) if m), gross) if s.lines else 0.0


def _free_lines(s: OrderSnapshot) -> float:
    """Share of the units that cost nothing."""
    return _share(sum(line.quantity for line in s.lines or [] if line.unit_price.amount <= 0), _needed(s))


def _currencies(s: OrderSnapshot) -> int:
    found = {p.currency for p in s.payments.values() if p.currency}
    found |= {line.unit_price.currency for line in s.lines or []}
    found |= {o.total.currency for o in s.orders.values() if o.total}
    found |= {m.currency for m in (s.total, s.shipping_fee, s.tax, s.fees, s.discount) if m}
    return max(0, len(found) - 1)


# -- what was told --------------------------------------------------------------------------------------------------


def _told(s: OrderSnapshot, *types: str) -> int:
    return len(s.marks_of(*types))


def _unknown_types(s: OrderSnapshot) -> float:
    told = [m for m in s.marks if not m.type.startswith("read_back.")]
    return _share(sum(not m.type.startswith(KNOWN_TYPES) for m in told), len(told))


def _contradictions(s: OrderSnapshot) -> float:
    """Steps that stand before what they follow from, by more than a minute, in log2(1 + number)."""
    pairs = [(p.captured_at, p.requested_at) for p in s.payments.values()]
    pairs += [(s.submitted_at, s.started_at), (s.ended_at, s.started_at)]
    for o in s.orders.values():
        pairs += [(o.created_at, s.submitted_at), (o.delivered_at, o.shipped_at), (o.cancelled_at, o.created_at)]
    return _many(sum(bool(a and b and (b - a).total_seconds() > 60) for a, b in pairs))


def _repeats(s: OrderSnapshot, *types: str) -> float:
    """How many more of these were told than there are payments, orders and reservations to tell of (log2)."""
    things = len(s.payments) + len(s.orders) + len(s.reservations)
    return _many(max(0, _told(s, *types) - 4 * max(1, things)))


FEATURES: tuple[Feature, ...] = (
    Feature("kept_beyond", "share of due", _kept_too_much),
    Feature("moved", "captured / due", _moved),
    Feature("secured", "(authorised + captured) / due", _authorised_and_taken),
    Feature("asked", "asked / due", _asked_for),
    Feature("refunded_live", "refunded / captured", _refunded_while_live),
    Feature("refunded_beyond", "share of captured", _refunded_beyond),
    Feature("surcharge", "share of due", _surcharge),
    Feature("capture_off", "log2(captured / asked)", _captured_of_asked),
    Feature("payments_taken", "log2(1 + n)", lambda s: _many(_taken(s))),
    Feature("payments_lost", "log2(1 + n)", lambda s: _many(_payments(s, *LOST))),
    Feature("payments_open", "log2(1 + n)", lambda s: _many(_payments(s, *OPEN))),
    Feature("payment_kinds", "log2(n)", _kinds),
    Feature("orders_live", "log2(1 + n)", lambda s: _many(len(s.live_orders))),
    Feature("orders_cancelled", "log2(1 + n)", lambda s: _many(len(s.orders) - len(s.live_orders))),
    Feature("order_total_off", "log2(orders / due)", _order_total_off),
    Feature("held_beyond", "share of needed units", _held_too_much),
    Feature("held_elsewhere", "share of held units", _held_elsewhere),
    Feature("times_reserved", "units / needed units", _times_reserved),
    Feature("sent_of_nothing", "0 or 1", _sent_of_nothing),
    Feature("sent_though_over", "0 or 1", _sent_though_over),
    Feature("alive_after_end", "0 or 1", _alive_after_end),
    Feature("parts_off", "log2(parts / total)", _sum_of_parts),
    Feature("discount", "share of the lines", _discount),
    Feature("extras", "share of the lines", _extras),
    Feature("free_units", "share of units", _free_lines),
    Feature("currencies", "beyond the first", lambda s: float(_currencies(s))),
    Feature("submits", "log2(1 + n)", lambda s: _many(max(1, _told(s, "checkout.submitted")) - 1)),
    Feature("corrections", "log2(1 + n)", lambda s: _many(max(0, _told(s, "checkout.updated", "order.changed") - 2))),
    Feature("exceptions", "log2(1 + n)",
            lambda s: _many(_told(s, "order.held", "payment.disputed", "shipment.exception"))),
    Feature("unknown_types", "share of events", _unknown_types),
    Feature("contradictions", "log2(1 + n)", _contradictions),
    Feature("noise", "log2(1 + n)", lambda s: _repeats(s, "payment.", "order.", "inventory.", "refund.")),
)  # fmt: skip

NAMES = tuple(feature.name for feature in FEATURES)

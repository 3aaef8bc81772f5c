"""Finds times that can't be true together."""

from __future__ import annotations

from datetime import datetime, timedelta

from knowledge.faults.context import Context
from knowledge.faults.reading import ACCEPTED, CONFIRMATIONS, LATER, evidence, iso, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, heard_at

STEP = Step.FULFILMENT
SEVERITY = Severity.LOW
_TOLD = {"order": "order.created", "shipped": "order.shipped", "delivered": "order.delivered"}


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """One finding per order whose steps stand in an impossible order, beyond the clocks' tolerated skew.

    Between two steps of the order that one system told, by one clock, there is none.
    """
    found = []
    for order in s.orders.values():
        if order.shipped_at is None and order.delivered_at is None:
            continue
        pairs = _pairs(s, order)
        contradictions = [(cause, a, b) for cause, a, b in pairs if a + _skew(s, order, cause, a, b, ctx) < b]
        if not contradictions:
            continue
        cause, first, second = contradictions[0]
        marks = _marks(s, order)
        found.append(
            Finding(
                code=FaultCode.TIMELINE_CONTRADICTION,
                severity=SEVERITY,
                step=STEP,
                cause=cause,
                detectable_at=heard_at(marks, max(first, second)),
                evidence=evidence(marks),
                at_risk=order.total or s.total,
                details={
                    "order_id": order.id, "causes": [c for c, _, _ in contradictions],
                    "earlier": iso(first), "later": iso(second),
                },
            )
        )  # fmt: skip
    return found


def _pairs(s: OrderSnapshot, order: OrderView) -> list[tuple[str, datetime, datetime]]:
    """`(cause, effect's time, its precondition's time)`: the first must not lie before the second."""
    paid = payment_confirmed_at(s)
    rows = [
        ("delivered_before_shipped", order.delivered_at, order.shipped_at),
        ("shipped_before_order", order.shipped_at, order.created_at),
        ("delivered_before_order", order.delivered_at, order.created_at),
        ("shipped_before_submit", order.shipped_at, s.submitted_at),
        ("delivered_before_submit", order.delivered_at, s.submitted_at),
        ("shipped_before_payment", order.shipped_at, paid),
        ("delivered_before_payment", order.delivered_at, paid),
    ]
    return [(cause, a, b) for cause, a, b in rows if a is not None and b is not None]


def _skew(s: OrderSnapshot, order: OrderView, cause: str, a: datetime, b: datetime, ctx: Context) -> timedelta:
    """How far the clocks of these two times may disagree."""
    effect, precondition = cause.split("_before_")
    first, second = (_clocks(s, order, step, at) for step, at in ((effect, a), (precondition, b)))
    return timedelta(0) if first & second else ctx.skew


def _clocks(s: OrderSnapshot, order: OrderView, step: str, at: datetime) -> set[str]:
    """The systems that told of this step of the order at this time."""
    told = s.marks_of(_TOLD[step], entity=order.id) if step in _TOLD else []
    return {m.ref.rpartition("#")[0] for m in told if m.at == at}


def payment_confirmed_at(s: OrderSnapshot) -> datetime | None:
    """When the first payment was confirmed; None when unknown, nothing was due, or it may come later."""
    accepted = [p for p in s.payments.values() if p.status in ACCEPTED]
    if s.due == 0 or any(p.kind in LATER for p in accepted):
        return None
    times = []
    for p in accepted:
        told = [m.at for m in s.marks_of(*CONFIRMATIONS, entity=p.id)]
        if not told:
            return None  # known from a read-back only, which doesn't say when it was confirmed
        times += told
    return min(times, default=None)


def _marks(s: OrderSnapshot, order: OrderView) -> list[Mark]:
    steps = [said(s, t, entity=order.id)[-1:] for t in ("order.created", "order.shipped", "order.delivered")]
    submit = said(s, "checkout.submitted")[-1:]
    pay = s.marks_of(*CONFIRMATIONS)[:1]
    return [m for group in (submit, pay, *steps) for m in group]

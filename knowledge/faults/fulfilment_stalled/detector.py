"""Finds paid orders that don't get on their way, or got stuck on it."""

from __future__ import annotations

from datetime import datetime

from knowledge.faults.context import Context
from knowledge.faults.reading import SENT, bought, evidence, iso, paying, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, heard_at

STEP = Step.FULFILMENT
SEVERITY = Severity.MEDIUM
# What shows that a carrier's problem was dealt with.
_RESOLVED = ("order.shipped", "order.delivered", "order.changed")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Paid, something to ship, and the order due first is not shipped `deadlines.fulfilment` after its promise.

    The promise is `expected_ship_at`, else the order's creation, and never before it was paid. A carrier's exception
    that nothing has resolved since is found at once, shipped or not. Of several orders the one found first speaks.
    """
    if not s.live_orders or not bought(s, ctx.paid_at(s)):
        return []
    found = [f for o in s.live_orders if (f := _stuck(s, o) or _not_shipped(s, o, ctx))]
    return sorted(found, key=lambda f: (f.detectable_at, str(f.details["order_id"])))[:1]


def _stuck(s: OrderSnapshot, o: OrderView) -> Finding | None:
    exceptions = s.marks_of("shipment.exception", entity=o.id)
    if not exceptions or _delivered(o):
        return None
    last = exceptions[-1]
    if any(m.at >= last.at for m in s.marks_of(*_RESOLVED, entity=o.id)):
        return None
    return _finding(s, o, "shipment_exception", heard_at([last], last.at), [last])


def _not_shipped(s: OrderSnapshot, o: OrderView, ctx: Context) -> Finding | None:
    if o.status in SENT or o.shipped_at or o.delivered_at or not _to_ship(s, o):
        return None
    marks = [*said(s, "order.created", "order.changed", entity=o.id, read_back="order")[-1:], *paying(s)]
    paid_at = ctx.paid_at(s)
    began = [at for at in (o.expected_ship_at or o.created_at, paid_at) if at]
    if not began or not marks:
        return None
    cause = {"created": "never_confirmed", "on_hold": "on_hold"}.get(o.status, "late")
    detectable_at = heard_at(marks, max(began) + ctx.fulfilment_deadline)
    held = [m for m in s.marks_of("order.held", entity=o.id) if cause == "on_hold" and m.at <= detectable_at]
    return _finding(s, o, cause, detectable_at, [*marks, *held])


def _finding(s: OrderSnapshot, o: OrderView, cause: str, detectable_at: datetime, marks: list[Mark]) -> Finding:
    return Finding(
        code=FaultCode.FULFILMENT_STALLED,
        severity=SEVERITY,
        step=STEP,
        cause=cause,
        detectable_at=detectable_at,
        evidence=evidence(marks),
        at_risk=o.total or s.total,
        details={"order_id": o.id, "order_status": o.status, "expected_ship_at": iso(o.expected_ship_at)},
    )


def _delivered(o: OrderView) -> bool:
    return o.status == "delivered" or o.delivered_at is not None


def _to_ship(s: OrderSnapshot, o: OrderView) -> bool:
    return any(line.requires_shipping for line in o.lines) if o.lines else s.requires_shipping

"""Finds checkouts the customer left before paying."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, lines_total, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.LOW
_ACTIVITY = ("checkout.", "payment.", "customer.", "coupon.")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Begun, no payment at all, nothing held, no order, `deadlines.abandoned` after the last activity."""
    began = s.submitted_at or s.started_at
    if began is None or s.status not in ("open", "submitted") or s.payments or s.orders or s.held:
        return []
    if s.lines == [] or ctx.paid_at(s) is not None:
        return []
    last = max(began, s.last_activity_at or began)
    activity = [m for m in s.marks_of(*_ACTIVITY) if m.at == last]
    marks = s.marks_of("checkout.started")[:1] + s.marks_of("checkout.submitted")[-1:]
    marks = marks or said(s, "checkout.updated", read_back="checkout")[:1]
    return [
        Finding(
            code=FaultCode.ABANDONED_CHECKOUT,
            severity=SEVERITY,
            step=STEP,
            cause="left_before_paying" if s.submitted_at else "left_before_submit",
            detectable_at=heard_at([*marks, *activity], last + ctx.abandoned_deadline),
            evidence=evidence(marks),
            at_risk=s.total or lines_total(s.lines),
            details={"last_activity_at": last.isoformat(), "submitted": s.submitted_at is not None,
                     "reachable": bool(s.customer_id or s.contact)},
        )
    ]  # fmt: skip

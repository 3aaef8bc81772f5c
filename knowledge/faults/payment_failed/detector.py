"""Finds checkouts whose payments all failed and that hold nothing."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import dead, dead_since, evidence, how_it_ended, over, payment_marks
from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.LOW
_ENDS = ("payment.failed", "payment.cancelled", "payment.expired", "payment.authorized")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Every payment ended without money, `retry_grace` passed, nothing held, no live order, the checkout not over.

    Stock held beyond the grace makes it `payment_failed_stock_held`, and one whose payment was called off after
    its deadline was `payment_unconfirmed`: once those are put right the customer knows, and this is not found anew.
    """
    payments = list(s.payments.values())
    if not payments or s.due == 0 or s.live_orders or over(s) or s.held:
        return []
    if not all(dead(p, ctx.now) for p in payments):
        return []
    ends = [(at, p.id) for p in payments if (at := dead_since(p))]
    if not ends or _called_off(s.payments[max(ends)[1]], ctx):
        return []
    since = max(ends)[0] + ctx.retry_grace
    if any(r.at >= since for r in s.reservations.values()):
        return []
    marks = payment_marks(s, payments, *_ENDS)
    return [
        Finding(
            code=FaultCode.PAYMENT_FAILED,
            severity=SEVERITY,
            step=STEP,
            cause=how_it_ended(payments),
            detectable_at=heard_at(marks, since),
            evidence=evidence(marks),
            at_risk=s.total,
            details={
                "payment_ids": sorted(p.id for p in payments),
                "attempts": len(payments),
                "failure_codes": sorted({p.failure_code for p in payments if p.failure_code}),
                "reachable": bool(s.customer_id or s.contact),
            },
        )
    ]


def _called_off(p: PaymentView, ctx: Context) -> bool:
    """Whether it was cancelled because the gateway had not answered by its deadline."""
    if p.status is not PaymentStatus.CANCELLED or p.requested_at is None or p.ended_at is None:
        return False
    return p.ended_at >= p.requested_at + ctx.policies.deadlines.payment_for(p.method)

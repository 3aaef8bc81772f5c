"""Finds stock that stays reserved for a checkout nobody pays any more."""

from __future__ import annotations

from datetime import datetime

from knowledge.faults.context import Context
from knowledge.faults.reading import (
    ACCEPTED,
    LATER,
    dead_since,
    evidence,
    how_it_ended,
    over,
    over_since,
    payment_marks,
    said,
    valid_authorisation,
)
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, PaymentView, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.MEDIUM
_ENDS = ("payment.failed", "payment.cancelled", "payment.expired")
_OVER = ("checkout.expired", "checkout.cancelled", "order.cancelled")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Stock held, no live order, every payment dead or the checkout over, `retry_grace` after the last."""
    if not s.held or s.live_orders or any(_alive(s, p, ctx.now) for p in s.payments.values()):
        return []
    if over(s):
        since = over_since(s)
        cause, marks = "checkout_ended", said(s, *_OVER, read_back="checkout")[-1:]
    elif s.payments and s.due != 0 and not any(p.open for p in s.payments.values()):
        cause, marks = how_it_ended(s.payments.values()), payment_marks(s, s.payments.values(), *_ENDS)
        since = max((t for p in s.payments.values() if (t := dead_since(p))), default=None)
    else:
        return []
    if since is None:
        return []
    held = _held_marks(s)
    codes = sorted({p.failure_code for p in s.payments.values() if p.failure_code})
    return [
        Finding(
            code=FaultCode.PAYMENT_FAILED_STOCK_HELD,
            severity=SEVERITY,
            step=STEP,
            cause=cause,
            detectable_at=heard_at([*marks, *held], since + ctx.retry_grace),
            evidence=evidence(marks, held),
            at_risk=s.total,
            details={
                "reservation_ids": sorted({r.id.split("/")[0] for r in s.held}),
                "skus": sorted({r.sku for r in s.held}),
                "failure_codes": codes,
            },
        )
    ]


def _alive(s: OrderSnapshot, p: PaymentView, now: datetime) -> bool:
    """Whether it holds money or promises it (accepted cash on delivery does while there is a delivery)."""
    if p.kind in LATER:
        return p.status in ACCEPTED and not over(s)
    return p.kept > 0 or valid_authorisation(p, now)


def _held_marks(s: OrderSnapshot) -> list[Mark]:
    return said(s, "inventory.reserved", "inventory.committed", read_back="reservations")

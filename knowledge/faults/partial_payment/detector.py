"""Finds checkouts of which only a part was ever paid."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import (
    CONFIRMATIONS,
    FAILED,
    evidence,
    gross_net,
    live_total,
    money,
    over,
    payment_marks,
    valid_authorisation,
)
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.MEDIUM


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Captured and kept, ever less than due, nothing pending or authorised for the rest, `retry_grace` later.

    What was once paid in full and partly refunded is no shortfall, nor is an order reduced to what was paid.
    """
    kept, payments = s.captured_net(), list(s.payments.values())
    if s.due is None or kept <= 0 or over(s) or ctx.paid_at(s) is not None:
        return []
    ever = sum(gross_net(p) for p in s.money_payments())
    foreign = any(p.captured and p not in s.money_payments() for p in payments)
    if ever >= s.due - ctx.rounding or foreign or any(p.open for p in payments):
        return []
    asked = live_total(s)
    if asked is not None and asked <= kept + ctx.rounding:
        return []
    ends = [p for p in payments if p.status in FAILED]
    times = [p.ended_at or p.requested_at for p in ends] + [p.captured_at for p in payments if p.captured]
    times += [p.authorized_at for p in payments if valid_authorisation(p, ctx.now)]
    times += [p.authorized_until for p in payments if p.authorized_until and p.authorized_until <= ctx.now]
    last = max((t for t in times if t is not None), default=None)
    if last is None:
        return []
    taken = payment_marks(s, (p for p in payments if p.kept), *CONFIRMATIONS)
    failed = payment_marks(s, ends, "payment.failed", "payment.cancelled", "payment.expired")
    short = s.due - kept
    return [
        Finding(
            code=FaultCode.PARTIAL_PAYMENT,
            severity=SEVERITY,
            step=STEP,
            cause="rest_failed" if ends else "rest_never_requested",
            detectable_at=heard_at([*taken, *failed], last + ctx.retry_grace),
            evidence=evidence(taken, failed),
            at_risk=money(s, kept),
            details={
                "captured": _json(s, kept), "due": _json(s, s.due), "short": _json(s, short),
                "payment_ids": sorted(p.id for p in payments if p.kept),
            },
        )
    ]  # fmt: skip


def _json(s: OrderSnapshot, amount: int) -> dict[str, int | str] | None:
    value = money(s, amount)
    return value.json() if value else None

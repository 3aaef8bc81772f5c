"""Finds money that is kept although nothing will be delivered."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, failed_refunds, over, over_since, payment_marks, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.HIGH


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Ended or every order cancelled, money kept, `deadlines.refund` after that or the late capture.

    A refund on its way is not kept money. One that failed makes it another finding: what was settled comes up again.
    """
    since = over_since(s)
    if not over(s) or since is None:
        return []
    kept = [p for p in s.payments.values() if p.kept > ctx.rounding and p.currency]
    if not kept:
        return []
    captured = max((p.captured_at for p in kept if p.captured_at), default=since)
    ends = said(s, "checkout.expired", "checkout.cancelled", "order.cancelled", read_back="checkout")
    marks = [*ends[-1:], *payment_marks(s, kept, "payment.captured"), *failed_refunds(s, kept)]
    currency = s.total.currency if s.total else kept[0].currency
    amount = Money(sum(p.kept for p in kept if p.currency == currency) or kept[0].kept,
                   currency if any(p.currency == currency for p in kept) else kept[0].currency)  # fmt: skip
    late = captured > since
    return [
        Finding(
            code=FaultCode.REFUND_MISSING,
            severity=SEVERITY,
            step=STEP,
            cause="late_capture" if late else "cancelled_without_refund",
            detectable_at=heard_at(marks, max(since, captured) + ctx.refund_deadline),
            evidence=evidence(marks),
            at_risk=amount,
            details={
                "kept": amount.json(),
                "payment_ids": sorted(p.id for p in kept),
                "over_since": since.isoformat(),
            },
        )
    ]

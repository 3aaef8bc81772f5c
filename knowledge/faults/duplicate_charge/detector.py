"""Finds checkouts that were paid twice."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, failed_refunds, money, over, payment_marks
from knowledge.vocabulary.codes import FaultCode, PaymentKind, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.HIGH


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Captured exceeds due, and without one whole payment (or capture of it) it would still be covered.

    Where nothing will be delivered all the money has to go back: that is `refund_missing`. A refund that failed makes
    it another finding: what was settled comes up again.
    """
    if over(s):
        return []
    redundant = redundant_payments(s, ctx.rounding)
    if not redundant or s.due is None:
        return []
    excess = s.captured_net() - s.due
    kept = [p for p in s.money_payments() if p.kept]
    marks = [*payment_marks(s, kept, "payment.captured"), *failed_refunds(s, kept)]
    at = max(
        (p.captured_at for p in kept if p.captured_at),
        default=s.submitted_at or ctx.now,
    )
    extra = money(s, excess)
    return [
        Finding(
            code=FaultCode.DUPLICATE_CHARGE,
            severity=SEVERITY,
            step=STEP,
            cause="second_payment" if len(kept) > 1 else "captured_twice",
            detectable_at=heard_at(marks, at),
            evidence=evidence(marks),
            at_risk=extra,
            details={
                "payment_id": redundant[0].id,
                "payment_ids": [p.id for p in redundant],
                "excess": extra.json() if extra else None,
                "due": s.total.json() if s.total else None,
            },
        )
    ]


def redundant_payments(s: OrderSnapshot, rounding: int) -> list[PaymentView]:
    """Money payments without which (or one capture of which) the checkout would still be covered, the latest first.

    Where nobody told how much was requested, one capture is as much as is due.
    """
    if s.due is None:
        return []
    excess = s.captured_net() - s.due
    if excess <= rounding:
        return []
    money_taken = [p for p in s.money_payments() if p.kept_net and p.kind == PaymentKind.MONEY]
    spare = excess + rounding
    found = [p for p in money_taken if p.kept_net <= spare or 0 < (p.amount or s.due) <= spare]
    return sorted(found, key=lambda p: (p.captured_at is not None, p.captured_at, p.id), reverse=True)

"""Finds payments the customer's bank took back, or asks back: charge-backs."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, payment_marks
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.HIGH


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Any payment with money in dispute, unless all that was ever taken of it has gone back already."""
    disputed = [p for p in s.payments.values() if p.disputed > 0 and not _given_back(p)]
    if not disputed:
        return []
    marks = payment_marks(s, disputed, "payment.disputed")
    currency = next((p.currency for p in disputed if p.currency), s.total.currency if s.total else "")
    amount = sum(p.disputed for p in disputed if p.currency in ("", currency))
    worth = Money(amount, currency) if currency else None
    return [
        Finding(
            code=FaultCode.PAYMENT_DISPUTED,
            severity=SEVERITY,
            step=STEP,
            cause="charge_back",
            detectable_at=heard_at(marks, max(m.at for m in marks)),
            evidence=evidence(marks),
            at_risk=worth,
            details={
                "disputed": worth.json() if worth else None,
                "payment_ids": sorted(p.id for p in disputed),
                "order_ids": [o.id for o in s.live_orders],
            },
        )
    ]


def _given_back(p: PaymentView) -> bool:
    return 0 < p.captured <= p.refunded

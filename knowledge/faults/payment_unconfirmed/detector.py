"""Finds payments the gateway never answered about."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import LATER, evidence, over, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.MEDIUM


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """A payment still open past its method's deadline, in a checkout neither paid otherwise nor over.

    With several open payments the one due first stands for all. An order taken on delivery or on account waits for
    nobody's confirmation.
    """
    if over(s) or s.status in ("expired", "cancelled") or ctx.paid_at(s) is not None:
        return []
    deadlines = ctx.policies.deadlines
    waiting = sorted(
        ((p.requested_at + deadlines.payment_for(p.method), p.id, p) for p in s.payments.values()
         if p.open and p.requested_at is not None and not (p.kind in LATER and s.live_orders)),
        key=lambda row: row[:2],
    )  # fmt: skip
    if not waiting:
        return []
    due_at, _, p = waiting[0]
    marks = said(s, "payment.requested", entity=p.id, read_back="payment")[-1:]
    worth = Money(p.amount, p.currency) if p.currency else s.total
    return [
        Finding(
            code=FaultCode.PAYMENT_UNCONFIRMED,
            severity=SEVERITY,
            step=STEP,
            cause="requires_action" if p.status == "requires_action" else "gateway_silent",
            detectable_at=heard_at(marks, due_at),
            evidence=evidence(marks),
            at_risk=worth,
            details={
                "payment_id": p.id,
                "payment_ids": [row[1] for row in waiting],
                "method": p.method,
                "amount": worth.json() if worth else None,
                "waited_minutes": int((due_at - p.requested_at).total_seconds() // 60) if p.requested_at else None,
            },
        )
    ]

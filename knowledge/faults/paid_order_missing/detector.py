"""Finds paid checkouts for which the shop never created an order."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import covered, ended, evidence, iso, paying
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.ORDER
SEVERITY = Severity.HIGH


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Paid, not ended and no order ever, `deadlines.order` after it became paid."""
    paid_at = ctx.paid_at(s)
    if paid_at is None or s.orders or ended(s):
        return []
    marks = paying(s)
    failed = s.reservation_failed_at is not None and not covered(s)
    detectable_at = heard_at(marks, paid_at + ctx.order_deadline)
    stock = [m for m in s.marks_of("inventory.reservation_failed") if failed and m.at <= detectable_at]
    return [
        Finding(
            code=FaultCode.PAID_ORDER_MISSING,
            severity=SEVERITY,
            step=STEP,
            cause="no_stock" if failed else "free_order" if s.due == 0 else "shop_silent",
            detectable_at=detectable_at,
            evidence=evidence(marks, stock),
            at_risk=s.total,
            details={"paid_at": iso(paid_at), "total": s.total.json() if s.total else None},
        )
    ]

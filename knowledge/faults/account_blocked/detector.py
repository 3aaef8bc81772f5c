"""Finds submitted checkouts of customers whose account is suspended or closed."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, over, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM
BLOCKED = frozenset({"suspended", "closed"})


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """The account reads suspended or closed, and the checkout is submitted, not over and not all delivered.

    Only a read-back tells an account's status, so no other has to confirm it.
    """
    if s.customer is None or s.customer.status not in BLOCKED or s.submitted_at is None or over(s):
        return []
    if s.live_orders and all(o.status == "delivered" or o.delivered_at for o in s.live_orders):
        return []
    submit = said(s, "checkout.submitted", read_back="checkout")[-1:]
    marks = [*submit, *s.marks_of("read_back.customer")[-1:]]
    return [
        Finding(
            code=FaultCode.ACCOUNT_BLOCKED,
            severity=SEVERITY,
            step=STEP,
            cause="account_not_active",
            detectable_at=heard_at(marks, s.submitted_at),
            evidence=evidence(marks),
            at_risk=s.total,
            details={"order_ids": [o.id for o in s.live_orders]},
        )
    ]

"""Finds orders that go ahead although nobody paid for them."""

from __future__ import annotations

from datetime import datetime

from knowledge.faults.context import Context
from knowledge.faults.reading import FAILED, LATER, evidence, payment_marks, said, valid_authorisation
from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, OrderView, PaymentView, heard_at

STEP = Step.ORDER
SEVERITY = Severity.HIGH
_TOLD = ("payment.requested", "payment.failed", "payment.cancelled", "payment.expired", "payment.authorized")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """A live order, something due, and no payment that took, promises or may still bring money.

    A payment may still bring it until its method's deadline, a customer may try again for `retry_grace`, and where
    no payment was ever requested there is the payment deadline from the order's creation on. A part paid is
    `partial_payment`; cash on delivery and pay later are accepted with the order.
    """
    live, payments = s.live_orders, list(s.payments.values())
    if not live or s.due is None or s.due <= 0 or ctx.paid_at(s) is not None:
        return []
    if any(_promises(p, ctx.now) for p in payments):
        return []
    order, order_marks = live[-1], _order_marks(s, live)
    began = order.created_at or order_marks[0].at
    since = max([_until(p, began, ctx) for p in payments], default=began + ctx.policies.deadlines.payment_for(None))
    marks = payment_marks(s, payments, *_TOLD)
    cause = _cause(payments)
    return [
        Finding(
            code=FaultCode.UNPAID_ORDER_LIVE,
            severity=SEVERITY,
            step=STEP,
            cause=cause,
            detectable_at=heard_at([*order_marks, *marks], max(since, began)),
            evidence=evidence(order_marks, marks),
            at_risk=s.total,
            confirm=cause in ("never_requested", "gateway_silent"),
            details={
                "order_id": order.id,
                "order_ids": [o.id for o in live],
                "order_status": order.status,
                "due": s.total.json() if s.total else None,
                "payment_ids": sorted(p.id for p in payments),
            },
        )
    ]


def _promises(p: PaymentView, now: datetime) -> bool:
    if p.kind in LATER:
        return p.status not in FAILED
    return p.captured > 0 or p.status is PaymentStatus.CAPTURED or valid_authorisation(p, now)


def _until(p: PaymentView, began: datetime, ctx: Context) -> datetime:
    """Until when the payment, or another try after it, may still bring money."""
    if p.open:
        return (p.requested_at or began) + ctx.policies.deadlines.payment_for(p.method)
    ended = p.ended_at if p.status in FAILED else p.authorized_until
    return (ended or p.requested_at or began) + ctx.retry_grace


def _cause(payments: list[PaymentView]) -> str:
    if not payments:
        return "never_requested"
    if any(p.open for p in payments):
        return "gateway_silent"
    return "authorisation_lapsed" if any(p.status not in FAILED for p in payments) else "payment_failed"


def _order_marks(s: OrderSnapshot, live: list[OrderView]) -> list[Mark]:
    """The first word of each live order; the submit where nobody told of one."""
    firsts = [m for o in live for m in said(s, "order.", entity=o.id, read_back="order")[:1]]
    return firsts or said(s, "checkout.submitted", read_back="checkout")[-1:] or s.marks[-1:]

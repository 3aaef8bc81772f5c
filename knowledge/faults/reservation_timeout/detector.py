"""Finds checkouts for which the inventory system never set stock aside."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import all_sent, covered, ended, evidence, over, paying, said, sent, shortfall
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import BACK_ORDERED, OrderSnapshot, heard_at

STEP = Step.RESERVATION
SEVERITY = Severity.MEDIUM
LOST = ("released", "expired")


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Something is to be shipped, less was set aside, nothing was refused or lost, and the deadline passed.

    The deadline runs from submit, as long as the customer has paid or is paying within the payment window, or from
    paid (`reserve_on`). A refused reservation is `paid_out_of_stock`. Not every shop tells of reservations, and one
    may have been made unheard: a read-back confirms first.
    """
    if s.submitted_at is None or s.reservation_failed_at is not None or not s.requires_shipping:
        return []
    if covered(s) or any(r.status in LOST for r in s.reservations.values()) or (s.reservations and sent(s)):
        return []
    if ended(s) or over(s) or all_sent(s) or _back_ordered(s, ctx):
        return []
    paid_at = ctx.paid_at(s)
    on_paid = ctx.policies.deadlines.reserve_on == "paid"
    since = paid_at if on_paid else s.submitted_at
    if since is None or not (paid_at or _paying(s)):
        return []
    deadline = since + ctx.reservation_deadline
    if paid_at is None and s.payment_window_ends_at is not None and s.payment_window_ends_at <= deadline:
        return []
    submit = said(s, "checkout.submitted", read_back="checkout")[-1:]
    marks = paying(s) if paid_at else s.marks_of("payment.requested")[-1:]
    missing = dict(sorted(shortfall(s).items()))
    return [
        Finding(
            code=FaultCode.RESERVATION_TIMEOUT,
            severity=SEVERITY,
            step=STEP,
            cause="not_reserved_after_payment" if paid_at else "not_reserved_after_submit",
            detectable_at=heard_at([*submit, *marks], deadline),
            evidence=evidence(submit, marks),
            at_risk=s.total,
            confirm=True,
            details={
                "skus": list(missing),
                "missing_skus": missing,
                "order_id": next((o.id for o in s.live_orders), None),
                "waited_minutes": int(ctx.reservation_deadline.total_seconds() // 60),
            },
        )
    ]


def _paying(s: OrderSnapshot) -> bool:
    return any(p.open for p in s.payments.values())


def _back_ordered(s: OrderSnapshot, ctx: Context) -> bool:
    """Whether the shop promises the goods for a day so late that it can't mean to set stock aside now."""
    promised = [(o.created_at, o.expected_ship_at) for o in s.live_orders]
    return any(made and sent and sent > made + max(ctx.fulfilment_deadline, BACK_ORDERED) for made, sent in promised)

"""Finds checkouts whose coupon doesn't count, or takes off less than it should."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, lines_total, over, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.read_back import same_code
from knowledge.vocabulary.snapshot import CouponView, OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM
# What a promotion system's words mean, its event's reason or its read-back's status; anything else is `invalid`.
_CAUSES = {
    "expired": "expired",
    "used": "used_elsewhere",
    "already_used": "used_elsewhere",
    "not_eligible": "not_eligible",
    "ineligible": "not_eligible",
}


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Submitted with a coupon that was refused or doesn't count, or whose discount is missing or too small.

    Only while there is something to correct: not where nothing will be delivered. More discount than a valid coupon
    gives is the shop's kindness. One word of an event about an amount asks for a read-back first.
    """
    coupon = s.coupon
    if s.submitted_at is None or not s.coupon_code or coupon is None or s.total is None or over(s):
        return []
    if not same_code(coupon.code, s.coupon_code):
        return []
    expected, given = _expected(s, s.total, coupon), _given(s, s.total)
    cause = _invalid(s, coupon)
    if cause is None and (expected is None or given >= expected - ctx.rounding):
        return []
    wrong = "discount_wrong" if given else "discount_missing"
    short = max(0, (expected or 0) - given)
    submit = said(s, "checkout.submitted", read_back="checkout")[-1:]
    read = s.marks_of("read_back.coupon")[-1:]
    marks = [*submit, *(read or s.marks_of("coupon.")[-1:])]
    return [
        Finding(
            code=FaultCode.COUPON_MISAPPLIED,
            severity=SEVERITY,
            step=STEP,
            cause=cause or wrong,
            detectable_at=heard_at(marks, s.submitted_at),
            evidence=evidence(marks),
            at_risk=Money(short or given, s.total.currency),
            confirm=cause is None and not read,
            details={
                "coupon_code": s.coupon_code,
                "expected": Money(expected, s.total.currency).json() if expected is not None else None,
                "given": Money(given, s.total.currency).json(),
                "short": Money(short, s.total.currency).json(),
                "used_by_checkout_id": coupon.used_by_checkout_id,
            },
        )
    ]


def _invalid(s: OrderSnapshot, coupon: CouponView) -> str | None:
    """Why the coupon doesn't count; None when it does.

    One that this checkout used is used up rightly. One that was found valid once stays so (see apply_read_back).
    """
    if coupon.status == "valid" or coupon.used_by_checkout_id == s.checkout_id:
        return None
    if coupon.status == "rejected":
        return _CAUSES.get(coupon.reason or "", "invalid")
    if coupon.status == "used" and coupon.used_by_checkout_id is None:
        return None
    return _CAUSES.get(coupon.status, "invalid")


def _expected(s: OrderSnapshot, total: Money, coupon: CouponView) -> int | None:
    """What the coupon should take off in minor units, at most the goods' worth; None when nobody said."""
    if coupon.discount is None or coupon.discount.currency != total.currency:
        return None
    goods = lines_total(s.lines)
    return min(coupon.discount.amount, goods.amount) if goods else coupon.discount.amount


def _given(s: OrderSnapshot, total: Money) -> int:
    """What the live orders take off where they say it, else the checkout, in minor units."""
    discounts = [o.discount for o in s.live_orders]
    if not discounts or any(d is None or d.currency != total.currency for d in discounts):
        discounts = [s.discount]
    return sum(d.amount for d in discounts if d and d.currency == total.currency)

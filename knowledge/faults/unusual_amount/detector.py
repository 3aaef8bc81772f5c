"""Finds totals far above what the customer usually spends, or where they are new, what the category usually costs."""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, over, said, sent
from knowledge.vocabulary.background import AmountScore
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM
LEAST_ORDERS = 3  # past orders in the currency before a customer's own history speaks
FAR = 4.0  # robust standard deviations of the logarithm above the median
TIMES = 8.0  # and this many times the median: what is usual may be narrow
COMPARABLE = 3.0  # a total below so many times the customer's largest past order is a large buyer's large order
SPREAD_FLOOR = 0.5  # natural-log units: a few orders alike say little of how much a customer varies
TO_SIGMA = 1.4826  # MAD of a normal distribution to its standard deviation


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """At most one finding, only upwards, for a submitted checkout that is neither over nor under way.

    The customer's own past totals decide where there are at least LEAST_ORDERS of them; else the category's.
    """
    if s.total is None or s.submitted_at is None or over(s) or sent(s):
        return []
    past = past_totals(s)
    score = own_score(s.total, past) if len(past) >= LEAST_ORDERS else ctx.scores.amount if ctx.scores else None
    return [_finding(s, s.total, score)] if score and is_unusual(s, score) else []


def is_unusual(s: OrderSnapshot, score: AmountScore | None) -> bool:
    """Whether a total with this score is far, many times the usual one, and more than the customer ever bought for."""
    if score is None or s.total is None or score.z < FAR or s.total.amount < TIMES * score.usual.amount:
        return False
    return s.total.amount >= COMPARABLE * max(past_totals(s), default=0)


def past_totals(s: OrderSnapshot) -> list[int]:
    """The customer's past totals in the checkout's currency, minor units."""
    if s.customer is None or s.total is None:
        return []
    return [t.amount for t in s.customer.past_totals if t.currency == s.total.currency and t.amount > 0]


def own_score(total: Money, past: list[int]) -> AmountScore:
    """The total against the customer's own: robust z of its logarithm (median and MAD of the past logarithms)."""
    logs = [math.log(amount) for amount in past]
    middle = median(logs)
    spread = max(SPREAD_FLOOR, TO_SIGMA * median([abs(x - middle) for x in logs]))
    usual = Money(max(1, round(math.exp(middle))), total.currency)
    z = (math.log(max(1, total.amount)) - middle) / spread
    return AmountScore(z=z, usual=usual, n=len(past), basis="customer")


def _finding(s: OrderSnapshot, total: Money, score: AmountScore) -> Finding:
    marks = said(s, "checkout.submitted", read_back="checkout")[-1:]
    details: dict[str, Any] = {
        "total": total.json(), "usual": score.usual.json(), "times": round(total.amount / score.usual.amount, 1),
        "z": round(score.z, 1), "n": score.n, "basis": score.basis, "model": score.model,
    }  # fmt: skip
    return Finding(
        code=FaultCode.UNUSUAL_AMOUNT,
        severity=SEVERITY,
        step=STEP,
        cause="far_above_customer" if score.basis == "customer" else "far_above_category",
        detectable_at=heard_at(marks, s.submitted_at or marks[-1].at),
        evidence=evidence(marks),
        confidence=round(min(0.95, 0.5 + 0.05 * score.z), 3),
        at_risk=total,
        details=details,
    )

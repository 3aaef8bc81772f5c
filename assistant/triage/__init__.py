"""Severity, priority and due time of a case (rows S5 and S6); pure, called when it opens and when it is diagnosed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from knowledge.policies import DUE_WITHIN, Policies
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money

# How hard a fault is to resolve (0 easy … 1 hard) and what resolving it costs (0 nothing … 1 much).
COMPLEXITY: dict[FaultCode, tuple[float, float]] = {
    FaultCode.PAID_ORDER_MISSING: (0.4, 0.1),
    FaultCode.PAID_OUT_OF_STOCK: (0.8, 0.8),
    FaultCode.DUPLICATE_CHARGE: (0.6, 0.5),
    FaultCode.AMOUNT_MISMATCH: (0.7, 0.4),
    FaultCode.REFUND_MISSING: (0.5, 0.5),
    FaultCode.PARTIAL_PAYMENT: (0.6, 0.3),
    FaultCode.PAYMENT_FAILED_STOCK_HELD: (0.2, 0.1),
    FaultCode.PAYMENT_UNCONFIRMED: (0.5, 0.2),
    FaultCode.PRICE_MISMATCH: (0.3, 0.5),
    FaultCode.INCOMPLETE_INFORMATION: (0.5, 0.1),
    FaultCode.ABANDONED_CHECKOUT: (0.1, 0.1),
    FaultCode.TIMELINE_CONTRADICTION: (0.4, 0.1),
    FaultCode.UNKNOWN_ANOMALY: (0.9, 0.3),
    FaultCode.UNPAID_ORDER_LIVE: (0.5, 0.3),
    FaultCode.PAYMENT_DISPUTED: (0.9, 0.6),
    FaultCode.PAYMENT_FAILED: (0.1, 0.1),
    FaultCode.RESERVATION_TIMEOUT: (0.3, 0.1),
    FaultCode.COUPON_MISAPPLIED: (0.3, 0.4),
    FaultCode.ACCOUNT_BLOCKED: (0.8, 0.2),
    FaultCode.STOCK_INCONSISTENT: (0.2, 0.1),
    FaultCode.UNUSUAL_AMOUNT: (0.6, 0.2),
    FaultCode.REPEATED_SUBMISSION: (0.4, 0.1),
    FaultCode.DUPLICATE_ORDER: (0.5, 0.5),
    FaultCode.FULFILMENT_STALLED: (0.6, 0.3),
    FaultCode.ADDRESS_UNDELIVERABLE: (0.7, 0.4),
    FaultCode.ADDRESS_INACCURATE: (0.2, 0.1),
    FaultCode.MINOR_INFORMATION_ERROR: (0.1, 0.1),
}
# What each term may add to the priority's 0–100; VIP has 20 of its own, so that it always lifts and never lowers.
_ORDER, _CUSTOMER, _COMPLEXITY, _COST, _VIP = 35, 15, 15, 14, 20


class Terms(msgspec.Struct, frozen=True):
    """The four terms of row S6 in points; their sum, capped at 100, is the priority."""

    order_value: int
    customer_value: int
    complexity: int
    cost: int

    @property
    def priority(self) -> int:
        """0–100, higher first."""
        return min(100, self.order_value + self.customer_value + self.complexity + self.cost)


def severity_of(findings: Iterable[Finding], total: Money | None, policies: Policies) -> Severity:
    """The highest severity among the findings; a fault on a high-value order is high whatever its code."""
    if policies.limits.is_high_value(total):
        return Severity.HIGH
    return min((f.severity for f in findings), key=lambda s: s.rank, default=Severity.LOW)


def due_at(severity: Severity, detectable_at: datetime) -> datetime:
    """When the promise of row S5 runs out."""
    return detectable_at + DUE_WITHIN[severity]


def terms_of(
    codes: Iterable[str], total: Money | None, lifetime_value: Money | None, vip: bool, policies: Policies
) -> Terms:
    """Priority terms. Values count on a logarithmic scale against the high-value threshold of their currency.

    A problem that is quicker and cheaper to solve goes first among equals: complexity and cost are points for ease.
    """
    hard = [COMPLEXITY.get(FaultCode(code), (0.5, 0.3)) for code in codes if code in set(FaultCode)] or [(0.5, 0.3)]
    return Terms(
        order_value=round(_ORDER * _share(total, policies)),
        customer_value=round(_CUSTOMER * _share(lifetime_value, policies, scale=10)) + (_VIP if vip else 0),
        complexity=round(_COMPLEXITY * (1 - max(h[0] for h in hard))),
        cost=round(_COST * (1 - max(h[1] for h in hard))),
    )


def is_vip(terms: Mapping[str, int] | None) -> bool:
    """Whether a case's priority terms are an important customer's: nobody else's `customer_value` comes to so much."""
    return bool(terms) and (terms or {}).get("customer_value", 0) >= _VIP


def _share(value: Money | None, policies: Policies, scale: int = 1) -> float:
    if value is None or value.amount <= 0:
        return 0.0
    top = policies.limits.high_value.get(value.currency, 100_000) * scale
    return min(1.0, math.log1p(value.amount) / math.log1p(max(top, 2)))

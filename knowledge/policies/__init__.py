"""Limits, deadlines and service levels: the types and their defaults. Settings fill them in."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from knowledge.policies.approvals import Approvals
from knowledge.vocabulary.codes import Severity
from knowledge.vocabulary.money import Money


class Deadlines(msgspec.Struct, frozen=True):
    """Deadlines of the pipeline's steps in seconds; the defaults suit a shop with online payment."""

    payment: float = 900.0  # from payment.requested
    payment_by_method: dict[str, float] = {}
    reservation: float = 300.0  # from submit, or from paid (reserve_on)
    order: float = 120.0  # from paid
    fulfilment: float = 172_800.0  # from expected_ship_at, else order creation
    abandoned: float = 3_600.0  # from last activity
    retry_grace: float = 600.0  # after a failed payment, before it counts
    refund: float = 3_600.0  # from the cancellation
    duplicate_window: float = 3_600.0
    reserve_on: str = "submit"
    stock_lag: float = 300.0  # shop and inventory system may disagree about a sku for so long
    submits: int = 4  # of one basket without payment within the duplicate window: repeated_submission
    clock_skew: float = 60.0  # two systems' clocks may disagree by so much

    def payment_for(self, method: str | None) -> timedelta:
        """The gateway's deadline for this payment method."""
        by_method = {name.lower(): seconds for name, seconds in self.payment_by_method.items()}
        return timedelta(seconds=by_method.get((method or "").lower(), self.payment))


# The promises of row S5, from detectable_at: high handled within 1 min, medium queued within 5, low done within 30.
DUE_WITHIN = {
    Severity.HIGH: timedelta(minutes=1),
    Severity.MEDIUM: timedelta(minutes=5),
    Severity.LOW: timedelta(minutes=30),
}


class Limits(msgspec.Struct, frozen=True):
    """What may happen without a human. Money maps are minor units by currency."""

    auto: dict[str, int] = {}
    high_value: dict[str, int] = {}
    price_drop_share: float = 0.5
    incident_budget: int = 20  # repairs per fault, sku and hour
    max_rounds: int = 6  # diagnose-plan-perform rounds of one episode before a human looks
    max_failed_repairs: int = 2
    repeated_faults: int = 4  # earlier broken orders of a customer within `repeated_days`, after which a human looks
    repeated_days: int = 30
    coupon_share: float = 0.1  # an exclusive coupon is worth at most this share of what was ordered
    coupon_cap: dict[str, int] = {}  # and at most this, minor units by currency; a currency not named gets none

    def is_high_value(self, total: Money | None) -> bool:
        """Whether an order of this total counts as high-value; a currency that isn't named never does."""
        return total is not None and total.amount >= self.high_value.get(total.currency, 1 << 62)


class Policies(msgspec.Struct, frozen=True):
    """Everything detectors, playbooks and triage need to know of the house's rules. `version` names it in the audit."""

    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    approvals: Approvals = Approvals()
    rounding: int = 1  # minor units by which a total may differ without being wrong
    version: str = "1"

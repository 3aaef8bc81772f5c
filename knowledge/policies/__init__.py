"""Limits, deadlines and service levels: the types and their defaults. Settings fill them in."""

from __future__ import annotations

from datetime import timedelta

import msgspec

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
    clock_skew: float = 60.0  # two systems' clocks may disagree by so much

    def payment_for(self, method: str | None) -> timedelta:
        """The gateway's deadline for this payment method."""
        return timedelta(seconds=self.payment_by_method.get(method or "", self.payment))


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

    def is_high_value(self, total: Money | None) -> bool:
        """Whether an order of this total counts as high-value; a currency that isn't named never does."""
        return bool(total) and total.amount >= self.high_value.get(total.currency, 1 << 62)  # type: ignore[union-attr]


class Policies(msgspec.Struct, frozen=True):
    """Everything detectors, playbooks and triage need to know of the house's rules. `version` names it in the audit."""

    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    rounding: int = 1  # minor units by which a total may differ without being wrong
    version: str = "1"

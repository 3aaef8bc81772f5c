"""Context: what a detector or playbook may know beside the snapshot; whoever runs the catalogue builds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from knowledge.policies import Policies


@dataclass(frozen=True, slots=True)
class Context:
    """`now` is aware UTC; `history` (the customer's past) and `scores` (models') are None when not asked."""

    now: datetime
    policies: Policies
    history: Any = None
    scores: Any = None

    @property
    def rounding(self) -> int:
        """Minor units by which two totals may differ without being wrong."""
        return self.policies.rounding

    @property
    def skew(self) -> timedelta:
        """How far two systems' clocks may disagree."""
        return timedelta(seconds=self.policies.deadlines.clock_skew)

    @property
    def retry_grace(self) -> timedelta:
        """How long a customer may take to try again after a failed payment."""
        return timedelta(seconds=self.policies.deadlines.retry_grace)

    @property
    def order_deadline(self) -> timedelta:
        """From paid to an order."""
        return timedelta(seconds=self.policies.deadlines.order)

    @property
    def refund_deadline(self) -> timedelta:
        """From a cancellation to its refund."""
        return timedelta(seconds=self.policies.deadlines.refund)

    @property
    def abandoned_deadline(self) -> timedelta:
        """From the last activity until a checkout counts as left."""
        return timedelta(seconds=self.policies.deadlines.abandoned)

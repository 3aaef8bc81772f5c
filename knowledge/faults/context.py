"""Context: what a detector or playbook may know beside the snapshot; whoever runs the catalogue builds it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from knowledge.policies import Policies
from knowledge.vocabulary.background import History, Scores
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import StockLevel


@dataclass(frozen=True, slots=True)
class Context:
    """`now` is aware UTC; `history` (the customer's other purchases) and `scores` (models') are None when not asked.

    `stock` is what is known of a sku where a sku is looked at instead of a checkout.
    """

    now: datetime
    policies: Policies
    history: History | None = None
    scores: Scores | None = None
    stock: StockLevel | None = None
    _paid_at: dict[str, datetime | None] | None = field(default=None, repr=False, compare=False)

    def looking(self) -> Context:
        """The same for one look at one snapshot, which doesn't change meanwhile: what is asked often is found once."""
        return replace(self, _paid_at={})

    def paid_at(self, s: OrderSnapshot) -> datetime | None:
        """When the checkout became paid, as known `now`; None while it isn't."""
        if self._paid_at is None:
            return s.paid_at(self.now)
        if s.checkout_id not in self._paid_at:
            self._paid_at[s.checkout_id] = s.paid_at(self.now)
        return self._paid_at[s.checkout_id]

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

    @property
    def reservation_deadline(self) -> timedelta:
        """From submit, or from paid (`reserve_on`), to stock set aside."""
        return timedelta(seconds=self.policies.deadlines.reservation)

    @property
    def fulfilment_deadline(self) -> timedelta:
        """From the expected shipping time (else the order's creation) to its shipment."""
        return timedelta(seconds=self.policies.deadlines.fulfilment)

    @property
    def duplicate_window(self) -> timedelta:
        """Within which the same basket of the same customer counts as the same purchase."""
        return timedelta(seconds=self.policies.deadlines.duplicate_window)

    @property
    def stock_lag(self) -> timedelta:
        """How long shop and inventory system may disagree about a sku."""
        return timedelta(seconds=self.policies.deadlines.stock_lag)

"""Who may approve what: the least role for an amount and a kind of deed, with its documented defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

RANKS = ("agent", "senior_agent", "supervisor", "administrator")
"""What a member of staff is trusted with, least first."""


class Approvals(msgspec.Struct, frozen=True):
    """The approval table.

    What is given away altogether (in the case, or to the customer that day) decides: up to the automatic limit any
    agent may approve, up to `senior_share` times that a senior agent, above it a supervisor. Whatever the amount, a
    supervisor approves a plan for one of `supervisor_reasons`, one that cancels a paid order, and one in a currency
    without a limit.
    """

    senior_share: float = 3.0
    supervisor_reasons: frozenset[str] = frozenset({"currency", "incident", "price_drop_share"})

    def role_for(
        self, given: Mapping[str, int], limits: Mapping[str, int], reasons: Collection[str], *, cancels_paid: bool
    ) -> str:
        """The least role that may approve; `given` is minor units by currency, `limits` the automatic ones."""
        if cancels_paid or self.supervisor_reasons.intersection(reasons):
            return "supervisor"
        role = "agent"
        for currency, amount in given.items():
            limit = limits.get(currency)
            if limit is None or amount > self.senior_share * limit:
                return "supervisor"
            if amount > limit:
                role = "senior_agent"
        return role


def enough(role: str | None) -> tuple[str, ...]:
    """The roles that may do what needs `role`; without one named a supervisor's are."""
    return RANKS[RANKS.index(role or "supervisor"):]

"""Looks up what a coupon is worth to one customer in one checkout."""

from __future__ import annotations

from knowledge.vocabulary.facts import CouponFact
from tools.connectors.ports import PromotionReader
from tools.lookups.optional import unless_refused


def coupon(
    reader: PromotionReader, code: str, *, customer_id: str | None = None, checkout_id: str | None = None
) -> CouponFact | None:
    """Its state, who used it, its discount for them; None (or status `unknown`) for a code nobody knows,
    None where the promotion system refuses to say.

    Raises:
        UnavailableError: the promotion system doesn't answer.
    """
    return unless_refused("coupon", lambda: reader.coupon(code, customer_id=customer_id, checkout_id=checkout_id))

"""Substitution: which products could replace another, and how well; used by lookups and playbooks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from knowledge.vocabulary.facts import ProductFact, StockFact
from knowledge.vocabulary.money import Money

DEARER_BY = 0.10
"""By which share a replacement may cost more than what was paid."""
LIKENESS_WEIGHT = 0.7
"""What a replacement is matters more than what it costs."""


def rank_substitutes(
    original: ProductFact,
    candidates: Iterable[ProductFact],
    stock: Mapping[str, StockFact],
    *,
    quantity: int = 1,
    paid: Money | None = None,
    dearer_by: float = DEARER_BY,
    limit: int = 3,
) -> list[tuple[ProductFact, float]]:
    """At most `limit` replacements with their scores between 0 and 1, best first.

    Only active products of the same category, shipped (or not) alike, with `quantity` pieces available,
    priced in the same currency at no more than `dearer_by` above `paid` (default: the original's price).
    Without a price to compare with there are none.
    """
    price = paid or original.unit_price
    if price is None:
        return []
    ranked = [
        (candidate, round(_score(original, candidate, price, dearer_by), 4))
        for candidate in {one.sku: one for one in candidates}.values()
        if _fits(original, candidate, price, dearer_by)
        and (level := stock.get(candidate.sku)) is not None
        and level.available >= quantity
    ]
    return sorted(ranked, key=lambda entry: (-entry[1], entry[0].sku))[:limit]


def likeness(one: ProductFact, other: ProductFact) -> float:
    """The share of attributes they agree on, among all that either has (Jaccard); 0 where neither has any."""
    ours, theirs = _attributes(one), _attributes(other)
    every = ours | theirs
    return len(ours & theirs) / len(every) if every else 0.0


def _fits(original: ProductFact, candidate: ProductFact, price: Money, dearer_by: float) -> bool:
    return (
        candidate.sku != original.sku
        and candidate.active
        and candidate.category == original.category
        and candidate.requires_shipping == original.requires_shipping
        and candidate.unit_price is not None
        and candidate.unit_price.currency == price.currency
        and candidate.unit_price.amount - price.amount <= price.amount * dearer_by
    )


def _score(original: ProductFact, candidate: ProductFact, price: Money, dearer_by: float) -> float:
    cost = candidate.unit_price.amount if candidate.unit_price else 0
    return LIKENESS_WEIGHT * likeness(original, candidate) + (1 - LIKENESS_WEIGHT) * _nearness(
        cost, price.amount, dearer_by
    )


def _nearness(cost: int, paid: int, dearer_by: float) -> float:
    """1 at the paid price, falling to 0 at nothing; dearer starts at a half and falls to 0 at the limit."""
    if cost <= paid:
        return cost / paid if paid else 1.0
    return 0.5 * (1 - (cost - paid) / (paid * dearer_by)) if paid and dearer_by else 0.0


def _attributes(product: ProductFact) -> set[tuple[str, str]]:
    return {(name.casefold(), str(value).strip().casefold()) for name, value in product.attributes.items()}

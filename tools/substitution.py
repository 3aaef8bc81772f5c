"""Substitution: which products could replace another, and how well; used by lookups and playbooks. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from knowledge.vocabulary.facts import ProductFact, StockFact
from knowledge.vocabulary.money import Money
from tools.wishes import Wishes, attributes_of

Meaning = Callable[[str, str], float]
"""How alike two titles are in meaning, from 0 to 1; an embedder's cosine where there is one."""

DEARER_BY = 0.10
"""By which share a replacement may cost more than what was paid."""
LIKENESS_WEIGHT = 0.7
"""What a replacement is matters more than what it costs."""
MEANING_WEIGHT = 0.25
"""Of the likeness: what the title says beside what the attributes say."""
WEIGHTS = {
    "size": 2.0, "尺码": 2.0, "尺寸": 2.0, "capacity": 1.5, "容量": 1.5, "storage": 1.5, "compatibility": 2.0,
    "colour": 0.5, "color": 0.5, "颜色": 0.5,
}  # fmt: skip
"""What makes a thing fit its use counts more than how it looks; everything else counts once."""
NEARLY = 0.6
"""The most that another size or amount of the same kind is worth, against 1 for the very same."""
SIZES = ("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl")
WORD_SIZES = (("small", "medium", "large"), ("小", "中", "大"), ("low", "medium", "high"))

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([^\d\s].*)?")
_TOKENS = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")


def rank_substitutes(
    original: ProductFact,
    candidates: Iterable[ProductFact],
    stock: Mapping[str, StockFact],
    *,
    quantity: int = 1,
    paid: Money | None = None,
    dearer_by: float = DEARER_BY,
    limit: int = 3,
    wishes: Wishes | None = None,
    meaning: Meaning | None = None,
) -> list[tuple[ProductFact, float]]:
    """At most `limit` replacements with their scores between 0 and 1, best first.

    Only active products of the same category, shipped (or not) alike, with `quantity` pieces available,
    priced in the same currency at no more than `dearer_by` above `paid` (default: the original's price).
    Without a price to compare with there are none. What the customer wishes outranks everything else.
    """
    price, wishes, meaning = paid or original.unit_price, wishes or Wishes(), meaning or titles_alike
    if price is None:
        return []
    fitting = [
        candidate for candidate in {one.sku: one for one in candidates}.values()
        if _fits(original, candidate, price, dearer_by)
        and (level := stock.get(candidate.sku)) is not None and level.available >= quantity
    ]  # fmt: skip
    ranked = [(one, wishes.met_by(one), _score(original, one, price, dearer_by, meaning)) for one in fitting]
    ranked.sort(key=lambda entry: (-entry[1], _by_price(entry[0], wishes), -entry[2], entry[0].sku))
    share = 0.8 if wishes.attributes else 0.0
    return [(one, round(share * met + (1 - share) * score, 4)) for one, met, score in ranked[:limit]]


def likeness(one: ProductFact, other: ProductFact) -> float:
    """How far their attributes agree, weighted, among all that either has; 0 where neither has any.

    Another amount of the same unit, or the next size, counts for a part.
    """
    ours, theirs = attributes_of(one), attributes_of(other)
    every = ours.keys() | theirs.keys()
    weight = sum(_weight(name) for name in every)
    alike = sum(_weight(name) * _agree(ours[name], theirs[name]) for name in ours.keys() & theirs.keys())
    return alike / weight if weight else 0.0


def titles_alike(one: str, other: str) -> float:
    """How far two titles share words (English) and pairs of characters (Chinese): Dice's coefficient."""
    ours, theirs = _tokens(one), _tokens(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if ours or theirs else 0.0


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


def _by_price(product: ProductFact, wishes: Wishes) -> int:
    if wishes.price is None or product.unit_price is None:
        return 0
    return product.unit_price.amount if wishes.price == "lowest" else -product.unit_price.amount


def _score(original: ProductFact, candidate: ProductFact, price: Money, dearer_by: float, meaning: Meaning) -> float:
    cost = candidate.unit_price.amount if candidate.unit_price else 0
    said = min(1.0, max(0.0, meaning(original.title, candidate.title)))
    told = original.attributes or candidate.attributes
    alike = (1 - MEANING_WEIGHT) * likeness(original, candidate) + MEANING_WEIGHT * said if told else said
    return LIKENESS_WEIGHT * alike + (1 - LIKENESS_WEIGHT) * _nearness(cost, price.amount, dearer_by)


def _nearness(cost: int, paid: int, dearer_by: float) -> float:
    """1 at the paid price, falling to 0 at nothing; dearer starts at a half and falls to 0 at the limit."""
    if cost <= paid:
        return cost / paid if paid else 1.0
    return 0.5 * (1 - (cost - paid) / (paid * dearer_by)) if paid and dearer_by else 0.0


def _weight(name: str) -> float:
    return next((weight for word, weight in WEIGHTS.items() if word in name), 1.0)


def _agree(one: str, other: str) -> float:
    """1 for the same value; for amounts and sizes that differ, less the further they lie apart; else 0."""
    if one == other:
        return 1.0
    for scale in (SIZES, *WORD_SIZES):
        if one in scale and other in scale:
            return NEARLY * (1 - abs(scale.index(one) - scale.index(other)) / len(scale))
    ours, theirs = _AMOUNT.fullmatch(one), _AMOUNT.fullmatch(other)
    if ours is None or theirs is None or ours[2] != theirs[2]:
        return 0.0
    low, high = sorted((float(ours[1]), float(theirs[1])))
    return NEARLY * low / high if high else 0.0


def _tokens(title: str) -> set[str]:
    found: set[str] = set()
    for token in _TOKENS.findall(title.casefold()):
        chinese = token[0] >= "\u4e00"
        found |= {token[n : n + 2] for n in range(max(1, len(token) - 1))} if chinese else {token}
    return found

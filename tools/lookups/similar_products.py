"""Looks up what could replace a product that can't be delivered."""

from __future__ import annotations

from knowledge.vocabulary.facts import ProductFact
from knowledge.vocabulary.money import Money
from tools.connectors.ports import ShopReader
from tools.lookups.optional import unless_refused
from tools.substitution import DEARER_BY, Meaning, rank_substitutes
from tools.wishes import wishes_in

CANDIDATES = 50


def similar_products(
    reader: ShopReader,
    sku: str,
    *,
    quantity: int = 1,
    paid: Money | None = None,
    dearer_by: float = DEARER_BY,
    limit: int = 3,
    said: str = "",
    meaning: Meaning | None = None,
) -> list[tuple[ProductFact, float]]:
    """The best replacements in stock with their scores (0 to 1), best first; empty when there is none,
    or the catalogue refuses to say.

    `paid` is the unit price the customer agreed to (default: the product's own), `dearer_by` the share by
    which a replacement's price may exceed it, `said` what the customer said about it: what they wish there comes first.
    `meaning` compares titles (default: by their words).

    Raises:
        UnavailableError: catalogue or inventory doesn't answer.
    """
    product = unless_refused("product", lambda: reader.product(sku))
    if product is None:
        return []
    candidates = unless_refused("products", lambda: _candidates(reader, product)) or []
    stock = reader.stock([one.sku for one in candidates if one.active and one.sku != sku])
    wishes = wishes_in(said, product, candidates) if said else None
    return rank_substitutes(
        product, candidates, stock, quantity=quantity, paid=paid, dearer_by=dearer_by, limit=limit, wishes=wishes,
        meaning=meaning,
    )  # fmt: skip


def _candidates(reader: ShopReader, product: ProductFact) -> list[ProductFact]:
    if product.category:
        return reader.products(category=product.category, limit=CANDIDATES)
    return reader.products(query=product.title, limit=CANDIDATES) if product.title else []

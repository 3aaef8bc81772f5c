"""Looks up what could replace a product that can't be delivered."""

from __future__ import annotations

from knowledge.vocabulary.facts import ProductFact
from knowledge.vocabulary.money import Money
from tools.connectors.ports import ShopReader
from tools.substitution import DEARER_BY, rank_substitutes

CANDIDATES = 50


def similar_products(
    reader: ShopReader,
    sku: str,
    *,
    quantity: int = 1,
    paid: Money | None = None,
    dearer_by: float = DEARER_BY,
    limit: int = 3,
) -> list[tuple[ProductFact, float]]:
    """The best replacements in stock with their scores (0 to 1), best first; empty when there is none.

    `paid` is the unit price the customer agreed to (default: the product's own), `dearer_by` the share by
    which a replacement's price may exceed it.

    Raises:
        UnavailableError: catalogue or inventory doesn't answer.
    """
    product = reader.product(sku)
    if product is None:
        return []
    if product.category:
        candidates = reader.products(category=product.category, limit=CANDIDATES)
    else:
        candidates = reader.products(query=product.title, limit=CANDIDATES) if product.title else []
    stock = reader.stock([one.sku for one in candidates if one.active and one.sku != sku])
    return rank_substitutes(product, candidates, stock, quantity=quantity, paid=paid, dearer_by=dearer_by, limit=limit)

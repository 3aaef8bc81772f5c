"""Looks up what is in stock of one sku."""

from __future__ import annotations

from knowledge.vocabulary.facts import StockFact
from tools.connectors.ports import InventoryReader


def stock_level(reader: InventoryReader, sku: str) -> StockFact | None:
    """On hand, reserved, available and shown in the shop, in pieces; None for a sku that nobody knows.

    Raises:
        UnavailableError: the inventory system doesn't answer.
    """
    return reader.stock([sku]).get(sku)

"""What is known beside one checkout's snapshot: the customer's other purchases, and what the models say; pure data."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.money import Money


class Submit(msgspec.Struct, frozen=True):
    """One pressing of "submit": when (UTC), and the event or read-back that told."""

    at: datetime
    ref: str
    kind: Literal["event", "read_back"] = "event"

    def evidence(self) -> Evidence:
        """This submit as evidence."""
        return Evidence(self.kind, self.ref, self.at, "checkout.submitted")


class Purchase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One checkout as the customer's index keeps it; nothing personal.

    `basket` is its identity (see basket_of). `orders` are the live ones; `paid_at` is None while it isn't paid.
    `address` stands for where it goes: equal for equal addresses, empty while unknown.
    """

    checkout_id: str
    basket: str
    total: Money | None = None
    status: str = "open"
    submits: list[Submit] = []
    paid_at: datetime | None = None
    orders: list[str] = []
    ordered_at: datetime | None = None
    address: str = ""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's other checkouts of late, oldest first (the one that is looked at is not among them).

    `address` is that of the one that is looked at, as Purchase has it.
    """

    purchases: list[Purchase] = []
    address: str = ""


class AmountScore(msgspec.Struct, frozen=True, kw_only=True):
    """How far a total is from what is usual, in robust standard deviations of its logarithm (signed).

    `basis` says what it was compared with (`customer`, `category:NAME`, or `shop`), `usual` is that median, `n` its
    size.
    """

    z: float
    usual: Money
    n: int
    basis: str
    model: str = ""


class NoveltyScore(msgspec.Struct, frozen=True, kw_only=True):
    """How unlike anything seen a snapshot is: novel when `score` exceeds `threshold`.

    `features` names what makes it so, the strongest first, each with its value and its share of the score (0 to 1).
    """

    score: float
    threshold: float
    features: list[tuple[str, float, float]] = []
    model: str = ""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """What the trained models say of one snapshot; None where a model is missing or does not apply."""

    amount: AmountScore | None = None
    novelty: NoveltyScore | None = None


def basket_of(lines: Iterable[Line]) -> str:
    """A basket's identity: the same for the same skus in the same quantities, whatever the lines and prices."""
    quantities: Counter[str] = Counter()
    for line in lines:
        quantities[line.sku] += line.quantity
    text = "|".join(f"{sku}×{n}" for sku, n in sorted(quantities.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:24] if text else ""

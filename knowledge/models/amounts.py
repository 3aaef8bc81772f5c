"""Usual amounts by robust statistics: median and MAD of the totals' logarithms, per category and currency."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import msgspec
import numpy as np

from knowledge.models.artefacts import ArtefactError, Card, pack, unpack
from knowledge.vocabulary.background import AmountScore
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

KIND = "amounts"
LEAST = 30  # orders of a category and currency before its figures speak
SPREAD_FLOOR = 0.35  # natural-log units: about 40 % either way, however alike the orders were
TO_SIGMA = 1.4826  # MAD of a normal distribution to its standard deviation (Rousseeuw and Croux, 1993)
WHOLE_SHOP = ""  # the category that holds every order


class Amount(msgspec.Struct, frozen=True):
    """One past order's total and its leading category (None when nobody knows it)."""

    total: Money
    category: str | None = None


class Usual(msgspec.Struct, frozen=True):
    """Of one category and currency: median and spread (robust standard deviation) of log minor units, sample size."""

    median: float
    spread: float
    n: int


def leading_category(lines: Iterable[Line] | None, categories: Mapping[str, str | None]) -> str | None:
    """The category most of the basket's value lies in; None when most of it has none."""
    value: Counter[str | None] = Counter()
    for line in lines or []:
        value[categories.get(line.sku)] += line.unit_price.amount * line.quantity
    return value.most_common(1)[0][0] if value else None


class AmountModel:
    """`usual` by `(category, currency)`; the whole shop is the category ''. Scores totals, explains itself."""

    def __init__(self, usual: Mapping[tuple[str, str], Usual], name: str = KIND) -> None:
        self.usual = dict(usual)
        self.name = name

    @classmethod
    def fit(cls, amounts: Iterable[Amount], least: int = LEAST) -> AmountModel:
        """Figures for every category and currency with at least `least` orders of a positive total."""
        logs: dict[tuple[str, str], list[float]] = defaultdict(list)
        for amount in amounts:
            if amount.total.amount <= 0:
                continue
            for category in {WHOLE_SHOP, amount.category or WHOLE_SHOP}:
                logs[category, amount.total.currency].append(math.log(amount.total.amount))
        return cls({key: _usual(values) for key, values in logs.items() if len(values) >= least})

    def score(self, snapshot: OrderSnapshot, categories: Mapping[str, str | None]) -> AmountScore | None:
        """The total against its leading category, else the whole shop; None where neither is known well enough."""
        total = snapshot.total
        if total is None or total.amount <= 0:
            return None
        category = leading_category(snapshot.lines, categories)
        for name in (category, WHOLE_SHOP):
            usual = self.usual.get((name, total.currency)) if name is not None else None
            if usual is not None:
                return AmountScore(
                    z=(math.log(total.amount) - usual.median) / usual.spread,
                    usual=Money(round(math.exp(usual.median)), total.currency),
                    n=usual.n, basis=f"category:{name}" if name else "shop", model=self.name,
                )  # fmt: skip
        return None

    def to_bytes(self) -> bytes:
        """The artefact."""
        keys = sorted(self.usual)
        rows = [self.usual[key] for key in keys]
        return pack({
            "category": np.array([key[0] for key in keys], dtype=np.str_),
            "currency": np.array([key[1] for key in keys], dtype=np.str_),
            "figures": np.array([[u.median, u.spread, u.n] for u in rows], dtype=np.float64).reshape(-1, 3),
        })  # fmt: skip

    @classmethod
    def from_bytes(cls, artefact: bytes, card: Card, name: str = KIND) -> AmountModel:
        """The model of an artefact.

        Raises:
            ArtefactError: see `unpack`; also for figures that are no figures.
        """
        arrays = unpack(artefact, card, KIND)
        try:
            figures = arrays["figures"]
            if figures.shape != (len(arrays["category"]), 3) or not np.isfinite(figures).all():
                raise ArtefactError("damaged_model", "the amounts model's figures are not finite")
            keys = zip(arrays["category"].tolist(), arrays["currency"].tolist(), figures.tolist(), strict=True)
            usual = {(c, k): Usual(row[0], max(SPREAD_FLOOR, row[1]), int(row[2])) for c, k, row in keys}
        except (KeyError, ValueError) as error:
            raise ArtefactError("damaged_model", f"the amounts model lacks a part: {error}") from error
        return cls(usual, name)


def _usual(logs: list[float]) -> Usual:
    values = np.array(logs)
    middle = float(np.median(values))
    spread = TO_SIGMA * float(np.median(np.abs(values - middle)))
    return Usual(middle, max(SPREAD_FLOOR, spread), len(logs))

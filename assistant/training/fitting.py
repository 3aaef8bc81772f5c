"""Fits both models on orders and measures them on others: artefacts and cards come out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

import msgspec
import numpy as np

from assistant.training.anomalies import ANOMALIES, bent
from assistant.training.mended import mended
from knowledge.models import amounts, novelty
from knowledge.models.amounts import Amount, AmountModel, leading_category
from knowledge.models.artefacts import Card, digest
from knowledge.models.features import NAMES
from knowledge.models.intervals import rate
from knowledge.models.novelty import MARGIN, SKLEARN, Matrix, NoveltyModel, matrix
from knowledge.models.rivals import rivals
from knowledge.vocabulary.background import AmountScore
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

FIT, CALIBRATE = 0.4, 0.2  # shares of the orders; the rest measures
MENDED = 400  # orders of each part that are also looked at as repairs would leave them
ODD = 200  # injected anomalies of each kind
MANY_TIMES = 50.0  # an injected unusual amount, times its category's median


IsUnusual = Callable[[OrderSnapshot, AmountScore | None], bool]


class Lived(msgspec.Struct):
    """One healthy order as it was seen: its snapshot after each arrival, the last one at the end."""

    looks: list[OrderSnapshot]

    @property
    def last(self) -> OrderSnapshot:
        """How it ended."""
        return self.looks[-1]


class Trained(msgspec.Struct):
    """A model ready to be stored."""

    kind: str
    artefact: bytes
    card: Card


class _Part(msgspec.Struct):
    """Features of all looks at some orders, and which order each row is of."""

    rows: Any
    owner: Any
    orders: list[Lived]


def fit_novelty(orders: Sequence[Lived], *, trained_on: str, seed: int, now: datetime) -> Trained:
    """The novelty model of healthy orders, each seen while it grew, at its end and as repairs would leave it.

    FIT of the orders are what is known, CALIBRATE set the threshold, the rest measures: an order counts as a false
    alarm when any look at it does.
    """
    fit, calibrate, measure = (_part(part) for part in split(orders, seed))
    model = NoveltyModel.fit(fit.rows, calibrate.rows)
    alarmed = {int(owner) for owner in measure.owner[model.distances(measure.rows) > model.threshold]}
    odd = _odd(measure.orders or fit.orders, seed)
    artefact = model.to_bytes()
    card = Card(
        kind=novelty.KIND, trained_on=trained_on, created_at=now.isoformat(), digest=digest(artefact),
        orders=len(orders), samples=len(fit.rows), held_out=len(measure.orders), sklearn=SKLEARN, seed=seed,
        features=list(NAMES), threshold=round(model.threshold, 6),
        false_alarms=rate(len(alarmed), len(measure.orders)),
        detection={kind: rate(_above(model, rows), len(rows)) for kind, rows in odd.items()},
        compared=rivals(fit.rows, calibrate.rows, odd, margin=MARGIN, seed=seed),
        notes={"known_combinations": len(model.known), "margin": MARGIN,
               "farthest_healthy": round(float(model.distances(measure.rows).max()), 3) if len(measure.rows) else None},
    )  # fmt: skip
    return Trained(novelty.KIND, artefact, card)


def fit_amounts(
    orders: Sequence[Lived], categories: Mapping[str, str | None], is_unusual: IsUnusual, *,
    trained_on: str, seed: int, now: datetime,
) -> Trained:  # fmt: skip
    """The amounts model: median and spread per category and currency.

    `is_unusual(snapshot, score)` is the detector's rule: what it says of the held-out orders are false alarms, and of
    the same orders at MANY_TIMES the category's median, detections.
    """
    fit, calibrate, measure = split(orders, seed)
    held_out = [lived.last for lived in (*calibrate, *measure)]
    model = AmountModel.fit(amounts_of((lived.last for lived in fit), categories))
    alarms = sum(bool(is_unusual(s, model.score(s, categories))) for s in held_out)
    dear = [raised for s in held_out if (raised := _raised(s, model, categories)) is not None]
    found = sum(bool(is_unusual(s, model.score(s, categories))) for s in dear)
    whole = AmountModel.fit(amounts_of((lived.last for lived in orders), categories))
    artefact = whole.to_bytes()
    card = Card(
        kind=amounts.KIND, trained_on=trained_on, created_at=now.isoformat(), digest=digest(artefact),
        orders=len(orders), samples=len(orders), held_out=len(held_out), seed=seed,
        features=["log total, by category and currency"], false_alarms=rate(alarms, len(held_out)),
        detection={f"total_times_{MANY_TIMES:g}": rate(found, len(dear))},
        notes={"groups": {f"{c or 'all'}/{k}": u.n for (c, k), u in sorted(whole.usual.items())}},
    )  # fmt: skip
    return Trained(amounts.KIND, artefact, card)


def _above(model: NoveltyModel, rows: Matrix) -> int:
    return int((model.distances(rows) > model.threshold).sum())


def amounts_of(snapshots: Iterable[OrderSnapshot], categories: Mapping[str, str | None]) -> list[Amount]:
    """The orders' totals with their leading categories."""
    return [Amount(s.total, leading_category(s.lines, categories)) for s in snapshots if s.total is not None]


def split(orders: Sequence[Lived], seed: int) -> tuple[list[Lived], list[Lived], list[Lived]]:
    """To fit, to calibrate, to measure: by a hash of the checkout's id, so that the same order falls the same way."""
    parts: tuple[list[Lived], list[Lived], list[Lived]] = ([], [], [])
    for lived in orders:
        drawn = hashlib.sha256(f"{seed}:{lived.last.checkout_id}".encode()).digest()[0] / 256
        parts[0 if drawn < FIT else 1 if drawn < FIT + CALIBRATE else 2].append(lived)
    return parts


def _part(orders: list[Lived]) -> _Part:
    rows, owner = [], []
    for number, lived in enumerate(orders):
        looks = [*lived.looks, *(mended(lived.last) if number < MENDED else ())]
        rows.append(matrix(looks))
        owner += [number] * len(looks)
    return _Part(np.vstack(rows) if rows else matrix([]), np.array(owner, dtype=int), orders)


def _odd(orders: list[Lived], seed: int) -> dict[str, Matrix]:
    rng = Random(seed)
    whole = [lived.last for lived in orders if lived.last.total and lived.last.payments and lived.last.lines]
    if not whole:
        return {}
    return {kind: matrix([bent(rng.choice(whole), kind, rng) for _ in range(ODD)]) for kind in ANOMALIES}


def _raised(s: OrderSnapshot, model: AmountModel, categories: Mapping[str, str | None]) -> OrderSnapshot | None:
    score = model.score(s, categories)
    if score is None:
        return None
    return msgspec.structs.replace(s, total=Money(round(score.usual.amount * MANY_TIMES), score.usual.currency))

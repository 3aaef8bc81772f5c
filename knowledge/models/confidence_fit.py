"""Fits the suggestions' confidence on runs whose end is known, and says how well calibrated it is on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.models.artefacts import Card, digest
from knowledge.models.confidence import FEATURES, KIND, Confidence, Counts, Sample, vector

BINS = 10
WEIGHTS_C, PLATT_C = 0.5, 1.0  # inverse strength of the L2 penalty, chosen on the training seeds alone
LEAST_SEEDS = 3  # two of them to fit on while the third is scored
DRAWS = 200  # of outcomes, for what the calibration error would be by chance
_DIGITS = 9  # kept of a weight: two machines may differ in the last ones
_FLAT = 1e-9
Figures = NDArray[np.float64]


def fit(samples: Sequence[Sample], created_at: str) -> tuple[Confidence, bytes, Card]:
    """The model of these samples, its artefact, and its card: the same samples give the same bytes.

    Everything is crossed by seed, because a seed's stories resemble each other: an option's rate is taken from other
    seeds than the sample's own, and Platt's two numbers and the card's figures from scores of seeds that the weights
    had not seen. Platt's targets are drawn in from 0 and 1, and his slope is penalised: little data gives scores near
    the base rate.

    Raises:
        ValueError: there are too few samples of either end, or of too few seeds.
    """
    from sklearn import __version__ as sklearn_version  # type: ignore[import-untyped]

    known = [s for s in samples if s.settled is not None]
    seeds = sorted({s.seed for s in known})
    ends = [sum(bool(s.settled) for s in known), sum(not s.settled for s in known)]
    if len(seeds) < LEAST_SEEDS or min(ends) < BINS:
        raise ValueError("too few samples to fit the suggestions' confidence")
    raw, order = _crossed_scores(known, seeds)
    made = _weighed(known, _platt(raw, order))
    artefact = made.to_bytes()
    card = Card(
        kind=KIND, trained_on="sandbox runs", created_at=created_at, digest=digest(artefact), samples=len(known),
        held_out=len(known), orders=len(known), sklearn=sklearn_version, features=list(FEATURES),
        notes={"seeds": seeds, "platt": list(made.platt), "reliability": _crossed(known, seeds)},
    )  # fmt: skip
    return made, artefact, card


def _weighed(samples: Sequence[Sample], platt: tuple[float, float] = (1.0, 0.0)) -> Confidence:
    """The weights of these samples, with this calibration."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    others = {}
    for seed in {s.seed for s in samples}:
        rest = [s for s in samples if s.seed != seed]
        others[seed] = _rates(rest), _counted(rest)
    rows = np.array([vector(s, *others[s.seed]) for s in samples])
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < _FLAT] = 1.0
    ends = [bool(s.settled) for s in samples]
    model = LogisticRegression(C=WEIGHTS_C, max_iter=2000).fit((rows - middle) / spread, ends)
    weights, bias = np.round(model.coef_[0].astype(float), _DIGITS), round(float(model.intercept_[0]), _DIGITS)
    return Confidence(weights, middle, spread, bias, platt, _rates(samples), _counted(samples))


def _crossed_scores(samples: Sequence[Sample], seeds: Sequence[int]) -> tuple[Figures, list[Sample]]:
    """Scores before calibration, each by weights of the other seeds, and the samples they are of."""
    raw: list[float] = []
    order: list[Sample] = []
    for seed in seeds:
        model = _weighed([s for s in samples if s.seed != seed])
        mine = [s for s in samples if s.seed == seed]
        raw += [model.raw(s) for s in mine]
        order += mine
    return np.array(raw), order


def _platt(raw: Figures, samples: Sequence[Sample]) -> tuple[float, float]:
    """Slope and shift on the targets of Platt (1999): every sample counts a little for the other end."""
    from sklearn.linear_model import LogisticRegression

    settled = np.array([bool(s.settled) for s in samples])
    good, bad = int(settled.sum()), int((~settled).sum())
    target = np.where(settled, (good + 1) / (good + 2), 1 / (bad + 2))
    both, ends = np.concatenate([raw, raw]).reshape(-1, 1), np.repeat([1, 0], len(raw))
    model = LogisticRegression(C=PLATT_C, max_iter=2000)
    model.fit(both, ends, sample_weight=np.concatenate([target, 1 - target]))
    return round(float(model.coef_[0][0]), _DIGITS), round(float(model.intercept_[0]), _DIGITS)


def _crossed(samples: Sequence[Sample], seeds: Sequence[int]) -> dict[str, Any]:
    """The reliability of each seed's samples under a model, calibration and all, of the other seeds."""
    said: list[float] = []
    order: list[Sample] = []
    for seed in seeds:
        rest = [s for s in samples if s.seed != seed]
        model = _weighed(rest, _platt(*_crossed_scores(rest, [one for one in seeds if one != seed])))
        mine = [s for s in samples if s.seed == seed]
        said += [model.score(s) for s in mine]
        order += mine
    return figures(np.array(said), np.array([float(bool(s.settled)) for s in order]))


def reliability(model: Confidence, samples: Sequence[Sample], bins: int = BINS) -> dict[str, Any]:
    """What `figures` says of the model on these samples; those whose end is not known are left out."""
    known = [s for s in samples if s.settled is not None]
    return figures(
        np.array([model.score(s) for s in known]), np.array([float(bool(s.settled)) for s in known]), bins
    )  # fmt: skip


def figures(said: Figures, seen: Figures, bins: int = BINS) -> dict[str, Any]:
    """`{n, brier, brier_of_base_rate, ece, ece_by_chance, base_rate, auc, bins: [{from, to, n, said, seen}]}`.

    `ece`: the expected calibration error, the mean distance between what was said and seen, bins weighed by size
    (Naeini, Cooper, Hauskrecht, 2015). Bins are of equal width. `ece_by_chance`: what it would be in the mean with
    so many samples if everything said were exactly true.

    Args:
        said: probabilities, shape (n,).
        seen: 1.0 where it was so, else 0.0, shape (n,).
    """
    if not len(said):
        return {"n": 0, "bins": []}
    rows = _bins(said, seen, bins)
    base = float(seen.mean())
    draws = np.random.default_rng(7)
    by_chance = [_ece(_bins(said, (draws.random(len(said)) < said).astype(float), bins)) for _ in range(DRAWS)]
    return {
        "n": len(said), "base_rate": round(base, 4), "brier": round(float(((said - seen) ** 2).mean()), 4),
        "brier_of_base_rate": round(float(((base - seen) ** 2).mean()), 4), "ece": round(_ece(rows), 4),
        "ece_by_chance": round(float(np.mean(by_chance)), 4), "auc": _auc(said, seen), "bins": rows,
    }  # fmt: skip


def _bins(said: Figures, seen: Figures, bins: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = (said >= low) & ((said < high) if number < bins - 1 else (said <= high))
        if inside.any():
            rows.append({"from": low, "to": high, "n": int(inside.sum()), "said": round(float(said[inside].mean()), 4),
                         "seen": round(float(seen[inside].mean()), 4)})  # fmt: skip
    return rows


def _ece(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(row["n"] * abs(row["said"] - row["seen"]) for row in rows) / sum(row["n"] for row in rows))


def _auc(said: Any, seen: Any) -> float | None:
    """How often a settled case was given more than an unsettled one; None where there is only one kind."""
    good, bad = said[seen > 0], said[seen == 0]
    if not len(good) or not len(bad):
        return None
    wins = (good[:, None] > bad[None, :]).mean() + 0.5 * (good[:, None] == bad[None, :]).mean()
    return round(float(wins), 4)


def _rates(samples: Sequence[Sample]) -> dict[str, float]:
    """By kind, with one outcome of either end supposed."""
    ends: dict[str, list[bool]] = defaultdict(list)
    for s in samples:
        ends[s.kind].append(bool(s.settled))
    return {kind: (1 + sum(values)) / (2 + len(values)) for kind, values in ends.items()}


def _counted(samples: Sequence[Sample]) -> Counts:
    counts: Counts = {}
    for s in samples:
        n, good = counts.get((s.fault, s.option), (0.0, 0.0))
        counts[s.fault, s.option] = n + 1, good + float(bool(s.settled))
    return counts

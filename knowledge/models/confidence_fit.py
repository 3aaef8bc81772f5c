"""Fits the suggestions' confidence on runs whose end is known, and says how well calibrated it is on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from knowledge.models.artefacts import Card, digest
from knowledge.models.confidence import FEATURES, KIND, Confidence, Counts, Sample, vector

BINS = 10
# Of the samples, by seed: the weights are fitted on some runs, Platt's two numbers on others.
CALIBRATION_SHARE = 0.3


def fit(samples: Sequence[Sample], created_at: str, seed: int = 7) -> tuple[Confidence, bytes, Card]:
    """The model of these samples, its artefact, and its card. An option's rate leaves the sample itself out.

    Raises:
        ValueError: there are too few samples of either end.
    """
    from sklearn import __version__ as sklearn_version  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    known = [s for s in samples if s.settled is not None]
    order = np.random.default_rng(seed).permutation(len(known))
    cut = int(len(known) * (1 - CALIBRATION_SHARE))
    fitted, held = [known[i] for i in order[:cut]], [known[i] for i in order[cut:]]
    if min(sum(bool(s.settled) for s in part) for part in (fitted, held)) < 1 or len(held) < BINS:
        raise ValueError("too few samples to fit the suggestions' confidence")
    kinds, counts = _rates(fitted), _counted(fitted)
    rows = np.array([vector(s, kinds, _without(counts, s)) for s in fitted])
    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    model = LogisticRegression(C=0.5, max_iter=2000).fit((rows - middle) / spread, [bool(s.settled) for s in fitted])
    weights, bias = model.coef_[0].astype(float), float(model.intercept_[0])
    raw = np.array([((vector(s, kinds, counts) - middle) / spread) @ weights + bias for s in held])
    platt = LogisticRegression(C=1e6, max_iter=2000).fit(raw.reshape(-1, 1), [bool(s.settled) for s in held])
    line = (float(platt.coef_[0][0]), float(platt.intercept_[0]))
    made = Confidence(weights, middle, spread, bias, line, kinds, counts)
    artefact = made.to_bytes()
    card = Card(
        kind=KIND, trained_on="sandbox runs", created_at=created_at, digest=digest(artefact), samples=len(fitted),
        held_out=len(held), orders=len(known), sklearn=sklearn_version, seed=seed, features=list(FEATURES),
        notes={"seeds": sorted({s.seed for s in known}), "platt": list(line), "reliability": reliability(made, held)},
    )  # fmt: skip
    return made, artefact, card


def reliability(model: Confidence, samples: Sequence[Sample], bins: int = BINS) -> dict[str, Any]:
    """`{n, brier, brier_of_base_rate, ece, base_rate, auc, bins: [{from, to, n, said, seen}]}` on samples.

    `ece`: the expected calibration error, the mean distance between what was said and seen, bins weighed by size
    (Naeini, Cooper, Hauskrecht, 2015). Bins are of equal width.
    """
    known = [s for s in samples if s.settled is not None]
    if not known:
        return {"n": 0, "bins": []}
    said = np.array([model.score(s) for s in known])
    seen = np.array([float(bool(s.settled)) for s in known])
    rows = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = (said >= low) & ((said < high) if number < bins - 1 else (said <= high))
        if inside.any():
            rows.append({"from": low, "to": high, "n": int(inside.sum()), "said": round(float(said[inside].mean()), 4),
                         "seen": round(float(seen[inside].mean()), 4)})  # fmt: skip
    base = float(seen.mean())
    ece = sum(row["n"] * abs(row["said"] - row["seen"]) for row in rows) / len(known)
    return {
        "n": len(known), "base_rate": round(base, 4), "brier": round(float(((said - seen) ** 2).mean()), 4),
        "brier_of_base_rate": round(float(((base - seen) ** 2).mean()), 4), "ece": round(float(ece), 4),
        "auc": _auc(said, seen), "bins": rows,
    }  # fmt: skip


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


def _without(counts: Counts, sample: Sample) -> Counts:
    """The counts as they were if this sample were not among them."""
    key = (sample.fault, sample.option)
    n, good = counts[key]
    return {key: (n - 1, good - float(bool(sample.settled)))}

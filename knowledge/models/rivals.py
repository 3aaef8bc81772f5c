"""What other novelty models would have found with the same care: the comparison that the card and the README quote."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]
from sklearn.neighbors import LocalOutlierFactor  # type: ignore[import-untyped]

from knowledge.models.novelty import Matrix

TREES, SAMPLE, NEIGHBOURS = 200, 1024, 20
MOST_ROWS = 4_000  # that they learn from, drawn at random: the local outlier factor is slow beyond
JITTER = 0.01  # many rows are equal, which the local outlier factor can't take


def rivals(
    rows: Matrix, held_out: Matrix, odd: Mapping[str, Matrix], *, margin: float, seed: int
) -> dict[str, dict[str, float]]:
    """Share found of each kind of anomaly, by model, each with its threshold `margin` times beyond the held-out ones.

    "Beyond" is measured from the held-out median, as scores have no natural zero.
    """
    if len(rows) > MOST_ROWS:
        rows = rows[np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)]
    forest = IsolationForest(n_estimators=TREES, max_samples=min(SAMPLE, len(rows)), random_state=seed).fit(rows)
    noise = np.random.default_rng(seed).normal(0, JITTER, rows.shape)
    factor = LocalOutlierFactor(n_neighbors=min(NEIGHBOURS, len(rows) - 1), novelty=True).fit(rows + noise)
    models = {"isolation_forest": forest.score_samples, "local_outlier_factor": factor.score_samples}
    return {name: _found(scores, held_out, odd, margin) for name, scores in models.items()}


def _found(
    scores: Callable[[Matrix], NDArray[np.float64]], held_out: Matrix, odd: Mapping[str, Matrix], margin: float
) -> dict[str, float]:
    usual = -scores(held_out)
    middle = float(np.median(usual))
    threshold = middle + margin * (float(usual.max()) - middle)
    return {kind: float(np.mean(-scores(rows) > threshold)) for kind, rows in odd.items()}

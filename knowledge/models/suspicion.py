"""A small classifier of texts that want to be obeyed; the injection evaluation alone fits and measures it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]


def fit_suspicion(attacks: Sequence[str], harmless: Sequence[str]) -> Callable[[Sequence[str]], list[float]]:
    """A function from texts to scores between 0 and 1: logistic regression on character n-grams.

    Raises:
        ValueError: one side is empty.
    """
    features = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True)
    model = make_pipeline(features, LogisticRegression(C=4.0, class_weight="balanced", max_iter=1_000))
    model.fit([*attacks, *harmless], [1] * len(attacks) + [0] * len(harmless))
    return lambda texts: [float(p) for p in model.predict_proba(list(texts))[:, 1]]

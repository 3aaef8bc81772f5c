"""What a text model has to beat: TF-IDF of characters with logistic regression, and the nearest neighbour by the bare
embedding; each with a threshold for rejection chosen as carefully. The evaluation of intents quotes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

from knowledge.models.linear import Floats, softmax
from knowledge.models.linear_fit import Recipe, choose_threshold, held_out_scores, regress, unseen_classes


def tfidf(
    texts: Sequence[str], labels: Sequence[str], asked: Sequence[str], *, reject: str, recipe: Recipe
) -> list[str]:
    """Each asked text's label by logistic regression on TF-IDF of 2 to 4 characters; `reject` where none is sure."""
    found, even = np.array(labels), np.ones(len(labels))
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=1)
    rows = vectorizer.fit_transform(texts)
    names = tuple(sorted(set(labels)))
    model = regress(rows, found, even, recipe)
    scores, tested = held_out_scores(rows, found, even, names, recipe)
    threshold = 0.0
    if len(tested):
        odd = unseen_classes(rows, found, even, recipe, reject, 1.0)
        threshold = choose_threshold(softmax(scores), found[tested], names, reject, odd)
    return _labels(softmax(model.scores(vectorizer.transform(asked))), names, threshold, reject)


def nearest(vectors: Floats, labels: Sequence[str], asked: Floats, *, reject: str) -> list[str]:
    """The label of the nearest learned text of each asked one; `reject` where even that is too far."""
    found, names = np.array(labels), tuple(sorted(set(labels)))
    own = vectors @ vectors.T
    np.fill_diagonal(own, -1.0)  # each text by all the others
    odd = np.zeros(0) if reject in labels else own.max(axis=1, where=found[:, None] != found[None, :], initial=-1.0)
    threshold = choose_threshold(_by_label(own, found, names), found, names, reject, odd)
    return _labels(_by_label(asked @ vectors.T, found, names), names, threshold, reject)


def _by_label(cosines: Floats, labels: NDArray[np.str_], names: tuple[str, ...]) -> Floats:
    return np.stack([cosines[:, labels == name].max(axis=1) for name in names], axis=1)


def _labels(chances: Floats, names: tuple[str, ...], threshold: float, reject: str) -> list[str]:
    return [names[int(row.argmax())] if row.max() >= threshold else reject for row in chances]

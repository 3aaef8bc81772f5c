"""Fits the linear text models by scikit-learn: logistic regression, calibrated and with a threshold for rejection, both
by cross-validation inside the training set; imported by training and evaluation only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]

from knowledge.models.linear import Floats, LinearModel, softmax
from knowledge.models.ngrams import hashed, normalised, weighted
from knowledge.vocabulary.errors import InputError

SEED = 7


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is fitted with. `scale` weighs the embedding against the n-grams, `c` is the inverse strength of
    the penalty, `columns` the width of the hashed n-grams, `folds` of the inner cross-validation."""

    columns: int = 8192
    scale: float = 2.0
    c: float = 4.0
    folds: int = 5
    iterations: int = 200


def fit(
    texts: Sequence[str], labels: Sequence[str], vectors: Floats, *, embedder: str, reject: str = "",
    weights: Sequence[float] | None = None, recipe: Recipe | None = None,
) -> LinearModel:  # fmt: skip
    """Fits a model; `vectors` are of the texts made `normalised`, `reject` the label of what is out of scope, if any.

    Raises:
        InputError: `too_few_examples` with fewer than two labels.
    """
    recipe = recipe or Recipe()
    if len(set(labels)) < 2:
        raise InputError("too_few_examples", "label", "at least two labels are needed to learn from")
    found = np.array(labels)
    heavy = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=float)
    rows, idf = matrix(texts, recipe.columns)
    both = _joined(rows, vectors, recipe.scale)
    names = tuple(sorted(set(labels)))
    model = regress(both, found, heavy, recipe)
    dimensions = vectors.shape[1]
    bare = LinearModel(
        embedder=embedder, labels=names, dense=_float(model.coef_[:, :dimensions].T),
        sparse=_float(model.coef_[:, dimensions:].T), bias=_float(model.intercept_), idf=idf, scale=recipe.scale,
        sharpness=1.0, threshold=0.0, reject=reject,
    )  # fmt: skip
    scores, tested = held_out_scores(both, found, heavy, names, recipe)
    if not len(tested):
        return bare
    sharpness = _sharpness(scores, found[tested], names)
    odd = unseen_classes(both, found, heavy, recipe, reject, sharpness)
    chances = softmax(scores * sharpness)
    threshold = choose_threshold(chances, found[tested], names, reject, odd)
    return replace(bare, sharpness=sharpness, threshold=threshold)


def matrix(texts: Sequence[str], columns: int) -> tuple[csr_matrix, Floats]:
    """The weighted hashed n-grams of the texts, and the columns' inverse document frequencies."""
    rows = [hashed(normalised(text), columns) for text in texts]
    seen = np.zeros(columns)
    for indexes, _ in rows:
        seen[indexes] += 1
    # rounded as it is stored, so that a model scores the same before and after
    idf = np.log((1 + len(rows)) / (1 + seen) + 1).astype(np.float16).astype(np.float32)
    scaled = [weighted(row, idf) for row in rows]
    ends = np.cumsum([0, *(len(indexes) for indexes, _ in scaled)])
    indexes = np.concatenate([one for one, _ in scaled])
    values = np.concatenate([one for _, one in scaled])
    return csr_matrix((values, indexes, ends), shape=(len(rows), columns)), idf


def _joined(rows: csr_matrix, vectors: Floats, scale: float) -> csr_matrix:
    return hstack([csr_matrix(vectors * scale), rows], format="csr")


def regress(rows: csr_matrix, labels: NDArray[np.str_], weights: NDArray[np.float64], recipe: Recipe) -> Regression:
    """Multinomial logistic regression; each class counts by the root of its inverse frequency."""
    counts = Counter(labels.tolist())
    mean = len(labels) / len(counts)
    balance = np.array([np.sqrt(mean / counts[label]) for label in labels.tolist()])
    model = LogisticRegression(C=recipe.c, max_iter=recipe.iterations, tol=1e-3)
    model.fit(rows, labels, sample_weight=weights * balance)
    return Regression.of(model)


@dataclass(frozen=True, slots=True)
class Regression:
    """The coefficients with one row per class, also where scikit-learn keeps one for two classes."""

    classes: tuple[str, ...]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]

    @staticmethod
    def of(model: LogisticRegression) -> Regression:
        coef, intercept = model.coef_, model.intercept_
        if len(model.classes_) == 2:
            coef, intercept = np.vstack([-coef / 2, coef / 2]), np.array([-intercept[0] / 2, intercept[0] / 2])
        return Regression(tuple(model.classes_), coef, intercept)

    def scores(self, rows: csr_matrix) -> NDArray[np.float64]:
        return np.asarray(rows @ self.coef_.T + self.intercept_)


def held_out_scores(
    rows: csr_matrix, labels: NDArray[np.str_], weights: NDArray[np.float64], names: tuple[str, ...], recipe: Recipe
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores of each row by a model that did not see it, and which rows; labels too rare to split are left out."""
    counts = Counter(labels.tolist())
    usable = np.flatnonzero([counts[label] >= recipe.folds for label in labels.tolist()])
    if len({labels[at] for at in usable}) < 2:
        return np.zeros((0, len(names))), np.zeros(0, dtype=np.int64)
    scores = np.full((len(usable), len(names)), -1e3)
    splitter = StratifiedKFold(recipe.folds, shuffle=True, random_state=SEED)
    for kept, away in splitter.split(usable, labels[usable]):
        model = regress(rows[usable[kept]], labels[usable[kept]], weights[usable[kept]], recipe)
        columns = [names.index(name) for name in model.classes]
        scores[np.ix_(away, columns)] = model.scores(rows[usable[away]])
    return scores, usable


def _sharpness(scores: NDArray[np.float64], labels: NDArray[np.str_], names: tuple[str, ...]) -> float:
    """The inverse temperature under which the held-out rows are most likely (Guo et al., 2017)."""
    right = np.array([names.index(label) for label in labels.tolist()])

    def loss(log_sharpness: float) -> float:
        chances = softmax(scores * np.exp(log_sharpness))
        return float(-np.mean(np.log(np.maximum(chances[np.arange(len(right)), right], 1e-9))))

    return round(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.5), method="bounded").x)), 4)


def unseen_classes(
    rows: csr_matrix, labels: NDArray[np.str_], weights: NDArray[np.float64], recipe: Recipe, reject: str,
    sharpness: float,
) -> NDArray[np.float64]:  # fmt: skip
    """The best probability that texts of classes nobody learned still reach: a fifth of the classes is kept away at a
    time. Only where no out-of-scope examples were given."""
    if reject in labels:
        return np.zeros(0)
    names = np.array(sorted(set(labels.tolist())))
    np.random.default_rng(SEED).shuffle(names)
    found: list[NDArray[np.float64]] = []
    for part in np.array_split(names, min(5, len(names))):
        away = np.isin(labels, part)
        if len(set(labels[~away].tolist())) < 2:
            continue
        model = regress(rows[~away], labels[~away], weights[~away], recipe)
        found.append(softmax(model.scores(rows[away]) * sharpness).max(axis=1))
    return np.concatenate(found) if found else np.zeros(0)


def choose_threshold(
    chances: Floats, labels: NDArray[np.str_], names: tuple[str, ...], reject: str, odd: NDArray[np.float64]
) -> float:
    """The lowest threshold that is about as good as the best on held-out rows, by accuracy in scope and recall out of
    scope.

    Accuracy counts three times: a wish that is turned away wrongly costs a customer a turn, and classes kept away look
    more alike than what is really out of scope. "About as good": within one standard error of the best accuracy
    (L. Breiman et al., 1984), since the held-out rows are worded more like the others than what people will say, which
    makes a strict threshold look better than it is.
    """
    best, sure = np.array(names)[chances.argmax(axis=1)], chances.max(axis=1)
    outside = labels == reject
    right, inside = best == labels, ~outside
    candidates = np.round(np.arange(0.02, 0.9, 0.01), 2)

    def accuracy_at(threshold: float) -> float:
        return float(np.mean((right & (sure >= threshold))[inside]))

    def value(threshold: float) -> float:
        refused = ((best == reject) | (sure < threshold))[outside]
        recall = np.mean(np.concatenate([refused, odd < threshold])) if len(refused) + len(odd) else 1.0
        return float(3 * accuracy_at(threshold) + recall)

    best_of_all = max(candidates, key=value)
    share = accuracy_at(best_of_all)
    enough = value(best_of_all) - 3 * np.sqrt(share * (1 - share) / max(1, int(inside.sum())))
    return float(next(threshold for threshold in candidates if value(threshold) >= enough))


def _float(values: NDArray[np.float64]) -> Floats:
    return np.asarray(values, dtype=np.float32)

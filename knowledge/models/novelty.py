"""Novelty: how far a snapshot lies from every combination of features that was seen on healthy orders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
import sklearn  # type: ignore[import-untyped]
from numpy.typing import NDArray
from sklearn.neighbors import KDTree  # type: ignore[import-untyped]

from knowledge.models.artefacts import ArtefactError, Card, pack, unpack
from knowledge.models.features import NAMES, vector
from knowledge.vocabulary.background import NoveltyScore
from knowledge.vocabulary.snapshot import OrderSnapshot

KIND = "novelty"
SKLEARN: str = sklearn.__version__
GRAIN = 0.05  # features are rounded to it, so that equal combinations are stored once
MARGIN = 1.5  # times beyond anything healthy that was held out
LEAST_THRESHOLD = 2.0  # features' units: never speak below two doublings, or two things too many
NAMED = 6  # features that explain a score
Matrix = NDArray[np.float64]


class NoveltyModel:
    """The nearest known combination's distance (sum of the features' differences), judged by a threshold.

    The artefact holds the known combinations themselves; the search tree is built from them on load.
    """

    def __init__(self, known: Matrix, threshold: float, name: str = KIND) -> None:
        self.known, self.threshold, self.name = known, threshold, name
        self._medians = np.median(known, axis=0)
        self._search = KDTree(known, metric="manhattan")

    @classmethod
    def fit(cls, rows: Matrix, held_out: Matrix, *, margin: float = MARGIN, name: str = KIND) -> NoveltyModel:
        """Known are the distinct `rows`; the threshold lies `margin` times beyond the farthest of `held_out`.

        Both are (n, len(NAMES)) features of healthy snapshots.
        """
        model = cls(np.unique(_rounded(rows), axis=0), LEAST_THRESHOLD, name)
        farthest = float(model.distances(held_out).max()) if len(held_out) else 0.0
        model.threshold = max(LEAST_THRESHOLD, margin * farthest)
        return model

    def distances(self, rows: Matrix) -> NDArray[np.float64]:
        """Each row's distance from the nearest known combination."""
        found, _ = self._search.query(_rounded(rows), k=1)
        return np.asarray(found[:, 0], dtype=np.float64)

    def score(self, snapshot: OrderSnapshot) -> NoveltyScore:
        """The snapshot's score, and what makes it high: how much falls away when a feature becomes the usual one."""
        row = vector(snapshot)
        score = float(self.distances(row[None, :])[0])
        strongest = self._explain(row, score) if score > self.threshold else []
        return NoveltyScore(score=score, threshold=self.threshold, features=strongest, model=self.name)

    def _explain(self, row: NDArray[np.float64], score: float) -> list[tuple[str, float, float]]:
        """`(feature, value, share of the drop)`, the strongest first."""
        replaced = np.tile(row, (len(row), 1))
        np.fill_diagonal(replaced, self._medians)
        drops = np.maximum(0.0, score - self.distances(replaced))
        if not drops.any():
            return []
        order = np.argsort(-drops, kind="stable")[:NAMED]
        return [(NAMES[i], float(row[i]), float(drops[i] / drops.sum())) for i in order if drops[i] > 0]

    def to_bytes(self) -> bytes:
        """The artefact."""
        return pack({
            "known": self.known.astype(np.float32), "threshold": np.array([self.threshold]),
            "features": np.array(NAMES, dtype=np.str_),
        })  # fmt: skip

    @classmethod
    def from_bytes(cls, artefact: bytes, card: Card, name: str = KIND) -> NoveltyModel:
        """The model of an artefact.

        Raises:
            ArtefactError: see `unpack`; `foreign_model` for one made for other features.
        """
        arrays = unpack(artefact, card, KIND)
        try:
            known, threshold = arrays["known"].astype(np.float64), float(arrays["threshold"][0])
            features = tuple(arrays["features"].tolist())
        except (KeyError, ValueError, IndexError) as error:
            raise ArtefactError("damaged_model", f"the novelty model lacks a part: {error}") from error
        if features != NAMES:
            raise ArtefactError("foreign_model", "the novelty model was made for other features; train it again")
        if known.ndim != 2 or known.shape[1] != len(NAMES) or not len(known) or not np.isfinite(known).all():
            raise ArtefactError("damaged_model", "the novelty model's combinations are not finite rows")
        if not (np.isfinite(threshold) and threshold > 0):
            raise ArtefactError("damaged_model", "the novelty model's threshold is no positive number")
        return cls(known, threshold, name)


def matrix(snapshots: Sequence[OrderSnapshot]) -> Matrix:
    """The features of snapshots, one row each."""
    return np.array([vector(s) for s in snapshots], dtype=np.float64).reshape(-1, len(NAMES))


@cache
def shipped() -> NoveltyModel:
    """The model that comes with the product, trained on the demo shop; in force while the database holds none.

    Raises:
        ArtefactError: the installation is damaged.
    """
    folder = files("knowledge.models") / "default"
    try:
        card = msgspec.json.decode((folder / "card.json").read_bytes(), type=Card)
        artefact = (folder / "novelty.npz").read_bytes()
    except (OSError, msgspec.DecodeError) as error:
        raise ArtefactError("damaged_model", f"the shipped novelty model can't be read: {error}") from error
    return NoveltyModel.from_bytes(artefact, card, "novelty/shipped")


def _rounded(rows: Matrix) -> Matrix:
    return np.round(rows / GRAIN) * GRAIN

"""Scores texts by a linear model over [embedding, hashed n-grams] with numpy alone; `linear_fit` makes such models."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from knowledge.models.artefacts import ArtefactError
from knowledge.models.ngrams import hashed, normalised, weighted
from knowledge.vocabulary.errors import HellowordError

Floats = NDArray[np.float32]
KIND = "linear-text-1"
_ARRAYS = ("kind", "embedder", "labels", "dense", "sparse", "bias", "idf", "scale", "sharpness", "threshold", "reject")


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One trained model.

    `dense` (dimensions by labels) weighs the embedding times `scale`, `sparse` (columns by labels) the n-grams,
    `sharpness` is the inverse temperature that makes the softmax calibrated. A text is rejected where the best label
    is `reject` (empty: the model learned none) or where no other reaches `threshold`.
    """

    embedder: str
    labels: tuple[str, ...]
    dense: Floats
    sparse: Floats
    bias: Floats
    idf: Floats
    scale: float
    sharpness: float
    threshold: float
    reject: str = ""

    def probabilities(self, texts: Sequence[str], vectors: Floats) -> Floats:
        """Calibrated probability of each label, one row per text; `vectors` are of the texts made `normalised`.

        Raises:
            HellowordError: `foreign_vectors` when the vectors have other dimensions than the model learned from.
        """
        if vectors.shape != (len(texts), self.dense.shape[0]):
            expected = (len(texts), self.dense.shape[0])
            raise HellowordError("foreign_vectors", f"vectors of {vectors.shape}, the model expects {expected}")
        scores = (vectors * self.scale) @ self.dense + self.bias
        for at, text in enumerate(texts):
            indexes, values = weighted(hashed(normalised(text), len(self.idf)), self.idf)
            scores[at] += values @ self.sparse[indexes]
        return softmax(scores * self.sharpness)

    def decide(self, row: Floats) -> tuple[str, float]:
        """The label of one row of probabilities and its probability; the rejecting label where nothing is likely."""
        order = np.argsort(row)[::-1]
        best, share = self.labels[int(order[0])], float(row[order[0]])
        if best == self.reject or share >= self.threshold:
            return best, share
        return self.reject, 1.0 - share


def softmax(scores: NDArray[np.floating]) -> Floats:
    """Rows of scores as rows of probabilities."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def save(model: LinearModel, path: Path) -> int:
    """Writes the model as npz (weights in half precision, nothing pickled); the same model gives the same bytes.

    Returns how many bytes.
    """
    arrays = {
        "kind": np.array(KIND), "embedder": np.array(model.embedder), "labels": np.array(model.labels),
        "dense": model.dense.astype(np.float16), "sparse": model.sparse.astype(np.float16),
        "bias": model.bias.astype(np.float32), "idf": model.idf.astype(np.float16), "reject": np.array(model.reject),
        "scale": np.array(model.scale), "sharpness": np.array(model.sharpness), "threshold": np.array(model.threshold),
    }  # fmt: skip
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    path.write_bytes(buffer.getvalue())
    return len(buffer.getvalue())


def load(path: Path) -> LinearModel:
    """The model stored at `path`.

    Raises:
        ArtefactError: `damaged_model` when the file isn't there, is cut, or holds anything but such a model.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as stored:
            found = {name: stored[name] for name in _ARRAYS}
        if str(found["kind"]) != KIND:
            raise ArtefactError("foreign_model", f"{path.name} is a {found['kind']}, not a {KIND}")
        model = LinearModel(
            embedder=str(found["embedder"]), labels=tuple(str(label) for label in found["labels"]),
            dense=found["dense"].astype(np.float32), sparse=found["sparse"].astype(np.float32),
            bias=found["bias"], idf=found["idf"].astype(np.float32), scale=float(found["scale"]),
            sharpness=float(found["sharpness"]), threshold=float(found["threshold"]), reject=str(found["reject"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, EOFError, AttributeError, BadZipFile) as error:
        raise ArtefactError("damaged_model", f"{path.name} can't be read: {error}") from error
    width = len(model.labels)
    if model.dense.shape[1:] != (width,) or model.sparse.shape != (len(model.idf), width) or len(model.bias) != width:
        raise ArtefactError("damaged_model", f"{path.name}: its arrays don't fit each other")
    return model

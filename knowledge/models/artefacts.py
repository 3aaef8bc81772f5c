"""Models as bytes: plain arrays in an npz with a JSON card beside them; loading runs no code and checks a digest."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.vocabulary.errors import HellowordError

Arrays = dict[str, NDArray[Any]]
MAX_BYTES = 8_000_000


class ArtefactError(HellowordError):
    """Stop: a stored model can't be used (`damaged_model`, `foreign_model`); the one in force stays."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is and how good it was when it was made; stored beside the artefact and printed by the commands.

    `trained_on` says where the data came from, `samples` and `held_out` how many snapshots, `false_alarms` the rate
    measured on the held-out ones with its 95 % interval, `detection` the share found of injected anomalies by kind.
    """

    kind: str
    trained_on: str
    created_at: str
    digest: str
    samples: int
    held_out: int = 0
    orders: int = 0
    sklearn: str = ""
    seed: int = 0
    features: list[str] = []
    threshold: float | None = None
    false_alarms: dict[str, float] = {}
    detection: dict[str, dict[str, float]] = {}
    compared: dict[str, dict[str, float]] = {}
    notes: dict[str, Any] = {}


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The arrays as npz bytes (no objects in them)."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def digest(artefact: bytes) -> str:
    """What the card says the artefact's bytes are."""
    return hashlib.sha256(artefact).hexdigest()


def unpack(artefact: bytes, card: Card, kind: str) -> Arrays:
    """The arrays of an artefact that is what its card says.

    Raises:
        ArtefactError: `foreign_model` for another kind, `damaged_model` for bytes that were changed or cut, are too
            many, or hold anything but plain arrays.
    """
    if card.kind != kind:
        raise ArtefactError("foreign_model", f"a model of kind {card.kind!r} where {kind!r} was expected")
    if len(artefact) > MAX_BYTES or digest(artefact) != card.digest:
        raise ArtefactError("damaged_model", f"the {kind} model's bytes are not those its card names")
    try:
        with np.load(io.BytesIO(artefact), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, KeyError, EOFError) as error:
        raise ArtefactError("damaged_model", f"the {kind} model can't be read: {error}") from error

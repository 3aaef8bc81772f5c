"""How likely a suggested action is to settle its case without another human step: a small calibrated model.

A logistic regression on what was known when it was suggested, calibrated by Platt's method on runs of its own; the
weights are plain arrays, scoring needs numpy alone. `confidence_fit` makes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from knowledge.models.artefacts import ArtefactError, Card, pack, unpack

KIND = "suggestions"
FOLDER = Path(__file__).parent / "default"
KINDS = ("approve", "plan", "snooze", "wait", "hand_off", "resolve", "call_off")
VARIANTS = ("asks_first", "other_fault", "fallback")
FEATURES = (
    "rate", "experience", "certainty", "completeness", "value", "steps", "asks", "money", "refused", "rounds",
    *(f"kind:{kind}" for kind in KINDS), *(f"variant:{variant}" for variant in VARIANTS),
)  # fmt: skip
STRENGTH = 8.0  # outcomes that the rate of a kind is worth until a fault and option are known better
SHIPPED_CAP = 40.0  # outcomes that what comes with the product is worth at most beside the shop's own
_EDGE = 1e-3
_DECADE = 10.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What was known of one suggestion. `value` in minor units; `completeness` the share of systems read, 0 to 1.

    `n` and `good` are outcomes known of this option for this fault in this shop, similar cases counted by how alike
    they are. `settled` (when it is known) says whether the case stayed resolved without another human step.
    """

    fault: str
    option: str
    kind: str
    variant: str = ""
    certainty: float = 1.0
    completeness: float = 1.0
    value: int = 0
    steps: int = 0
    asks: bool = False
    money: bool = False
    refused: int = 0
    rounds: int = 0
    n: float = 0.0
    good: float = 0.0
    settled: bool | None = None
    seed: int = 0


Counts = dict[tuple[str, str], tuple[float, float]]
"""By fault and option: outcomes, and good ones among them."""


class Confidence:
    """The model: weights by feature, Platt's two numbers, and how often each option was seen to work."""

    def __init__(
        self, weights: NDArray[np.float64], middle: NDArray[np.float64], spread: NDArray[np.float64], bias: float,
        platt: tuple[float, float], kinds: Mapping[str, float], counts: Counts,
    ) -> None:  # fmt: skip
        self._weights, self._middle, self._spread = weights, middle, spread
        self._bias, self.platt, self._kinds, self._counts = bias, platt, dict(kinds), dict(counts)

    def score(self, sample: Sample) -> float:
        """The probability, 0 to 1, that the case stays resolved without another human step."""
        slope, shift = self.platt
        return _sigmoid(slope * self.raw(sample) + shift)

    def raw(self, sample: Sample) -> float:
        """The log-odds before calibration."""
        row = (vector(sample, self._kinds, self._counts) - self._middle) / self._spread
        return float(row @ self._weights) + self._bias

    def rate(self, sample: Sample) -> tuple[float, float]:
        """The expected share of good outcomes of this option alone, and on how many outcomes it rests."""
        rate, n = _rate(sample, self._kinds, self._counts)
        return rate, n

    def to_bytes(self) -> bytes:
        """The artefact."""
        keys, kinds = sorted(self._counts), sorted(self._kinds)
        return pack({
            "features": np.array(FEATURES, dtype=np.str_), "weights": self._weights, "middle": self._middle,
            "spread": self._spread, "bias": np.array([self._bias, *self.platt]),
            "kinds": np.array(kinds, dtype=np.str_), "kind_rates": np.array([self._kinds[k] for k in kinds]),
            "faults": np.array([k[0] for k in keys], dtype=np.str_),
            "options": np.array([k[1] for k in keys], dtype=np.str_),
            "counts": np.array([self._counts[k] for k in keys], dtype=np.float64).reshape(-1, 2),
        })  # fmt: skip

    @classmethod
    def from_bytes(cls, artefact: bytes, card: Card) -> Confidence:
        """The model of an artefact.

        Raises:
            ArtefactError: see `unpack`; also where its features are not those of this version.
        """
        arrays = unpack(artefact, card, KIND)
        try:
            figures = [arrays[name] for name in ("weights", "middle", "spread")]
            known = tuple(arrays["features"].tolist()) == FEATURES
            if not known or any(a.shape != (len(FEATURES),) or not np.isfinite(a).all() for a in figures):
                raise ArtefactError("damaged_model", "the suggestions model is not one of this version")
            bias, slope, shift = arrays["bias"].tolist()
            kinds = dict(zip(arrays["kinds"].tolist(), arrays["kind_rates"].tolist(), strict=True))
            keys = zip(arrays["faults"].tolist(), arrays["options"].tolist(), strict=True)
            counts = {key: (n, good) for key, (n, good) in zip(keys, arrays["counts"].tolist(), strict=True)}
        except (KeyError, ValueError) as error:
            raise ArtefactError("damaged_model", f"the suggestions model lacks a part: {error}") from error
        return cls(figures[0], figures[1], figures[2], bias, (slope, shift), kinds, counts)


def shipped(folder: Path = FOLDER) -> tuple[Confidence, Card]:
    """The model that comes with the product.

    Raises:
        ArtefactError: it was changed or is gone.
    """
    try:
        card = msgspec.json.decode((folder / f"{KIND}.json").read_bytes(), type=Card)
        artefact = (folder / f"{KIND}.npz").read_bytes()
    except (OSError, msgspec.MsgspecError) as error:
        raise ArtefactError("damaged_model", f"the suggestions model can't be read: {error}") from error
    return Confidence.from_bytes(artefact, card), card


def vector(sample: Sample, kinds: Mapping[str, float], counts: Counts) -> NDArray[np.float64]:
    """The features in FEATURES' order, not scaled yet."""
    rate, n = _rate(sample, kinds, counts)
    return np.array([
        _logit(rate), math.log1p(n), sample.certainty, sample.completeness,
        math.log1p(max(0, sample.value) / 100) / _DECADE, min(sample.steps, 12) / 12, float(sample.asks),
        float(sample.money), min(sample.refused, 3) / 3, min(sample.rounds, 6) / 6,
        *(float(sample.kind == kind) for kind in KINDS), *(float(sample.variant == one) for one in VARIANTS),
    ])  # fmt: skip


def _rate(sample: Sample, kinds: Mapping[str, float], counts: Counts) -> tuple[float, float]:
    """The mean of a Beta posterior: the kind's rate, then what was shipped, then what this shop has seen."""
    base = kinds.get(sample.kind, kinds.get("plan", 0.5))
    n, good = counts.get((sample.fault, sample.option), (0.0, 0.0))
    if n > SHIPPED_CAP:
        n, good = SHIPPED_CAP, good * SHIPPED_CAP / n
    n, good = n + sample.n, good + sample.good
    return (STRENGTH * base + good) / (STRENGTH + n), n


def _logit(p: float) -> float:
    p = min(1 - _EDGE, max(_EDGE, p))
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))

"""What is compared: the library as in production, its bare embedder, and TF-IDF of characters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant.evaluate.retrieval_form import Text
from knowledge.library.embedders import Embedder
from knowledge.library.library import Library
from knowledge.library.solved import SolvedCase

DEPTH = 10  # results looked at: a rank below it counts as not found
_GRAMS = (2, 3, 4)


class System(Protocol):
    """Answers questions with the ids of cases."""

    name: str

    def add(self, cases: Sequence[Text]) -> None:
        """Takes the cases in."""
        ...

    def ask(self, question: Text) -> list[str]:
        """The ids of at most DEPTH cases, best first."""
        ...


class Production:
    """The library, on a Chroma of its own. Text is all there is: no fault, step or severity, nothing to weigh by."""

    name = "library"

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._library = Library(embedder, shop="evaluation", path=folder)

    def add(self, cases: Sequence[Text]) -> None:
        """See System."""
        self._library.add_all(
            [
                SolvedCase(
                    case_id=case.id, fault="unknown_anomaly", step="order", severity="medium",
                    summary={case.language: case.text},
                )
                for case in cases
            ]
        )  # fmt: skip

    def ask(self, question: Text) -> list[str]:
        """See System."""
        return [found.case.case_id for found in self._library.search(question.text, limit=DEPTH)]


class Bare:
    """The embedder alone: cosines of raw vectors."""

    name = "embedder"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._ids: list[str] = []
        self._vectors = np.zeros((0, embedder.dimensions), dtype=np.float32)

    def add(self, cases: Sequence[Text]) -> None:
        """See System."""
        self._ids = [case.id for case in cases]
        self._vectors = self._embedder.embed([case.text for case in cases])

    def ask(self, question: Text) -> list[str]:
        """See System."""
        cosines = self._vectors @ self._embedder.embed([question.text])[0]
        return [self._ids[place] for place in np.argsort(-cosines, kind="stable")[:DEPTH]]


class Characters:
    """TF-IDF over sequences of 2 to 4 characters: what a search by words can do."""

    name = "tf-idf"

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._rare: dict[str, float] = {}
        self._postings: dict[str, list[tuple[int, float]]] = {}

    def add(self, cases: Sequence[Text]) -> None:
        """See System."""
        self._ids = [case.id for case in cases]
        counted = [_grams(case.text) for case in cases]
        spread = Counter(gram for counts in counted for gram in counts)
        self._rare = {gram: math.log((1 + len(cases)) / (1 + n)) + 1 for gram, n in spread.items()}
        for place, counts in enumerate(counted):
            for gram, weight in self._weights(counts).items():
                self._postings.setdefault(gram, []).append((place, weight))

    def ask(self, question: Text) -> list[str]:
        """See System."""
        scores: Counter[int] = Counter()
        for gram, weight in self._weights(_grams(question.text)).items():
            for place, other in self._postings.get(gram, ()):
                scores[place] += weight * other  # type: ignore[assignment]  # a Counter of floats
        order = sorted(scores, key=lambda place: (-scores[place], place))
        return [self._ids[place] for place in order[:DEPTH]]

    def _weights(self, counts: Counter[str]) -> dict[str, float]:
        weights = {gram: n * self._rare.get(gram, 0.0) for gram, n in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {gram: weight / length for gram, weight in weights.items() if weight}


def _grams(text: str) -> Counter[str]:
    text = f" {' '.join(text.lower().split())} "
    return Counter(text[start : start + n] for n in _GRAMS for start in range(len(text) - n + 1))

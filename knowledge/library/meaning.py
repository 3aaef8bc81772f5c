"""How alike two short texts are in meaning, in any of the embedder's languages; substitution compares titles by it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from knowledge.library.embedders import Embedder, Vectors

REMEMBERED = 20_000  # titles


def alike_by(embedder: Embedder) -> Callable[[str, str], float]:
    """A function of two texts: their vectors' cosine, from 0 (unlike) to 1 (the same)."""

    @lru_cache(maxsize=REMEMBERED)
    def vector(text: str) -> Vectors:
        return np.asarray(embedder.embed([text])[0], dtype=np.float32)

    def alike(one: str, other: str) -> float:
        return float(min(1.0, max(0.0, np.dot(vector(one), vector(other)))))

    return alike

"""Vectors shipped with the product: of seeds and articles, so that a start costs no encoding; and the centres."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from knowledge.library.embedders import Embedder, Vectors

FOLDER = Path(__file__).with_name("vectors")
_REMEMBERED = 4_096  # vectors of texts that are asked for again, as articles are


class Shipped:
    """An embedder in front of which lies what was computed before; a text that isn't there is embedded."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`.

        Raises:
            UnavailableError: `embedder_unavailable`.
        """
        shipped = shipped_vectors(self._embedder.name)
        keys = [digest(text) for text in texts]
        new = sorted({key: text for key, text in zip(keys, texts, strict=True) if key not in shipped
                      and key not in self._known}.items())  # fmt: skip
        fresh = dict(zip([key for key, _ in new], self._embedder.embed([text for _, text in new]), strict=True))
        if len(self._known) + len(fresh) > _REMEMBERED:
            self._known = {}
        found = [shipped[key] if key in shipped else fresh.get(key, self._known.get(key)) for key in keys]
        self._known |= fresh
        if not found:
            return np.zeros((0, self._embedder.dimensions), dtype=np.float32)
        return np.asarray(found, dtype=np.float32)

    def centre(self, language: str) -> Vectors | None:
        """The mean of what this embedder makes of a language's texts; None where it was never measured."""
        return shipped_vectors(self._embedder.name).get(f"centre:{language}")


def digest(text: str) -> str:
    """A text's name among the shipped vectors."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@lru_cache(maxsize=4)
def shipped_vectors(name: str) -> dict[str, Vectors]:
    """What is shipped for the embedder of this name, by a text's digest or `centre:LANGUAGE`."""
    file = FOLDER / f"{name}.npz"
    if not file.exists():
        return {}
    with np.load(file) as kept:
        vectors = np.asarray(kept["vectors"], dtype=np.float32)
        centres = {f"centre:{language}": kept[f"centre_{language}"] for language in ("zh-CN", "en")}
        return dict(zip(kept["digests"].tolist(), vectors, strict=True)) | centres


def write_vectors(embedder: Embedder, texts: dict[str, list[str]]) -> Path:
    """Computes and writes what is shipped for an embedder: of texts by language, of which the centres are the means."""
    every = sorted({text for several in texts.values() for text in several})
    vectors = embedder.embed(every)
    place = {text: row for row, text in enumerate(every)}
    centres = {
        f"centre_{language}": vectors[[place[text] for text in sorted(set(several))]].mean(axis=0)
        for language, several in texts.items()
    }
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{embedder.name}.npz"
    np.savez_compressed(
        file, digests=np.array([digest(text) for text in every]), vectors=vectors.astype(np.float16), **centres
    )
    shipped_vectors.cache_clear()
    return file

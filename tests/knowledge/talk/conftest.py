"""The real embedder: the weights were learned from its vectors."""

from __future__ import annotations

import pytest

from knowledge.library.embedders import UniversalSentenceEmbedder


@pytest.fixture(scope="session")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()

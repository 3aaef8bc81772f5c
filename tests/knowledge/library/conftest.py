"""A library in a folder of its own, with the real embedder."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library


@pytest.fixture(scope="session")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()


@pytest.fixture
def library(embedder: UniversalSentenceEmbedder, tmp_path: Path) -> Library:
    return Library(embedder, shop="demo", path=tmp_path / "chroma")

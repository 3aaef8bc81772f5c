"""A shop's cases without a database, and a library in a folder of its own with the real embedder."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from tests.assistant.agent.conftest import FakeReader


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture(scope="session")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()


@pytest.fixture
def library(embedder: UniversalSentenceEmbedder, tmp_path: Path) -> Library:
    return Library(embedder, path=tmp_path / "chroma")

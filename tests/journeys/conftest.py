"""The house as a fixture, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import House, running_house


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A fresh demo shop and assistant for one story."""
    with running_house(database_url, tmp_path) as running:
        yield running

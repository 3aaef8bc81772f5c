"""What tests of the upper storey share: a store on a fresh database, and a vault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A migrated store without rows, on each engine."""
    one = Store(make_engine(database_url))
    yield one
    one.engine.dispose()


@pytest.fixture
def vault() -> Vault:
    """A vault under a key of its own."""
    return Vault(os.urandom(32))

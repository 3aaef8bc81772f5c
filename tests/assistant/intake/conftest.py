"""An intake on a fresh database, and what it handed on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from assistant.security.vault import Vault
from assistant.store.engine import Store
from tests.assistant.intake.house import House


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    """Intake with everything it hands on written down."""
    return House(store, vault)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What was logged; nothing is printed."""
    with capture_logs() as lines:
        yield lines

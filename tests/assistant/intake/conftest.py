"""An intake on a fresh database, and what it handed on."""

from __future__ import annotations

import pytest

from assistant.security.vault import Vault
from assistant.store.engine import Store
from tests.assistant.intake.house import House


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    """Intake with everything it hands on written down."""
    return House(store, vault)

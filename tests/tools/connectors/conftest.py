"""A scripted shop and a connector to it, quick to lose patience."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.connectors.scripted import ScriptedShop, scripted_shop
from tools.connectors.gate import GatePolicy
from tools.connectors.http import HttpShop

QUICK = GatePolicy(
    connect_timeout=1.0, read_timeout=0.3, total_timeout=0.5, backoff=0.001, patience=0.2, failures_to_open=50
)


@pytest.fixture
def scripted() -> Iterator[ScriptedShop]:
    with scripted_shop() as shop:
        yield shop


@pytest.fixture
def connected(scripted: ScriptedShop) -> Iterator[HttpShop]:
    with HttpShop(scripted.url, "secret-token", policy=QUICK) as shop:
        yield shop

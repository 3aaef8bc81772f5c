"""The effects ledger as messages use it: who may be asked for it, and how a message's writes are named there."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from tools.connectors.ports import WriteDraft, WriteRequest

Effect = dict[str, Any]
MARK = ":m:"  # in the step's place of an effect that no plan's step makes


class Effects(Protocol):
    """What the dispatcher needs of the ledger (`assistant.repair.ledger.Ledger`, which the wiring passes in)."""

    def of_step(self, tx: sa.Connection, step_id: str) -> Effect | None:
        """The newest effect of a step."""
        ...

    def state(self, tx: sa.Connection, effect: Effect) -> str:
        """The effect's state now."""
        ...

    def intend(
        self, tx: sa.Connection, *, case: dict[str, Any], step_id: str, attempt: int, action: str, target: str,
        arguments: dict[str, Any], draft: WriteDraft, now: datetime, principal: str, policy_version: str,
    ) -> Effect | None:  # fmt: skip
        """Commits that a write is about to be sent; None when another one on its target is not settled."""
        ...

    def request(self, tx: sa.Connection, effect: Effect) -> WriteRequest | None:
        """The bytes as they were kept; None when the customer was erased."""
        ...

    def settle(self, tx: sa.Connection, effect: Effect, state: str, outcome: dict[str, Any], now: datetime) -> None:
        """Writes how it ended."""
        ...


def step_id_of(row: dict[str, Any]) -> str:
    """What stands for a step in the effects of a message: its case, and its key's digest (keys can be long)."""
    digest = hashlib.blake2b(row["dedupe_key"].encode(), digest_size=10).hexdigest()
    return f"{row['case_id']}{MARK}{digest}"

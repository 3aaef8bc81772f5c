"""Events that were rejected: listed, and replayed as they were or corrected; the HTTP edge and the CLI call it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.intake.receive import Intake, Receipt
from assistant.security.vault import Vault
from assistant.store.cursors import packed, unpacked
from assistant.store.engine import Store
from assistant.store.tables import rejected_events
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError

MAX_LIMIT = 200


class RejectedEvent(msgspec.Struct, frozen=True):
    """A rejected event. `kept` says whether its body can be replayed (one with a card number was not kept)."""

    id: str
    event_id: str | None
    source: str | None
    code: str
    detail: str
    received_at: datetime
    replayed_at: datetime | None
    kept: bool


class Page(msgspec.Struct, frozen=True):
    """Newest first; `next` is the cursor of the following page."""

    items: list[RejectedEvent]
    next: str | None


class RejectedEvents:
    """The list of what was rejected, and the way back in."""

    def __init__(self, store: Store, vault: Vault, intake: Intake) -> None:
        self._store, self._vault, self._intake = store, vault, intake

    def page(self, limit: int = 50, cursor: str | None = None) -> Page:
        """One page, 1 to 200 items.

        Raises:
            InputError: `invalid_cursor`, `invalid_limit`.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise InputError("invalid_limit", "limit", f"must be 1 to {MAX_LIMIT}")
        table = rejected_events.c
        query = sa.select(rejected_events).order_by(table.received_at.desc(), table.id.desc()).limit(limit + 1)
        if cursor:
            at, key = unpacked(cursor, datetime, str)
            older = (table.received_at < at) | ((table.received_at == at) & (table.id < key))
            query = query.where(older)
        with self._store.read() as tx:
            rows = tx.execute(query).mappings().all()
        items = [_item(row) for row in rows[:limit]]
        return Page(items, packed([items[-1].received_at, items[-1].id]) if len(rows) > limit else None)

    def replay(self, rejected_id: str, now: datetime, corrected: Any = None) -> Receipt:
        """Sends it in again, or `corrected` in its place; when that is taken, it counts as replayed.

        Raises:
            NotFoundError: `rejected_event_not_found`.
            ConflictError: `already_replayed`, or `body_not_kept` when there is nothing to send in.
            UnavailableError: the store can't take it.
        """
        with self._store.read() as tx:
            query = sa.select(rejected_events).where(rejected_events.c.id == rejected_id.replace("\0", "?"))
            row = tx.execute(query).mappings().first()
            if row is None:
                raise NotFoundError("rejected_event_not_found", f"there is no rejected event {rejected_id}")
            body = self._vault.get(tx, row["vault_ref"]) if row["vault_ref"] and corrected is None else corrected
        if row["replayed_at"] is not None:
            raise ConflictError("already_replayed", f"replayed at {row['replayed_at'].isoformat()}")
        if body is None:
            detail = "the event's body was not kept or was erased; send the corrected event as the body"
            raise ConflictError("body_not_kept", detail)
        receipt = self._intake.receive([body], now, keep_rejected=False)
        if not receipt.rejected:
            with self._store.begin() as tx:
                mine = rejected_events.c.id == rejected_id
                tx.execute(rejected_events.update().where(mine).values(replayed_at=now))
        return receipt


def _item(row: sa.RowMapping) -> RejectedEvent:
    return RejectedEvent(
        id=row["id"], event_id=row["event_id"], source=row["source"], code=row["code"], detail=row["detail"],
        received_at=row["received_at"], replayed_at=row["replayed_at"], kept=row["vault_ref"] is not None,
    )  # fmt: skip

"""What staff are told: the inbox of a person or a team, written in the transaction of what it tells of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.store.tables_people import notices

Case = dict[str, Any]
Audience = tuple[str, str]
"""`("person", staff id)` or `("team", "service" or "supervisors")`."""

SERVICE, SUPERVISORS = ("team", "service"), ("team", "supervisors")
KINDS = (
    "assigned", "high_value", "escalated", "promise_due", "promise_broken", "service_level", "relapse",
    "customer_wrote", "incident", "feedback",
)  # fmt: skip


class Pusher(Protocol):
    """Carries a notice beyond the inbox."""

    def queue(self, tx: sa.Connection, seq: int, audience: Audience, kind: str, now: datetime) -> None:
        """Queues its e-mail and chat messages in the notice's own transaction."""


class Notices:
    """The staff's inbox. A notice exists once per audience and `dedupe_key`; nothing personal is in it."""

    def __init__(self, store: Store, pusher: Pusher | None = None) -> None:
        self._store, self._pusher = store, pusher

    def put(
        self, tx: sa.Connection, audience: Audience, kind: str, text: dict[str, str], now: datetime,
        *, dedupe_key: str, case: Case | None = None,
    ) -> bool:  # fmt: skip
        """Tells a person (`("person", staff id)`) or a team (`("team", "service")`); False when they were told before.

        `text` is in both languages, `kind` one of `KINDS`. Who gets the same `dedupe_key` as a person and as one of a
        team sees it once.
        """
        row = {
            "dedupe_key": f"{audience[0]}:{audience[1]}:{dedupe_key}", "about": dedupe_key,
            "audience_kind": audience[0], "audience_id": audience[1], "case_id": case["id"] if case else None,
            "kind": kind, "severity": case["severity"] if case else None, "text": text, "at": now,
        }  # fmt: skip
        new = self._store.insert_new(notices, "dedupe_key").values(**row).returning(notices.c.seq)
        seq = tx.execute(new).scalar_one_or_none()
        if seq is not None and self._pusher is not None:
            self._pusher.queue(tx, seq, audience, kind, now)
        return seq is not None

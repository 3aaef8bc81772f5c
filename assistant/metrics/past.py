"""Keeps how a case stood when it is taken up again, so that the figures don't forget it; the case store calls it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.store.tables import effects, past_endings
from knowledge.vocabulary.codes import CaseStatus

_OF_THE_CASE = tuple(
    column.name for column in past_endings.c if column.name not in ("seq", "case_id", "reopened_at", "within")
)


def keep_ending(tx: sa.Connection, case: dict[str, Any], now: datetime, *, within: bool) -> None:
    """Writes an ended case's ending down before its row forgets it; nothing for a case that had not ended.

    `within`: it goes on in the same episode, so that this was no end after all.
    """
    if case["status"] not in (CaseStatus.RESOLVED, CaseStatus.CLOSED) or case["resolved_at"] is None:
        return
    kept = {name: case[name] for name in _OF_THE_CASE}
    tx.execute(past_endings.insert().values(case_id=case["id"], reopened_at=now, within=within, **kept))


def proven_by(tx: sa.Connection, case_id: str, read_at: datetime) -> datetime | None:
    """`read_at` where a read-back begun then shows what became of the case's last write, else None."""
    query = sa.select(sa.func.max(effects.c.created_at)).where(
        effects.c.case_id == case_id, effects.c.action != "send_message"
    )
    last: datetime | None = tx.scalar(query)
    return read_at if last is None or last <= read_at else None

"""The ledger as JSON: a case's promises, and all of them by state, owner and time. Views and the API read here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.store.batches import among
from assistant.store.cursors import literal_time, packed, unpacked
from assistant.store.engine import Store
from assistant.store.tables_people import promises
from knowledge.phrases.labels import words_of
from knowledge.vocabulary.errors import InputError

STATES = ("open", "kept", "broken", "cancelled")
Row = dict[str, Any]


def promise_json(row: Row, language: str) -> Row:
    """`{id, case_id, kind, text, made_at, due_at, state, owner, kept_at, broken_at, source}`; `kept_at` of a broken
    one says when it was kept after all."""
    owner = {"kind": row["owner_kind"], "id": row["owner_id"], "name": row["owner_name"]}
    plain = ("id", "case_id", "kind", "made_at", "due_at", "state", "kept_at", "broken_at", "source")
    return {name: row[name] for name in plain} | {"text": words_of(row["text"], language), "owner": owner}


def promises_of(tx: sa.Connection, case_ids: Sequence[str], language: str) -> dict[str, list[Row]]:
    """What was promised in each of these cases, oldest first."""
    found: dict[str, list[Row]] = {case_id: [] for case_id in case_ids}
    query = sa.select(promises).where(among(tx, promises.c.case_id, case_ids))
    for row in tx.execute(query.order_by(promises.c.made_at, promises.c.id)).mappings():
        found[row["case_id"]].append(promise_json(dict(row), language))
    return found


def page(
    store: Store, *, state: str | None, owner: str | None, due_before: datetime | None, limit: int,
    cursor: str | None, language: str,
) -> dict[str, Any]:  # fmt: skip
    """A page of the ledger, what is due first; `state` takes several, separated by commas, `owner` is an id.

    Raises:
        InputError: `invalid_filter`, `invalid_cursor`.
    """
    place = (promises.c.due_at, promises.c.id)
    query = sa.select(promises).order_by(*place).limit(limit + 1)
    if state:
        query = query.where(promises.c.state.in_([_state(one) for one in state.split(",")]))
    if owner:
        if "\0" in owner:
            raise InputError("invalid_filter", "owner", "holds a NUL character")
        query = query.where(promises.c.owner_id == owner)
    if due_before:
        query = query.where(promises.c.due_at < due_before)
    if cursor:
        at, last = unpacked(cursor, datetime, str)
        query = query.where(sa.tuple_(*place) > sa.tuple_(literal_time(at), last))
    with store.read() as tx:
        rows = [dict(row) for row in tx.execute(query).mappings()]
    following = packed([rows[limit - 1]["due_at"], rows[limit - 1]["id"]]) if len(rows) > limit else None
    return {"items": [promise_json(row, language) for row in rows[:limit]], "next": following}


def _state(value: str) -> str:
    if value not in STATES:
        raise InputError("invalid_filter", "state", f"{value!r} is none of {', '.join(STATES)}")
    return value

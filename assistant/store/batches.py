"""Statements over many rows, the same on SQLite and PostgreSQL; called by every room that stores in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
CHUNK = 1_000  # rows of one IN list


def chunked(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """The values in pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def insert_ignoring(tx: sa.Connection, table: sa.Table, index: list[str], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts the rows; one whose `index` columns exist already is left alone."""
    if rows:
        tx.execute(_insert(tx, table).on_conflict_do_nothing(index_elements=index), rows)


def upsert_rows(
    tx: sa.Connection, table: sa.Table, index: list[str], rows: Sequence[dict[str, Any]], update: list[str]
) -> None:
    """Inserts the rows; of one whose `index` columns exist already, the `update` columns are replaced."""
    if rows:
        insert = _insert(tx, table)
        tx.execute(
            insert.on_conflict_do_update(index_elements=index, set_={c: insert.excluded[c] for c in update}), rows
        )


def _insert(tx: sa.Connection, table: sa.Table) -> Any:
    return (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(table)

"""Statements over many rows, the same on SQLite and PostgreSQL; called by every room that stores in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assistant.store.types import Json, UtcDateTime

T = TypeVar("T")
Row = dict[str, Any]
OnConflict = Callable[[Any], Any]
"""Adds to an INSERT what to do about a row that exists. The statement is cached by this function's identity."""


def among(tx: sa.Connection, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """`column` is one of `values`, however many: they travel as one parameter."""
    if tx.dialect.name == "sqlite":
        given = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(given.c.value))
    return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(sa.Text)))


def insert_rows(tx: sa.Connection, table: sa.Table, rows: Sequence[Row], on_conflict: OnConflict | None = None) -> None:
    """Inserts the rows, which all have the same columns (no defaults are filled in).

    They go straight to the driver: SQLAlchemy's own way takes longer over a row than the database does.
    """
    if not rows:
        return
    statement, columns = _compiled(table, tuple(rows[0]), tx.dialect.name, on_conflict)
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(statement, [tuple([c(r[k]) if c else r[k] for k, c in columns]) for r in rows])
    else:
        tx.exec_driver_sql(statement, [{k: c(r[k]) if c else r[k] for k, c in columns} for r in rows])


def insert_ignoring(tx: sa.Connection, table: sa.Table, index: Sequence[str], rows: Sequence[Row]) -> None:
    """Inserts the rows; one whose `index` columns exist already is left alone."""
    insert_rows(tx, table, rows, _ignoring(tuple(index)))


def upsert_rows(
    tx: sa.Connection, table: sa.Table, index: Sequence[str], rows: Sequence[Row], update: Sequence[str]
) -> None:
    """Inserts the rows; of one whose `index` columns exist already, the `update` columns are replaced."""
    insert_rows(tx, table, rows, _replacing(tuple(index), tuple(update)))


@lru_cache(maxsize=64)
def _ignoring(index: tuple[str, ...]) -> OnConflict:
    return lambda insert: insert.on_conflict_do_nothing(index_elements=index)


@lru_cache(maxsize=64)
def _replacing(index: tuple[str, ...], update: tuple[str, ...]) -> OnConflict:
    return lambda insert: insert.on_conflict_do_update(
        index_elements=index, set_={column: insert.excluded[column] for column in update}
    )


@lru_cache(maxsize=256)
def _compiled(
    table: sa.Table, names: tuple[str, ...], dialect: str, on_conflict: OnConflict | None
) -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]:
    """The SQL of an INSERT of these columns, and each parameter's name and conversion, in its order."""
    is_sqlite = dialect == "sqlite"
    insert = (sqlite if is_sqlite else postgresql).insert(table)
    if on_conflict is not None:
        insert = on_conflict(insert)
    spoken = sa.make_url("sqlite://" if is_sqlite else "postgresql+psycopg://").get_dialect()()
    compiled = insert.compile(dialect=spoken, column_keys=list(names))
    order = list(compiled.positiontup or []) if is_sqlite else list(names)
    return str(compiled), [(name, _conversion(table.c[name], is_sqlite=is_sqlite)) for name in order]


def _conversion(column: sa.Column[Any], *, is_sqlite: bool) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Json):
        return _json
    if isinstance(column.type, UtcDateTime):
        return _text_time if is_sqlite else _aware
    return None


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _text_time(value: datetime | None) -> str | None:
    """As SQLAlchemy writes times to SQLite: UTC without saying so, always with microseconds."""
    if value is None:
        return None
    if value.tzinfo is not UTC:
        value = _aware(value).astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:26]


def _aware(value: Any) -> Any:
    if value is not None and value.tzinfo is None:
        raise ValueError("a naive time was about to be stored; times are aware UTC")
    return value

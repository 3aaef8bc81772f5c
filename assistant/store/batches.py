"""Statements over many rows, the same on SQLite and PostgreSQL; called by every room that stores in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assistant.store.types import Json, UtcDateTime

Row = dict[str, Any]


def among(tx: sa.Connection, column: sa.ColumnElement[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """`column` is one of `values`, however many: they travel as one parameter."""
    if tx.dialect.name == "sqlite":
        given = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(given.c.value))
    return column == sa.any_(sa.bindparam(None, list(values), type_=postgresql.ARRAY(sa.Text)))


def insert_rows(tx: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts the rows."""
    _run(tx, table, rows)


def insert_ignoring(tx: sa.Connection, table: sa.Table, index: Sequence[str], rows: Sequence[Row]) -> None:
    """Inserts the rows; one whose `index` columns exist already is left alone."""
    _run(tx, table, rows, index=tuple(index))


def upsert_rows(
    tx: sa.Connection, table: sa.Table, index: Sequence[str], rows: Sequence[Row], update: Sequence[str]
) -> None:
    """Inserts the rows; of one whose `index` columns exist already, the `update` columns are replaced."""
    _run(tx, table, rows, index=tuple(index), update=tuple(update))


def _run(
    tx: sa.Connection, table: sa.Table, rows: Sequence[Row], *, index: tuple[str, ...] = (), update: tuple[str, ...] = ()
) -> None:
    """Straight to the driver: SQLAlchemy's own way takes longer over a row than the database does."""
    if not rows:
        return
    statement, columns = _statement(table, tuple(rows[0]), tx.dialect.name, index, update)
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(
            statement, [tuple([c(r[k]) if c is not None else r[k] for k, c in columns]) for r in rows]
        )
    else:
        tx.exec_driver_sql(statement, [{k: c(r[k]) if c is not None else r[k] for k, c in columns} for r in rows])


Convert = Callable[[Any], Any]


@lru_cache(maxsize=256)
def _statement(
    table: sa.Table, names: tuple[str, ...], dialect_name: str, index: tuple[str, ...], update: tuple[str, ...]
) -> tuple[str, list[tuple[str, Convert | None]]]:
    """The SQL of an insert of these columns, and each column's conversion, in the order of its parameters."""
    is_sqlite = dialect_name == "sqlite"
    dialect = sqlite.dialect() if is_sqlite else postgresql.psycopg.dialect()
    insert = (sqlite if is_sqlite else postgresql).insert(table)
    if update:
        insert = insert.on_conflict_do_update(index_elements=index, set_={c: insert.excluded[c] for c in update})
    elif index:
        insert = insert.on_conflict_do_nothing(index_elements=index)
    compiled = insert.compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup if is_sqlite else names
    return str(compiled), [(name, _converter(table.c[name], is_sqlite=is_sqlite)) for name in order or names]


def _converter(column: sa.Column[Any], *, is_sqlite: bool) -> Convert | None:
    if isinstance(column.type, Json):
        return _json
    if isinstance(column.type, UtcDateTime):
        return _text_time if is_sqlite else _aware
    return None


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _text_time(value: datetime | None) -> str | None:
    """As SQLAlchemy writes times to SQLite: UTC without saying so, always with microseconds."""
    return None if value is None else _aware(value).astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _aware(value: Any) -> Any:
    if value is not None and value.tzinfo is None:
        raise ValueError("a naive time was about to be stored; times are aware UTC")
    return value

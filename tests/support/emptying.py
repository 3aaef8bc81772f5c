"""Makes a used PostgreSQL database as good as new, which is much quicker than copying the template once more."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[object, ...]]

_OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'"
_TABLES = (
    "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE c.relkind IN ('r', 'p') AND {_OURS} ORDER BY 1, 2"
)
_SHAPE = (
    "SELECT md5(string_agg(concat_ws(':', n.nspname, c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull), ',' "
    "ORDER BY n.nspname, c.relname, a.attnum)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    f"LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE {_OURS}"
)
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SEQUENCES = (
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences "
    "WHERE last_value IS NOT NULL"
)


class Pristine(NamedTuple):
    """How a database is before anybody used it: its tables, those of them that have rows, and what they look like."""

    tables: list[tuple[str, str]]
    filled: set[tuple[str, str]]
    shape: str


def look(connection: Connection) -> Pristine:
    """What a database is like now."""
    tables = [(str(schema), str(name)) for schema, name in connection.execute(_TABLES).fetchall()]
    return Pristine(tables, _filled(connection, tables), _shape(connection))


def empty(connection: Connection, pristine: Pristine) -> bool:
    """Empties the database; False where it can't be as it was: somebody is connected, or its tables were changed."""
    others = connection.execute(_OTHERS).fetchone()
    if others is None or others[0] or _shape(connection) != pristine.shape:
        return False
    used = _filled(connection, pristine.tables) - pristine.filled
    if used:
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(*one)) for one in used))
    connection.execute(_SEQUENCES)
    return True


def _shape(connection: Connection) -> str:
    row = connection.execute(_SHAPE).fetchone()
    return str(row[0]) if row else ""


def _filled(connection: Connection, tables: list[tuple[str, str]]) -> set[tuple[str, str]]:
    if not tables:
        return set()
    asks = [sql.SQL("EXISTS (SELECT 1 FROM {})").format(sql.Identifier(*one)) for one in tables]
    row = connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(asks))).fetchone()
    return {one for one, has_rows in zip(tables, row or (), strict=True) if has_rows}

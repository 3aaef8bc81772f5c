"""Makes the engine and the transactions; called by the wiring only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from assistant.store.turns import Turns
from knowledge.vocabulary.errors import UnavailableError


def make_engine(url: str) -> sa.Engine:
    """An engine for SQLite (IMMEDIATE transactions, WAL) or PostgreSQL (READ COMMITTED)."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            url, connect_args={"timeout": 30, "check_same_thread": False, "isolation_level": None},
            pool_size=16, max_overflow=32, pool_use_lifo=True,  # the connection used last has its pages in memory
        )  # fmt: skip
        sa.event.listen(engine, "connect", _sqlite_pragmas)
        sa.event.listen(engine, "begin", _sqlite_begin)
        return engine
    return sa.create_engine(url, pool_size=16, max_overflow=32, pool_pre_ping=True)


def make_engine_for_durable(store: Store) -> sa.Engine:
    """The durable engine's own connections to the same database: it opens SQLite's transactions in its own way."""
    if not store.is_sqlite:
        return store.engine
    engine = sa.create_engine(
        store.engine.url, connect_args={"timeout": 30, "check_same_thread": False, "isolation_level": "IMMEDIATE"},
        pool_size=8, max_overflow=32,
    )  # fmt: skip
    sa.event.listen(engine, "connect", _sqlite_pragmas)
    return engine


def _sqlite_pragmas(connection: sqlite3.Connection, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    """Takes the write lock at once, so that what a transaction read is still true when it writes."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Store:
    """The engine and how to use it: `with store.begin() as tx` is one transaction, committed at its end."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        # SQLite has one writer, and whoever waits for it looks again after pauses: at a peak some would wait for long.
        self._turns = Turns() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction; on SQLite in the order of asking, so a thread that is in one must not begin another.

        Raises:
            UnavailableError: `store_unavailable` when the database is locked, full or gone; nothing was kept.
        """
        turn = self._turns.next() if self._turns else nullcontext()
        with turn, self._translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent look; takes no write lock and must not write.

        Raises:
            UnavailableError: as `begin`.
        """
        with self._translated(), self.engine.execution_options(reading=True).begin() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise UnavailableError("store_unavailable", f"the database can't take this now: {error.orig}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise UnavailableError("store_unavailable", "the database connection was lost") from error
            raise

    def for_update(self, query: sa.Select[Any], *, skip_locked: bool = False) -> sa.Select[Any]:
        """Locks the rows where the database can; SQLite's IMMEDIATE transaction is a lock already."""
        return query if self.is_sqlite else query.with_for_update(skip_locked=skip_locked)

    def insert_new(self, table: sa.Table, *index: str) -> Any:
        """An INSERT that leaves an existing row (same `index` columns) alone."""
        from sqlalchemy.dialects import postgresql, sqlite

        insert = (sqlite if self.is_sqlite else postgresql).insert(table)
        return insert.on_conflict_do_nothing(index_elements=list(index) or None)

    def upsert(self, table: sa.Table, index: list[str], values: dict[str, Any], update: list[str]) -> Any:
        """An INSERT that replaces `update` columns of an existing row (same `index` columns)."""
        from sqlalchemy.dialects import postgresql, sqlite

        insert = (sqlite if self.is_sqlite else postgresql).insert(table).values(**values)
        return insert.on_conflict_do_update(index_elements=index, set_={c: insert.excluded[c] for c in update})


def utcnow() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)

"""Fresh databases for tests, on SQLite and PostgreSQL: migrated once per run, then copied for each test."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.support.emptying import Pristine, empty, look
from tests.support.kinds import Kind
from tests.support.postgres import connect, described, postgres_server

Migrate = Callable[[str], None]
"""Takes a database's address and brings its tables up to date."""

PREFIX = "helloword_test_"
FORGOTTEN_AFTER = 6 * 3600  # seconds after which a database of a run that was killed is dropped
COPIES_BY_FILE = 150000  # the server_version_num from which CREATE DATABASE takes a STRATEGY


class Databases:
    """Makes databases and drops them; use `fresh_databases()` to get one."""

    def __init__(self, folder: Path, migrate: Migrate, stack: contextlib.ExitStack) -> None:
        self._folder, self._migrate, self._stack = folder, migrate, stack
        self._templates: dict[Kind, str] = {}
        self._numbers = itertools.count(1)
        self._run = f"{PREFIX}{int(time.time())}_{os.getpid()}_{secrets.token_hex(2)}"
        self._server: URL | None = None
        self.server_description: str | None = None
        """Which PostgreSQL is used; None while nothing asked for one."""
        self._made: set[str] = set()
        self._pristine: Pristine | None = None
        self._spare: list[str] = []  # given back and emptied
        self._lock = threading.Lock()

    def fresh(self, kind: Kind) -> str:
        """Returns the address of a database with all tables and no rows."""
        if kind not in self._templates:
            template = self.empty(kind)
            self._migrate(template)
            self._templates[kind] = template
        if kind == "sqlite":
            return self._copy_file(self._templates[kind])
        with self._lock:
            if self._spare:
                return self._spare.pop()
        return self._create(template=make_url(self._templates[kind]).database)

    def empty(self, kind: Kind) -> str:
        """Returns the address of a database without tables."""
        if kind == "sqlite":
            return f"sqlite:///{self._new_file()}"
        return self._create(template=None)

    def give_back(self, url: str) -> None:
        """Takes back what `fresh` gave: emptied for whoever asks next where that is possible, else dropped.

        PostgreSQL needs 140 ms for a copy of the template, and 15 for emptying one.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" or not self._emptied(parsed):
            self.drop(url)
            return
        with self._lock:
            self._spare.append(url)

    def _emptied(self, url: URL) -> bool:
        with self._lock:
            if self._pristine is None:
                with connect(make_url(self._templates["postgresql"])) as connection:
                    self._pristine = look(connection)
        with connect(url) as connection:
            return empty(connection, self._pristine)

    def drop(self, url: str) -> None:
        """Removes a database that `fresh` or `empty` gave, whoever is still connected to it."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{parsed.database}{suffix}").unlink(missing_ok=True)
            return
        if parsed.database in self._made:
            self._made.discard(parsed.database)
            with connect(self.server()) as connection:
                drop_database(connection, parsed.database)

    def close(self) -> None:
        """Drops every PostgreSQL database that is left of this run."""
        if self._server is not None and self._made:
            with connect(self._server) as connection:
                for name in sorted(self._made):
                    drop_database(connection, name)
        self._made.clear()

    def server(self) -> URL:
        """The PostgreSQL that is used, looked for (and if need be started) at the first call."""
        if self._server is None:
            self._server = self._stack.enter_context(postgres_server())
            self._stack.callback(self.close)
            self.server_description = described(self._server)
            with connect(self._server) as connection:
                drop_forgotten(connection)
        return self._server

    def _new_file(self) -> Path:
        return self._folder / f"{next(self._numbers)}.db"

    def _copy_file(self, template: str) -> str:
        source = make_url(template).database
        assert source is not None
        with contextlib.closing(sqlite3.connect(source)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target = self._new_file()
        shutil.copyfile(source, target)
        return f"sqlite:///{target}"

    def _create(self, template: str | None) -> str:
        name = f"{self._run}_{next(self._numbers)}"
        with connect(self.server()) as connection:
            if template is not None:
                leave_alone(connection, template)
            connection.execute(create_statement(name, template, connection.info.server_version))
        self._made.add(name)
        return self.server().set(database=name).render_as_string(hide_password=False)


@contextlib.contextmanager
def fresh_databases(folder: Path, migrate: Migrate) -> Iterator[Databases]:
    """Yields a maker of databases; at the end all of them are gone, and a server it had to start has stopped.

    Args:
        folder: where SQLite files go.
        migrate: called once per kind, on an empty database.
    """
    with contextlib.ExitStack() as stack:
        yield Databases(folder, migrate, stack)


def create_statement(name: str, template: str | None, version: int) -> sql.Composed:
    """CREATE DATABASE; copying files is the quickest way where the server knows it (50 ms against 110)."""
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is None:
        return statement
    statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    return statement + sql.SQL(" STRATEGY FILE_COPY") if version >= COPIES_BY_FILE else statement


def leave_alone(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Ends what is still connected to a template: PostgreSQL refuses to copy one in use."""
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    connection.execute(ending, [database])


def drop_database(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drops one database and the connections to it."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_forgotten(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Drops the databases of runs that were killed hours ago; a run still going is never that old."""
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
    for (name,) in rows.fetchall():
        made_at = str(name).removeprefix(PREFIX).split("_")[0]
        if made_at.isdigit() and time.time() - int(made_at) > FORGOTTEN_AFTER:
            drop_database(connection, str(name))

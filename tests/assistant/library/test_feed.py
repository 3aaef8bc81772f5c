"""The library follows the cases through the outbox, on both databases: idempotent, retried, rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.library.feed import KIND, LibraryFeed
from assistant.library.precedents import is_precedent, solved_case, summary
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.tables import cases, outbox
from assistant.store.tables_people import outcomes
from knowledge.library.library import Library
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.agent.conftest import FakeReader

CASE = "case_price_mismatch"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    engine = make_engine(database_url)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def feed(store: Store, reader: FakeReader, library: Library) -> LibraryFeed:
    return LibraryFeed(store, reader, library)


def resolve(reader: FakeReader, case_id: str = CASE, **values: Any) -> None:
    reader.cases[case_id] |= {
        "status": "closed",
        "resolution": "repaired",
        "resolved_at": "2026-03-02T09:00:00Z",
        **values,
    }


def put(store: Store, case_id: str = CASE, age: float = 0) -> None:
    row = {"kind": KIND, "subject": case_id, "created_at": utcnow() - timedelta(seconds=age), "attempts": 0}
    with store.begin() as tx:
        tx.execute(outbox.insert().values(**row))


def outcome(store: Store, episode: int, **values: Any) -> None:
    row = {"case_id": CASE, "episode": episode, "fault": "price_mismatch", "option": "none", "at": utcnow()}
    with store.begin() as tx:
        tx.execute(outcomes.insert().values(**row, resolution="repaired", **values))


def rows(store: Store) -> list[tuple[str, int]]:
    with store.read() as tx:
        found = tx.execute(sa.select(outbox.c.subject, outbox.c.attempts).order_by(outbox.c.seq)).all()
    return [(row.subject, row.attempts) for row in found]


def row_of_case(case_id: str, status: str) -> dict[str, Any]:
    """A case's row, as far as the rebuild looks at it; the rest is filled with what the columns demand."""
    now = utcnow()
    values: dict[str, Any] = {"id": case_id, "subject_kind": "checkout", "subject_id": case_id, "status": status}
    for column in cases.columns:
        if column.name in values or column.nullable or column.default is not None:
            continue
        kind = type(column.type).__name__
        values[column.name] = {"UtcDateTime": now, "Json": {}, "Integer": 0}.get(kind, "x")
    return values


def test_a_case_that_stayed_resolved_is_added_in_both_languages_and_its_row_deleted(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    resolve(reader, value={"amount": 9800, "currency": "CNY"})
    put(store)
    put(store)  # twice: the same again
    assert feed.drain() == 2
    assert rows(store) == []
    assert library.count() == 1
    kept = library.get(CASE)
    assert kept is not None
    assert "价格" in kept.summary["zh-CN"] and "price" in kept.summary["en"].lower()
    assert (kept.fault, kept.resolution, kept.stayed_resolved) == ("price_mismatch", "repaired", True)
    assert [(t.action, t.status) for t in kept.tried] == [("release_reservation", "done")]
    assert kept.metadata["value_band"] == "small"


def test_other_rows_of_the_outbox_are_left_alone(feed: LibraryFeed, store: Store) -> None:
    with store.begin() as tx:
        tx.execute(outbox.insert().values(kind="other", subject="x", created_at=utcnow(), attempts=0))
    assert feed.drain() == 0
    assert rows(store) == [("x", 0)]


def test_a_case_that_came_back_is_marked_and_a_solved_one_unmarked(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    changes: tuple[tuple[dict[str, Any], bool], ...] = (
        ({}, True),
        ({"status": "diagnosing", "resolution": None}, False),
        ({"status": "resolved"}, False),  # solved anew, and watched
        ({}, True),
    )
    for change, stayed in changes:
        resolve(reader, **change)
        put(store)
        feed.drain()
        kept = library.get(CASE)
        assert kept is not None and kept.stayed_resolved is stayed


def test_a_case_that_is_still_watched_is_not_in_the_library_yet(
    feed: LibraryFeed, reader: FakeReader, library: Library
) -> None:
    resolve(reader, status="resolved")
    feed.bring_up_to_date(CASE)
    assert library.count() == 0


@pytest.mark.parametrize("last", [{"stayed": None}, {"stayed": False}, {"stayed": True, "undone_at": utcnow()}])
def test_what_nobody_saw_stay_and_what_a_supervisor_undid_is_no_precedent(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library, last: dict[str, Any]
) -> None:
    resolve(reader)
    feed.bring_up_to_date(CASE)
    assert library.count() == 1
    outcome(store, 1, **last)
    feed.bring_up_to_date(CASE)
    assert library.count() == 0


def test_a_precedent_carries_how_it_turned_out(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    resolve(reader)
    outcome(store, 1, stayed=False)
    outcome(store, 2, stayed=True, rating=4)
    feed.bring_up_to_date(CASE)
    kept = library.get(CASE)
    assert kept is not None and kept.stayed_resolved
    assert (kept.metadata["relapses"], kept.metadata["rating"]) == (1, 4)


@pytest.mark.parametrize("resolution", ["merged", "false_alarm"])
def test_what_teaches_nothing_is_removed(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library, resolution: str
) -> None:
    resolve(reader)
    feed.bring_up_to_date(CASE)
    resolve(reader, resolution=resolution)
    put(store)
    put(store, "case_gone")
    assert feed.drain() == 2
    assert library.count() == 0


def test_a_silent_library_keeps_the_row_and_it_is_tried_again_later(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(case: object) -> None:
        raise UnavailableError("library_unavailable", "down")

    resolve(reader)
    put(store, age=1)
    with monkeypatch.context() as broken:
        broken.setattr(library, "add", silent)
        assert feed.drain() == 0
        assert rows(store) == [(CASE, 1)]
    assert feed.drain() == 0  # not due yet: two seconds after its creation
    with store.begin() as tx:
        tx.execute(outbox.update().values(created_at=utcnow() - timedelta(seconds=3)))
    assert feed.drain() == 1
    assert library.count() == 1


def test_one_broken_case_does_not_keep_the_others_waiting(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    resolve(reader)
    resolve(reader, "case_partial_payment", severity=None, faults=[{"no": "code"}])
    put(store, "case_partial_payment")
    put(store)
    assert feed.drain() == 1
    assert rows(store) == [("case_partial_payment", 1)]
    assert library.get(CASE) is not None


def test_rebuild_makes_the_library_from_the_solved_cases(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    for case_id, status in ((CASE, "closed"), ("case_partial_payment", "closed"), ("case_duplicate_charge", "open")):
        resolve(reader, case_id, status=status)
        with store.begin() as tx:
            tx.execute(cases.insert().values(**row_of_case(case_id, status)))
    library.add(solved_case(reader.cases[CASE] | {"id": "left from another time"}))
    seen: list[int] = []
    assert feed.rebuild(seen.append) == 2
    assert seen == [1, 2]
    assert library.get("left from another time") is None


def test_a_summary_holds_no_ids_and_nothing_of_the_customer(reader: FakeReader) -> None:
    for case in reader.cases.values():
        for language in ("zh-CN", "en"):
            words = summary(case, language)
            assert words and str(case["checkout_id"]) not in words and "_" not in words
    assert not is_precedent(reader.cases[CASE])

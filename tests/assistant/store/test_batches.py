"""Rows that go straight to the driver read back as if SQLAlchemy had written them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.store.batches import among, insert_ignoring, insert_rows, upsert_rows
from assistant.store.engine import Store
from assistant.store.tables import timers
from tests.assistant.conftest import NOW


def row(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "k", "subject": subject, "due_at": NOW, "generation": None, "payload": None, "version": 1,
        "attempts": 0, "leased_until": None,
    } | more  # fmt: skip


def stored(store: Store) -> dict[str, Any]:
    with store.read() as tx:
        return {r["subject"]: dict(r) for r in tx.execute(sa.select(timers)).mappings()}


def test_every_kind_of_value_comes_back(store: Store) -> None:
    east = NOW.replace(microsecond=1).astimezone(timezone(timedelta(hours=8)))
    rows = [
        row("破损 O'Neil %s ? :x", payload={"n": [1, None, "破"], "at": NOW}, generation=3),
        row("b", due_at=east, leased_until=NOW + timedelta(microseconds=999_999), payload="text"),
        row("c", payload=[]),
    ]
    with store.begin() as tx:
        insert_rows(tx, timers, rows)
        insert_rows(tx, timers, [])
    found = stored(store)
    assert found["破损 O'Neil %s ? :x"]["payload"] == {"n": [1, None, "破"], "at": "2026-03-02T08:00:00Z"}
    assert found["b"] == rows[1] | {"due_at": east}
    assert found["c"]["payload"] == []


def test_times_written_both_ways_compare(store: Store) -> None:
    with store.begin() as tx:
        tx.execute(timers.insert().values(**row("a")))
        insert_rows(tx, timers, [row("b"), row("c", due_at=NOW + timedelta(microseconds=1))])
    with store.read() as tx:
        same = tx.execute(sa.select(timers.c.subject).where(timers.c.due_at == NOW)).scalars().all()
        later = tx.execute(sa.select(timers.c.subject).where(timers.c.due_at > NOW)).scalars().all()
    assert (sorted(same), later) == (["a", "b"], ["c"])


def test_a_naive_time_is_refused(store: Store) -> None:
    with store.begin() as tx, pytest.raises(ValueError, match="naive"):
        insert_rows(tx, timers, [row("a", due_at=datetime(2026, 3, 2))])  # noqa: DTZ001


def test_what_exists_is_left_alone_or_replaced(store: Store) -> None:
    with store.begin() as tx:
        insert_rows(tx, timers, [row("a", version=1)])
        insert_ignoring(tx, timers, ["kind", "subject"], [row("a", version=2), row("b", version=2)])
        upsert_rows(tx, timers, ["kind", "subject"], [row("b", version=3, attempts=3)], ["version"])
    found = stored(store)
    assert found["a"]["version"] == 1
    assert (found["b"]["version"], found["b"]["attempts"]) == (3, 0)


def test_among_takes_any_number_of_any_strings(store: Store) -> None:
    names = [f"n-{n}" for n in range(3_000)] + ["破", "it's", "{}", '"', "a,b"]
    with store.begin() as tx:
        insert_rows(tx, timers, [row(name) for name in names])
    with store.read() as tx:
        query = sa.select(timers.c.subject)
        assert set(tx.execute(query.where(among(tx, timers.c.subject, [*names[5:], "nobody"]))).scalars()) == set(
            names[5:]
        )
        assert tx.execute(query.where(among(tx, timers.c.subject, []))).all() == []

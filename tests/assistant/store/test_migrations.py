"""Migrations: up and down with data in them, and in step with the tables the code uses."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assistant.store.engine import Store, make_engine
from assistant.store.migrate import downgrade, upgrade
from assistant.store.tables import api_keys, metadata, timers

NOW = datetime(2026, 3, 1, 12, 30, 1, 234567, tzinfo=UTC)


def fill(store: Store) -> None:
    with store.begin() as tx:
        tx.execute(
            timers.insert().values(kind="retry", subject="case_1", due_at=NOW, payload={"n": 1}, version=1, attempts=0)
        )
        key = {"id": "k", "name": "n", "hash": "h", "scopes": ["chat"], "role": "agent", "created_at": NOW}
        tx.execute(api_keys.insert().values(**key))


def test_up_down_and_up_again_with_data_in_them(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    store = Store(make_engine(empty_database_url))
    fill(store)
    with store.read() as tx:
        row = tx.execute(sa.select(timers)).mappings().one()
    assert (row["due_at"], row["payload"]) == (NOW, {"n": 1})
    downgrade(empty_database_url)
    assert set(sa.inspect(store.engine).get_table_names()) <= {"alembic_version"}
    upgrade(empty_database_url)
    fill(store)
    store.engine.dispose()


def test_upgrading_twice_keeps_what_is_there(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    store = Store(make_engine(empty_database_url))
    fill(store)
    upgrade(empty_database_url)
    with store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(timers)) == 1
    store.engine.dispose()


def test_the_migrations_make_exactly_the_tables_the_code_uses(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = make_engine(empty_database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_what_a_look_had_ended_is_proven_after_the_upgrade(empty_database_url: str) -> None:
    """A case that a person ended by word, or that is open, has no proof."""
    upgrade(empty_database_url, "0002")
    store = Store(make_engine(empty_database_url))
    with store.begin() as tx:
        before = sa.MetaData()
        before.reflect(tx, only=("cases", "looks"))
        for case_id, resolution in (("a", "repaired"), ("b", "by_human"), ("c", None)):
            tx.execute(_complete(before.tables["cases"], id=case_id, subject_id=case_id, resolution=resolution,
                                 status="resolved" if resolution else "open", resolved_at=_time(store)))  # fmt: skip
        for case_id, status in (("a", "resolved"), ("b", "handed_off"), ("c", "open")):
            decision = {"status": status, "resolution": "repaired" if status == "resolved" else None}
            tx.execute(_complete(before.tables["looks"], case_id=case_id, decision=_json(store, decision)))
    upgrade(empty_database_url)
    with store.read() as tx:
        proven = dict(tx.execute(sa.text("SELECT id, proven_at IS NOT NULL FROM cases")).all())
    assert {case_id: bool(is_proven) for case_id, is_proven in proven.items()} == {"a": True, "b": False, "c": False}
    store.engine.dispose()


def _complete(table: sa.Table, **values: object) -> sa.Insert:
    """A row with something in every column that must not be empty."""
    def filler(column: sa.Column[object]) -> object:
        kind = column.type.python_type
        return {int: 1, float: 1.0, bool: False, str: "{}", datetime: NOW}.get(kind, {})

    given = {c.name: filler(c) for c in table.c if not c.nullable and c.name != "seq" and c.name not in values}
    return table.insert().values(**given, **values)


def _time(store: Store) -> object:
    return NOW.replace(tzinfo=None) if store.is_sqlite else NOW


def _json(store: Store, value: dict[str, object]) -> object:
    return json.dumps(value) if store.is_sqlite else value

"""Migrations: up and down with data in them, and in step with the tables the code uses."""

from __future__ import annotations

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

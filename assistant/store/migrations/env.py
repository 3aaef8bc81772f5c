"""Alembic's environment: our migrations on the connection it is given; DBOS's and LangGraph's tables stay alone."""

from __future__ import annotations

from alembic import context

from assistant.store.tables import metadata


def _ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    return kind != "table" or name in metadata.tables


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, include_object=_ours,
    render_as_batch=connection.dialect.name == "sqlite", transaction_per_migration=True,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()

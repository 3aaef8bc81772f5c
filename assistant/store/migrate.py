"""Brings a database to the newest (or a given) migration; called at start and by `helloword migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from assistant.store.engine import make_engine

_LOCK = 0x48_57_4D_49  # PostgreSQL advisory lock: one migration at a time


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _run(url: str, revision: str, *, down: bool) -> None:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
                connection.commit()
            config = _config()
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)
            connection.commit()
    finally:
        engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Migrates the database at `url` (SQLAlchemy form) up to `revision`."""
    _run(url, revision, down=False)


def downgrade(url: str, revision: str = "base") -> None:
    """Migrates the database at `url` down to `revision`."""
    _run(url, revision, down=True)

"""Versions: the `models` table; trained models are put in force, listed and withdrawn here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.store.tables import models
from assistant.training.fitting import Trained
from knowledge.models.artefacts import Card
from knowledge.vocabulary.errors import ConflictError, NotFoundError


class Version(msgspec.Struct, frozen=True):
    """One stored version; `in_force` when running workers use it."""

    kind: str
    version: int
    created_at: datetime
    card: Card
    withdrawn_at: datetime | None
    in_force: bool


class Versions:
    """Newest first wins: the newest version of a kind that is not withdrawn is in force."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, trained: Trained, now: datetime) -> int:
        """Stores a model as the next version of its kind; workers take it up within seconds."""
        with self._store.begin() as tx:
            last = tx.execute(sa.select(sa.func.max(models.c.version)).where(models.c.kind == trained.kind)).scalar()
            values: dict[str, Any] = {
                "kind": trained.kind, "version": (last or 0) + 1, "created_at": now, "card": trained.card,
                "artefact": trained.artefact, "withdrawn_at": None,
            }  # fmt: skip
            tx.execute(models.insert().values(**values))
        return int(values["version"])

    def list(self) -> list[Version]:
        """All versions by kind, the newest first."""
        query = sa.select(
            models.c.kind, models.c.version, models.c.created_at, models.c.card, models.c.withdrawn_at
        ).order_by(models.c.kind, models.c.version.desc())
        with self._store.read() as tx:
            rows = list(tx.execute(query))
        newest: dict[str, int] = {}
        for row in rows:
            if row.withdrawn_at is None:
                newest.setdefault(row.kind, row.version)
        return [
            Version(
                row.kind, row.version, row.created_at, msgspec.convert(row.card, Card), row.withdrawn_at,
                newest.get(row.kind) == row.version,
            )
            for row in rows
        ]  # fmt: skip

    def withdraw(self, kind: str, version: int, now: datetime) -> None:
        """Takes a version out of force: the one before it (or the shipped model) is used again.

        Raises:
            NotFoundError: `unknown_model`.
            ConflictError: `already_withdrawn`.
        """
        where = (models.c.kind == kind, models.c.version == version)
        with self._store.begin() as tx:
            row = tx.execute(self._store.for_update(sa.select(models.c.withdrawn_at).where(*where))).first()
            if row is None:
                raise NotFoundError("unknown_model", f"there is no {kind} model of version {version}")
            if row.withdrawn_at is not None:
                when = f"{row.withdrawn_at:%Y-%m-%d}"
                raise ConflictError("already_withdrawn", f"{kind} {version} was withdrawn on {when}")
            tx.execute(models.update().where(*where).values(withdrawn_at=now))

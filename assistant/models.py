"""LiveModels: the trained models in force, taken up from the database while running; intake asks them for scores."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from assistant.store.engine import Store
from assistant.store.tables import models
from knowledge.models.amounts import KIND as AMOUNTS
from knowledge.models.amounts import AmountModel
from knowledge.models.artefacts import ArtefactError, Card
from knowledge.models.novelty import KIND as NOVELTY
from knowledge.models.novelty import NoveltyModel, shipped
from knowledge.vocabulary.background import AmountScore, NoveltyScore, Scores
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.snapshot import OrderSnapshot

LOOK_EVERY = 10.0  # seconds between looks for a newer version

log = structlog.get_logger(__name__)


class LiveModels:
    """The newest version of each kind that is not withdrawn; the shipped novelty model while there is none.

    Looks for a newer one at most every LOOK_EVERY seconds. One that can't be read is logged, and the one before stays.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._looked = -LOOK_EVERY
        self._versions: dict[str, int | None] = {}
        self._amounts: AmountModel | None = None
        self._novelty: NoveltyModel | None = _shipped()

    def scores(self, snapshot: OrderSnapshot, categories: Mapping[str, str | None], now: datetime) -> Scores:
        """What the models in force say of a snapshot; `categories` by sku where known. Never raises."""
        self._refresh()
        amounts, novelty = self._amounts, self._novelty
        try:
            return Scores(amount=_amount(amounts, snapshot, categories), novelty=_novelty(novelty, snapshot))
        except Exception:
            # A score is a hint: whatever is wrong with a model must not stop an order's events.
            log.exception("model.score_failed", checkout_id=snapshot.checkout_id)
            return Scores()

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < LOOK_EVERY or not self._lock.acquire(blocking=False):
            return
        try:
            self._looked = time.monotonic()
            for kind, version in self._newest().items():
                if version != self._versions.get(kind):
                    self._take_up(kind, version)
        except (UnavailableError, SQLAlchemyError) as error:
            log.warning("model.look_failed", detail=str(error))
        finally:
            self._lock.release()

    def _newest(self) -> dict[str, int | None]:
        query = (
            sa.select(models.c.kind, sa.func.max(models.c.version))
            .where(models.c.withdrawn_at.is_(None))
            .group_by(models.c.kind)
        )
        with self._store.read() as tx:
            found = {row[0]: row[1] for row in tx.execute(query)}
        return {kind: found.get(kind) for kind in (AMOUNTS, NOVELTY)}

    def _take_up(self, kind: str, version: int | None) -> None:
        """Puts a version in force; remembers it even when it is broken, so that it is read and reported once."""
        self._versions[kind] = version
        try:
            row = self._read(kind, version) if version is not None else None
            if kind == AMOUNTS:
                self._amounts = AmountModel.from_bytes(*_parts(row), f"{kind}/{version}") if row else None
            else:
                self._novelty = NoveltyModel.from_bytes(*_parts(row), f"{kind}/{version}") if row else _shipped()
        except ArtefactError as error:
            _refused(kind, version, error)
            return
        log.info("model.in_force", kind=kind, version=version)

    def _read(self, kind: str, version: int) -> Any:
        query = sa.select(models.c.artefact, models.c.card)
        with self._store.read() as tx:
            return tx.execute(query.where(models.c.kind == kind, models.c.version == version)).first()


def _parts(row: Any) -> tuple[bytes, Card]:
    """The artefact and its card.

    Raises:
        ArtefactError: `damaged_model` for a card that is none.
    """
    try:
        return bytes(row.artefact), msgspec.convert(row.card, Card)
    except msgspec.ValidationError as error:
        raise ArtefactError("damaged_model", f"the card can't be read: {error}") from error


def _shipped() -> NoveltyModel | None:
    try:
        return shipped()
    except ArtefactError as error:
        _refused(NOVELTY, None, error)
        return None


def _refused(kind: str, version: int | None, error: ArtefactError) -> None:
    log.warning("model.refused", kind=kind, version=version or "shipped", code=error.code, detail=error.detail)


def _amount(
    model: AmountModel | None, snapshot: OrderSnapshot, categories: Mapping[str, str | None]
) -> AmountScore | None:
    return model.score(snapshot, categories) if model else None


def _novelty(model: NoveltyModel | None, snapshot: OrderSnapshot) -> NoveltyScore | None:
    return model.score(snapshot) if model and snapshot.submitted_at is not None else None

"""Versions and LiveModels: the newest sound version is in force, taken up while running."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

import assistant.models
from assistant.models import LiveModels
from assistant.store.engine import Store
from assistant.store.tables import models
from assistant.training.fitting import Trained, fit_amounts
from assistant.training.versions import Versions
from knowledge.faults.unusual_amount.detector import is_unusual
from knowledge.models.artefacts import Card, digest
from knowledge.models.novelty import KIND, NoveltyModel, matrix
from knowledge.vocabulary.background import Scores
from knowledge.vocabulary.errors import ConflictError, NotFoundError, UnavailableError
from tests.assistant.training.healthy import order, orders

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
USUAL = order(1).last
TEA = {"TEA": "tea"}


@pytest.fixture(scope="module")
def novelty() -> Trained:
    rows = matrix([snapshot for lived in orders(5) for snapshot in lived.looks])
    artefact = NoveltyModel.fit(rows, rows).to_bytes()
    card = Card(kind=KIND, trained_on="tests", created_at="2026-03-02", digest=digest(artefact), samples=len(rows))
    return Trained(KIND, artefact, card)


@pytest.fixture(scope="module")
def usual_amounts() -> Trained:
    return fit_amounts(orders(60), TEA, is_unusual, trained_on="tests", seed=3, now=NOW)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question looks for a newer version."""
    monkeypatch.setattr(assistant.models, "LOOK_EVERY", 0.0)


def said(live: LiveModels) -> tuple[str | None, str | None]:
    """Which models speak: of amounts, of novelty."""
    scores = live.scores(USUAL, TEA, NOW)
    assert isinstance(scores, Scores)
    return scores.amount.model if scores.amount else None, scores.novelty.model if scores.novelty else None


def test_versions_count_up_by_kind_and_the_newest_is_in_force(
    store: Store, novelty: Trained, usual_amounts: Trained
) -> None:
    versions = Versions(store)
    assert [versions.add(m, NOW) for m in (novelty, novelty, usual_amounts)] == [1, 2, 1]
    listed = [(v.kind, v.version, v.in_force) for v in versions.list()]
    assert listed == [("amounts", 1, True), ("novelty", 2, True), ("novelty", 1, False)]
    versions.withdraw("novelty", 2, NOW)
    assert [(v.version, v.in_force) for v in versions.list() if v.kind == "novelty"] == [(2, False), (1, True)]
    with pytest.raises(ConflictError):
        versions.withdraw("novelty", 2, NOW)
    with pytest.raises(NotFoundError):
        versions.withdraw("novelty", 9, NOW)


@pytest.mark.usefixtures("at_once")
def test_a_running_worker_takes_versions_up_and_gives_them_up(
    store: Store, novelty: Trained, usual_amounts: Trained
) -> None:
    live, versions = LiveModels(store), Versions(store)
    assert said(live) == (None, "novelty/shipped")
    versions.add(novelty, NOW)
    versions.add(usual_amounts, NOW)
    assert said(live) == ("amounts/1", "novelty/1")
    versions.add(novelty, NOW)
    assert said(live) == ("amounts/1", "novelty/2")
    versions.withdraw("novelty", 2, NOW)
    assert said(live) == ("amounts/1", "novelty/1")
    versions.withdraw("novelty", 1, NOW)
    versions.withdraw("amounts", 1, NOW)
    assert said(live) == (None, "novelty/shipped")


def test_between_two_looks_the_database_is_left_alone(store: Store, novelty: Trained) -> None:
    live = LiveModels(store)
    assert said(live) == (None, "novelty/shipped")
    Versions(store).add(novelty, NOW)
    assert said(live) == (None, "novelty/shipped")


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("harm", ["artefact", "digest", "card"])
def test_a_damaged_version_leaves_the_one_before_in_force(store: Store, novelty: Trained, harm: str) -> None:
    live, versions = LiveModels(store), Versions(store)
    versions.add(novelty, NOW)
    assert said(live) == (None, "novelty/1")
    versions.add(novelty, NOW)
    card: Any = msgspec.to_builtins(novelty.card)
    changes: dict[str, dict[str, Any]] = {
        "artefact": {"artefact": novelty.artefact[:-20]},
        "digest": {"card": card | {"digest": "0" * 64}},
        "card": {"card": {"kind": "novelty"}},
    }
    with store.begin() as tx:
        tx.execute(models.update().where(models.c.version == 2).values(**changes[harm]))
    assert said(live) == (None, "novelty/1")


@pytest.mark.usefixtures("at_once")
def test_without_a_database_the_last_models_go_on(
    store: Store, novelty: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveModels(store)
    Versions(store).add(novelty, NOW)
    assert said(live) == (None, "novelty/1")

    def gone() -> None:
        raise UnavailableError("store_unavailable", "gone")

    monkeypatch.setattr(store, "read", gone)
    assert said(live) == (None, "novelty/1")


@pytest.mark.usefixtures("at_once")
def test_a_score_never_raises(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("knowledge.models.novelty.vector", broken)
    assert LiveModels(store).scores(USUAL, TEA, NOW) == Scores()


def test_an_open_checkout_is_not_judged(store: Store) -> None:
    begun = msgspec.structs.replace(USUAL, submitted_at=None)
    assert LiveModels(store).scores(begun, TEA, NOW).novelty is None

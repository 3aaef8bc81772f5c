"""Fitting: who is held out, what the card says, and what repairs leave behind is no news."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from assistant.training.anomalies import ANOMALIES, bent
from assistant.training.fitting import fit_amounts, fit_novelty, split
from assistant.training.mended import WAYS, mended
from knowledge.faults.unusual_amount.detector import is_unusual
from knowledge.models.amounts import AmountModel
from knowledge.models.features import vector
from knowledge.models.novelty import NoveltyModel, shipped
from tests.assistant.training.healthy import order, orders

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_every_order_is_in_one_part_and_always_in_the_same() -> None:
    all_of_them = orders(200)
    parts = split(all_of_them, seed=3)
    assert sorted(o.last.checkout_id for part in parts for o in part) == sorted(o.last.checkout_id for o in all_of_them)
    assert [len(part) for part in parts] == [len(part) for part in split(all_of_them[::-1], seed=3)]
    assert all(10 < len(part) < 140 for part in parts)


def test_the_novelty_card_says_what_the_model_is_and_how_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.training.fitting.ODD", 10)
    monkeypatch.setattr("assistant.training.fitting.MENDED", 3)
    monkeypatch.setattr("knowledge.models.rivals.TREES", 10)
    trained = fit_novelty(orders(80), trained_on="tests", seed=3, now=NOW)
    card = trained.card
    model = NoveltyModel.from_bytes(trained.artefact, card)
    assert (card.orders, card.trained_on, card.threshold) == (80, "tests", model.threshold)
    assert card.false_alarms["hits"] == 0
    assert card.false_alarms["of"] == card.held_out > 0
    assert 0 < card.false_alarms["high"] < 0.5
    assert set(card.detection) == set(ANOMALIES)
    assert card.detection["card_testing"]["rate"] == 1
    assert set(card.compared) == {"isolation_forest", "local_outlier_factor"}


def test_the_amounts_card_says_what_the_rule_finds() -> None:
    trained = fit_amounts(orders(200), {"TEA": "tea"}, is_unusual, trained_on="tests", seed=3, now=NOW)
    assert trained.card.false_alarms["hits"] == 0
    assert trained.card.detection["total_times_50"]["rate"] == 1
    assert set(trained.card.notes["groups"]) == {"all/CNY", "tea/CNY"}
    assert AmountModel.from_bytes(trained.artefact, trained.card).usual["tea", "CNY"].n == 200


def test_what_repairs_leave_behind_is_no_news() -> None:
    found = [shipped().score(s) for s in mended(order(1).last)]
    assert len(found) == len(WAYS)
    assert max(score.score for score in found) <= shipped().threshold


def test_mending_and_bending_leave_the_original_alone() -> None:
    healthy = order(1).last
    before = vector(healthy).tolist()
    list(mended(healthy))
    for kind in ANOMALIES:
        bent(healthy, kind, Random(1))
    assert vector(healthy).tolist() == before


@pytest.mark.parametrize("kind", sorted(ANOMALIES))
def test_a_bent_order_is_another(kind: str) -> None:
    healthy = order(1).last
    assert vector(bent(healthy, kind, Random(1))).tolist() != vector(healthy).tolist()

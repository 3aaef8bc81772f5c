"""Training: from stored history where there is enough of it, else from the demo shop; the commands around it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import assistant.training.fitting
import assistant.training.train
from assistant.cli import _demo, app
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import checkouts
from assistant.training.history import SETTLED_AFTER, stored_orders
from assistant.training.train import train
from assistant.training.world import Cast, World, play_world
from knowledge.policies import Policies
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.conftest import NOW
from tests.assistant.training.healthy import order, orders
from tests.knowledge.checkouts import Story


@pytest.fixture(scope="module")
def world() -> World:
    """Some orders of the demo shop."""
    cast = Cast(0.0, 0.5, hard_negatives=("three_submits", "zero_total"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.training.world.QUIET", 0.8)
        return play_world(_demo().start, cast, orders=16, seed=5)


@pytest.fixture
def played(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo shop was played already."""
    monkeypatch.setattr(assistant.training.train, "play_world", lambda *_, **__: world)
    monkeypatch.setattr(assistant.training.fitting, "ODD", 5)
    monkeypatch.setattr(assistant.training.fitting, "MENDED", 2)
    monkeypatch.setattr("knowledge.models.rivals.TREES", 5)


def keep(store: Store, snapshots: list[OrderSnapshot], days: float = 3) -> None:
    rows: list[dict[str, Any]] = [
        {"checkout_id": s.checkout_id, "customer_id": None, "customer_ref": "r", "snapshot": s, "version": 1,
         "updated_at": NOW - timedelta(days=days), "latest_event_at": None}
        for s in snapshots
    ]  # fmt: skip
    with store.begin() as tx:
        tx.execute(sa.insert(checkouts), rows)


def test_the_demo_shop_plays_and_nothing_is_wrong_with_it(world: World) -> None:
    assert len(world.played) + world.repeats == 16
    assert {p.hard_negative for p in world.played} == {None, "three_submits", "zero_total"}
    assert all(p.fault is None and p.facts.checkout for p in world.played)
    assert all(world.categories.values())
    for one in world.played:
        looks = [s for _, s, _ in one.growing()]
        assert looks[0].submitted_at is None
        assert looks[-1].live_orders, one.hard_negative


def test_only_settled_healthy_checkouts_are_learned_from(store: Store) -> None:
    healthy = order(1).last
    broken = Story().healthy().pay("captured", 1, pid="p2").snapshot
    broken.checkout_id = "broken"
    fresh = order(2).last
    keep(store, [healthy, broken])
    keep(store, [fresh], days=0.25)
    found = stored_orders(store, Policies(), NOW + SETTLED_AFTER / 2)
    assert [lived.last.checkout_id for lived in found] == [healthy.checkout_id]


@pytest.mark.usefixtures("played")
def test_enough_stored_history_is_what_both_models_learn_from(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant.training.train, "ENOUGH", 40)
    keep(store, [lived.last for lived in orders(40)])
    done = train(store, Settings(), _demo(), from_sandbox=False, orders=100, seed=1, now=NOW)
    assert (done.source, done.remark, [m.kind for m in done.models]) == ("stored history", "", ["novelty", "amounts"])


@pytest.mark.usefixtures("played")
def test_with_too_little_history_the_demo_shop_teaches_novelty_and_no_amounts(store: Store) -> None:
    keep(store, [lived.last for lived in orders(5)])
    done = train(store, Settings(), _demo(), from_sandbox=False, orders=100, seed=1, now=NOW)
    assert [m.kind for m in done.models] == ["novelty"]
    assert "5 settled healthy orders" in done.remark


@pytest.mark.usefixtures("played")
def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_HOME", str(tmp_path))
    runner = CliRunner()

    def run(*words: str) -> str:
        answer = runner.invoke(app, list(words), catch_exceptions=False)
        assert answer.exit_code == 0, answer.output
        return answer.output

    assert "comes with the product is in force" in run("models", "list")
    told = run("train", "--from-sandbox")
    assert "novelty 1" in told
    assert "false alarms on" in told
    assert "95 % interval" in told
    assert "in force" in run("models", "list")
    run("models", "withdraw", "novelty", "1")
    assert "withdrawn" in run("models", "list")
    run("train", "--from-sandbox", "--to", str(tmp_path / "out"))
    assert (tmp_path / "out" / "novelty.npz").stat().st_size < 200_000

"""`helloword eval detectors`: the figures add up, the floors bite, and a small world is judged by the truth."""

from __future__ import annotations

import gzip
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.cli import _demo
from assistant.evaluate.detectors import below_floor, figures, world_lines
from assistant.evaluate.detectors_olist import olist_figures, olist_lines
from assistant.evaluate.detectors_world import Named, look_at_world
from assistant.training.world import Cast, play_world
from knowledge.models.novelty import shipped

KINDS = ("duplicate_charge", "paid_order_missing", "unusual_amount", "unknown_anomaly", "stock_inconsistent")


def named(subject: str, *codes: str, **truth: str) -> Named:
    return Named(subject=subject, codes=set(codes), **truth)  # type: ignore[arg-type]


NAMED = [
    named("a", "partial_payment", fault="partial_payment"),
    named("b", "partial_payment", "payment_failed", fault="partial_payment"),
    named("c", fault="partial_payment"),
    named("d", "partial_payment", hard_negative="split_payments"),
    named("e", hard_negative="split_payments"),
    named("f"),
    named("g", "duplicate_order", beside="duplicate_order"),
]


def test_recall_and_precision_by_code() -> None:
    found = figures(NAMED)
    partial = found["by_code"]["partial_payment"]
    assert (partial["recall"]["hits"], partial["recall"]["of"]) == (2, 3)
    assert (partial["precision"]["hits"], partial["precision"]["of"]) == (2, 3)
    assert partial["named_instead"] == {"nothing": 1}
    assert found["by_code"]["payment_failed"]["beside_another_fault"] == 1
    assert (found["found"]["hits"], found["found"]["of"]) == (2, 3)
    assert (found["sound"]["hits"], found["sound"]["of"]) == (1, 3)
    assert found["hard_negatives"] == {"split_payments": {"orders": 2, "alarms": 1, "codes": {"partial_payment": 1}}}
    assert found["by_code"]["duplicate_order"]["beside_another_fault"] == 0, "the other half of a pair may be named"
    assert "partial_payment" not in found["without_a_story"]


def test_every_floor_bites() -> None:
    below = below_floor(figures(NAMED))
    assert [line.split(":")[0] for line in below] == [
        "faults found under any name", "recall of partial_payment", "precision of partial_payment",
        "false alarms on sound orders",
    ]  # fmt: skip
    assert below_floor(figures(NAMED[:2])) == []


def test_the_lines_name_every_code_and_every_bad_hard_negative() -> None:
    text = "\n".join(world_lines({"orders": 7, "seed": 1, **figures(NAMED)}))
    assert "66.7% of 3" in text
    assert "hard negative split_payments: 1 of 2" in text
    assert "instead: nothing (1)" in text


def test_a_small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.training.world.QUIET", 1.2)
    monkeypatch.setattr("assistant.training.checks.AFTER", (timedelta(seconds=0.1),))
    demo = _demo()
    cast = Cast(0.5, 0.3, KINDS, ("split_payments", "duplicate_events", "rounding"))
    world = play_world(demo.start, cast, orders=20, seed=3, checks=True)
    assert any(one.reads for one in world.played)
    found = figures(look_at_world(world, demo.policies, shipped()))
    assert set(KINDS) <= set(found["by_code"])
    assert found["found"]["rate"] == 1, found["by_code"]
    assert found["sound"]["hits"] == 0, found["hard_negatives"]


@pytest.mark.parametrize("files", [[], ["orders.jsonl.gz"]])
def test_without_the_olist_files_that_half_says_so(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).write_bytes(gzip.compress(b""))
    assert olist_figures(tmp_path) is None
    assert "NOT RUN" in olist_lines(None, tmp_path)[0]

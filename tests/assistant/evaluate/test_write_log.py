"""The shop's log of writes against the ledger: what reached the shop was written down before, and applied once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.evaluate.world import Row
from assistant.evaluate.write_log import compare
from tests.assistant.evaluate import worlds as w


def seen(**changes: Any) -> Row:
    return {
        "key": f"{w.STEP}:1", "method": "POST", "path": "/orders", "body_hash": "aa", "outcome": "applied",
        "created_at": (w.LONG_AGO + timedelta(seconds=1)).isoformat(),
    } | changes  # fmt: skip


def details(log: list[Row], effects: list[Row]) -> str:
    return "; ".join(violation.detail for violation in compare(log, effects))


def test_a_write_that_was_sent_again_and_replayed_is_one_write() -> None:
    assert compare([seen(outcome="shop_error"), seen(), seen(outcome="replayed")], [w.effect()]) == []


def test_a_refused_write_is_one_that_was_not_applied() -> None:
    refused = w.effect(state="rejected")
    assert compare([seen(outcome="stale_version")], [refused]) == []
    assert "counts as refused" in details([seen()], [refused])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "somebody else's"}, "stands 0 times in the ledger"),
        ({"key": None}, "stands 0 times in the ledger"),
        ({"path": "/payments/p/refund"}, "written down as POST /orders"),
        ({"body_hash": "zz"}, "other bytes"),
        ({"created_at": (w.LONG_AGO - timedelta(seconds=1)).isoformat()}, "was written down at"),
    ],
)
def test_a_write_that_was_not_written_down_as_it_was_sent(change: Row, words: str) -> None:
    assert words in details([seen(**change)], [w.effect()])


def test_a_write_that_was_applied_twice() -> None:
    assert "was applied 2 times" in details([seen(), seen()], [w.effect()])


def test_a_write_that_a_read_back_showed_to_be_there_need_not_have_arrived() -> None:
    assert compare([], [w.effect()], [{"key": f"{w.STEP}:1", "path": "/orders"}]) == []


def test_a_write_that_was_stopped_on_the_wire_was_written_down_too() -> None:
    (violation,) = compare([], [], [{"key": "k", "path": "/orders"}, {"key": None, "path": "/serviceability"}])
    assert (violation.invariant, violation.subject) == (6, "k")

"""The fault injections: a sample of them holds, and the suite notices what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.evaluate.injections import INJECTIONS, Injection, Story, Suite, Wanted, run_suite
from assistant.evaluate.threadwork import Send, ThreadHouse
from tools.connectors.outcome import Outcome, ok
from tools.connectors.ports import WriteRequest
from tools.sandbox.bench import Bench

LATE_ORDER = Story("paid_order_missing", "captured", "answers", 7)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Stories are played one after the other, each in a home of its own."""
    return Suite(Bench, tmp_path_factory.mktemp("injections"))


def test_an_undisturbed_story_is_repaired_and_the_writes_are_counted(suite: Suite) -> None:
    trial = suite.play(LATE_ORDER)
    assert (trial.found, trial.ended, trial.violations) == (["paid_order_missing"], ["repaired"], [])
    assert [path for path in trial.writes if path == "/orders"] == ["/orders"]


@pytest.fixture(scope="module")
def creating(suite: Suite) -> int:
    """Which write of that story creates the order."""
    return suite.play(LATE_ORDER).writes.index("/orders")


@pytest.mark.parametrize("kind", INJECTIONS)
def test_creating_the_order_survives(suite: Suite, creating: int, kind: str) -> None:
    trial = suite.play(LATE_ORDER, Injection(kind, creating))
    assert trial.reached
    assert trial.violations == []
    assert set(trial.ended) <= {"repaired", "self_cleared"}


@pytest.mark.parametrize("kind", ["crash_after", "taken_over_late_request", "done_by_others"])
def test_a_refund_happens_once(suite: Suite, kind: str) -> None:
    story = Story("partial_payment", "never_asked", "silent", 7)
    number = next(n for n, path in enumerate(suite.play(story).writes) if path.endswith("/refund"))
    trial = suite.play(story, Injection(kind, number))
    assert trial.reached
    assert trial.violations == []


def test_a_sample_of_all_codes_holds() -> None:
    run = run_suite(Bench, Wanted(codes=["incomplete_information"], variant="phone", sample=4, seed=3))
    assert run.failures == []
    assert run.tried > 0


def test_a_write_that_was_never_made_is_noticed(suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop that says yes and does nothing: the suite must not call that repaired."""

    def lying(self: Any, request: WriteRequest, send: Send) -> Outcome:
        return ok({"id": "never"}) if request.path == "/orders" else send(request)

    monkeypatch.setattr("assistant.evaluate.injections._Disturber.on_send", lying)
    trial = suite.play(LATE_ORDER)
    assert trial.ended != ["repaired"] or trial.violations


def test_a_restart_goes_on_from_the_last_note(tmp_path: Path) -> None:
    shop = Bench(7)
    house = ThreadHouse(tmp_path / "home", shop)
    try:
        steps = house._steps_of("case", 1)
        assert steps("one", lambda: "first") == "first"
        again = house._steps_of("case", 1)
        assert again("one", lambda: "second") == "first"
        assert again("two", lambda: "third") == "third"
    finally:
        house.close()

"""The three promises: what keeps them, what pauses them, what doesn't count, and that no clock makes them absurd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.triage.levels import COLUMNS, due_when_worse, level_of
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import Severity

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def case(severity: Severity, **more: Any) -> dict[str, Any]:
    """An open case that was detectable at START and queued a second later."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "id": "c", "episode": 1, "severity": severity, "live": True, "due_at": START + DUE_WITHIN[severity],
        "queued_at": at(1), "waited_seconds": 0.0,
    }  # fmt: skip
    return row | more


def test_high_is_kept_by_the_first_action_and_the_word_to_staff_whichever_came_last() -> None:
    assert level_of(case(HIGH, told_at=at(0)), at(30)).met is None
    assert level_of(case(HIGH, first_action_at=at(5)), at(30)).met is None
    level = level_of(case(HIGH, told_at=at(40), first_action_at=at(5)), at(3_000))
    assert (level.met, level.measured_seconds, level.kept_at) == (True, 40.0, at(40))
    assert level_of(case(HIGH, told_at=at(0), first_action_at=at(61)), at(70)).missed


def test_medium_is_kept_by_the_queue() -> None:
    assert level_of(case(MEDIUM), at(2)).met is True
    late = level_of(case(MEDIUM, queued_at=at(301)), at(301))
    assert (late.missed, late.measured_seconds, late.settled_at) == (True, 301.0, at(300))


def test_low_is_kept_by_whatever_was_first_and_stays_kept() -> None:
    level = level_of(case(LOW, done_at=at(1_000), done_waited=0.0), at(9_000))
    assert (level.met, level.measured_seconds) == (True, 1_000.0)
    again = case(LOW, done_at=at(1_000), done_waited=0.0, waited_seconds=500.0, waiting_since=at(8_000))
    assert level_of(again, at(9_000)) == level  # gone on with in the same episode: what was done stays done


def test_the_wait_for_the_customer_stops_lows_clock_and_is_told_apart() -> None:
    waiting = case(LOW, waiting_since=at(600), waited_seconds=100.0)
    level = level_of(waiting, at(5_600))
    assert (level.paused, level.waited_seconds, level.measured_seconds) == (True, 5_100.0, 500.0)
    assert (level.due_at, level.missed) == (at(1_800 + 5_100), False)
    assert level_of(case(LOW, waited_seconds=100.0), at(1_899)).met is None
    assert level_of(case(LOW, waited_seconds=100.0), at(1_901)).missed


def test_a_wait_that_began_after_the_promise_was_missed_mends_nothing() -> None:
    assert level_of(case(LOW, waiting_since=at(1_801)), at(9_999)).missed


def test_the_others_clocks_go_on_while_the_customer_is_asked() -> None:
    level = level_of(case(HIGH, waiting_since=at(10), told_at=at(0)), at(70))
    assert (level.missed, level.paused, level.waited_seconds) == (True, False, 60.0)


def test_it_is_at_risk_after_three_quarters_of_its_time() -> None:
    assert not level_of(case(HIGH, told_at=at(0)), at(44.9)).at_risk
    assert level_of(case(HIGH, told_at=at(0)), at(45)).at_risk
    assert not level_of(case(HIGH, told_at=at(0)), at(61)).at_risk  # missed is more than at risk
    assert level_of(case(LOW), at(1_350)).at_risk


def test_what_is_too_old_to_act_on_is_promised_nothing() -> None:
    level = level_of(case(HIGH, live=False), at(9_999))
    assert (level.counts, level.met, level.missed, level.settled_at) == (False, None, False, None)


@pytest.mark.parametrize(("ended", "counts", "met"), [(59, False, None), (61, True, False)])
def test_an_episode_that_ended_before_anybody_had_to_act_does_not_count_one_that_ended_later_was_missed(
    ended: float, counts: bool, met: bool | None
) -> None:
    level = level_of(case(HIGH, told_at=at(0), done_at=at(ended), done_waited=0.0), at(9_999))
    assert (level.counts, level.met) == (counts, met)


def test_a_merged_case_does_not_count_unless_it_was_missed_or_handed_over_before() -> None:
    merged = {"resolution": "merged", "merged_into": "other", "done_waited": 0.0}
    assert level_of(case(LOW, done_at=at(100), **merged), at(9_999)).counts is False
    assert level_of(case(LOW, done_at=at(1_801), **merged), at(9_999)).met is False
    assert level_of(case(LOW, done_at=at(90), handed_off_at=at(90), **merged), at(9_999)).met is True


def test_a_case_that_gets_worse_has_the_new_promise_from_when_it_was_worse() -> None:
    kept = case(MEDIUM)
    assert due_when_worse(kept, HIGH, at(3_600)) == at(3_660)
    raised = kept | {"severity": HIGH, "due_at": at(3_660), "told_at": at(3_600), "first_action_at": at(3_630)}
    assert (level_of(raised, at(4_000)).since, level_of(raised, at(4_000)).measured_seconds) == (at(3_600), 30.0)
    acted_before = raised | {"first_action_at": at(20)}
    assert level_of(acted_before, at(3_601)).measured_seconds == 0.0


def test_a_promise_that_runs_is_not_put_off_by_getting_worse() -> None:
    assert due_when_worse(case(LOW), HIGH, at(1_790)) == at(1_800)
    assert due_when_worse(case(LOW), HIGH, at(10)) == at(70)
    assert due_when_worse(case(HIGH), HIGH, at(50)) == at(60)  # another fault of the same case


# -- properties -----------------------------------------------------------------------------------------------------

SECONDS = st.floats(min_value=-4_000, max_value=8_000, allow_nan=False)
MAYBE = st.none() | SECONDS.map(at)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Rows as they can be, clocks that were set back included."""
    row = case(draw(st.sampled_from(Severity)), queued_at=at(draw(SECONDS)), live=draw(st.booleans()))
    row |= {name: draw(MAYBE) for name in ("told_at", "first_action_at", "waiting_since", "done_at")}
    row["waited_seconds"] = draw(st.floats(min_value=0, max_value=5_000))
    if row["done_at"] is not None:
        row["done_waited"] = draw(st.floats(min_value=0, max_value=5_000))
        row["handed_off_at"] = draw(st.sampled_from([None, row["done_at"]]))
        row["resolution"] = draw(st.sampled_from(["repaired", "merged", "false_alarm"]))
    return row


@given(cases(), SECONDS)
def test_no_clock_makes_a_time_negative_or_two_verdicts_at_once(row: dict[str, Any], now: float) -> None:
    level = level_of(row, at(now))
    assert level.measured_seconds >= 0
    assert level.waited_seconds >= 0
    assert level.left_seconds >= 0
    assert level.missed is (level.met is False)
    assert not (level.running and level.missed)
    assert (level.settled_at is None) is (level.met is None)
    assert level.counts or level.met is None


@given(cases(), SECONDS, st.floats(min_value=0, max_value=9_000))
def test_time_only_goes_on_what_is_decided_stays_decided(row: dict[str, Any], now: float, more: float) -> None:
    before, after = level_of(row, at(now)), level_of(row, at(now + more))
    assert after.measured_seconds >= before.measured_seconds
    assert after.due_at >= before.due_at
    if before.met is not None:
        assert (after.met, after.settled_at) == (before.met, before.settled_at)


@given(cases(), SECONDS, st.floats(min_value=0, max_value=5_000))
def test_a_longer_wait_for_the_customer_never_makes_it_worse(row: dict[str, Any], now: float, more: float) -> None:
    name = "waited_seconds" if row["done_waited"] is None else "done_waited"
    longer = row | {name: row[name] + more}
    before, after = level_of(row, at(now)), level_of(longer, at(now))
    assert after.measured_seconds <= before.measured_seconds + 1e-6
    assert after.due_at >= before.due_at
    assert after.met is not False or before.met is False


@given(cases(), st.floats(min_value=0, max_value=8_000), st.floats(min_value=0, max_value=8_000))
def test_a_wait_is_worth_the_same_while_it_runs_and_when_it_is_over(
    row: dict[str, Any], began: float, lasted: float
) -> None:
    row |= {"done_at": None, "done_waited": None, "handed_off_at": None, "resolution": None}
    running = level_of(row | {"waiting_since": at(began)}, at(began + lasted))
    over = level_of(
        row | {"waiting_since": None, "waited_seconds": row["waited_seconds"] + lasted}, at(began + lasted)
    )
    assert abs((running.due_at - over.due_at).total_seconds()) < 1e-3
    assert abs(running.measured_seconds - over.measured_seconds) < 1e-3

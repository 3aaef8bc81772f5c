"""Batches: low-severity cases start together, the urgent ones first, nothing is started late or lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assistant.promises.batches import LATEST, next_boundary
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, timers
from knowledge.vocabulary.codes import CaseStatus, Severity
from tests.assistant.desk import AGENT, event
from tests.assistant.promises.watched import Watched

HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
EVERY = 10.0


@pytest.fixture
def desk(store: Store, vault: Vault) -> Watched:
    return Watched(store, vault, low_batch_every=EVERY)


def due(desk: Watched, case_id: str) -> datetime | None:
    found = [t.due_at for t in desk.standing(case_id) if t.kind == "batch"]
    return found[0] if found else None


def busy(desk: Watched, journeys: int) -> None:
    """So many high cases are at work."""
    for number in range(journeys):
        desk.open_as(HIGH, f"busy-{number}", checkout_id=f"ck-busy-{number}")


def test_low_cases_start_together_at_the_next_boundary_and_others_at_once(desk: Watched) -> None:
    low = [desk.open_as(LOW, f"ev-{n}", checkout_id=f"ck-low-{n}") for n in range(3)]
    desk.open_as(MEDIUM, "ev-m", checkout_id="ck-m")
    assert len(desk.durable.runs) == 1
    boundaries = {due(desk, case_id) for case_id in low}
    assert len(boundaries) == 1 or (utcnow().timestamp() % EVERY) < 1  # the boundary passed in between
    at = max(b for b in boundaries if b)
    assert (at.timestamp() % EVERY, at > utcnow(), at <= utcnow() + timedelta(seconds=EVERY)) == (0, True, True)
    desk.sweep.run_once(at)
    assert sorted(case_id for case_id, _ in desk.durable.runs[1:]) == sorted(low)


def test_a_case_that_gets_worse_starts_at_once_and_its_batch_then_does_nothing(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.open_as(HIGH, "ev-2")
    assert desk.durable.runs == [(case_id, 1)]
    desk.journey.finish(case_id, 1)
    desk.sweep.run_once(utcnow() + timedelta(seconds=11))
    assert desk.durable.runs == [(case_id, 1)]


def test_events_of_its_checkout_wait_with_it_but_a_customers_answer_does_not(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.tell(event("checkout.updated"))
    assert desk.durable.runs == []
    desk.tell(event("customer.replied", "e-2", text="hello"))
    assert desk.durable.runs == [(case_id, 1)]


def test_a_person_who_gives_it_back_is_not_kept_waiting(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.commands.claim(case_id, AGENT)
    desk.commands.release(case_id, AGENT)
    assert desk.durable.runs == [(case_id, 1)]


def test_while_much_that_is_urgent_is_at_work_a_batch_yields_by_one_interval(desk: Watched) -> None:
    busy(desk, 5)
    case_id = desk.open_as(LOW)
    first = due(desk, case_id)
    assert first is not None
    desk.sweep.run_once(first)
    assert (due(desk, case_id), len(desk.durable.runs)) == (first + timedelta(seconds=EVERY), 5)


def test_but_a_few_urgent_ones_hold_nothing_up(desk: Watched) -> None:
    busy(desk, 4)
    case_id = desk.open_as(LOW)
    desk.sweep.run_once(due(desk, case_id) or utcnow())
    assert (case_id, 1) in desk.durable.runs


def test_and_never_beyond_a_third_of_its_half_hour(desk: Watched) -> None:
    busy(desk, 9)
    case_id = desk.open_as(LOW)
    latest = desk.at(case_id, LATEST.total_seconds())
    for _ in range(70):
        at = due(desk, case_id)
        if at is None:
            break
        assert at <= latest
        desk.sweep.run_once(at)
    assert (case_id, 1) in desk.durable.runs


def test_a_case_found_late_starts_at_once(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    desk.set_case(case_id, detectable_at=utcnow() - timedelta(minutes=20))
    desk.open_as(LOW, "ev-1b", checkout_id="ck-1")
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        desk.cases.begin(tx, case, utcnow())
    desk.sweep.run_once(utcnow())
    assert desk.durable.runs == [(case_id, 1)]


def test_what_was_resolved_or_snoozed_meanwhile_is_left_alone(desk: Watched) -> None:
    over, asleep = desk.open_as(LOW), desk.open_as(LOW, "ev-2", checkout_id="ck-2")
    desk.commands.resolve(over, "by_human", "", AGENT)
    desk.commands.snooze(asleep, utcnow() + timedelta(hours=1), AGENT)
    before = list(desk.durable.runs)
    desk.sweep.run_once(utcnow() + timedelta(seconds=11))
    assert desk.durable.runs == before


def test_a_batch_that_fires_twice_starts_a_case_once(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    with desk.store.read() as tx:
        row = dict(tx.execute(sa.select(timers).where(timers.c.kind == "batch")).mappings().one())
    for _ in range(2):
        desk.sweep.run_once(utcnow() + timedelta(seconds=11))
        with desk.store.begin() as tx:
            tx.execute(timers.delete().where(timers.c.kind == "batch"))
            tx.execute(timers.insert().values(**row))
    assert desk.durable.runs == [(case_id, 1)]


def test_without_batches_everything_starts_at_once(store: Store, vault: Vault) -> None:
    desk = Watched(store, vault, low_batch_every=0.0)
    case_id = desk.open_as(LOW)
    assert desk.durable.runs == [(case_id, 1)]


def test_a_clock_set_back_an_hour_strands_no_batch(desk: Watched) -> None:
    case_id = desk.open_as(LOW)
    an_hour_before = utcnow() - timedelta(hours=1)
    desk.levels._checked_at = float("-inf")
    with desk.store.begin() as tx:
        case = desk.cases.lock(tx, case_id)
        desk.levels.opened(tx, case, an_hour_before)
    desk.sweep.run_once(an_hour_before)
    assert desk.durable.runs == [(case_id, 1)]
    with desk.store.read() as tx:
        assert tx.scalar(sa.select(cases.c.status)) == CaseStatus.OPEN


@given(st.floats(min_value=0, max_value=4e9), st.floats(min_value=0.2, max_value=600))
def test_the_next_boundary_lies_ahead_and_within_one_interval(seconds: float, every: float) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    at = next_boundary(now, every)
    assert timedelta() <= at - now <= timedelta(seconds=every + 1e-3)

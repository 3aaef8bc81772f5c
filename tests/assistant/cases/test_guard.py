"""The guard: a run that is gone without a trace, and a write without an answer, are looked after again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.app import Application
from assistant.settings import Settings
from assistant.store.engine import utcnow
from assistant.store.tables import cases as cases_table
from assistant.timers.timers import Timer
from knowledge.vocabulary.codes import CaseStatus
from tests.assistant.desk import AGENT, Desk, refund
from tools.connectors.outcome import unknown


@pytest.fixture
def application(database_url: str, tmp_path: Path) -> Iterator[Application]:
    one = Application(Settings(home=tmp_path, database_url=database_url))
    yield one
    one.store.engine.dispose()


def guarded(application: Application) -> None:
    with application.store.begin() as tx:
        application._guard(tx, Timer(kind="guard", subject="cases", due_at=utcnow()), utcnow())


def running(application: Application, case_id: str) -> Any:
    with application.store.read() as tx:
        return tx.scalar(sa.select(cases_table.c.running).where(cases_table.c.id == case_id))


def desk_of(application: Application) -> Desk:
    desk = Desk(application.store, application.vault)
    application.durable = application.cases._durable = desk.durable
    return desk


@pytest.mark.parametrize("status", [CaseStatus.REPAIRING, CaseStatus.RESOLVED])
def test_a_run_that_is_gone_without_a_trace_is_started_anew(application: Application, status: CaseStatus) -> None:
    """Also in a case that has ended: a relapse would only knock at a run that nobody runs."""
    desk = desk_of(application)
    case_id = desk.open()
    desk.durable.lost.add((case_id, 1))
    desk.set_case(case_id, status=status, updated_at=utcnow() - timedelta(minutes=5))
    guarded(application)
    assert running(application, case_id) == 2
    guarded(application)
    assert running(application, case_id) == 2


def test_an_engine_that_can_not_be_asked_has_lost_nothing(application: Application) -> None:
    """Taking silence for a loss would run a journey twice at once."""
    assert application.durable.is_lost("case_x", 1) is False  # it was never started


def test_a_write_without_an_answer_is_looked_after_even_when_every_timer_is_gone(application: Application) -> None:
    desk = desk_of(application)
    case_id = desk.open()
    desk.says(refund("pay-1", 500))
    desk.writer.outcomes = [unknown("cut off")] * 4
    desk.run(case_id)
    desk.commands.claim(case_id, AGENT)
    assert desk.case(case_id)["running"] is None
    assert "retry" not in desk.timers(case_id)
    guarded(application)
    assert running(application, case_id) is None
    desk.age_effects(60)
    desk.set_case(case_id, updated_at=utcnow() - timedelta(seconds=40))
    guarded(application)
    assert running(application, case_id) == 2

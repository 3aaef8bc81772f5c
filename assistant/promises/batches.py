"""Batches: low-severity cases start together, behind the urgent ones, in time for their half hour; cases ask it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import ENDED, Cases
from assistant.store.tables import cases as cases_table
from assistant.timers.timers import Timer, set_timer, timer_of
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import CaseStatus, Severity

Case = dict[str, Any]
BATCH = "batch"
FEW = 4  # urgent journeys queued or under way beside which a batch may start
LATEST = DUE_WITHIN[Severity.LOW] / 3  # from when the fault was detectable: a batch yields no longer than this
_COUNTED_FOR = 0.5  # seconds for which the number of urgent journeys is not counted again


class Batches:
    """Implements `assistant.cases.people.Batching`: one timer per case at the next boundary, a multiple of `every`.

    What is urgent goes first: while more than `FEW` high or medium journeys are queued or under way, a batch is put
    off by one interval, never beyond `LATEST`. Whatever starts a case otherwise (a person's command, a customer's
    answer, a worse fault) is not held up: the batch then finds it begun and does nothing.
    """

    def __init__(self, cases: Cases, every: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cases, self._every, self._clock = cases, every, clock
        self._counted: tuple[float, int] = (-math.inf, 0)

    def takes(self, tx: sa.Connection, case: Case, now: datetime) -> bool:
        """Puts a live case of low severity that nobody works on into the next batch."""
        if not self._every or not case["live"] or not self._may_wait(case):
            return False
        due = min(next_boundary(now, self._every), max(now, case["detectable_at"] + LATEST))
        set_timer(tx, BATCH, case["id"], due, generation=case["generation"])
        return True

    def holds(self, tx: sa.Connection, case: Case) -> bool:
        """Whether the case waits for its batch: events of its checkout don't start it earlier."""
        return self._every > 0 and self._may_wait(case) and timer_of(tx, BATCH, case["id"]) is not None

    def timer_handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        """Starts a case when its batch is due."""
        return {BATCH: self._on_due}

    def _may_wait(self, case: Case) -> bool:
        low = bool(case["severity"] == Severity.LOW)
        return low and case["running"] is None and case["status"] == CaseStatus.OPEN

    def _on_due(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        case = self._cases.lock(tx, timer.subject)
        if case["status"] in ENDED or case["generation"] != timer.generation:
            return  # over, or begun meanwhile
        if case["snoozed_until"] is not None and case["snoozed_until"] > now:
            return  # its end wakes it
        latest = case["detectable_at"] + LATEST
        if now < latest and self._may_wait(case) and self._urgent(tx) > FEW:
            due = min(next_boundary(now, self._every), latest)
            set_timer(tx, BATCH, case["id"], due, generation=case["generation"])
            return
        self._cases.wake(tx, case, now)

    def _urgent(self, tx: sa.Connection) -> int:
        """High and medium journeys queued or under way; counted now and then, not for every case of a batch."""
        at, number = self._counted
        if self._clock() - at >= _COUNTED_FOR:
            urgent = cases_table.c.severity_rank < Severity.LOW.rank
            query = sa.select(sa.func.count()).where(cases_table.c.running.is_not(None), urgent)
            number = tx.scalar(query) or 0
            self._counted = self._clock(), number
        return number


def next_boundary(now: datetime, every: float) -> datetime:
    """The first multiple of `every` seconds (since 1970) that lies after `now`."""
    return datetime.fromtimestamp((math.floor(now.timestamp() / every) + 1) * every, UTC)

"""Back-pressure: refuses events while more waits than the workers can do; the HTTP edge asks it before each batch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from assistant.problems import OverloadedError
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, timers
from knowledge.vocabulary.codes import CaseStatus

COUNT_SECONDS = 0.5  # how old the count of the backlog may be
MAX_RECEIVING = 64  # requests being taken at once
_WORKED_ON = (CaseStatus.OPEN, CaseStatus.DIAGNOSING, CaseStatus.REPAIRING)


def backlog(store: Store, now: datetime) -> int:
    """What waits for a worker: timers that are due and cases the machine has to go on with."""
    due = sa.select(sa.func.count()).select_from(timers).where(timers.c.due_at <= now)
    open_cases = sa.select(sa.func.count()).select_from(cases).where(cases.c.status.in_(_WORKED_ON))
    with store.read() as tx:
        return int(tx.execute(due).scalar_one()) + int(tx.execute(open_cases).scalar_one())


class Admission:
    """Admits a request, or refuses it with 429 and a time to come back."""

    def __init__(
        self, store: Store, max_backlog: int, max_receiving: int = MAX_RECEIVING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._max_backlog, self._max_receiving = store, max_backlog, max_receiving
        self._clock, self._lock = clock, threading.Lock()
        self._receiving = 0
        self._waiting, self._counted_at = 0, float("-inf")

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Holds a place while a request is taken.

        Raises:
            OverloadedError: `overloaded`; nothing was taken.
            UnavailableError: the store doesn't answer.
        """
        with self._lock:
            if self._receiving >= self._max_receiving:
                raise OverloadedError("overloaded", "too many requests are being taken at once", retry_after=1.0)
            self._receiving += 1
        try:
            self._check_backlog()
            yield
        finally:
            with self._lock:
                self._receiving -= 1

    def _check_backlog(self) -> None:
        if self._clock() - self._counted_at > COUNT_SECONDS:
            self._counted_at = self._clock()
            self._waiting = backlog(self._store, utcnow())
        if self._waiting > self._max_backlog:
            detail = f"{self._waiting} timers and cases wait already"
            raise OverloadedError("overloaded", detail, retry_after=5.0)

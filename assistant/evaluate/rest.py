"""Rest: what the assistant still has to do, and waiting until that is nothing; the audit and the proof use it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from assistant.cases.records import ENDED
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, effects, timers

PERIODIC = ("sweep", "guard")  # timers that set themselves again for ever
# That only look after things, or after what people have to do.
WATCHING = ("follow_up", "watch", "ask_feedback", "service_level", "escalate", "promise")
PAUSE = 0.25  # seconds between two looks


class Rest(msgspec.Struct, frozen=True):
    """How much is under way: journeys, writes without a definite answer, timers due now, and timers still to come."""

    running: int
    unsettled: int
    due: int
    waiting: dict[str, int]

    @property
    def quiet(self) -> bool:
        """Nothing is being done and nothing is due: what waits, waits for its time or for somebody."""
        return not (self.running or self.unsettled or self.due)

    @property
    def done(self) -> bool:
        """Quiet, and no timer will change anything by itself any more."""
        return self.quiet and not self.waiting

    def __str__(self) -> str:
        waits = ", ".join(f"{n} {kind}" for kind, n in sorted(self.waiting.items()))
        return f"{self.running} running, {self.due} due, {self.unsettled} unsettled, waiting: {waits or 'none'}"


def look(store: Store, now: datetime, within: timedelta = timedelta.max) -> Rest:
    """What is under way at this moment; of timers to come, those that are due `within` a time.

    Raises:
        UnavailableError: the database doesn't answer.
    """
    ours: sa.ColumnElement[bool] = timers.c.kind.notin_((*PERIODIC, *WATCHING))
    if within < timedelta.max:
        ours &= timers.c.due_at <= now + within
    with store.read() as tx:
        running = tx.scalar(
            sa.select(sa.func.count()).where(cases.c.running.is_not(None), cases.c.status.notin_(ENDED))
        )
        unsettled = tx.scalar(sa.select(sa.func.count()).where(effects.c.state.in_(("intended", "unknown"))))
        due = tx.scalar(sa.select(sa.func.count()).where(ours, timers.c.due_at <= now))
        later = sa.select(timers.c.kind, sa.func.count()).where(ours, timers.c.due_at > now).group_by(timers.c.kind)
        waiting = {kind: int(n) for kind, n in tx.execute(later).all()}
    return Rest(running=running or 0, unsettled=unsettled or 0, due=due or 0, waiting=waiting)


def wait_until(store: Store, enough: Callable[[Rest], bool], seconds: float) -> Rest:
    """The first state that is enough on two looks in a row, else the last one after `seconds`."""
    end, in_a_row = time.monotonic() + seconds, 0
    while True:
        seen = look(store, utcnow())
        in_a_row = in_a_row + 1 if enough(seen) else 0
        if in_a_row == 2 or time.monotonic() >= end:
            return seen
        time.sleep(PAUSE)

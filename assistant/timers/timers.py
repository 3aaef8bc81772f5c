"""Everything that waits: timers are set inside the caller's transaction, and a sweep fires what is due.

Any number of workers may sweep: a due timer is claimed under a lease, and dropped in the transaction that handled it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from assistant.store.batches import among, insert_rows
from assistant.store.engine import Store, utcnow
from assistant.store.tables import timers
from knowledge.vocabulary.errors import UnavailableError

log = structlog.get_logger(__name__)


class Timer(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits. There is one timer per `kind` and `subject`; `due_at` is aware UTC.

    `generation` is what the setter waits for: a handler ignores a timer of a generation that is over.
    `attempts` counts failed firings.
    """

    kind: str
    subject: str
    due_at: datetime
    generation: int | None = None
    payload: Any = None
    attempts: int = 0
    version: int = 1


def set_timer(
    tx: sa.Connection, kind: str, subject: str, due_at: datetime, generation: int | None = None, payload: Any = None,
    *, keep_earlier: bool = False,
) -> None:  # fmt: skip
    """Sets the timer; one of that kind and subject that stands already is replaced.

    With `keep_earlier` a standing timer that is due earlier keeps its time, generation and payload.
    """
    timer = Timer(kind=kind, subject=subject, due_at=due_at, generation=generation, payload=payload)
    set_timers(tx, [timer], keep_earlier=keep_earlier)


def set_timers(tx: sa.Connection, wanted: Sequence[Timer], *, keep_earlier: bool = False) -> None:
    """`set_timer` for many; of `Timer`, attempts and version are ignored."""
    if not wanted:
        return
    rows = [
        {"kind": t.kind, "subject": t.subject, "due_at": t.due_at, "generation": t.generation, "payload": t.payload,
         "version": 1, "attempts": 0, "leased_until": None}
        for t in sorted(wanted, key=lambda t: (t.kind, t.subject))
    ]  # fmt: skip
    insert_rows(tx, timers, rows, _unless_earlier if keep_earlier else _replacing)


_SET = ("due_at", "generation", "payload")


def _replacing(insert: Any) -> Any:
    return _again(insert, {column: insert.excluded[column] for column in _SET})


def _unless_earlier(insert: Any) -> Any:
    # One that is being fired right now counts as gone: it may have looked before this was known.
    keep = timers.c.leased_until.is_(None) & (timers.c.due_at <= insert.excluded.due_at)
    return _again(insert, {column: sa.case((keep, timers.c[column]), else_=insert.excluded[column]) for column in _SET})


def _again(insert: Any, values: dict[str, Any]) -> Any:
    values |= {
        "version": timers.c.version + sa.literal_column("1"),
        "attempts": sa.literal_column("0"),
        "leased_until": sa.null(),
    }
    return insert.on_conflict_do_update(index_elements=["kind", "subject"], set_=values)


def cancel_timer(tx: sa.Connection, kind: str, subject: str) -> None:
    """Cancels the timer, if there is one."""
    cancel_timers(tx, kind, [subject])


def cancel_timers(tx: sa.Connection, kind: str, subjects: Iterable[str]) -> None:
    """Cancels the timers of this kind and these subjects that there are."""
    gone = sorted(subjects)
    if gone:
        tx.execute(timers.delete().where(timers.c.kind == kind, among(tx, timers.c.subject, gone)))


def drop_timer(tx: sa.Connection, timer: Timer) -> None:
    """Drops a timer that fired, unless it was set again meanwhile; a deferred handler may do so with its own work."""
    tx.execute(timers.delete().where(_is(timer)))


def timer_of(tx: sa.Connection, kind: str, subject: str) -> Timer | None:
    """The timer of this kind and subject, None when nothing waits."""
    query = sa.select(timers).where(timers.c.kind == kind, timers.c.subject == subject)
    row = tx.execute(query).mappings().first()
    return timer_from(row) if row else None


def due_by_subject(tx: sa.Connection, kind: str, subjects: Iterable[str]) -> dict[str, datetime]:
    """When the timers of this kind are due, of those subjects that have one which nobody is firing."""
    query = sa.select(timers.c.subject, timers.c.due_at)
    query = query.where(timers.c.kind == kind, timers.c.leased_until.is_(None), among(tx, timers.c.subject, subjects))
    return {row[0]: row[1] for row in tx.execute(query)}


def timer_from(row: sa.RowMapping) -> Timer:
    """A Timer from its row."""
    return Timer(**{name: row[name] for name in Timer.__struct_fields__})


# -- firing ---------------------------------------------------------------------------------------------------------

# A handler works in the given transaction, whose commit also drops the timer.
Handler = Callable[[sa.Connection, Timer, datetime], None]
# A deferred handler reads outside systems, so it runs outside of any transaction; it returns when to fire again, or
# None when the timer is done.
Deferred = Callable[[Timer, datetime], datetime | None]

LEASE = timedelta(seconds=10)  # a killed worker's timers are taken over within this
DEFERRED_LEASE = timedelta(seconds=60)
_CLAIM = 20  # timers claimed at once
MAX_DELAY = timedelta(minutes=5)


class Sweep:
    """Fires what is due. A handler that raises pushes its own timer back, with growing delay, and no other's.

    Kinds in `ahead` go before all others, the first of them first, however long those have been waiting.
    """

    def __init__(
        self, store: Store, handlers: Mapping[str, Handler], deferred: Mapping[str, Deferred] | None = None, *,
        ahead: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._store, self._ahead = store, tuple(ahead)
        self._handlers = dict(handlers)
        self._deferred = dict(deferred or {})
        if twice := self._handlers.keys() & self._deferred.keys():
            raise ValueError(f"timer kinds with two handlers: {', '.join(sorted(twice))}")

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds that are handled in a transaction."""
        return frozenset(self._handlers)

    @property
    def deferred_kinds(self) -> frozenset[str]:
        """Kinds that are handled outside of one."""
        return frozenset(self._deferred)

    def run_once(self, now: datetime, limit: int = 100, kinds: Collection[str] | None = None) -> int:
        """Fires up to `limit` timers due at `now` (aware UTC), earliest first within a rank; returns how many it took.

        Raises:
            UnavailableError: the database doesn't answer.
        """
        wanted = (self._handlers.keys() | self._deferred.keys()) & set(kinds) if kinds is not None else None
        wanted = wanted if wanted is not None else self._handlers.keys() | self._deferred.keys()
        inside, outside = sorted(wanted & self._handlers.keys()), sorted(wanted & self._deferred.keys())
        fired = self._run(inside, now, limit, _CLAIM, LEASE, self._fire)
        return fired + self._run(outside, now, limit - fired, 1, DEFERRED_LEASE, self._fire_outside)

    def _run(
        self, kinds: list[str], now: datetime, limit: int, at_once: int, lease: timedelta,
        fire: Callable[[Timer, datetime], None],
    ) -> int:  # fmt: skip
        fired = 0
        while kinds and fired < limit:
            claimed = self._claim(kinds, now, min(at_once, limit - fired), lease)
            for timer in claimed:
                fire(timer, now)
            fired += len(claimed)
            if len(claimed) < at_once:
                break
        return fired

    def _claim(self, kinds: list[str], now: datetime, limit: int, lease: timedelta) -> list[Timer]:
        with self._store.read() as tx:  # costs no write lock while nothing is due
            if tx.execute(_due(kinds, now).limit(1)).first() is None:
                return []
        with self._store.begin() as tx:
            first = _due(kinds, now).order_by(*_in_turn(self._ahead, kinds)).limit(limit)
            query = self._store.for_update(first, skip_locked=True)
            claimed = [timer_from(row) for row in tx.execute(query).mappings()]
            for timer in claimed:
                tx.execute(timers.update().where(_is(timer)).values(leased_until=now + lease))
        return claimed

    def _fire(self, timer: Timer, now: datetime) -> None:
        try:
            with self._store.begin() as tx:
                self._handlers[timer.kind](tx, timer, now)
                # Last, so that a handler locks its subject before the timer, like everybody who sets one. Set again
                # meanwhile (another version), it stays.
                drop_timer(tx, timer)
        except Exception as error:
            self._push_back(timer, now, error)

    def _fire_outside(self, timer: Timer, now: datetime) -> None:
        try:
            again = self._deferred[timer.kind](timer, now)
            with self._store.read() as tx:  # dropped by its handler? Writers that have nothing to write hold others up
                if tx.execute(sa.select(timers.c.kind).where(_is(timer))).first() is None:
                    return
            with self._store.begin() as tx:
                if again is None:
                    drop_timer(tx, timer)
                else:
                    values = {"due_at": again, "leased_until": None, "attempts": 0}
                    tx.execute(timers.update().where(_is(timer)).values(**values))
        except Exception as error:
            self._push_back(timer, now, error)

    def _push_back(self, timer: Timer, now: datetime, error: Exception) -> None:
        """Keeps the timer for later: 1 s, 2 s, 4 s … up to five minutes after the failure."""
        delay = min(timedelta(seconds=2 ** min(timer.attempts, 16)), MAX_DELAY)
        if isinstance(error, UnavailableError):
            log.warning("timer.unavailable", kind=timer.kind, subject=timer.subject, code=error.code)
        else:
            log.error(
                "timer.failed", kind=timer.kind, subject=timer.subject, attempts=timer.attempts + 1, exc_info=error
            )
        try:
            with self._store.begin() as tx:
                values = {"due_at": now + delay, "leased_until": None, "attempts": timer.attempts + 1}
                tx.execute(timers.update().where(_is(timer)).values(**values))
        except UnavailableError:
            log.warning("timer.left_to_its_lease", kind=timer.kind, subject=timer.subject)


def _due(kinds: list[str], now: datetime) -> sa.Select[tuple[object, ...]]:
    """Due and nobody's. A lease far ahead of `now` is from before the clock was set back: it doesn't count."""
    free = timers.c.leased_until.is_(None) | (timers.c.leased_until <= now)
    strange = timers.c.leased_until > now + 2 * DEFERRED_LEASE
    due = timers.c.due_at <= now
    return sa.select(timers).where(due, timers.c.kind.in_(kinds), free | strange)


def _in_turn(ahead: Sequence[str], kinds: Collection[str]) -> list[sa.ColumnElement[Any]]:
    """By rank where ranks differ, then earliest first."""
    ranked = {kind: rank for rank, kind in enumerate(ahead) if kind in kinds}
    by_rank = [sa.case(ranked, value=timers.c.kind, else_=len(ahead))] if ranked else []
    return [*by_rank, timers.c.due_at]


def _is(timer: Timer) -> sa.ColumnElement[bool]:
    return (timers.c.kind == timer.kind) & (timers.c.subject == timer.subject) & (timers.c.version == timer.version)


class TimerLoop:
    """Runs a sweep in background threads: one for what is handled in transactions, some for what waits for others."""

    def __init__(
        self, sweep: Sweep, *, interval: float = 0.2, outside_threads: int = 2,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self.sweep, self._interval, self._clock = sweep, interval, clock
        self._stopping = threading.Event()
        self._due = threading.Condition()
        self._nudges = 0
        self._threads = [threading.Thread(target=self._loop, args=(sweep.kinds,), name="timers", daemon=True)]
        self._threads += [
            threading.Thread(target=self._loop, args=(sweep.deferred_kinds,), name=f"timers-outside-{n}", daemon=True)
            for n in range(outside_threads if sweep.deferred_kinds else 0)
        ]

    def start(self) -> None:
        """Starts polling every `interval` seconds."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Something is due now: look at once instead of at the next poll."""
        with self._due:
            self._nudges += 1
            self._due.notify_all()

    def stop(self, timeout: float = 10.0) -> None:
        """Stops after the timers being handled; waits up to `timeout` seconds for them."""
        self._stopping.set()
        self.nudge()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout)

    def _loop(self, kinds: frozenset[str]) -> None:
        seen = 0
        while not self._stopping.is_set():
            busy, wait = 0, self._interval
            try:
                busy = self.sweep.run_once(self._clock(), limit=_CLAIM, kinds=kinds)
            except UnavailableError as error:
                log.warning("timers.unavailable", code=error.code)
                wait = max(1.0, self._interval)
            except Exception:
                log.exception("timers.failed")
                wait = max(1.0, self._interval)
            if busy:
                continue
            with self._due:
                if self._nudges == seen and not self._stopping.is_set():
                    self._due.wait(wait)
                seen = self._nudges

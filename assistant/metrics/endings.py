"""How cases ended since the start of the database, kept up to date by what changed; the Prometheus exposition reads it.

A counter must never go down. An ending that a case's row forgets (it was taken up again) is a row of `past_endings`
from the same transaction on; so it is moved here, never taken off.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa

from assistant.metrics import predicates as is_
from assistant.metrics.rows import CURRENT, PAST, Episode, level, made
from assistant.store.tables import cases, past_endings

BUCKETS = (1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0, 259_200.0)
"""Upper bounds of handling times in seconds: the promises' limits are among them."""
_LATE = timedelta(minutes=5)  # a transaction may take so long from its `now` to its commit
_AFRESH = timedelta(hours=1)  # everything is read again, whatever the clocks said meanwhile
_RECENT = 1_000  # numbers of past endings may become visible out of order, but not so far


class Endings:
    """Totals of all endings. Not thread-safe: the exposition holds a lock."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.ended: Counter[tuple[str, str, str]] = Counter()  # severity, fault, resolution
        self.repaired: Counter[tuple[str, str]] = Counter()  # severity, fault
        self.levels: Counter[tuple[str, bool]] = Counter()  # severity, met
        self.handled: Counter[tuple[str, int]] = Counter()  # severity, bucket
        self.microseconds: Counter[str] = Counter()  # severity; whole ones: their sum is the same in any order
        self._standing: dict[str, tuple[datetime, bool]] = {}  # case: its ending, and whether it counts as a repair
        self._past: set[int] = set()
        self._read_at: datetime | None = None
        self._afresh_at: datetime | None = None

    def refresh(self, tx: sa.Connection, now: datetime) -> None:
        """Takes in what changed since the last time; everything at first and then hourly."""
        if self._afresh_at is None or not timedelta() <= now - self._afresh_at < _AFRESH:
            self._forget()
            self._afresh_at = now
        last = max(self._past, default=0)
        rows = tx.execute(sa.select(past_endings.c.seq, *PAST).where(past_endings.c.seq > last - _RECENT)).all()
        for row, episode in zip(rows, made(r[1:] for r in rows), strict=True):
            self._was(row.seq, episode, now)
        changed = sa.select(*CURRENT).where(cases.c.status.in_(("resolved", "closed")))
        if self._read_at is not None:
            changed = changed.where(cases.c.updated_at >= self._read_at - _LATE)
        for episode in made(tx.execute(changed)):
            self._stands(episode, now)
        self._past = {seq for seq in self._past if seq > max(self._past) - 2 * _RECENT}
        self._read_at = now

    def _was(self, seq: int, episode: Episode, now: datetime) -> None:
        """An ending that its case's row has forgotten."""
        if seq in self._past:
            return
        self._past.add(seq)
        known = self._standing.get(episode.case_id)
        if known is None or known[0] != episode.resolved_at:
            self._add(episode, now)
            return
        del self._standing[episode.case_id]
        if is_.proven(episode) and not known[1]:
            self.repaired[episode.severity, episode.fault] += 1

    def _stands(self, episode: Episode, now: datetime) -> None:
        if not is_.ended(episode) or episode.resolved_at is None:
            return
        known, proven = self._standing.get(episode.case_id), is_.proven(episode)
        self._standing[episode.case_id] = (episode.resolved_at, proven)
        if known is None or known[0] != episode.resolved_at:
            self._add(episode, now)
        elif proven and not known[1]:
            self.repaired[episode.severity, episode.fault] += 1

    def _add(self, episode: Episode, now: datetime) -> None:
        severity, fault = episode.severity, episode.fault
        self.ended[severity, fault, str(episode.resolution)] += 1
        if is_.proven(episode):
            self.repaired[severity, fault] += 1
        if is_.was_broken(episode):
            took = is_.handling_seconds(episode)
            self.handled[severity, bisect_left(BUCKETS, took)] += 1
            self.microseconds[severity] += round(took * 1e6)
        if (met := level(episode, now).met) is not None:
            self.levels[severity, met] += 1

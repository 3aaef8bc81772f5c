"""How the service levels stand: now, and over the last hour and day; the API shows it, the bench reads it too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.records import ENDED
from assistant.store.engine import Store
from assistant.store.tables import cases, past_levels
from assistant.triage.levels import COLUMNS, PROMISES, Level, level_of
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import Severity

PERIODS = {"last_hour": timedelta(hours=1), "last_day": timedelta(days=1)}


class Settled(msgspec.Struct, frozen=True):
    """One promise that was kept or missed; seconds from when its clock began, the waits that count apart."""

    severity: Severity
    met: bool
    settled_at: datetime
    measured_seconds: float
    waited_seconds: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Promises settled in a period. Shares and seconds are None where there were none."""

    settled: int
    met: int
    share: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    worst_seconds: float | None
    waited_seconds: float  # for customers, altogether: not in the others


class Standing:
    """Reads the promises of all cases."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self, now: datetime) -> dict[str, Any]:
        """The API's answer at `now` (aware UTC): by severity, the promise, what is running, and both periods."""
        with self._store.read() as tx:
            levels = list(open_levels(tx, now))
            settled = list(settled_since(tx, now - max(PERIODS.values()), now))
        return {
            "at": now,
            "severities": {str(severity): _of_severity(severity, levels, settled, now) for severity in Severity},
        }


def _of_severity(
    severity: Severity, levels: Sequence[Level], settled: Sequence[Settled], now: datetime
) -> dict[str, Any]:
    mine = [level for level in levels if level.severity is severity]
    past = [one for one in settled if one.severity is severity]
    left = [level.left_seconds for level in mine if level.running and not level.paused]
    return {
        "promise": PROMISES[severity], "within_seconds": DUE_WITHIN[severity].total_seconds(),
        "running": sum(level.running for level in mine),
        "paused": sum(level.running and level.paused for level in mine),
        "at_risk": sum(level.at_risk for level in mine),
        "missed": sum(level.missed and level.kept_at is None for level in mine),
        "least_left_seconds": round(min(left), 3) if left else None,
        **{
            name: msgspec.to_builtins(figures(one for one in past if one.settled_at > now - length))
            for name, length in PERIODS.items()
        },
    }  # fmt: skip


def open_levels(tx: sa.Connection, now: datetime) -> Iterator[Level]:
    """The promises of cases that are open."""
    query = sa.select(*(cases.c[name] for name in COLUMNS)).where(cases.c.status.notin_(ENDED), cases.c.live)
    return (level_of(dict(row), now) for row in tx.execute(query).mappings())


def settled_since(tx: sa.Connection, since: datetime, now: datetime) -> Iterator[Settled]:
    """Promises that were kept or missed after `since`, those of earlier episodes too."""
    columns = [cases.c[name] for name in COLUMNS]
    # Whatever settles a promise changes its case, except for the time that runs out on an open one.
    recent = sa.or_(cases.c.updated_at >= since, cases.c.status.notin_(ENDED))
    for row in tx.execute(sa.select(*columns).where(recent, cases.c.live)).mappings():
        level = level_of(dict(row), now)
        if level.met is not None and level.settled_at is not None and level.settled_at > since:
            yield Settled(level.severity, level.met, level.settled_at, level.measured_seconds, level.waited_seconds)
    earlier = sa.select(past_levels).join(cases, cases.c.id == past_levels.c.case_id)
    earlier = earlier.where(past_levels.c.settled_at > since, past_levels.c.episode < cases.c.episode)
    for row in tx.execute(earlier).mappings():
        yield Settled(
            Severity(row["severity"]), row["met"], row["settled_at"], row["measured_seconds"], row["waited_seconds"]
        )


def figures(settled: Iterable[Settled]) -> Figures:
    """Counts, the share met, and how long it took."""
    found = list(settled)
    seconds = sorted(one.measured_seconds for one in found)
    met = sum(one.met for one in found)
    return Figures(
        settled=len(found), met=met, share=met / len(found) if found else None,
        p50_seconds=quantile(seconds, 0.5), p95_seconds=quantile(seconds, 0.95),
        worst_seconds=round(seconds[-1], 3) if seconds else None,
        waited_seconds=round(sum(one.waited_seconds for one in found), 3),
    )  # fmt: skip


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them doesn't exceed; None of nothing."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)

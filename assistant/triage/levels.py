"""The three promises of row F3 for one case: what counts, from when, until when. Pure; clocks, figures and API call it.

| severity | promise | kept when | within |
|---|---|---|---|
| high | `acted_and_told` | the first action was taken **and** staff were told | 60 s |
| medium | `queued` | it was in the repair queue | 300 s |
| low | `done_or_handed` | it was first resolved or handed to a person, waits for the customer apart | 1,800 s |

How the special ones count:

- The clock starts when the fault was detectable. Of a case that **became worse** it starts when the worse fault was
  (`due_when_worse`); a promise that was running already stays due when it was. A **new episode** has its own clock.
- **What has been done stays done**: a low case that was resolved and is gone on with in the same episode kept its
  promise the first time, and waits after that time change nothing.
- **Not live** (older than the live window: detected only) is promised nothing and never counts.
- An episode that **ended without the promise being kept** (merged; right again by itself, or a false alarm, before
  anybody had to act) doesn't count when it ended in time, and is missed when its time ran out first. A false alarm that
  was acted on, and a low one that was closed, count like every other case.
- A **snooze** neither pauses a clock nor keeps a promise, nor does the **kill switch** (`HELLOWORD_WRITES=off`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import Resolution, Severity

PROMISES = {Severity.HIGH: "acted_and_told", Severity.MEDIUM: "queued", Severity.LOW: "done_or_handed"}
AT_RISK = 0.75  # share of its time after which a promise that is not kept yet is in danger
COLUMNS = (
    "id", "episode", "severity", "live", "resolution", "merged_into", "due_at", "queued_at", "told_at",
    "first_action_at", "handed_off_at", "waiting_since", "waited_seconds", "done_at", "done_waited",
)  # fmt: skip
"""The columns of `cases` that `level_of` reads."""

Row = Mapping[str, Any]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """How one case stands with its promise. Times are aware UTC; seconds are never negative.

    `due_at` is shifted by the waits that count; `measured_seconds` runs from `since` to when the promise was kept (or
    the episode ended, else to now) without those waits. `met` is None while it is open, and where it doesn't count.
    `settled_at` is when it was decided: kept, or missed, whichever came first.
    """

    severity: Severity
    promise: str
    since: datetime
    due_at: datetime
    measured_seconds: float
    waited_seconds: float
    met: bool | None
    missed: bool
    paused: bool
    counts: bool
    kept_at: datetime | None
    settled_at: datetime | None

    @property
    def running(self) -> bool:
        """Whether the promise can still be kept or missed."""
        return self.counts and self.met is None

    @property
    def left_seconds(self) -> float:
        """Until it is missed; paused clocks stand still."""
        return max(0.0, DUE_WITHIN[self.severity].total_seconds() - self.measured_seconds)

    @property
    def at_risk(self) -> bool:
        """Running, and three quarters of its time are used up."""
        return self.running and self.measured_seconds >= AT_RISK * DUE_WITHIN[self.severity].total_seconds()

    def json(self) -> dict[str, Any]:
        """As a case shows it."""
        return {
            "promise": self.promise, "since": self.since, "due_at": self.due_at,
            "measured_seconds": round(self.measured_seconds, 3), "left_seconds": round(self.left_seconds, 3),
            "waited_seconds": round(self.waited_seconds, 3), "met": self.met, "missed": self.missed,
            "at_risk": self.at_risk, "paused": self.paused, "counts": self.counts,
        }  # fmt: skip


def level_of(case: Row, now: datetime) -> Level:
    """The promise of a case's current episode (`case`: a row with `COLUMNS`)."""
    severity = Severity(case["severity"])
    since = case["due_at"] - DUE_WITHIN[severity]
    waited = _waited(case, now)
    shift = timedelta(seconds=waited) if severity is Severity.LOW else timedelta()
    due, kept = case["due_at"] + shift, _kept_at(case, severity)
    ended = case["done_at"] if kept is None and case["handed_off_at"] is None else None
    stop = kept or ended or now
    in_time = stop <= due
    counts = bool(case["live"]) and (ended is None or not in_time)
    met = None if not counts or (kept is None and in_time) else kept is not None and in_time
    return Level(
        severity=severity, promise=PROMISES[severity], since=since, due_at=due, waited_seconds=waited,
        measured_seconds=max(timedelta(), stop - since - shift).total_seconds(),
        met=met, missed=met is False, counts=counts, kept_at=kept,
        paused=severity is Severity.LOW and stop is now and case["waiting_since"] is not None,
        settled_at=None if met is None else kept if met else min(due, stop),
    )  # fmt: skip


def due_when_worse(case: Row, severity: Severity, detectable_at: datetime) -> datetime:
    """The (unshifted) `due_at` of an open case that has another fault, detectable at that time, and this severity now.

    A promise that is still to be kept doesn't become due later by getting worse; one that was kept is replaced.
    """
    due: datetime = detectable_at + DUE_WITHIN[severity]
    before = Severity(case["severity"])
    if severity is before or _kept_at(case, before) is None:
        due = min(case["due_at"], due)
    return due


def _kept_at(case: Row, severity: Severity) -> datetime | None:
    """When what the promise asks for was done; None while it was not."""
    if severity is Severity.MEDIUM:
        return _time(case["queued_at"])
    if severity is Severity.HIGH:
        acted, told = case["first_action_at"], case["told_at"]
        return max(acted, told) if acted and told else None
    return _time(case["handed_off_at"] if _was_merged(case) else case["done_at"])


def _waited(case: Row, now: datetime) -> float:
    """Seconds spent waiting for the customer until the episode was first done with, else until now."""
    if case["done_waited"] is not None:
        return float(case["done_waited"])
    since = case["waiting_since"]
    running = max(0.0, (now - since).total_seconds()) if since is not None else 0.0
    return float(case["waited_seconds"]) + running


def _was_merged(case: Row) -> bool:
    return case["merged_into"] is not None or case["resolution"] == Resolution.MERGED


def _time(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None

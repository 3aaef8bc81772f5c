"""The clocks of the service levels (row F3): an alarm before a promise is missed, and what still keeps it then.

The office starts them (`opened`) and ends them (`settled`, `ended`); what counts is defined in `triage.levels`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import TEAM
from assistant.cases.records import ENDED, Cases
from assistant.notifications.notices import SERVICE, SUPERVISORS, Notices
from assistant.plans.ending import Ending
from assistant.promises.batches import BATCH
from assistant.promises.level_words import about_case, in_danger, missed, team_watches, waits_for_a_decision
from assistant.store.engine import Store
from assistant.store.tables import past_levels, timers
from assistant.timers.timers import Timer, cancel_timer, set_timer
from assistant.triage.levels import AT_RISK, Level, level_of
from knowledge.policies import DUE_WITHIN
from knowledge.vocabulary.codes import CaseStatus, Severity

Case = dict[str, Any]
SERVICE_LEVEL = "service_level"
SHARED = "shared"  # why the team has a case that the machine goes on with
LAST = 0.85  # share of its time after which people get a case even though a journey is under way
CHANCE = 0.25  # share of a promise's time that the machine has for itself before people get a case that came in late
LOOK_AGAIN = timedelta(seconds=5)  # a case that people got because nothing moved is looked at again after this
SKEW = timedelta(seconds=5)  # a case that began later than this from now was dated before the clock was set back
_FURTHEST = DUE_WITHIN[Severity.LOW] + timedelta(minutes=1)  # no clock of ours is ever set further ahead
_AFTER = timedelta(seconds=0.1)  # at the very end of its time a promise is not missed yet
_CHECKED_FOR = 10.0  # seconds for which clocks that were set back are not looked for again


class ServiceLevels:
    """One timer per case and episode: at three quarters of the time, at `LAST`, when the time is over.

    **In danger**: whoever has the case is told (else the service team), and the promise is kept by people:

    - Behind a silent shop the case is handed to the team; it goes on by machine as soon as the shop answers, unless
      somebody took it up meanwhile (`Ending.is_back`).
    - A high case that is only slow, and a plan that waits for approval, become the team's while the machine goes on
      with them (`SHARED`): the plan stays approvable.
    - A low case that does not get done, and with the kill switch on a high one too, is handed to a person for good.
    - What a person has snoozed is left alone.

    **Missed**: the supervisors are told as well.
    """

    def __init__(
        self, store: Store, notices: Notices, cases: Cases, *, writes: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._notices, self._cases, self._writes, self._clock = store, notices, cases, writes, clock
        self._checked_at = -math.inf
        self.ending: Ending | None = None  # the wiring puts it here once there are plans

    # -- what the office tells --------------------------------------------------------------------------------------

    def opened(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """A case was opened, opened again or made more severe: its clock runs."""
        self._after_a_jump(tx, now)
        level = level_of(case, now)
        if level.met is None and level.counts:
            self._arm(tx, case, self._mark(case, level, now))
        elif level.missed:  # found too late
            self._arm(tx, case, now)

    def settled(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """People have the case: a promise that this kept needs no clock any more."""
        if level_of(case, now).met:
            cancel_timer(tx, SERVICE_LEVEL, case["id"])

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """The episode is over (`resolved`): how its promise came out is kept, its next episode has another one."""
        if how != "resolved":
            return
        if case["handed_off_why"] == SHARED and case["owner_kind"] == "team":
            self._cases.update(tx, case, now, **dict.fromkeys(TEAM))  # the machine ended it by itself
        level = level_of(case, now)
        if level.met is None or level.settled_at is None:
            return
        row = {
            "case_id": case["id"], "episode": case["episode"], "severity": level.severity, "promise": level.promise,
            "since": level.since, "due_at": level.due_at, "kept_at": level.kept_at, "settled_at": level.settled_at,
            "measured_seconds": level.measured_seconds, "waited_seconds": level.waited_seconds, "met": level.met,
        }  # fmt: skip
        again = [name for name in row if name not in ("case_id", "episode")]
        tx.execute(self._store.upsert(past_levels, ["case_id", "episode"], row, again))
        if level.met:
            cancel_timer(tx, SERVICE_LEVEL, case["id"])

    def timer_handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        """Timers of these clocks."""
        return {SERVICE_LEVEL: self._on_due}

    # -- the alarm --------------------------------------------------------------------------------------------------

    def _on_due(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        case = self._cases.lock(tx, timer.subject)
        if timer.generation != case["episode"]:
            return
        self._after_a_jump(tx, now)
        level = level_of(case, now)
        if level.counts and level.met is None and level.since > now + SKEW:
            self._start_afresh(tx, case, level, now)
            level = level_of(case, now)
        if level.missed:
            self._say_missed(tx, case, level, now)
        elif not level.running:
            return
        if level.kept_at is None and case["status"] not in ENDED:
            self._go_on(tx, case, level, now)

    def _go_on(self, tx: sa.Connection, case: Case, level: Level, now: datetime) -> None:
        """Not kept yet: waits for the next mark, or sees to it that people have the case."""
        mark = self._mark(case, level, now)
        if mark > now or level.paused:
            self._arm(tx, case, max(mark, now + timedelta(seconds=1)))
            return
        rests, moves = self._rests(case, now), self._moves(case, level)
        if not level.missed and (rests or moves or not self._is_shared(case, level)):
            self._warn(tx, case, in_danger(level), now, level.promise + ":danger")
        if level.severity is Severity.HIGH and case["told_at"] is None:
            self._cases.update(tx, case, now, told_at=now)
        if moves and not rests:
            self._arm(tx, case, _when(level, LAST, now))
            return
        if not rests:
            self._to_people(tx, case, level, now)
        if level_of(case, now).running:
            self._arm(tx, case, now + timedelta(seconds=level.left_seconds) + _AFTER)

    def _to_people(self, tx: sa.Connection, case: Case, level: Level, now: datetime) -> None:
        tries = case["retries"]
        if case["status"] == CaseStatus.HANDED_OFF:
            return
        if self._is_shared(case, level):
            self._share(tx, case, level, now)
        else:
            self._hand_over(tx, case, "shop_silent" if tries else "out_of_time", now)
        if tries and self._writes and case["status"] == CaseStatus.HANDED_OFF:
            self._cases.update(tx, case, now, retries=tries + 1)
            set_timer(tx, "retry", case["id"], now + LOOK_AGAIN)

    def _is_shared(self, case: Case, level: Level) -> bool:
        slow = level.severity is Severity.HIGH and self._writes and not case["retries"]
        return bool(slow or case["status"] == CaseStatus.AWAITING_APPROVAL)

    def _hand_over(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> None:
        if self.ending is None:
            self._cases.hand_off(tx, case, now, why)
        else:
            self.ending.hand_off(tx, case, why, now)

    def _share(self, tx: sa.Connection, case: Case, level: Level, now: datetime) -> None:
        """The team has it and is told; its plan stands, and the machine goes on with it."""
        waits = case["status"] == CaseStatus.AWAITING_APPROVAL
        times: dict[str, Any] = self._cases.first_action(case, now)
        if level.severity is Severity.LOW:
            times |= {"handed_off_at": now, "done_at": now, "done_waited": level.waited_seconds}
        owner = {} if case["owner_kind"] else {**TEAM, "handed_off_why": SHARED}
        self._cases.update(tx, case, now, **owner, **times)
        text = waits_for_a_decision(level, case["plan_version"]) if waits else team_watches(level)
        self._warn(tx, case, text, now, level.promise + ":shared")
        if not waits:
            self._cases.wake(tx, case, now)

    def _moves(self, case: Case, level: Level) -> bool:
        """Whether a journey is queued or under way that the shop answers, and there is time to let it."""
        used = level.measured_seconds / DUE_WITHIN[level.severity].total_seconds()
        at_work = case["running"] is not None and case["status"] != CaseStatus.AWAITING_APPROVAL
        return at_work and not case["retries"] and used < LAST and not level.missed

    def _rests(self, case: Case, now: datetime) -> bool:
        return case["snoozed_until"] is not None and case["snoozed_until"] > now

    # -- telling people ---------------------------------------------------------------------------------------------

    def _warn(self, tx: sa.Connection, case: Case, text: dict[str, str], now: datetime, about: str) -> None:
        key = f"{case['id']}:{case['episode']}:{about}"
        about_it = about_case(case, text)
        if self._notices.put(tx, _audience(case), SERVICE_LEVEL, about_it, now, dedupe_key=key, case=case):
            self._cases.note(tx, case["id"], now, text)

    def _say_missed(self, tx: sa.Connection, case: Case, level: Level, now: datetime) -> None:
        text, key = missed(level), f"{case['id']}:{case['episode']}:{level.promise}:missed"
        about_it = about_case(case, text)
        if self._notices.put(tx, SUPERVISORS, SERVICE_LEVEL, about_it, now, dedupe_key=key, case=case):
            self._notices.put(tx, _audience(case), SERVICE_LEVEL, about_it, now, dedupe_key=key, case=case)
            self._cases.note(tx, case["id"], now, text)

    # -- time -------------------------------------------------------------------------------------------------------

    def _mark(self, case: Case, level: Level, now: datetime) -> datetime:
        """When to look next: at three quarters of the time, but not before the machine had its chance."""
        mark = _when(level, AT_RISK, now)
        chance = case["queued_at"] + CHANCE * DUE_WITHIN[level.severity]
        return max(mark, chance) if case["queued_at"] <= now else mark

    def _arm(self, tx: sa.Connection, case: Case, due_at: datetime) -> None:
        set_timer(tx, SERVICE_LEVEL, case["id"], due_at, generation=case["episode"])

    def _start_afresh(self, tx: sa.Connection, case: Case, level: Level, now: datetime) -> None:
        """The system's clock was set back after the case began: its time starts again by the clock as it is now."""
        stamps = ("queued_at", "told_at", "first_action_at")
        earlier = {name: min(case[name], now) for name in stamps if case[name] is not None}
        self._cases.update(tx, case, now, due_at=now + DUE_WITHIN[level.severity], **earlier)

    def _after_a_jump(self, tx: sa.Connection, now: datetime) -> None:
        """Clocks that are set further ahead than any can be are from before the system's clock was set back."""
        if self._clock() - self._checked_at < _CHECKED_FOR:
            return
        self._checked_at = self._clock()
        strange = timers.c.kind.in_((SERVICE_LEVEL, BATCH)) & (timers.c.due_at > now + _FURTHEST)
        tx.execute(timers.update().where(strange).values(due_at=now, leased_until=None))


def _when(level: Level, share: float, now: datetime) -> datetime:
    """When so much of the promise's time is used up, if the clock runs on."""
    return now + timedelta(seconds=share * DUE_WITHIN[level.severity].total_seconds() - level.measured_seconds)


def _audience(case: Case) -> tuple[str, str]:
    if case["owner_kind"] == "person":
        return ("person", str(case["owner_id"]))
    return ("team", str(case["owner_id"])) if case["owner_kind"] == "team" else SERVICE

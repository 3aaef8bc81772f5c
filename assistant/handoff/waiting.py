"""What waits for a person: hand-offs nobody took up go on to somebody else, and the team's queue is given out.

The timers `escalate` (one per case) and `route` (one for the queue) call it; both may fire any number of times.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from assistant.cases.people import TEAM
from assistant.cases.records import owner_words
from assistant.cases.wording import say
from assistant.handoff import crew
from assistant.handoff.crew import waits_by_itself
from assistant.store.engine import Store
from assistant.store.tables import cases
from assistant.store.tables_people import assignments, staff
from assistant.timers.timers import Timer, set_timer, timer_of
from assistant.triage.routing import Candidate, rank
from knowledge.vocabulary.codes import CaseStatus

if TYPE_CHECKING:
    from assistant.handoff.desk import Desk

Case = dict[str, Any]

MAX_LAPSES = 2  # people who may let a case lapse, one after the other, before it is the supervisors'
_LOOKED_AT = 200  # waiting cases looked at in one go, the most urgent first
_AT_ONCE = 20  # of these, given out in one transaction
_SOON = timedelta(seconds=1)


class Waiting:
    """The desk's timers."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store, self._desk = store, desk

    # -- nobody took it up ------------------------------------------------------------------------------------------

    def on_escalate(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: a hand-off was not taken up in time. The next person gets it, in the end the supervisors."""
        row = tx.execute(self._store.for_update(sa.select(cases).where(cases.c.id == timer.subject))).mappings().first()
        if row is None or timer_of(tx, timer.kind, timer.subject) != timer:
            return  # set again, or cancelled, since it was taken up by the sweep
        case = dict(row)
        if case["status"] != CaseStatus.HANDED_OFF or case["episode"] != timer.generation:
            return
        if (until := self._rests_until(case, now)) is not None:
            set_timer(tx, timer.kind, timer.subject, until, generation=timer.generation, payload=timer.payload)
            return
        whose = timer.payload or {}
        if "assignment" in whose:
            self._lapse(tx, case, whose["assignment"], now)
        elif (case["owner_kind"], case["owner_id"]) == ("team", whose.get("team")):
            self._unclaimed(tx, case, now)

    def _rests_until(self, case: Case, now: datetime) -> datetime | None:
        until: datetime | None = case["snoozed_until"]
        if until is not None and until > now:
            return until
        return now + timedelta(minutes=15) if case["retries"] > 0 else None  # the shop is silent: that is no person's

    def _lapse(self, tx: sa.Connection, case: Case, seq: int, now: datetime) -> None:
        given = crew.open_assignment(tx, case["id"])
        if given is None or given.seq != seq or given.accepted_at is not None:
            return
        self._desk.take_turn(tx)
        former = owner_words({name: case[name] for name in TEAM})
        crew.end_assignment(tx, case["id"], "escalated", now)
        if crew.lapses(tx, case) >= MAX_LAPSES or not self._given(tx, case, now, "lapsed", former=former):
            self._desk.to_supervisors(tx, case, now)
        self._desk.tell_former(tx, case, given, now)
        self._desk.give_out(tx, now)

    def _unclaimed(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        if waits_by_itself(case, case["handed_off_why"]) or not self._given(tx, case, now, "routed"):
            self._desk.to_supervisors(tx, case, now)

    def _given(self, tx: sa.Connection, case: Case, now: datetime, line: str, **words: dict[str, str]) -> bool:
        """Gives it to whoever is free and has not refused it, though they may not know its fault or language."""
        people = self._desk.choose(tx, case, now, waits=False).people
        best = next((one for one in people if not one.candidate.refused), None)
        if best is not None:
            self._desk.give(tx, case, best, now, line, **words)
        return best is not None

    # -- the queue is given out -------------------------------------------------------------------------------------

    def on_route(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: somebody came, left, or has room. Gives the most urgent waiting cases to those who can take them.

        Locks every case it gives before its turn comes, skipping those that somebody else holds: no deadlock.
        """
        left, left_busy = self._lock(tx, self._of_absent(tx)[:_AT_ONCE])
        waiting, more = self._for_whom_there_is_room(tx, now)
        taken, taken_busy = self._lock(tx, waiting)
        self._desk.take_turn(tx)
        for case in left:
            self._pass_on(tx, case, now)
        for case in taken:
            self._route(tx, case, now)
        if left_busy or taken_busy or more or len(left) == _AT_ONCE:
            set_timer(tx, timer.kind, timer.subject, now + (_SOON if left_busy or taken_busy else timedelta()))
        elif self._waiting(tx, 1) and (arrival := crew.next_arrival(tx, now)):
            set_timer(tx, timer.kind, timer.subject, arrival, keep_earlier=True)

    def _route(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        if not _waits(case, now):
            return
        people = self._desk.choose(tx, case, now).people
        if people:
            self._desk.give(tx, case, people[0], now, "routed")

    def _pass_on(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """A case of somebody who is away or has left."""
        given = crew.open_assignment(tx, case["id"])
        if case["status"] != CaseStatus.HANDED_OFF or given is None or given.staff_id != case["owner_id"]:
            return
        if crew.is_here(tx, given.staff_id):
            return
        former = owner_words({name: case[name] for name in TEAM})
        crew.end_assignment(tx, case["id"], "reassigned", now)
        self._desk.note(tx, case, now, say("not_there", former=former))
        ranking = self._desk.choose(tx, case, now)
        if ranking.people:
            self._desk.give(tx, case, ranking.people[0], now, "routed")
        else:
            self._desk.to_team(tx, case, now, ranking.nobody or "no_staff")

    def _of_absent(self, tx: sa.Connection) -> list[str]:
        """Cases of people who have left, and those that people who are away have not taken up."""
        absent = ~staff.c.active | (staff.c.away & assignments.c.accepted_at.is_(None))
        query = (
            sa.select(assignments.c.case_id).join(staff, staff.c.id == assignments.c.staff_id)
            .join(cases, cases.c.id == assignments.c.case_id)
            .where(assignments.c.ended_at.is_(None), absent, cases.c.status == CaseStatus.HANDED_OFF)
        )  # fmt: skip
        return list(tx.scalars(query.order_by(cases.c.severity_rank, cases.c.priority.desc(), cases.c.id)))

    def _waiting(self, tx: sa.Connection, limit: int) -> list[Case]:
        query = sa.select(cases).where(
            cases.c.status == CaseStatus.HANDED_OFF, cases.c.owner_kind == "team",
            cases.c.owner_id == TEAM["owner_id"], cases.c.live, cases.c.retries == 0,
            cases.c.handed_off_why.is_(None) | cases.c.handed_off_why.not_in(("shop_silent", "not_live")),
            (cases.c.handed_off_why != "incident") | cases.c.handed_off_why.is_(None)
            | (cases.c.subject_kind == "sku"),
        )  # fmt: skip
        query = query.order_by(cases.c.severity_rank, cases.c.priority.desc(), cases.c.id).limit(limit)
        return [dict(row) for row in tx.execute(query).mappings()]

    def _for_whom_there_is_room(self, tx: sa.Connection, now: datetime) -> tuple[list[str], bool]:
        """The most urgent waiting cases that somebody could be given now, and whether there are more of them.

        A first look without locks: whoever is given one here in thought has less room for the next.
        """
        people = {one.candidate.id: one.candidate for one in crew.members(tx, now)}
        found: list[str] = []
        for case in self._waiting(tx, _LOOKED_AT):
            if not any(one.is_free for one in people.values()):
                break
            if not _waits(case, now):
                continue
            asked = {**people}
            for one in crew.refusals(tx, case) & asked.keys():
                asked[one] = msgspec.structs.replace(asked[one], refused=True)
            if not (ranked := rank(asked.values(), self._desk.needs(case)).people):
                continue
            if len(found) == _AT_ONCE:
                return found, True
            best: Candidate = people[ranked[0].candidate.id]
            people[best.id] = msgspec.structs.replace(best, load=best.load + 1, last_assigned_at=now)
            found.append(case["id"])
        return found, False

    def _lock(self, tx: sa.Connection, case_ids: list[str]) -> tuple[list[Case], bool]:
        """The rows in this order, locked; and whether somebody else holds any of them."""
        if not case_ids:
            return [], False
        query = self._store.for_update(sa.select(cases).where(cases.c.id.in_(case_ids)), skip_locked=True)
        rows = {row["id"]: dict(row) for row in tx.execute(query).mappings()}
        return [rows[one] for one in case_ids if one in rows], len(rows) < len(case_ids)


def _waits(case: Case, now: datetime) -> bool:
    """Whether the team holds it until a person can take it."""
    held = case["status"] == CaseStatus.HANDED_OFF and case["owner_kind"] == "team"
    resting = case["snoozed_until"] is not None and case["snoozed_until"] > now
    routable = not waits_by_itself(case, case["handed_off_why"])
    return bool(held and case["owner_id"] == TEAM["owner_id"] and not resting and routable)

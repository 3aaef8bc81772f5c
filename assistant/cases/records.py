"""Reads and changes case rows under a lock: timeline, wake-up, state changes. Used by every room that handles cases."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import NO_BATCHES, NOBODY, TEAM, Owner, People
from assistant.cases.wording import reason, say
from assistant.durable import Durable
from assistant.metrics.past import keep_ending
from assistant.store.batches import among
from assistant.store.engine import Store
from assistant.store.tables import cases, outbox, timeline
from assistant.timers.timers import cancel_timer, set_timer
from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.findings import Evidence

SYSTEM = "system"
ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)

Case = dict[str, Any]


def new_case_id() -> str:
    """Sortable by time: 48 bits of milliseconds, then randomness."""
    return f"case_{int(time.time() * 1000):011x}{secrets.token_hex(4)}"


class Cases:
    """The case store: one object, wired once."""

    def __init__(
        self, store: Store, durable: Durable, follow_up_seconds: float, people: People = NOBODY
    ) -> None:
        self.store = store
        self.people = people  # the wiring puts the office here once there is one
        self.batches = NO_BATCHES  # and here what starts low-severity cases together
        self._durable = durable
        self._follow_up = timedelta(seconds=follow_up_seconds)

    # -- reading ----------------------------------------------------------------------------------------------------

    def find(self, tx: sa.Connection, case_id: str) -> Case:
        """The case's row.

        Raises:
            NotFoundError: `case_not_found`.
        """
        row = tx.execute(sa.select(cases).where(cases.c.id == _storable(case_id))).mappings().first()
        if row is None:
            raise NotFoundError("case_not_found", f"there is no case {case_id}")
        return dict(row)

    def lock(self, tx: sa.Connection, case_id: str) -> Case:
        """The case's row, locked until the transaction ends.

        Raises:
            NotFoundError: `case_not_found`.
        """
        query = sa.select(cases).where(cases.c.id == _storable(case_id))
        row = tx.execute(self.store.for_update(query)).mappings().first()
        if row is None:
            raise NotFoundError("case_not_found", f"there is no case {case_id}")
        return dict(row)

    def open_case_of(self, tx: sa.Connection, kind: str, subject_id: str) -> Case | None:
        """The one open case of a subject, locked; None when there is none."""
        query = sa.select(cases).where(
            cases.c.subject_kind == kind, cases.c.subject_id == subject_id, cases.c.status.notin_(ENDED)
        )
        row = tx.execute(self.store.for_update(query)).mappings().first()
        return dict(row) if row else None

    def watched_case_of(self, tx: sa.Connection, kind: str, subject_id: str) -> Case | None:
        """The subject's resolved case that is still being watched, locked; None when there is none."""
        query = sa.select(cases).where(
            cases.c.subject_kind == kind, cases.c.subject_id == subject_id, cases.c.status == CaseStatus.RESOLVED
        )
        row = tx.execute(self.store.for_update(query.order_by(cases.c.id.desc()).limit(1))).mappings().first()
        return dict(row) if row else None

    def lock_all_of(self, tx: sa.Connection, kind: str, subject_ids: Collection[str]) -> None:
        """Locks every case of these subjects, in one order."""
        if subject_ids and not self.store.is_sqlite:
            theirs = (cases.c.subject_kind == kind) & among(tx, cases.c.subject_id, subject_ids)
            tx.execute(sa.select(cases.c.id).where(theirs).order_by(cases.c.id).with_for_update())

    # -- writing ----------------------------------------------------------------------------------------------------

    def update(self, tx: sa.Connection, case: Case, now: datetime, **values: Any) -> Case:
        """Changes a locked case's columns and counts its version up; returns the row as it is now.

        A wait for the customer's answer is timed here, whoever begins or ends it; so are the first hand-off and the
        first time the episode was done with (resolved, or handed to a person).
        """
        values |= _clocked(case, values.get("status"), now)
        values |= {"version": case["version"] + 1, "updated_at": now}
        tx.execute(cases.update().where(cases.c.id == case["id"]).values(**values))
        case.update(values)
        return case

    def note(
        self, tx: sa.Connection, case_id: str, now: datetime, what: dict[str, str],
        *, actor: str = SYSTEM, evidence: list[Evidence] | None = None,
    ) -> None:  # fmt: skip
        """Appends one line to the case's timeline."""
        tx.execute(timeline.insert().values(case_id=case_id, at=now, actor=actor, what=what, evidence=evidence or []))

    def wake(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Concurrency rule 1: a running journey is told to look again, else the next one is enqueued in `tx`."""
        if case["running"] is not None:
            if not case["wake"]:
                tx.execute(cases.update().where(cases.c.id == case["id"]).values(wake=True))
                case["wake"] = True
            return
        self._start_next(tx, case)

    def begin(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Something is wrong, newly: wakes the case at once, or with the next batch where it can wait for one."""
        if not self.batches.takes(tx, case, now):
            self.wake(tx, case, now)

    def _start_next(self, tx: sa.Connection, case: Case) -> None:
        generation = case["generation"] + 1
        values = {"generation": generation, "running": generation, "wake": False}
        tx.execute(cases.update().where(cases.c.id == case["id"]).values(**values))
        case.update(values)
        self._durable.enqueue(tx, case["id"], generation, 1 + 1000 * case["severity_rank"] + 100 - case["priority"])

    def finish_run(self, tx: sa.Connection, case_id: str, generation: int) -> None:
        """The journey's last act: clears `running`, or starts the next generation when it was woken meanwhile."""
        case = self.lock(tx, case_id)
        if case["running"] != generation:
            return  # a step that ran again after a crash
        case["running"] = None
        tx.execute(cases.update().where(cases.c.id == case_id).values(running=None))
        if case["wake"]:
            self._start_next(tx, case)

    def first_action(self, case: Case, now: datetime) -> dict[str, datetime]:
        """The column to set when this is the case's first accepted write, message or assignment."""
        return {} if case["first_action_at"] else {"first_action_at": now}

    def resolve(self, tx: sa.Connection, case: Case, resolution: Resolution, now: datetime, settled: list[str]) -> None:
        """Ends the episode: resolved and watched for the follow-up time. `settled` are fingerprints dealt with."""
        known = sorted({*case["settled"], *settled})
        self.update(
            tx, case, now, status=CaseStatus.RESOLVED, resolution=resolution, resolved_at=now, settled=known,
            snoozed_until=None,
        )  # fmt: skip
        for kind in ("reply", "approval", "retry", "snooze"):
            cancel_timer(tx, kind, case["id"])
        set_timer(tx, "follow_up", case["id"], now + self._follow_up, generation=case["episode"])
        tx.execute(outbox.insert().values(kind="library", subject=case["id"], created_at=now, attempts=0))
        self.people.ended(tx, case, "resolved", now)

    def new_episode(self, tx: sa.Connection, case: Case, now: datetime, **values: Any) -> None:
        """Opens an ended case again as if it were new: its clocks, rounds and owner start afresh."""
        keep_ending(tx, case, now, within=False)
        self.update(
            tx, case, now, status=CaseStatus.OPEN, resolution=None, resolved_at=None, closed_at=None, merged_into=None,
            episode=case["episode"] + 1, episode_plan=case["plan_version"] + 1, rounds=0, failed_repairs=0, retries=0,
            by_approval=False, owner_kind=None, owner_id=None, owner_name=None, first_action_at=None, detected_at=now,
            queued_at=now, told_at=None, claimed_at=None, handed_off_at=None, handed_off_why=None,
            waiting_since=None, waited_seconds=0.0, done_at=None, done_waited=None, proven_at=None, **values,
        )  # fmt: skip
        cancel_timer(tx, "follow_up", case["id"])
        self.people.opened(tx, case, now)

    def go_on(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Takes a watched case up again within its episode: what was done turned out to be unfinished."""
        self.take_up(tx, case, now)
        self.note(tx, case["id"], now, say("goes_on"))

    def take_up(self, tx: sa.Connection, case: Case, now: datetime, **values: Any) -> None:
        """Opens a case within its episode, whether it had ended or waited for something."""
        keep_ending(tx, case, now, within=True)
        self.update(
            tx, case, now, status=CaseStatus.OPEN, resolution=None, resolved_at=None, closed_at=None, merged_into=None,
            snoozed_until=None, proven_at=None, **values,
        )  # fmt: skip
        for kind in ("follow_up", "reply", "retry", "snooze"):
            cancel_timer(tx, kind, case["id"])

    def hand_off(
        self, tx: sa.Connection, case: Case, now: datetime, why: str,
        *, owner: Owner | None = None, actor: str = SYSTEM, words: dict[str, str] | None = None, taken: bool = True,
    ) -> None:  # fmt: skip
        """Gives the case to a person or team, who are told; the machine does not act on it until it is given back.

        `why` is a reason's code (`words` where it was said in words). Without an `owner` whoever has it already keeps
        it, else routing decides. `taken`: a person named here is at it already.
        """
        if owner is None and case["owner_kind"] == "person":
            owner = {name: case[name] for name in TEAM}
        at_it = taken and owner is not None and owner["owner_kind"] == "person"
        claimed_at = (case["claimed_at"] or now) if at_it else None
        owner = owner or self.people.owner_for(tx, case, why, now)
        self.update(
            tx, case, now, status=CaseStatus.HANDED_OFF, retries=0, claimed_at=claimed_at, handed_off_why=why, **owner,
            **self.first_action(case, now),
        )  # fmt: skip
        for kind in ("reply", "approval", "retry"):
            cancel_timer(tx, kind, case["id"])
        what = say("handed_off", owner=owner_words(owner), reason=words or reason(why))
        self.note(tx, case["id"], now, what, actor=actor)
        self.people.handed(tx, case, why, now, actor)

    def give_back(self, tx: sa.Connection, case: Case, how: str, now: datetime, **values: Any) -> None:
        """Takes a handed-off case away from its owner, so that the machine goes on with it; the caller wakes it.

        `how` is `handed_back` by its owner, or `resumed` where what the team waited for is over.
        """
        self.update(
            tx, case, now, owner_kind=None, owner_id=None, owner_name=None, claimed_at=None, **values
        )  # fmt: skip
        self.people.ended(tx, case, how, now)


def _clocked(case: Case, status: str | None, now: datetime) -> dict[str, Any]:
    if status is None or status == case["status"]:
        return {}
    values: dict[str, Any] = {}
    if status == CaseStatus.AWAITING_CUSTOMER:
        values["waiting_since"] = now
    elif case["waiting_since"] is not None:
        waited = max(0.0, (now - case["waiting_since"]).total_seconds())
        values |= {"waiting_since": None, "waited_seconds": case["waited_seconds"] + waited}
    if status == CaseStatus.HANDED_OFF and case["handed_off_at"] is None:
        values["handed_off_at"] = now
    if status in (CaseStatus.HANDED_OFF, CaseStatus.RESOLVED) and case["done_at"] is None:
        values |= {"done_at": now, "done_waited": values.get("waited_seconds", case["waited_seconds"])}
    return values


def owner_words(owner: Owner) -> dict[str, str]:
    """A team by its name in each language, a person by their own."""
    if owner["owner_kind"] == "team":
        return in_both("team", owner["owner_id"])
    return dict.fromkeys(LANGUAGES, owner["owner_name"])


def _storable(case_id: str) -> str:
    """An id as a query may hold it: PostgreSQL refuses NUL, which no id of ours has."""
    return case_id.replace("\0", "?")

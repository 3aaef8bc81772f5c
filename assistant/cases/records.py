"""Reads and changes case rows under a lock: timeline, wake-up, state changes. Used by every room that handles cases."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.wording import say
from assistant.durable import Durable
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
TEAM = {"owner_kind": "team", "owner_id": "service", "owner_name": "Service team"}

Case = dict[str, Any]


def new_case_id() -> str:
    """Sortable by time: 48 bits of milliseconds, then randomness."""
    return f"case_{int(time.time() * 1000):011x}{secrets.token_hex(4)}"


class Cases:
    """The case store: one object, wired once."""

    def __init__(self, store: Store, durable: Durable, follow_up_seconds: float) -> None:
        self.store = store
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

    # -- writing ----------------------------------------------------------------------------------------------------

    def update(self, tx: sa.Connection, case: Case, now: datetime, **values: Any) -> Case:
        """Changes a locked case's columns and counts its version up; returns the row as it is now."""
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

    def new_episode(self, tx: sa.Connection, case: Case, now: datetime, **values: Any) -> None:
        """Opens an ended case again as if it were new: its clocks, rounds and owner start afresh."""
        self.update(
            tx, case, now, status=CaseStatus.OPEN, resolution=None, resolved_at=None, closed_at=None, merged_into=None,
            episode=case["episode"] + 1, episode_plan=case["plan_version"] + 1, rounds=0, failed_repairs=0, retries=0,
            by_approval=False, owner_kind=None, owner_id=None, owner_name=None, first_action_at=None, detected_at=now,
            queued_at=now, **values,
        )  # fmt: skip
        cancel_timer(tx, "follow_up", case["id"])

    def go_on(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Takes a watched case up again within its episode: what was done turned out to be unfinished."""
        self.update(tx, case, now, status=CaseStatus.OPEN, resolution=None, resolved_at=None)
        cancel_timer(tx, "follow_up", case["id"])
        self.note(tx, case["id"], now, say("goes_on"))

    def hand_off(
        self, tx: sa.Connection, case: Case, now: datetime, why: dict[str, str],
        *, owner: dict[str, str] | None = None, actor: str = SYSTEM,
    ) -> None:  # fmt: skip
        """Gives the case to a person or team; the machine does not act on it until it is given back."""
        owner = owner or TEAM
        self.update(tx, case, now, status=CaseStatus.HANDED_OFF, **owner, **self.first_action(case, now))
        for kind in ("reply", "approval", "retry"):
            cancel_timer(tx, kind, case["id"])
        self.note(tx, case["id"], now, say("handed_off", owner=_owner_words(owner), reason=why), actor=actor)


def _owner_words(owner: dict[str, str]) -> dict[str, str]:
    """A team by its name in each language, a person by their own."""
    if owner["owner_kind"] == "team":
        return in_both("team", owner["owner_id"])
    return dict.fromkeys(LANGUAGES, owner["owner_name"])


def _storable(case_id: str) -> str:
    """An id as a query may hold it: PostgreSQL refuses NUL, which no id of ours has."""
    return case_id.replace("\0", "?")

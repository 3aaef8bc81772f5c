"""What people do with a case: claim, release, resolve, snooze, reopen, merge, approve, reject. The API calls these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import reason, say
from assistant.plans.store import Plans
from assistant.security.principals import ForbiddenError, Principal
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import cancel_timer, set_timer
from assistant.triage import due_at
from knowledge.vocabulary.codes import CaseStatus, Resolution, Severity
from knowledge.vocabulary.errors import ConflictError, InputError

# What a person may say that became of a case.
BY_HAND = frozenset(Resolution) - {Resolution.MERGED, Resolution.REPAIRED, Resolution.REPAIRED_WITH_APPROVAL}
APPROVERS = frozenset({"supervisor", "administrator", "senior_agent"})


class Commands:
    """Each command is one transaction under the case's lock and leaves a line on the timeline."""

    def __init__(self, store: Store, cases: Cases, plans: Plans) -> None:
        self._store, self._cases, self._plans = store, cases, plans

    @contextmanager
    def _on(self, case_id: str, *, ended: bool = False) -> Iterator[tuple[sa.Connection, Case, datetime]]:
        """The locked case.

        Raises:
            NotFoundError: `case_not_found`.
            ConflictError: `case_ended` when the case is resolved or closed (`case_live` when `ended` asks for that).
        """
        with self._store.begin() as tx:
            case = self._cases.lock(tx, case_id)
            if (case["status"] in ENDED) is not ended:
                code, state = ("case_live", "still open") if ended else ("case_ended", f"already {case['status']}")
                raise ConflictError(code, f"case {case_id} is {state}")
            yield tx, case, utcnow()

    def approve(self, case_id: str, version: int, who: Principal) -> None:
        """Approves the plan version that waits.

        Raises:
            ConflictError: `plan_changed` when another version, decision or expiry came first.
        """
        require_approver(who)
        with self._on(case_id) as (tx, case, now):
            self._plans.decide(tx, case, version, "approved", who.ref, now)
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING)
            self._cases.note(tx, case_id, now, say("approved", version=version), actor=who.ref)
            self._cases.wake(tx, case, now)

    def reject(self, case_id: str, version: int, why: str, who: Principal) -> None:
        """Rejects the plan version that waits; a human takes the case over.

        Raises:
            ConflictError: `plan_changed`.
        """
        require_approver(who)
        with self._on(case_id) as (tx, case, now):
            self._plans.decide(tx, case, version, "rejected", who.ref, now, why)
            self._cases.note(tx, case_id, now, say("rejected", version=version, reason=why), actor=who.ref)
            self._cases.hand_off(tx, case, now, reason("rejected"))

    def claim(self, case_id: str, who: Principal) -> None:
        """Takes the case; the machine stops acting on it.

        Raises:
            ConflictError: `case_claimed` when another person has it.
        """
        with self._on(case_id) as (tx, case, now):
            if case["owner_kind"] == "person" and case["owner_id"] != who.id:
                raise ConflictError("case_claimed", f"case {case_id} is {case['owner_name']}'s")
            self._plans.withdraw(tx, case_id)
            owner = {"owner_kind": "person", "owner_id": who.id, "owner_name": who.name}
            self._cases.update(
                tx, case, now, status=CaseStatus.HANDED_OFF, **owner, **self._cases.first_action(case, now)
            )
            for kind in ("reply", "approval", "retry"):
                cancel_timer(tx, kind, case_id)
            self._cases.note(tx, case_id, now, say("claimed", owner=who.name), actor=who.ref)

    def release(self, case_id: str, who: Principal) -> None:
        """Gives the case back to the assistant, which looks at it again.

        Raises:
            ConflictError: `case_not_handed_off`.
        """
        with self._on(case_id) as (tx, case, now):
            if case["status"] != CaseStatus.HANDED_OFF:
                raise ConflictError("case_not_handed_off", f"case {case_id} is {case['status']}")
            self._cases.update(
                tx, case, now, status=CaseStatus.OPEN, owner_kind=None, owner_id=None, owner_name=None,
                rounds=0, failed_repairs=0, retries=0,
            )  # fmt: skip
            self._cases.note(tx, case_id, now, say("released"), actor=who.ref)
            self._cases.wake(tx, case, now)

    def resolve(self, case_id: str, resolution: str, note: str, who: Principal) -> None:
        """Ends the case by hand.

        Raises:
            InputError: `invalid_resolution` names what a person may say.
        """
        if resolution not in BY_HAND:
            raise InputError("invalid_resolution", "resolution", f"must be one of {', '.join(sorted(BY_HAND))}")
        with self._on(case_id) as (tx, case, now):
            self._plans.withdraw(tx, case_id)
            settled = [f["fingerprint"] for f in case["faults"]]
            self._cases.resolve(tx, case, Resolution(resolution), now, settled)
            if case["owner_kind"] != "person":
                self._cases.update(tx, case, now, owner_kind="person", owner_id=who.id, owner_name=who.name)
            what = say("resolved_by", resolution=resolution, note=note)
            self._cases.note(tx, case_id, now, what, actor=who.ref)

    def snooze(self, case_id: str, until: datetime, who: Principal) -> None:
        """Lets the case rest until a time.

        Raises:
            InputError: `invalid_time` when `until` has passed or has no zone.
        """
        if until.tzinfo is None or until <= utcnow():
            raise InputError("invalid_time", "until", "must lie in the future and name its zone")
        with self._on(case_id) as (tx, case, now):
            self._cases.update(tx, case, now, snoozed_until=until)
            set_timer(tx, "snooze", case_id, until)
            self._cases.note(tx, case_id, now, say("snoozed", until=until.isoformat()), actor=who.ref)

    def reopen(self, case_id: str, why: str, who: Principal) -> None:
        """Opens an ended case again, as a new episode.

        Raises:
            ConflictError: `subject_has_case` when its subject has another open case.
        """
        with self._on(case_id, ended=True) as (tx, case, now):
            if self._cases.open_case_of(tx, case["subject_kind"], case["subject_id"]) is not None:
                raise ConflictError("subject_has_case", f"{case['subject_kind']} {case['subject_id']} has an open case")
            due = due_at(Severity(case["severity"]), now)
            self._cases.new_episode(tx, case, now, settled=[], detectable_at=now, due_at=due)
            self._cases.note(tx, case_id, now, say("reopened_by", reason=why), actor=who.ref)
            self._cases.wake(tx, case, now)

    def merge(self, case_id: str, into: str, who: Principal) -> None:
        """Ends this case as part of another one, which gets a line about it.

        Raises:
            InputError: `invalid_merge` for a case into itself.
            ConflictError: `case_ended` when either is not open.
        """
        if case_id == into:
            raise InputError("invalid_merge", "into", "a case can't be merged into itself")
        with self._store.begin() as tx:
            now = utcnow()
            locked = {i: self._cases.lock(tx, i) for i in sorted((case_id, into))}  # one order: no deadlock
            for case in locked.values():
                if case["status"] in ENDED:
                    raise ConflictError("case_ended", f"case {case['id']} is already {case['status']}")
            case = locked[case_id]
            self._plans.withdraw(tx, case_id)
            self._cases.resolve(tx, case, Resolution.MERGED, now, [f["fingerprint"] for f in case["faults"]])
            self._cases.update(tx, case, now, merged_into=into)
            self._cases.note(tx, case_id, now, say("merged", into=into), actor=who.ref)
            self._cases.note(tx, into, now, say("absorbed", other=case_id), actor=who.ref)


def require_approver(who: Principal) -> None:
    """Refuses who may not approve.

    Raises:
        ForbiddenError: `forbidden` names the roles that may.
    """
    if not who.has_role(*APPROVERS):
        raise ForbiddenError("forbidden", f"needs one of the roles {', '.join(sorted(APPROVERS))}")


def owner_of(case: Case) -> dict[str, Any] | None:
    """The owner as contract C states it."""
    if not case["owner_kind"]:
        return None
    return {"kind": case["owner_kind"], "id": case["owner_id"], "name": case["owner_name"]}

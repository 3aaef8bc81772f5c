"""What people do with a case: claim, release, resolve, snooze, reopen, merge, approve, reject. The API calls these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import SUPERVISORS, TEAM, Owner
from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import say
from assistant.handoff.crew import load_of, take_turn
from assistant.plans.incidents import end_incident
from assistant.plans.limits import Needed
from assistant.plans.rehearsal import Rehearsal, Rehearsed
from assistant.plans.store import Plans
from assistant.security.principals import ForbiddenError, Principal, Role
from assistant.store.engine import Store, utcnow
from assistant.store.tables_people import staff
from assistant.timers.timers import cancel_timer, set_timer
from assistant.triage import due_at
from knowledge.phrases import LANGUAGES
from knowledge.policies.approvals import enough
from knowledge.vocabulary.codes import CaseStatus, Resolution, Severity
from knowledge.vocabulary.errors import ConflictError, InputError
from knowledge.vocabulary.personal import mask_text
from tools.rehearsal.checking import Edit

First = Callable[[sa.Connection, Case], None]
"""What is done as soon as the case is locked, in the command's own transaction; raising calls the command off."""


def nothing(tx: sa.Connection, case: Case) -> None:
    """Nothing comes first."""


# What a person may say that became of a case.
BY_HAND = frozenset(Resolution) - {Resolution.MERGED, Resolution.REPAIRED, Resolution.REPAIRED_WITH_APPROVAL}


class Commands:
    """Each command is one transaction under the case's lock and leaves a line on the timeline.

    All raise ForbiddenError `forbidden` for somebody who is no member of staff (see `require_staff`).
    """

    def __init__(self, store: Store, cases: Cases, plans: Plans, rehearsal: Rehearsal) -> None:
        self._store, self._cases, self._plans, self._rehearsal = store, cases, plans, rehearsal

    @contextmanager
    def _on(
        self, case_id: str, *, ended: bool = False, first: First = nothing
    ) -> Iterator[tuple[sa.Connection, Case, datetime]]:
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
            first(tx, case)
            yield tx, case, utcnow()

    def approve(
        self, case_id: str, version: int, who: Principal, edits: Sequence[Edit] = (), first: First = nothing
    ) -> None:
        """Approves the plan version that waits; with `edits` a new version made of it, in the same transaction.

        Raises:
            ConflictError: `plan_changed` when another version, decision or expiry came first.
            ForbiddenError: `forbidden` names the role that this plan (as edited) needs.
            InputError: `invalid_edit` names the field.
        """
        rehearsed = self._rehearsal.edited(case_id, version, edits) if edits else None
        with self._on(case_id, first=first) as (tx, case, now):
            self._plans.decide(tx, case, version, "approved", who.ref, now, roles=who.roles)
            if rehearsed is not None:
                version = self._put_edited(tx, case, rehearsed, version, who, now)
            decided = dict.fromkeys(TEAM) if case["owner_kind"] == "team" else {}  # it was the team's to decide on
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING, **decided)
            self._cases.note(tx, case_id, now, say("approved", version=version), actor=who.ref)
            self._cases.wake(tx, case, now)

    def choose(
        self, case_id: str, rehearsed: Rehearsed, suggestion: str, who: Principal, first: First = nothing, *,
        changed: Rehearsed | None = None, approves: bool = True,
    ) -> int:  # fmt: skip
        """Stores a plan that a person picked, and approves it (`changed`: as edited) in the same transaction.

        A handed-off case becomes theirs, and is again after the plan was performed, if anything is left. With
        `approves` False the plan waits for approval. Returns the version in force.

        Raises:
            ConflictError: `case_claimed` when another person is at it; `case_busy` while the machine works on it.
            ForbiddenError: `forbidden` names the role that this plan (as edited) needs.
        """
        require_staff(who)
        with self._on(case_id, first=first) as (tx, case, now):
            self._take_up(tx, case, who, now, claims=approves)
            needed = self._rehearsal.needed(tx, case, rehearsed, more=("chosen",))
            version = self._plans.propose(tx, case, rehearsed.plan, needed, now, suggestion=suggestion)
            if not approves:
                return version
            self._plans.decide(tx, case, version, "approved", who.ref, now, roles=who.roles)
            if changed is not None:
                version = self._put_edited(tx, case, changed, version, who, now, suggestion)
            decided = dict.fromkeys(TEAM) if case["owner_kind"] == "team" else {}
            fresh = {"rounds": 0, "failed_repairs": 0, "retries": 0, "snoozed_until": None}
            self._cases.update(tx, case, now, status=CaseStatus.REPAIRING, **decided, **fresh)
            self._cases.note(tx, case_id, now, say("approved", version=version), actor=who.ref)
            self._cases.wake(tx, case, now)
            return version

    def _take_up(self, tx: sa.Connection, case: Case, who: Principal, now: datetime, *, claims: bool) -> None:
        """A handed-off case is taken over by whoever decides on it, as a claim would."""
        if case["status"] not in (CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL):
            raise ConflictError("case_busy", f"case {case['id']} is {case['status']}: the assistant works on it")
        another = case["owner_kind"] == "person" and case["owner_id"] != who.id
        if another and case["claimed_at"] is not None and not who.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR):
            raise ConflictError("case_claimed", f"case {case['id']} is {case['owner_name']}'s")
        if case["status"] != CaseStatus.HANDED_OFF or not claims or (another and case["claimed_at"] is not None):
            return  # a supervisor decides; the case stays whose it is
        owner = {"owner_kind": "person", "owner_id": who.id, "owner_name": who.name}
        self._cases.update(tx, case, now, claimed_at=now, **owner, **self._cases.first_action(case, now))
        cancel_timer(tx, "snooze", case["id"])
        self._cases.people.claimed(tx, case, who, now)

    def _put_edited(
        self, tx: sa.Connection, case: Case, rehearsed: Rehearsed, version: int, who: Principal, now: datetime,
        suggestion: str | None = None,
    ) -> int:  # fmt: skip
        needed: Needed = self._rehearsal.needed(tx, case, rehearsed, more=("chosen",) if suggestion else ())
        if needed.reasons and not who.has_role(*enough(needed.role)):
            raise ForbiddenError("forbidden", f"the plan as edited needs the role {needed.role}")
        new = self._plans.add_edited(
            tx, case, rehearsed.plan, needed, now, edited_from=version, by=who.ref, suggestion=suggestion
        )
        what = say("edited", version=version, new=new, difference=rehearsed.difference)
        self._cases.note(tx, case["id"], now, what, actor=who.ref)
        return new

    def undo(self, case_id: str, version: int, who: Principal) -> None:
        """Proposes to take back what a plan version has done; it waits for approval, and the case is `who`'s after.

        Raises:
            ConflictError: `nothing_to_undo`; `case_busy` while the machine is at work on it; `subject_has_case` when
                its subject has another open case; `case_claimed` when another person has it.
            NotFoundError: `case_not_found`, `plan_not_found`.
        """
        require_staff(who)
        rehearsed = self._rehearsal.undone(case_id, version)
        with self._store.begin() as tx:
            case, now = self._cases.lock(tx, case_id), utcnow()
            self._may_be_undone(tx, case, who)
            owner = {"owner_kind": "person", "owner_id": who.id, "owner_name": who.name}
            self._cases.take_up(tx, case, now, claimed_at=now, **owner)
            self._cases.people.claimed(tx, case, who, now)
            asked = say("undoing", version=version, what=rehearsed.difference)
            self._cases.note(tx, case_id, now, asked, actor=who.ref)
            if rehearsed.lasting is not None:
                self._cases.note(tx, case_id, now, say("not_undone", version=version, what=rehearsed.lasting))
            self._plans.propose(
                tx, case, rehearsed.plan, self._rehearsal.needed(tx, case, rehearsed), now, undoes=version
            )

    def _may_be_undone(self, tx: sa.Connection, case: Case, who: Principal) -> None:
        if case["running"] is not None:
            raise ConflictError("case_busy", f"case {case['id']} is being worked on; try again in a moment")
        if case["status"] not in ENDED and case["owner_kind"] == "person" and case["owner_id"] != who.id:
            raise ConflictError("case_claimed", f"case {case['id']} is {case['owner_name']}'s")
        if case["status"] in ENDED and self._cases.open_case_of(tx, case["subject_kind"], case["subject_id"]):
            raise ConflictError("subject_has_case", f"{case['subject_kind']} {case['subject_id']} has an open case")

    def reject(self, case_id: str, version: int, why: str, who: Principal, first: First = nothing) -> None:
        """Rejects the plan version that waits; a human takes the case over.

        Raises:
            ConflictError: `plan_changed`.
        """
        require_staff(who)
        why = mask_text(why)
        with self._on(case_id, first=first) as (tx, case, now):
            self._plans.decide(tx, case, version, "rejected", who.ref, now, why)
            self._cases.note(tx, case_id, now, say("rejected", version=version, reason=why), actor=who.ref)
            self._cases.hand_off(tx, case, now, "rejected")

    def note_decision(self, case_id: str, who: Principal, first: First) -> None:
        """Does `first` alone under the lock of an open case: a decision that changes nothing of it."""
        require_staff(who)
        with self._on(case_id, first=first):
            pass

    def claim(self, case_id: str, who: Principal) -> None:
        """Takes the case; the machine stops acting on it. One routed to a colleague who is not at it yet may be taken.

        Raises:
            ConflictError: `case_claimed` when another person is at it.
        """
        require_staff(who)
        with self._on(case_id) as (tx, case, now):
            former = case["owner_name"] if case["owner_kind"] == "person" and case["owner_id"] != who.id else None
            if former is not None and case["claimed_at"] is not None:
                raise ConflictError("case_claimed", f"case {case_id} is {former}'s")
            self._plans.withdraw(tx, case_id)
            owner = {"owner_kind": "person", "owner_id": who.id, "owner_name": who.name}
            self._cases.update(
                tx, case, now, status=CaseStatus.HANDED_OFF, claimed_at=now, **owner,
                **self._cases.first_action(case, now),
            )  # fmt: skip
            for kind in ("reply", "approval", "retry"):
                cancel_timer(tx, kind, case_id)
            what = say("taken_over", owner=who.name, former=former) if former else say("claimed", owner=who.name)
            self._cases.note(tx, case_id, now, what, actor=who.ref)
            self._cases.people.claimed(tx, case, who, now)

    def hand_off(
        self, case_id: str, who: Principal, to: str | None = None, note: str = "", first: First = nothing
    ) -> None:
        """Gives an open case to a person; the machine stops acting on it, and what it asked or planned is withdrawn.

        `to` is a staff id, `service` or `supervisors`; without it routing decides. `note` says why, in words.

        Raises:
            InputError: `unknown_staff` when `to` is nobody who works here.
            ConflictError: `staff_away`, `staff_full` (which a supervisor may overrule).
        """
        require_staff(who)
        with self._on(case_id, first=first) as (tx, case, now):
            owner = self._chosen(tx, to, who) if to else self._cases.people.owner_for(tx, case, "by_hand", now)
            own = owner["owner_kind"] == "person" and owner["owner_id"] == who.id
            if own and not to:
                owner, own = dict(TEAM), False  # who gives it away has not come to have it back
            self._plans.withdraw(tx, case_id)
            words = dict.fromkeys(LANGUAGES, mask_text(note)) if note else None
            self._cases.hand_off(tx, case, now, "by_hand", owner=owner, actor=who.ref, words=words, taken=own)

    def _chosen(self, tx: sa.Connection, to: str, who: Principal) -> Owner:
        if team := next((team for team in (TEAM, SUPERVISORS) if team["owner_id"] == to), None):
            return dict(team)
        take_turn(tx, self._store)
        overrule = to == who.id or who.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
        return _colleague(tx, to, overrule=overrule, field="to")

    def assign(self, case_id: str, staff_id: str, who: Principal) -> None:
        """Gives the case to a named colleague: whoever has it passes it on, or a supervisor decides.

        Raises:
            ForbiddenError: `forbidden` for anybody else.
            InputError: `unknown_staff` when `staff_id` is nobody who works here.
            ConflictError: `staff_away`; `staff_full` when the colleague has as many cases as they can, which only a
                supervisor may overrule.
        """
        require_staff(who)
        with self._on(case_id) as (tx, case, now):
            in_charge = who.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR)
            if not in_charge and (case["owner_kind"], case["owner_id"]) != ("person", who.id):
                raise ForbiddenError("forbidden", "only whoever has the case, or a supervisor, may give it to somebody")
            take_turn(tx, self._store)
            owner = _colleague(tx, staff_id, overrule=in_charge)
            self._plans.withdraw(tx, case_id)
            own = staff_id == who.id
            self._cases.hand_off(tx, case, now, "by_hand", owner=owner, actor=who.ref, taken=own)

    def release(self, case_id: str, who: Principal) -> None:
        """Gives the case back to the assistant, which looks at it again.

        Raises:
            ConflictError: `case_not_handed_off`.
        """
        require_staff(who)
        with self._on(case_id) as (tx, case, now):
            if case["status"] != CaseStatus.HANDED_OFF:
                raise ConflictError("case_not_handed_off", f"case {case_id} is {case['status']}")
            fresh = {"rounds": 0, "failed_repairs": 0, "retries": 0}
            self._cases.give_back(tx, case, "handed_back", now, status=CaseStatus.OPEN, **fresh)
            self._cases.note(tx, case_id, now, say("released"), actor=who.ref)
            self._cases.wake(tx, case, now)

    def resolve(
        self, case_id: str, resolution: str, note: str, who: Principal, first: First = nothing
    ) -> None:
        """Ends the case by hand.

        Raises:
            InputError: `invalid_resolution` names what a person may say.
        """
        require_staff(who)
        if resolution not in BY_HAND:
            raise InputError("invalid_resolution", "resolution", f"must be one of {', '.join(sorted(BY_HAND))}")
        with self._on(case_id, first=first) as (tx, case, now):
            self._plans.withdraw(tx, case_id)
            settled = [f["fingerprint"] for f in case["faults"]]
            self._cases.resolve(tx, case, Resolution(resolution), now, settled)
            if case["owner_kind"] != "person":
                self._cases.update(tx, case, now, owner_kind="person", owner_id=who.id, owner_name=who.name)
            what = say("resolved_by", resolution=resolution, note=mask_text(note))
            self._cases.note(tx, case_id, now, what, actor=who.ref)
            end_incident(tx, case, now)
            self._cases.wake(tx, case, now)  # a read-back shows whether it is whole

    def snooze(self, case_id: str, until: datetime, who: Principal, first: First = nothing) -> None:
        """Lets the case rest until a time.

        Raises:
            InputError: `invalid_time` when `until` has passed or has no zone.
        """
        require_staff(who)
        if until.tzinfo is None or until <= utcnow():
            raise InputError("invalid_time", "until", "must lie in the future and name its zone")
        with self._on(case_id, first=first) as (tx, case, now):
            self._cases.update(tx, case, now, snoozed_until=until)
            set_timer(tx, "snooze", case_id, until)
            self._cases.note(tx, case_id, now, say("snoozed", until=until.isoformat()), actor=who.ref)

    def reopen(self, case_id: str, why: str, who: Principal) -> None:
        """Opens an ended case again, as a new episode.

        Raises:
            ConflictError: `subject_has_case` when its subject has another open case.
        """
        require_staff(who)
        with self._on(case_id, ended=True) as (tx, case, now):
            if self._cases.open_case_of(tx, case["subject_kind"], case["subject_id"]) is not None:
                raise ConflictError("subject_has_case", f"{case['subject_kind']} {case['subject_id']} has an open case")
            due = due_at(Severity(case["severity"]), now)
            self._cases.new_episode(tx, case, now, settled=[], detectable_at=now, due_at=due)
            self._cases.note(tx, case_id, now, say("reopened_by", reason=mask_text(why)), actor=who.ref)
            self._cases.wake(tx, case, now)

    def merge(self, case_id: str, into: str, who: Principal) -> None:
        """Ends this case as part of another one, which gets a line about it.

        Raises:
            InputError: `invalid_merge` for a case into itself.
            ConflictError: `case_ended` when either is not open.
        """
        require_staff(who)
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
            self._cases.update(tx, case, now, merged_into=into)  # first: what was promised goes on there
            self._cases.resolve(tx, case, Resolution.MERGED, now, [f["fingerprint"] for f in case["faults"]])
            self._cases.note(tx, case_id, now, say("merged", into=into), actor=who.ref)
            self._cases.note(tx, into, now, say("absorbed", other=case_id), actor=who.ref)
            end_incident(tx, case, now)


def _colleague(tx: sa.Connection, staff_id: str, *, overrule: bool, field: str = "staff_id") -> Owner:
    """A member of staff who can be given a case, as an owner."""
    query = sa.select(staff).where(staff.c.id == staff_id.replace("\0", "?"), staff.c.active)
    row = tx.execute(query).first()
    if row is None:
        raise InputError("unknown_staff", field, f"{staff_id!r} is no member of staff at work here")
    if row.away:
        raise ConflictError("staff_away", f"{row.name} is away")
    if not overrule and load_of(tx, staff_id) >= row.capacity:
        raise ConflictError("staff_full", f"{row.name} has {row.capacity} open cases already")
    return {"owner_kind": "person", "owner_id": staff_id, "owner_name": row.name}


def require_staff(who: Principal) -> None:
    """Refuses who has no role at all: a key for reading or for events decides nothing.

    Raises:
        ForbiddenError: `forbidden` names the roles that may.
    """
    if not who.has_role(*Role):
        raise ForbiddenError("forbidden", f"needs one of the roles {', '.join(Role)}")


def owner_of(case: Case) -> dict[str, Any] | None:
    """The owner as contract C states it."""
    if not case["owner_kind"]:
        return None
    return {"kind": case["owner_kind"], "id": case["owner_id"], "name": case["owner_name"]}

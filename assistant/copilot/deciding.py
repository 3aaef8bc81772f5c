"""What a person makes of a suggestion: accept, edit, reject, or propose; each is one transaction, and one wins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.commands import Commands, First, require_staff
from assistant.cases.records import Case
from assistant.copilot.options import APPROVE, CALL_OFF, HAND_OFF, PLAN, RESOLVE, SNOOZE
from assistant.copilot.ranking import ACCEPTED, EDITED, REJECTED
from assistant.copilot.seeing import Seer, Sight, can_be_chosen_for, is_over
from assistant.plans.chosen import still_suggested
from assistant.plans.rehearsal import Rehearsal, Rehearsed
from assistant.security.principals import Principal
from assistant.store.engine import Store, utcnow
from assistant.store.tables import suggestions
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError
from knowledge.vocabulary.personal import mask_text
from knowledge.vocabulary.plans import Plan
from tools.rehearsal.checking import Edit
from tools.rehearsal.preview import in_words, preview

OPEN, PROPOSED = "open", "proposed"
Row = dict[str, Any]


class Deciding:
    """Holds no opinion of its own: plans go through plan approval, everything else through the case's commands."""

    def __init__(self, store: Store, commands: Commands, seer: Seer, rehearsal: Rehearsal) -> None:
        self._store, self._commands, self._seer, self._rehearsal = store, commands, seer, rehearsal

    def accept(self, case_id: str, sid: str, who: Principal, edits: Sequence[Edit] = ()) -> None:
        """Does what the suggestion says; a plan is stored, approved (as edited) and handed to the machine.

        A plan is made sure of by a fresh look first, and once more by the journey before its first step.

        Raises:
            NotFoundError: `suggestion_not_found`.
            ConflictError: `suggestion_stale` when it was decided on, or the case has moved on; `evidence_changed` when
                the systems show something else now; `plan_changed`, `case_claimed`, `case_busy`, `case_ended`.
            ForbiddenError: `forbidden` names the role it needs.
            InputError: `invalid_edit` names the field.
            UnavailableError: the shop can't be read: nothing was done.
        """
        require_staff(who)
        row = self._row(case_id, sid)
        if edits and row["kind"] not in (PLAN, APPROVE):
            raise InputError("invalid_edit", "edits", "only a plan can be edited")
        if row["kind"] == PLAN:
            self._accept_plan(row, who, edits)
        elif row["kind"] == APPROVE:
            named = [_of_stored(row, edit) for edit in edits]
            first = self._first(row, who, EDITED if edits else ACCEPTED, difference=_wanted(edits))
            self._commands.approve(case_id, row["plan_version"], who, named, first=first)
        else:
            self._do(row, who, self._first(row, who, ACCEPTED))

    def reject(self, case_id: str, sid: str, reason: str, who: Principal) -> None:
        """Keeps the reason. Rejecting the plan that waits for approval rejects that plan: a human takes over.

        Raises:
            NotFoundError: `suggestion_not_found`.
            ConflictError: `suggestion_stale`, `plan_changed`.
            ForbiddenError: `forbidden` for who is no member of staff.
        """
        require_staff(who)
        row = self._row(case_id, sid)
        first = self._first(row, who, REJECTED, reason=mask_text(reason))
        if row["kind"] == APPROVE:
            self._commands.reject(case_id, row["plan_version"], reason, who, first=first)
            return
        self._commands.note_decision(case_id, who, first)

    def propose(self, case_id: str, sid: str, who: Principal) -> int:
        """See Suggestions.propose."""
        require_staff(who)
        row = self._row(case_id, sid)
        if row["kind"] != PLAN:
            raise ConflictError("no_plan", f"suggestion {sid} stands for no plan of its own")
        rehearsed, _ = self._fresh(row)
        return self._commands.choose(case_id, rehearsed, sid, who, self._first(row, who, PROPOSED), approves=False)

    # -- parts ------------------------------------------------------------------------------------------------------

    def _accept_plan(self, row: Row, who: Principal, edits: Sequence[Edit]) -> None:
        rehearsed, sight = self._fresh(row)
        changed = None
        if edits:
            planned = [(f"{row['id']}:{n}", step) for n, step in enumerate(rehearsed.plan.steps)]
            changed = self._rehearsal.changed(rehearsed.plan, planned, edits, sight.look.facts)
        first = self._first(
            row, who, EDITED if changed else ACCEPTED, difference=changed.difference if changed else None
        )
        self._commands.choose(row["case_id"], rehearsed, row["id"], who, first, changed=changed)

    def _fresh(self, row: Row) -> tuple[Rehearsed, Sight]:
        """The suggestion's plan on what is seen now, and the look."""
        case = self._seer.books(row["case_id"]).case
        _still_there(row, case)
        if not can_be_chosen_for(case):
            raise ConflictError("case_busy", f"case {case['id']} is {case['status']}: nothing can be chosen for it now")
        sight = self._seer.look(case)
        plan = msgspec.convert(row["plan"], Plan)
        if not still_suggested(plan, sight.look, sight.begun, sight.context):
            raise ConflictError("evidence_changed", f"what suggestion {row['id']} rests on has changed; ask again")
        facts = sight.look.facts
        return Rehearsed(plan, facts, in_words(preview(plan.steps, facts, links=sight.context.links))), sight

    def _do(self, row: Row, who: Principal, first: First) -> None:
        shown, case_id = row["shown"], row["case_id"]
        if row["kind"] == SNOOZE:
            until = datetime.fromisoformat(shown["until"])
            if until <= utcnow():
                raise _stale(row)
            self._commands.snooze(case_id, until, who, first=first)
        elif row["kind"] == HAND_OFF:
            self._commands.hand_off(case_id, who, shown["to"], first=first)
        elif row["kind"] == RESOLVE:
            self._make_sure_whole(row)
            self._commands.resolve(case_id, shown["resolution"], "", who, first=first)
        elif row["kind"] == CALL_OFF:
            self._commands.reject(case_id, row["plan_version"], shown["why"]["en"], who, first=first)
        else:
            self._commands.note_decision(case_id, who, first)

    def _make_sure_whole(self, row: Row) -> None:
        """Nobody ends a case because of a look that is not true any more."""
        case = self._seer.books(row["case_id"]).case
        _still_there(row, case)
        if not can_be_chosen_for(case):
            raise ConflictError("case_busy", f"case {case['id']} is {case['status']}")
        sight = self._seer.look(case)
        if sight.choice is not None or sight.look.findings:
            raise ConflictError("evidence_changed", "something is wrong again; ask for suggestions anew")

    def _row(self, case_id: str, sid: str) -> Row:
        query = sa.select(suggestions).where(
            suggestions.c.id == sid.replace("\0", "?"), suggestions.c.case_id == case_id.replace("\0", "?")
        )
        with self._store.read() as tx:
            row = tx.execute(query).mappings().first()
        if row is None:
            raise NotFoundError("suggestion_not_found", f"case {case_id} has no suggestion {sid}")
        return dict(row)

    def _first(
        self, row: Row, who: Principal, state: str, *, reason: str | None = None, difference: Any = None
    ) -> First:
        """Decides on the suggestion in the command's own transaction: whoever comes second is refused."""

        def first(tx: sa.Connection, case: Case) -> None:
            _still_there(row, case)
            mine = (suggestions.c.id == row["id"]) & (suggestions.c.state == OPEN)
            values = {"state": state, "decided_at": utcnow(), "decided_by": who.ref, "reason": reason,
                      "difference": difference}  # fmt: skip
            if tx.execute(suggestions.update().where(mine).values(**values)).rowcount != 1:
                raise _stale(row)

        return first


def _still_there(row: Row, case: Case) -> None:
    """Raises when the case has moved on since the suggestion was made."""
    moved = row["episode"] != case["episode"] or row["plan_version"] != case["plan_version"]
    if moved or is_over(case) or row["state"] != OPEN:
        raise _stale(row)


def _stale(row: Row) -> ConflictError:
    return ConflictError("suggestion_stale", f"suggestion {row['id']} was decided on, or the case has moved on since")


def _of_stored(row: Row, edit: Edit) -> Edit:
    """An edit of a step of the waiting plan, by the suggestion's step id or the plan's own."""
    prefix, _, position = edit.id.rpartition(":")
    if prefix != row["id"]:
        return edit
    return msgspec.structs.replace(edit, id=f"{row['case_id']}:{row['plan_version']}:{position}")


def _wanted(edits: Sequence[Edit]) -> Any:
    """What a person changed in a waiting plan; the timeline has it in words."""
    return msgspec.to_builtins(list(edits)) or None

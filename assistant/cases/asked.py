"""A customer asks for a person: their purchase's case is handed off at once, and opened where there was none."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from assistant.cases.fresh import fresh_row
from assistant.cases.people import CONVERSATION
from assistant.cases.records import ENDED, SYSTEM, Case, Cases
from assistant.cases.wording import say
from assistant.plans.store import Plans
from assistant.promises.keeping import last_of
from assistant.store.tables import cases as cases_table
from knowledge.policies import Policies
from knowledge.vocabulary.codes import CaseStatus, Severity
from knowledge.vocabulary.snapshot import OrderSnapshot

_FOR_NOBODY = ("shop_silent", "incident", "not_live")  # the team knows of these, but nobody is at them


class Wish(NamedTuple):
    """What a customer asks for. `why` is a reason's code, `line` a sentence of the timeline in both languages."""

    customer_id: str
    language: str
    why: str
    line: dict[str, str] | None = None


class AskedCases:
    """Finds, takes up or opens the case a wish belongs to, and gives it to a person; in the caller's transaction."""

    def __init__(self, cases: Cases, plans: Plans, policies: Policies) -> None:
        self._cases, self._plans, self._policies = cases, plans, policies

    def of_checkout(
        self, tx: sa.Connection, checkout_id: str, snapshot: OrderSnapshot | None, wish: Wish, now: datetime
    ) -> Case:
        """The purchase's case, locked: the open one, else the watched one, else a new one without a fault."""
        known = snapshot or OrderSnapshot(checkout_id=checkout_id)
        known.customer_id = known.customer_id or wish.customer_id
        known.language = known.language or wish.language
        return self._found(tx, ("checkout", checkout_id), known, now)

    def of_conversation(self, tx: sa.Connection, session_id: str, wish: Wish, now: datetime) -> Case:
        """The case of a chat that is about no purchase, locked."""
        known = OrderSnapshot(checkout_id="", customer_id=wish.customer_id, language=wish.language)
        return self._found(tx, (CONVERSATION, session_id), known, now)

    def to_person(self, tx: sa.Connection, case: Case, wish: Wish, now: datetime) -> bool:
        """Gives the locked case to a person, the machine's plans withdrawn; False when a person had it already.

        What the customer asks for stands on the timeline either way.
        """
        actor = f"customer:{wish.customer_id}"
        if wish.line is not None:
            self._cases.note(tx, case["id"], now, wish.line, actor=actor)
        if case["status"] == CaseStatus.HANDED_OFF and case["handed_off_why"] not in _FOR_NOBODY:
            # A hand-off of the machine's own may end when the systems agree; the customer's wish does not.
            self._cases.update(tx, case, now, handed_off_why=wish.why)
            return False
        if case["status"] in ENDED:
            self._cases.take_up(tx, case, now)
        elif case["snoozed_until"] is not None:
            self._cases.update(tx, case, now, snoozed_until=None)
        self._plans.withdraw(tx, case["id"])
        self._cases.hand_off(tx, case, now, wish.why, actor=SYSTEM)
        return True

    def _found(self, tx: sa.Connection, subject: tuple[str, str], snapshot: OrderSnapshot, now: datetime) -> Case:
        case = self._cases.open_case_of(tx, *subject)
        if case is not None:
            return case
        watched = self._cases.watched_case_of(tx, *subject)
        if watched is None:
            return self._open(tx, subject, snapshot, now)
        if watched["merged_into"] is None:
            return watched
        goes_on = last_of(tx, watched["id"])
        if goes_on is not None and goes_on["status"] != CaseStatus.CLOSED:
            return self._cases.lock(tx, goes_on["id"])
        return self._open(tx, subject, snapshot, now)

    def _open(self, tx: sa.Connection, subject: tuple[str, str], snapshot: OrderSnapshot, now: datetime) -> Case:
        """Nothing is known to be wrong: medium, so that its clocks are those of anybody who waits for an answer."""
        row: dict[str, Any] = fresh_row(subject, snapshot, [], Severity.MEDIUM, self._policies, now)
        tx.execute(cases_table.insert().values(**row))
        self._cases.note(tx, row["id"], now, say("asked_for_person"), actor=f"customer:{snapshot.customer_id}")
        self._cases.people.opened(tx, row, now)
        return row

"""While a person has a conversation the machine is silent in it; customers see that person come and go.

The office calls `claimed` and `ended` in the transaction that moves the case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from assistant.agent.ports import StreamEvent
from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.chatbot.requests import owner_of_case
from assistant.chatbot.sessions import OPEN, WITH_PERSON, Sessions
from assistant.chatbot.spoken import sentence
from assistant.chatbot.transcript import Entry, Row, Transcript
from assistant.security.principals import Principal
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages, chat_sessions
from knowledge.phrases import render
from knowledge.phrases.customer_words import SAID
from knowledge.vocabulary.codes import CaseStatus

ACKNOWLEDGED = "acknowledgement"  # the `model` of the sentence that says that a person has the words
REMIND_AFTER = timedelta(minutes=5)  # the owner is told again of words that came so long after the ones before


class Heard(NamedTuple):
    """What a customer wrote to a person: the message's id, its language, and the zone by whose clock they live."""

    question_id: str
    language: str
    zone: str


class Silence:
    """Implements `assistant.handoff.office.Chat`, and takes what customers write meanwhile."""

    def __init__(self, store: Store, cases: Cases, sessions: Sessions, transcript: Transcript) -> None:
        self._store, self._cases, self._sessions, self._transcript = store, cases, sessions, transcript

    # -- what the customer writes -----------------------------------------------------------------------------------

    def keep(
        self, session: Row, question_id: str, language: str, zone: Callable[[], str]
    ) -> list[StreamEvent] | None:
        """What the customer is told when a person has their conversation; None when the machine may answer.

        `zone` gives the customer's own (IANA); the shop is asked for it only when it is needed. The owner hears of
        it, and the customer gets one acknowledgement per hand-over.
        """
        if session["state"] != WITH_PERSON:
            return None
        clock = zone()  # before the transaction: the shop may take its time
        with self._store.begin() as tx:
            now = utcnow()
            case = self._cases.lock(tx, session["case_id"])
            locked = self._sessions.lock(tx, session["id"], session["customer_id"])
            if case["status"] != CaseStatus.HANDED_OFF:
                self._sessions.change(tx, locked, state=OPEN)
                return None
            if self._is_news(tx, locked, question_id, now):
                actor = f"customer:{locked['customer_id']}"
                self._cases.note(tx, case["id"], now, say("chat_wrote"), actor=actor)
                self._cases.people.wrote(tx, case, f"chat:{question_id}", now)
            owner, due = owner_of_case(case, language), locked["expected_by"] or now
            told = self._acknowledge(tx, locked, case, Heard(question_id, language, clock), now)
            return [*told, StreamEvent("handoff", {"owner": owner, "expected_by": _stamp(due)})]

    def _acknowledge(
        self, tx: sa.Connection, session: Row, case: Case, heard: Heard, now: datetime
    ) -> list[StreamEvent]:
        since = session["handed_off_at"] or session["created_at"]
        before = sa.select(chat_messages.c.id).where(
            chat_messages.c.session_id == session["id"], chat_messages.c.model == ACKNOWLEDGED,
            chat_messages.c.at >= since,
        )  # fmt: skip
        if tx.execute(before.limit(1)).first() is not None:
            return []
        owner, due = owner_of_case(case, heard.language), session["expected_by"] or now
        text = sentence(render(SAID, "passed_on", heard.language, zone=heard.zone, owner=owner, by=due))
        entry = Entry(role="assistant", text=text, language=heard.language, origin=f"answer:{heard.question_id}",
                      model=ACKNOWLEDGED, case_id=case["id"])  # fmt: skip
        self._transcript.add(tx, session, entry, now)
        data = {"message_id": entry.id, "text": text, "sources": [], "language": heard.language}
        return [StreamEvent("message.done", data)]

    def _is_news(self, tx: sa.Connection, session: Row, question_id: str, now: datetime) -> bool:
        """Whether the owner has to be told: not of each sentence of one who is still writing."""
        query = sa.select(chat_messages.c.role, chat_messages.c.at, chat_messages.c.model).where(
            chat_messages.c.session_id == session["id"], chat_messages.c.id != question_id
        )
        last = tx.execute(query.order_by(chat_messages.c.seq.desc()).limit(1)).first()
        if last is None or (last.role != "user" and last.model != ACKNOWLEDGED):
            return True
        return bool(now - last.at > REMIND_AFTER)

    # -- what the person does ---------------------------------------------------------------------------------------

    def claimed(self, tx: sa.Connection, case: Case, who: Principal, now: datetime) -> None:
        """A person has taken it up: the customer sees who."""
        for session in self._with_person(tx, case):
            language = session["language"]
            owner = owner_of_case(case, language)
            handoff = {"owner": owner, "expected_by": _stamp(session["expected_by"]), "accepted": True}
            text = sentence(render(SAID, "taken_up", language, owner=owner))
            self._tell(tx, session, case, text, f"claimed:{case['id']}:{case['episode']}:{who.id}", now, handoff)

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """No person has it any more: the machine answers again; in a case that went into another one, that one's do."""
        into = case["merged_into"]
        for session in self._with_person(tx, case):
            if into is not None and self._cases.find(tx, into)["status"] == CaseStatus.HANDED_OFF:
                self._sessions.change(tx, session, case_id=into)
                continue
            self._sessions.change(tx, session, state=OPEN)
            text = render(SAID, "back", session["language"])
            self._tell(tx, session, case, text, f"back:{case['id']}:{case['version']}", now)

    def _with_person(self, tx: sa.Connection, case: Case) -> Sequence[Row]:
        query = sa.select(chat_sessions).where(
            chat_sessions.c.case_id == case["id"], chat_sessions.c.state == WITH_PERSON
        )
        query = self._store.for_update(query.order_by(chat_sessions.c.id))
        return [dict(row) for row in tx.execute(query).mappings()]

    def _tell(
        self, tx: sa.Connection, session: Row, case: Case, text: str, origin: str, now: datetime,
        handoff: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        entry = Entry(
            role="assistant", text=text, language=session["language"], case_id=case["id"], model="service",
            origin=f"{origin}:{session['id']}", extra={"handoff": handoff} if handoff else {},
        )  # fmt: skip
        self._transcript.add(tx, session, entry, now)


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at is not None else None

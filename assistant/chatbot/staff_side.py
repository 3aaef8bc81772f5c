"""Staff's side of a customer's conversation: they read it with their case, write into it, and follow it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assistant.agent.ports import StreamEvent, language_of_text
from assistant.cases.commands import require_staff
from assistant.cases.records import Case, Cases
from assistant.cases.wording import say
from assistant.chatbot.sessions import NOT_MERGED, WITH_PERSON, Sessions, is_there
from assistant.chatbot.transcript import Entry, Item, Row, Transcript
from assistant.notifications.outgoing import Outgoing
from assistant.promises.ledger import Promises
from assistant.security.principals import Principal
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages, chat_sessions
from knowledge.phrases import language_of
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError

_YOUR_QUESTION = {"zh-CN": "您的咨询", "en": "your question"}


class StaffSide:
    """The conversations of a case: begun about it, handed over with it, or about its purchase."""

    def __init__(
        self, store: Store, cases: Cases, sessions: Sessions, transcript: Transcript, outgoing: Outgoing,
        promises: Promises,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._sessions, self._transcript = store, cases, sessions, transcript
        self._outgoing, self._promises = outgoing, promises

    def conversation(self, case_id: str, after: int, limit: int) -> list[Item]:
        """What was said, by number.

        Raises:
            NotFoundError: `case_not_found`.
        """
        with self._store.read() as tx:
            case = self._cases.find(tx, case_id)
            ids = [row["id"] for row in self._of(tx, case)]
            return self._transcript.items(tx, ids, after, limit) if ids else []

    def write(self, case_id: str, text: str, who: Principal, client_id: str | None = None) -> Item:
        """Says something to the customer in their conversation; who is not there is told that there is something.

        A case whose customer has never chatted gets a conversation, which their next visit opens. The words keep a
        promised answer. With `client_id` sending it again does nothing twice.

        Raises:
            ForbiddenError: `forbidden` for whoever is no staff.
            NotFoundError: `case_not_found`.
            ConflictError: `no_customer` where nobody knows whom to write to.
        """
        require_staff(who)
        with self._store.begin() as tx:
            now = utcnow()
            case = self._cases.lock(tx, case_id)
            session = self._session(tx, case)
            with_person = case["status"] == CaseStatus.HANDED_OFF
            if with_person:
                self._sessions.change(tx, session, state=WITH_PERSON, case_id=case["id"])
            origin = f"staff:{case_id}:{client_id}" if client_id else None
            language = language_of_text(text, session["language"])
            entry = Entry(role="staff", text=text, language=language, author=who.name, case_id=case["id"],
                          origin=origin)  # fmt: skip
            row = self._transcript.add(tx, session, entry, now)
            if row is not None:
                self._answered(tx, case, session, who, now)
            row = row or self._transcript.by_origin(tx, origin or "") or {}
            return self._transcript.items(tx, [row["session_id"]], row["seq"] - 1, 1)[0]

    # -- parts ------------------------------------------------------------------------------------------------------

    def _answered(self, tx: sa.Connection, case: Case, session: Row, who: Principal, now: Any) -> None:
        if case["first_action_at"] is None:
            self._cases.update(tx, case, now, **self._cases.first_action(case, now))
        self._cases.note(tx, case["id"], now, say("chat_answered"), actor=who.ref)
        self._promises.answered(tx, case, now, who.ref)
        if is_there(session, now):
            return
        said = sa.select(sa.func.count()).select_from(chat_messages).where(
            chat_messages.c.session_id == session["id"], chat_messages.c.role == "user"
        )  # fmt: skip
        # Once for all that is written until the customer has answered.
        occasion = f"{NOT_MERGED}:{session['id'][-8:]}:{tx.scalar(said) or 0}"
        about = case["order_id"] or case["checkout_id"] or _YOUR_QUESTION
        self._outgoing.queue(
            tx, case, source="chat", occasion=occasion, phrase="new_words", params={"order": about}, now=now
        )

    def _session(self, tx: sa.Connection, case: Case) -> Row:
        """The conversation that is written into, locked: the one that was used last."""
        found = self._of(tx, case)
        if found:
            return self._sessions.lock(tx, found[0]["id"], found[0]["customer_id"])
        if case["customer_id"] is None:
            raise ConflictError("no_customer", f"nobody knows the customer of case {case['id']}; a guest has no chat")
        language = language_of(case["language"])
        return self._sessions.insert(
            tx, case["customer_id"], language, case["checkout_id"], case["id"], utcnow(), seen_at=None
        )

    def _of(self, tx: sa.Connection, case: Case) -> list[Row]:
        """The case's conversations, the one used last first; never another customer's."""
        spoken = sa.select(chat_messages.c.session_id).where(
            chat_messages.c.case_id == case["id"], chat_messages.c.session_id.is_not(None)
        )
        about = (chat_sessions.c.case_id == case["id"]) | chat_sessions.c.id.in_(spoken)
        if case["checkout_id"] is not None:
            about |= chat_sessions.c.checkout_id == case["checkout_id"]
        query = sa.select(chat_sessions).where(about, chat_sessions.c.customer_id == (case["customer_id"] or ""))
        return [dict(row) for row in tx.execute(query.order_by(chat_sessions.c.last_at.desc()).limit(20)).mappings()]


def as_staff(item: Item) -> list[StreamEvent]:
    """One event of staff's stream: the item itself."""
    return [StreamEvent("message", item.json(staff=True))]

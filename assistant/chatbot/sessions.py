"""Customers' chat sessions: begun, found again by whom they belong to, followed, and who is there; the API calls it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.chatbot.transcript import Entry, Item, Transcript
from assistant.problems import OverloadedError
from assistant.security.vault import customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages, chat_sessions, messages, vault
from assistant.store.tables_people import inbox
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import NotFoundError

OPEN, WITH_PERSON = "open", "with_person"
MINUTE = timedelta(minutes=1)
PRESENT = timedelta(seconds=30)  # since a page was last seen: so long its customer counts as being there
SEEN_EVERY = timedelta(seconds=10)
NOT_MERGED = "chat_words"  # occasion of messages that only say that there is something to read here

Row = dict[str, Any]


class Sessions:
    """Rows of `chat_sessions`; a session that is another customer's does not exist."""

    def __init__(self, store: Store, transcript: Transcript, rate: int) -> None:
        self._store, self._transcript, self._rate = store, transcript, rate

    # -- beginning and finding --------------------------------------------------------------------------------------

    def begin(
        self, customer_id: str, language: Callable[[], str], checkout_id: str | None = None, case_id: str | None = None
    ) -> Row:
        """A new session, or the one in which staff have written to this customer and nobody has read it yet.

        `language` is only asked for a new one.

        Raises:
            OverloadedError: `too_many_sessions`.
        """
        now = utcnow()
        with self._store.begin() as tx:
            self._take_turn(tx, customer_id)
            waiting = self._unread(tx, customer_id)
        if waiting is not None:
            return waiting
        spoken = language()
        with self._store.begin() as tx:
            self._take_turn(tx, customer_id)
            begun = sa.select(sa.func.count()).select_from(chat_sessions).where(
                chat_sessions.c.customer_id == customer_id, chat_sessions.c.created_at > now - MINUTE
            )  # fmt: skip
            if (tx.scalar(begun) or 0) >= self._rate:
                raise OverloadedError("too_many_sessions", "too many conversations were begun; wait a minute", 60.0)
            return self.insert(tx, customer_id, spoken, checkout_id, case_id, now, seen_at=now)

    def insert(
        self, tx: sa.Connection, customer_id: str, language: str, checkout_id: str | None, case_id: str | None,
        now: datetime, *, seen_at: datetime | None,
    ) -> Row:  # fmt: skip
        """A new row; `seen_at` is None where the customer does not know of it yet."""
        row = {
            "id": f"chat_{secrets.token_hex(16)}", "customer_id": customer_id, "language": language_of(language),
            "checkout_id": checkout_id, "case_id": case_id, "state": OPEN, "handed_off_at": None, "expected_by": None,
            "seen_at": seen_at, "turn": None, "turn_until": None, "created_at": now, "last_at": now, "version": 1,
        }  # fmt: skip
        tx.execute(chat_sessions.insert().values(**row))
        return row

    def find(self, session_id: str, customer_id: str) -> Row:
        """The customer's session.

        Raises:
            NotFoundError: `session_not_found`.
        """
        with self._store.read() as tx:
            return self._own(tx, session_id, customer_id, locked=False)

    def lock(self, tx: sa.Connection, session_id: str, customer_id: str) -> Row:
        """The customer's session, locked; locks of cases come before."""
        return self._own(tx, session_id, customer_id, locked=True)

    def change(self, tx: sa.Connection, session: Row, **values: Any) -> None:
        """Changes columns of a locked session."""
        values["version"] = session["version"] + 1
        tx.execute(chat_sessions.update().where(chat_sessions.c.id == session["id"]).values(**values))
        session.update(values)

    def _own(self, tx: sa.Connection, session_id: str, customer_id: str, *, locked: bool) -> Row:
        mine = (chat_sessions.c.id == session_id.replace("\0", "?")) & (chat_sessions.c.customer_id == customer_id)
        query = sa.select(chat_sessions).where(mine)
        row = tx.execute(self._store.for_update(query) if locked else query).mappings().first()
        if row is None:
            raise NotFoundError("session_not_found", "there is no such conversation")
        return dict(row)

    def _unread(self, tx: sa.Connection, customer_id: str) -> Row | None:
        query = sa.select(chat_sessions).where(
            chat_sessions.c.customer_id == customer_id, chat_sessions.c.seen_at.is_(None)
        )
        row = tx.execute(query.order_by(chat_sessions.c.last_at.desc()).limit(1)).mappings().first()
        return dict(row) if row else None

    # -- how much one customer may say ------------------------------------------------------------------------------

    def check_rate(self, tx: sa.Connection, session: Row, now: datetime) -> None:
        """Counts what the customer has written in the last minute, in all of their conversations and processes.

        Raises:
            OverloadedError: `too_many_messages`, with the time until one more may come.
        """
        self._take_turn(tx, session["customer_id"])
        query = (
            sa.select(chat_messages.c.at)
            .join(chat_sessions, chat_sessions.c.id == chat_messages.c.session_id)
            .where(chat_sessions.c.customer_id == session["customer_id"], chat_messages.c.role == "user",
                   chat_messages.c.at > now - MINUTE)
            .order_by(chat_messages.c.at.desc()).limit(self._rate)
        )  # fmt: skip
        times = list(tx.scalars(query))
        if len(times) >= self._rate:
            wait = (times[-1] + MINUTE - now).total_seconds()
            raise OverloadedError("too_many_messages", f"at most {self._rate} messages a minute", max(1.0, wait))

    def _take_turn(self, tx: sa.Connection, customer_id: str) -> None:
        """Until the transaction ends nobody else counts for this customer."""
        if not self._store.is_sqlite:
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"chat:{customer_id}", 0))))

    # -- following --------------------------------------------------------------------------------------------------

    def conversation(self, session: Row, after: int, limit: int) -> list[Item]:
        """The messages after a number, what came by itself taken in before."""
        self.take_in(session)
        with self._store.read() as tx:
            return self._transcript.items(tx, [session["id"]], after, limit)

    def what_came(self, session: Row, after: int) -> list[Item]:
        """What was said to the customer after a number."""
        self.take_in(session)
        with self._store.read() as tx:
            return self._transcript.items(tx, [session["id"]], after, roles=("assistant", "staff"))

    def seen(self, session: Row) -> None:
        """The customer's page is there."""
        now = utcnow()
        last = session["seen_at"]
        if last is not None and now - last < SEEN_EVERY:
            return
        with self._store.begin() as tx:
            tx.execute(chat_sessions.update().where(chat_sessions.c.id == session["id"]).values(seen_at=now))
        session["seen_at"] = now

    def take_in(self, session: Row) -> None:
        """Takes in-app messages into the conversation, each once: those since it began, and older unread ones."""
        with self._store.read() as tx:
            waiting = self._in_app(tx, session)
        if not waiting:
            return
        with self._store.begin() as tx:
            locked, now = self.lock(tx, session["id"], session["customer_id"]), utcnow()
            for row in self._in_app(tx, locked):
                self._take(tx, locked, row, now)

    def _in_app(self, tx: sa.Connection, session: Row) -> list[Row]:
        taken = sa.select(chat_messages.c.id).where(
            chat_messages.c.origin == sa.literal("inbox:") + sa.cast(inbox.c.seq, sa.String) + f":{session['id']}"
        )
        kept = sa.select(vault.c.ref).where(vault.c.ref == inbox.c.text_ref)
        query = sa.select(inbox).where(
            inbox.c.customer_ref == customer_ref(session["customer_id"], None),
            (inbox.c.at >= session["created_at"]) | inbox.c.read_at.is_(None),
            inbox.c.dedupe_key.not_like(f"%:{NOT_MERGED}:%"), ~taken.exists(), kept.exists(),
        )  # fmt: skip
        return [dict(row) for row in tx.execute(query.order_by(inbox.c.seq).limit(50)).mappings()]

    def _take(self, tx: sa.Connection, session: Row, row: Row, now: datetime) -> None:
        text = self._transcript.in_app_text(tx, row["text_ref"])
        extra = {"choices": {"dedupe_key": row["dedupe_key"], "options": row["choices"]}} if row["choices"] else {}
        self._transcript.add(
            tx, session,
            Entry(role="assistant", text=text, language=row["language"], extra=extra, case_id=row["case_id"] or "",
                  origin=f"inbox:{row['seq']}:{session['id']}", at=row["at"]),
            now,
        )  # fmt: skip
        tx.execute(inbox.update().where(inbox.c.seq == row["seq"], inbox.c.read_at.is_(None)).values(read_at=now))
        mine = (messages.c.dedupe_key == row["dedupe_key"]) & (messages.c.state == "accepted")
        tx.execute(messages.update().where(mine).values(state="delivered", delivered_at=now))


def is_there(session: Row, now: datetime) -> bool:
    """Whether the customer's page was seen lately."""
    return session["seen_at"] is not None and now - session["seen_at"] < PRESENT

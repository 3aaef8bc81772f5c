"""The customer's in-app inbox: what the dispatcher puts in, what the widget shows, and what was chosen there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from assistant.cases.records import Case
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages, vault, vault_keys
from assistant.store.tables_people import inbox
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError

LIMIT = 100
SOURCE = "urn:helloword:inbox"
Item = dict[str, Any]


class Received(Protocol):
    """What intake answers."""

    @property
    def rejected(self) -> Sequence[Any]: ...


Receive = Callable[[Sequence[Any], datetime], Received]
"""Takes events in (`Intake.receive`): an answer goes the one way that all answers go."""


class Inbox:
    """Items are `{seq, dedupe_key, checkout_id, case_id, language, text, subject, choices, choice, at, read_at}`."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def put(
        self, tx: sa.Connection, case: Case, dedupe_key: str, language: str, text_ref: str | None,
        choices: list[dict[str, str]], now: datetime,
    ) -> None:  # fmt: skip
        """Puts a message in, once per `dedupe_key`.

        The customer's row in the vault is locked before a number is given: whoever follows by number misses none.
        """
        owner = customer_ref(case["customer_id"], case["checkout_id"])
        tx.execute(self._store.for_update(sa.select(vault_keys.c.created_at).where(vault_keys.c.customer_ref == owner)))
        row = {
            "customer_ref": owner, "dedupe_key": dedupe_key,
            "checkout_id": case["checkout_id"], "case_id": case["id"], "language": language,
            "text_ref": text_ref or "", "choices": choices, "at": now,
        }  # fmt: skip
        tx.execute(self._store.insert_new(inbox, "dedupe_key").values(**row))

    def after(self, customer_id: str, seq: int = 0, limit: int = 50) -> list[Item]:
        """The customer's messages after `seq`, oldest first; those whose words were erased are left out."""
        chosen = sa.outerjoin(inbox, messages, inbox.c.dedupe_key == messages.c.dedupe_key)
        kept = sa.select(vault.c.ref).where(vault.c.ref == inbox.c.text_ref).exists()
        query = (
            sa.select(inbox, messages.c.choice).select_from(chosen)
            .where(inbox.c.customer_ref == customer_ref(customer_id, None), inbox.c.seq > seq, kept)
            .order_by(inbox.c.seq).limit(max(1, limit))
        )  # fmt: skip
        with self._store.read() as tx:
            rows = [dict(row) for row in tx.execute(query).mappings()]
            words = self._vault.get_many(tx, [row["text_ref"] for row in rows])
        return [_item(row, words[row["text_ref"]]) for row in rows if row["text_ref"] in words]

    def read(self, customer_id: str, seq: int) -> Item:
        """The customer has seen it: it counts as delivered.

        Raises:
            NotFoundError: `message_not_found`.
        """
        now = utcnow()
        with self._store.begin() as tx:
            row = self._row(tx, customer_id, seq)
            unread = (inbox.c.seq == row["seq"]) & inbox.c.read_at.is_(None)
            tx.execute(inbox.update().where(unread).values(read_at=now))
            mine = (messages.c.dedupe_key == row["dedupe_key"]) & (messages.c.state == "accepted")
            tx.execute(messages.update().where(mine).values(state="delivered", delivered_at=now))
        return self._again(customer_id, seq)

    def choose(self, customer_id: str, seq: int, choice: str, receive: Receive) -> Item:
        """The customer's answer; choosing the same again changes nothing.

        Raises:
            NotFoundError: `message_not_found`.
            InputError: `invalid_choice` names what was offered.
            ConflictError: `already_answered`.
            UnavailableError: the answer can't be taken now.
        """
        with self._store.read() as tx:
            row = self._row(tx, customer_id, seq)
            before = self._answer(tx, row["dedupe_key"])
        offered = [c["id"] for c in row["choices"]]
        if choice not in offered:
            raise InputError("invalid_choice", "choice", f"must be one of {', '.join(offered) or 'no choices at all'}")
        if before is None:
            receive([_replied(row, customer_id, choice)], utcnow())
            with self._store.read() as tx:
                before = self._answer(tx, row["dedupe_key"])
        if before not in (None, choice):
            raise ConflictError("already_answered", "another answer to this message came before")
        return self._again(customer_id, seq)

    def _again(self, customer_id: str, seq: int) -> Item:
        found = self.after(customer_id, seq - 1, 1)
        if not found or found[0]["seq"] != seq:
            raise NotFoundError("message_not_found", f"this inbox has no message {seq}")
        return found[0]

    def _row(self, tx: sa.Connection, customer_id: str, seq: int) -> Item:
        mine = (inbox.c.seq == seq) & (inbox.c.customer_ref == customer_ref(customer_id, None))
        row = tx.execute(sa.select(inbox).where(mine)).mappings().first()
        if row is None:
            raise NotFoundError("message_not_found", f"this inbox has no message {seq}")
        return dict(row)

    def _answer(self, tx: sa.Connection, dedupe_key: str) -> str | None:
        """What was answered: a choice, or empty for words; None while nothing was."""
        query = sa.select(messages.c.replied_at, messages.c.choice).where(messages.c.dedupe_key == dedupe_key)
        row = tx.execute(query).first()
        return None if row is None or row[0] is None else row[1] or ""


def _item(row: Item, words: dict[str, str]) -> Item:
    names = ("seq", "dedupe_key", "checkout_id", "case_id", "language", "choices", "choice", "at", "read_at")
    return {name: row[name] for name in names} | {"text": words["text"], "subject": words.get("subject")}


def _replied(row: Item, customer_id: str, choice: str) -> dict[str, Any]:
    """The event; its identity and bytes follow from message and choice alone, so that a second one is a duplicate."""
    data = {
        "checkout_id": row["checkout_id"], "customer_id": customer_id, "in_reply_to": row["dedupe_key"],
        "choice": choice,
    }  # fmt: skip
    return {
        "specversion": "1.0", "id": f"{row['dedupe_key']}:{choice}", "source": SOURCE, "type": "customer.replied",
        "subject": row["checkout_id"], "time": row["at"].isoformat(), "data": data,
    }  # fmt: skip

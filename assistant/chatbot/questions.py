"""What one customer was asked about their cases, and their answers, which go the one way that all answers go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from assistant.chatbot.ports import ADDRESS_FIELDS as FIELDS
from assistant.chatbot.ports import OpenQuestion, Option, Outcome
from assistant.followup.asking import SOURCE as FEEDBACK
from assistant.intake.given import CHAT
from assistant.notifications.inbox import Receive
from assistant.notifications.messages import SENT, UNDER_WAY
from assistant.notifications.texts import said
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, messages
from knowledge.phrases import LANGUAGES, PhraseError, field_names, render
from knowledge.phrases.customer_words import SAID
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import UnavailableError

SOURCE = CHAT
_LINK = re.compile(r"https?://[^\s<>\"'，。；、）)]+")
_REACHED = (*SENT, *UNDER_WAY)  # a question that is on its way may be answered here first

Row = dict[str, Any]
log = structlog.get_logger(__name__)


class Questions:
    """One customer's questions during one turn, in the language they read."""

    def __init__(
        self, store: Store, vault: Vault, receive: Receive, customer_id: str, language: str, zone: str | None
    ) -> None:
        self._store, self._vault, self._receive = store, vault, receive
        self._customer_id, self._language, self._zone = customer_id, language, zone

    def open(self) -> list[OpenQuestion]:
        """Those whose case waits for the answer, newest first."""
        waiting = (cases.c.status == CaseStatus.AWAITING_CUSTOMER) & (messages.c.episode == cases.c.episode)
        query = self._mine().where(
            waiting, messages.c.replied_at.is_(None), messages.c.timed_out.is_(sa.false()),
            messages.c.state.in_(_REACHED), messages.c.source.is_(None) | (messages.c.source != FEEDBACK),
        )  # fmt: skip
        with self._store.read() as tx:
            rows = [dict(row) for row in tx.execute(query.order_by(messages.c.at.desc()).limit(50)).mappings()]
            rows = [row for row in rows if row["asks"] or row["choices"]]
            words = self._vault.get_many(tx, [row["text_ref"] for row in rows if row["text_ref"]])
        return [self._question(row, words.get(row["text_ref"] or "")) for row in rows]

    def is_question(self, dedupe_key: str) -> bool:
        """Whether this is one of our own messages to this customer."""
        with self._store.read() as tx:
            return self._row(tx, dedupe_key) is not None

    def asked_fields(self, case_id: str) -> list[str]:
        """The address fields that the last message of this case's episode asked for; none where none did."""
        query = self._mine().where(cases.c.id == case_id, messages.c.episode == cases.c.episode)
        with self._store.read() as tx:
            found = [row["params"] or {} for row in tx.execute(query.order_by(messages.c.at.desc())).mappings()]
        return next((fields for params in found if (fields := _fields_of(params))), [])

    def answer(self, dedupe_key: str, choice: str) -> Outcome:
        """Emits `customer.replied`; a second answer is a duplicate, and the first one counts."""
        with self._store.read() as tx:
            row = self._row(tx, dedupe_key)
        if row is None:
            return self._refused("question_not_found")
        labels = {str(c["id"]): self._label(c) for c in row["choices"]}
        if choice not in labels:
            return self._refused("invalid_choice", labels=list(labels.values()) or "—")
        if row["replied_at"] is not None:
            return self._again(row, choice, labels)
        event = replied(row, self._customer_id, choice)
        try:
            receipt = self._receive([event], utcnow())
        except UnavailableError as error:
            log.warning("chat.answer_not_taken", code=error.code)
            return self._refused("not_taken")
        with self._store.read() as tx:
            after = self._row(tx, dedupe_key)
        if receipt.rejected or after is None or after["replied_at"] is None:
            return self._refused("not_taken")
        if after["choice"] != choice:
            return self._refused("already_answered")
        key = "rated" if row["source"] == FEEDBACK else "answer_taken"
        return Outcome(state="taken", code=key, text=self._say(key, label=labels[choice]))

    # -- parts ------------------------------------------------------------------------------------------------------

    def _mine(self) -> sa.Select[Any]:
        """Messages to this customer: their own by id, or of a case that is theirs."""
        joined = sa.join(messages, cases, cases.c.id == messages.c.case_id)
        whose = sa.func.coalesce(messages.c.customer_id, cases.c.customer_id)
        return sa.select(messages).select_from(joined).where(whose == self._customer_id)

    def _row(self, tx: sa.Connection, dedupe_key: str) -> Row | None:
        query = self._mine().where(messages.c.dedupe_key == dedupe_key.replace("\0", "?")[:128])
        row = tx.execute(query).mappings().first()
        return dict(row) if row else None

    def _again(self, row: Row, choice: str, labels: Mapping[str, str]) -> Outcome:
        if row["choice"] != choice:
            return self._refused("already_answered")
        return Outcome(state="already", code="already_answered", text=self._say("answer_again", label=labels[choice]))

    def _question(self, row: Row, kept: Mapping[str, Any] | None) -> OpenQuestion:
        text = self._text(row, kept)
        found = _LINK.search(text)
        return OpenQuestion(
            dedupe_key=row["dedupe_key"], checkout_id=row["checkout_id"] or "", text=text,
            options=[Option(id=str(c["id"]), label=self._label(c)) for c in row["choices"]],
            link=found.group() if found else None,
        )  # fmt: skip

    def _text(self, row: Row, kept: Mapping[str, Any] | None) -> str:
        """As it was said; in another language (or before it was) as its phrase says it."""
        if kept is not None and row["language"] == self._language:
            return str(kept["text"])
        try:
            params, choices = _in_language(row["params"] or {}, self._language), row["choices"] or ()
            return said(row["source"] or "", row["phrase"], self._language, params, choices, zone=self._zone).text
        except PhraseError:
            return str((kept or {}).get("text", ""))

    def _label(self, choice: Mapping[str, Any]) -> str:
        label = choice["label"]
        return str(label.get(self._language, label.get("en", ""))) if isinstance(label, dict) else str(label)

    def _say(self, key: str, **params: Any) -> str:
        return render(SAID, key, self._language, zone=self._zone, **params)

    def _refused(self, code: str, *, labels: Sequence[str] | str = ()) -> Outcome:
        return Outcome(state="refused", code=code, text=self._say(code, labels=labels))


def _fields_of(params: Mapping[str, Any]) -> list[str]:
    """The address fields that a message names: its parameter `fields` has them in the words of its language."""
    said = params.get("fields")
    names = {name: field for lang in LANGUAGES for field, name in zip(FIELDS, field_names(FIELDS, lang), strict=True)}
    return [names[one] for one in said if one in names] if isinstance(said, list) else []


def _in_language(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The parameters, the names of address fields in this language."""
    fields = _fields_of(params)
    return {**params, "fields": field_names(fields, language)} if fields else dict(params)


def replied(row: Mapping[str, Any], customer_id: str, choice: str) -> dict[str, Any]:
    """The event; its identity and bytes follow from message and choice alone, so that a second one is a duplicate."""
    data = {
        "checkout_id": row["checkout_id"], "customer_id": customer_id, "in_reply_to": row["dedupe_key"],
        "choice": choice,
    }  # fmt: skip
    at: datetime = row["at"]
    return {
        "specversion": "1.0", "id": f"{row['dedupe_key']}:{choice}", "source": SOURCE, "type": "customer.replied",
        "subject": row["checkout_id"], "time": at.isoformat(), "data": data,
    }  # fmt: skip

"""The words of customers' conversations: stored under the customer's key, read back as the API shows them.

Whoever writes into a session locks its row first, so that its numbers (`seq`) are given in the order of the commits and
whoever follows by number misses nothing. A case's row is always locked before a session's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from assistant.agent.history import new_message_id
from assistant.agent.masking import Masker
from assistant.agent.ports import StreamEvent
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store
from assistant.store.tables import chat_messages, chat_sessions, messages, vault
from knowledge.vocabulary.personal import mask_text

KIND = "chat"
PAGE = 100
ROLES = {"user": "customer", "assistant": "assistant", "staff": "staff"}

Row = dict[str, Any]
Role = Literal["user", "assistant", "staff"]


class Entry(msgspec.Struct, kw_only=True):
    """One message to store. `extra` is `{choices, cards, handoff}`; `origin` says what put it there, once for all.

    `author` names who of the staff wrote it; it is told to customers.
    """

    role: Role
    text: str
    language: str
    id: str = msgspec.field(default_factory=new_message_id)
    sources: list[dict[str, Any]] = []
    extra: dict[str, Any] = {}
    masks: dict[str, str] = {}
    origin: str | None = None
    case_id: str = ""
    model: str | None = None
    author: str | None = None
    at: datetime | None = None  # when it was said, where that was before it came here


class Item(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One message as the conversation shows it (contract D)."""

    id: str
    seq: int
    session_id: str
    role: str
    text: str
    language: str
    at: datetime
    sources: list[dict[str, Any]]
    choices: dict[str, Any] | None = None
    card: dict[str, Any] | None = None
    cards: list[dict[str, Any]] | None = None
    handoff: dict[str, Any] | None = None
    author: str | None = None

    def json(self, *, staff: bool = False) -> dict[str, Any]:
        """As JSON; the session's id is for staff only, who may see several."""
        shown: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return shown if staff else {name: value for name, value in shown.items() if name != "session_id"}

    def events(self) -> list[StreamEvent]:
        """As contract D's stream has it; the last one stands for the whole message."""
        data = {
            "message_id": self.id, "text": self.text, "sources": self.sources, "language": self.language,
            "role": self.role, "at": self.at, "seq": self.seq,
        }  # fmt: skip
        told = [StreamEvent("message.done", data | ({"author": self.author} if self.author else {}))]
        told += [StreamEvent("card", card) for card in self.cards or ([self.card] if self.card else [])]
        if self.choices and self.choices.get("chosen") is None:
            told.append(StreamEvent("choices", {name: self.choices[name] for name in ("dedupe_key", "options")}))
        return told + ([StreamEvent("handoff", self.handoff)] if self.handoff else [])


class Transcript:
    """Reads and writes `chat_messages` of sessions."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    # -- writing ----------------------------------------------------------------------------------------------------

    def add(self, tx: sa.Connection, session: Mapping[str, Any], entry: Entry, now: datetime) -> Row | None:
        """Stores a message of a locked session; None when its `origin` was stored before."""
        if entry.origin is not None and self.by_origin(tx, entry.origin) is not None:
            return None
        kept = {"text": entry.text, "masks": entry.masks, "extra": entry.extra, "author": entry.author}
        row = {
            "id": entry.id, "case_id": entry.case_id or session["case_id"] or "",
            "conversation": conversation_of(session["id"]),
            "role": entry.role, "language": entry.language, "sources": _masked(entry.sources), "model": entry.model,
            "at": entry.at or now, "session_id": session["id"], "extra": _outline(entry.extra), "origin": entry.origin,
            "text_ref": self._vault.put(tx, customer_ref(session["customer_id"], None), KIND, kept, now),
        }  # fmt: skip
        seq = tx.execute(chat_messages.insert().values(**row).returning(chat_messages.c.seq)).scalar_one()
        tx.execute(chat_sessions.update().where(chat_sessions.c.id == session["id"]).values(last_at=now))
        return row | {"seq": seq}

    def put_extra(
        self, tx: sa.Connection, session: Mapping[str, Any], message_id: str, extra: Row, now: datetime
    ) -> None:
        """What came with a stored message is now this."""
        row = tx.execute(sa.select(chat_messages).where(chat_messages.c.id == message_id)).mappings().first()
        kept = self._vault.get(tx, row["text_ref"]) if row is not None else None
        if row is None or kept is None:
            return
        owner = customer_ref(session["customer_id"], None)
        ref = self._vault.put(tx, owner, KIND, {**kept, "extra": extra}, now)
        changed = chat_messages.update().where(chat_messages.c.id == message_id)
        tx.execute(changed.values(text_ref=ref, extra=_outline(extra)))
        self._vault.delete(tx, [row["text_ref"]])

    # -- reading ----------------------------------------------------------------------------------------------------

    def by_origin(self, tx: sa.Connection, origin: str) -> Row | None:
        """The message that this put there."""
        row = tx.execute(sa.select(chat_messages).where(chat_messages.c.origin == origin)).mappings().first()
        return dict(row) if row else None

    def kept(self, tx: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the vault holds of a message: `{text, masks, extra, author}`; None when it was erased."""
        return self._vault.get(tx, row["text_ref"])

    def in_app_text(self, tx: sa.Connection, text_ref: str) -> str:
        """What an in-app message says; empty when it was erased."""
        return str((self._vault.get(tx, text_ref) or {}).get("text", ""))

    def items(
        self, tx: sa.Connection, session_ids: Sequence[str], after: int, limit: int = PAGE,
        roles: Iterable[str] = tuple(ROLES),
    ) -> list[Item]:  # fmt: skip
        """Messages of these sessions after a number, oldest first; those whose words were erased are left out."""
        there = sa.select(vault.c.ref).where(vault.c.ref == chat_messages.c.text_ref).exists()
        query = (
            sa.select(chat_messages)
            .where(chat_messages.c.session_id.in_(session_ids), chat_messages.c.seq > after, there,
                   chat_messages.c.role.in_(list(roles)))
            .order_by(chat_messages.c.seq).limit(limit)
        )  # fmt: skip
        rows = [dict(row) for row in tx.execute(query).mappings()]
        kept = self._vault.get_many(tx, [row["text_ref"] for row in rows])
        chosen = _chosen(tx, [key for row in rows if (key := _key_of(row["extra"]))])
        return [_item(row, kept[row["text_ref"]], chosen) for row in rows if row["text_ref"] in kept]

    def offers(self, tx: sa.Connection, session_id: str) -> list[dict[str, Any]]:
        """What was offered to choose from, newest first: `{message_id, dedupe_key, options, chosen, extra}`."""
        query = sa.select(chat_messages).where(
            chat_messages.c.session_id == session_id, chat_messages.c.role != "user",
            chat_messages.c.extra.is_not(None),
        )  # fmt: skip
        rows = [dict(r) for r in tx.execute(query.order_by(chat_messages.c.seq.desc()).limit(PAGE)).mappings()]
        rows = [row for row in rows if _key_of(row["extra"])]
        kept = self._vault.get_many(tx, [row["text_ref"] for row in rows])
        chosen = _chosen(tx, [str(_key_of(row["extra"])) for row in rows])
        found = []
        for row in rows:
            if row["text_ref"] in kept:
                offer = _with_choice(kept[row["text_ref"]]["extra"]["choices"], chosen)
                found.append({**offer, "message_id": row["id"], "extra": kept[row["text_ref"]]["extra"]})
        return found


def conversation_of(session_id: str) -> str:
    """The thread that the model's memory of a session is under."""
    return f"chat:{session_id}"


def _masked(sources: list[dict[str, Any]]) -> Any:
    """Evidence outside the vault: what may be personal in it is masked for good."""
    return Masker().mask(sources) if sources else []


def _outline(extra: Mapping[str, Any]) -> dict[str, Any] | None:
    """What may be known of it outside the vault: nothing that a customer or their order says in words."""
    kept: dict[str, Any] = {}
    if choices := extra.get("choices"):
        ids = [mask_text(str(option["id"])) for option in choices["options"]]
        kept["choices"] = {"dedupe_key": choices["dedupe_key"], "ids": ids}
    if cards := extra.get("cards"):
        kept["cards"] = [str(card.get("kind")) for card in cards]
    if handoff := extra.get("handoff"):
        kept["handoff"] = {"expected_by": handoff.get("expected_by")}
    return kept or None


def _key_of(extra: Mapping[str, Any] | None) -> str | None:
    choices = (extra or {}).get("choices")
    return str(choices["dedupe_key"]) if choices else None


def _chosen(tx: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """What our own messages' questions were answered by, wherever that was; empty for words."""
    if not keys:
        return {}
    query = sa.select(messages.c.dedupe_key, messages.c.choice).where(
        messages.c.dedupe_key.in_(list(set(keys))), messages.c.replied_at.is_not(None)
    )
    return {key: choice or "" for key, choice in tx.execute(query)}


def _with_choice(choices: Mapping[str, Any], chosen: Mapping[str, str]) -> dict[str, Any]:
    key = choices["dedupe_key"]
    return {"dedupe_key": key, "options": choices["options"], "chosen": chosen.get(key, choices.get("chosen"))}


def _item(row: Row, kept: Mapping[str, Any], chosen: Mapping[str, str]) -> Item:
    extra = kept.get("extra") or {}
    cards = extra.get("cards") or []
    return Item(
        id=row["id"], seq=row["seq"], session_id=row["session_id"], role=ROLES[row["role"]], text=kept["text"],
        language=row["language"], at=row["at"], sources=row["sources"] or [],
        choices=_with_choice(extra["choices"], chosen) if extra.get("choices") else None,
        card=cards[0] if cards else None, cards=cards if len(cards) > 1 else None, handoff=extra.get("handoff"),
        author=kept.get("author"),
    )  # fmt: skip

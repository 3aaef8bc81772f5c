"""ChatLog: what was said in a conversation, by whom; the words lie in the vault, the rest in `chat_messages`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from assistant.agent.masking import Masker
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages

_KIND = "chat"
_REMEMBERED = 100  # messages whose placeholders a new turn still knows


@dataclass(frozen=True, slots=True)
class Keep:
    """Where a turn's question and answer are kept.

    `owner` is the customer_ref under whose key the words lie. `question_id` is the id of a question that the caller
    has stored already (then only the answer is kept); empty: the turn stores both, the question with `origin`.
    """

    owner: str
    case_id: str = ""
    session_id: str | None = None
    question_id: str = ""
    origin: str | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `sources` are contract C's evidence; `model` is None for what a person wrote.

    `extra` is what came with it: {choices: [...], cards: [...], handoff: {...}}, each the data of its event.
    """

    id: str
    role: Literal["user", "assistant", "staff"]
    text: str
    language: str
    sources: list[dict[str, Any]] = []
    model: str | None = None
    extra: dict[str, Any] | None = None


def new_message_id() -> str:
    """Unique; also the id of the message in the stream."""
    return f"msg_{uuid.uuid4().hex}"


class ChatLog:
    """The messages of conversations."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def keep(self, keep: Keep, conversation: str, said: Said, masker: Masker, *, origin: str | None = None) -> None:
        """Stores a message in one transaction; its placeholders' meaning goes to the vault with it.

        Raises:
            UnavailableError: `store_unavailable`.
        """
        with self._store.begin() as tx:
            self.keep_in(tx, keep, conversation, said, masker, origin=origin)

    def keep_in(
        self, tx: sa.Connection, keep: Keep, conversation: str, said: Said, masker: Masker, *,
        origin: str | None = None,
    ) -> None:  # fmt: skip
        """`keep` within the caller's transaction. A second message of one `origin` is an IntegrityError."""
        now = utcnow()
        sources, extra = masker.mask(said.sources), masker.mask(said.extra)  # first: they may name values, too
        ref = self._vault.put(tx, keep.owner, _KIND, {"text": said.text, "masks": dict(masker.names)}, now)
        tx.execute(
            chat_messages.insert().values(
                id=said.id, case_id=keep.case_id, conversation=conversation, role=said.role, language=said.language,
                text_ref=ref, sources=sources, model=said.model, at=now, session_id=keep.session_id, extra=extra,
                origin=origin,
            )
        )  # fmt: skip

    def masks(self, conversation: str) -> dict[str, str]:
        """What the placeholders of this conversation stand for; those of an erased customer are gone."""
        return {name: value for words in self._words(conversation).values() for name, value in words["masks"].items()}

    def messages(self, conversation: str) -> list[Said]:
        """The conversation's last messages, oldest first; an erased customer's words are empty."""
        words = self._words(conversation)
        masker = Masker({name: value for word in words.values() for name, value in word["masks"].items()})
        return [
            Said(id=row["id"], role=row["role"], language=row["language"], model=row["model"],
                 text=words.get(row["text_ref"], {}).get("text", ""), sources=masker.unmask(row["sources"]),
                 extra=masker.unmask(row["extra"]))
            for row in self._rows(conversation)
        ]  # fmt: skip

    def _rows(self, conversation: str) -> Sequence[sa.RowMapping]:
        query = (
            sa.select(chat_messages)
            .where(chat_messages.c.conversation == conversation)
            .order_by(chat_messages.c.seq.desc())
            .limit(_REMEMBERED)
        )
        with self._store.read() as tx:
            return list(reversed(tx.execute(query).mappings().all()))

    def _words(self, conversation: str) -> dict[str, Any]:
        refs = [row["text_ref"] for row in self._rows(conversation)]
        with self._store.read() as tx:
            return self._vault.get_many(tx, refs)

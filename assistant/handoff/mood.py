"""How the customer sounds in a case, from their own words; the summary says it without quoting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.tables import chat_messages, messages
from knowledge.talk.mood import MoodKind, marked

Feel = Callable[[str], MoodKind]
"""The mood of one text; the wiring may pass the trained model's."""

# What a colleague has to know first comes first.
_GRAVE = (MoodKind.ANGRY, MoodKind.ANNOYED, MoodKind.WORRIED, MoodKind.PLEASED)
_LATEST = 3  # words so old say nothing of how they feel now


class Words(NamedTuple):
    """Something the customer wrote: `path` is its place below `case/ID`."""

    path: str
    at: datetime
    text: str


class Felt(NamedTuple):
    """The mood, and the words it was read from, oldest first."""

    kind: MoodKind
    words: list[Words]


def by_words(text: str) -> MoodKind:
    """The mood by the lexicon alone: the gravest that a word speaks for."""
    marks = set(marked(text).split())
    return next((kind for kind in _GRAVE if f"x{kind.value}" in marks), MoodKind.CALM)


def felt(said: Sequence[Words], feel: Feel = by_words) -> Felt | None:
    """The gravest mood of the latest words; None when the customer has written nothing."""
    latest = sorted(said, key=lambda one: one.at)[-_LATEST:]
    moods = [(feel(one.text), one) for one in latest]
    kind = next((mood for mood in _GRAVE if any(mood is found for found, _ in moods)), MoodKind.CALM)
    heard = [one for mood, one in moods if mood is kind]
    return Felt(kind, heard) if heard else None


def words_of_customer(tx: sa.Connection, vault: Vault, case_ids: Sequence[str]) -> list[Words]:
    """What they wrote in answer to messages and in conversations about these cases; erased words are gone."""
    return [*_replies(tx, vault, case_ids), *_chats(tx, vault, case_ids)]


def _replies(tx: sa.Connection, vault: Vault, case_ids: Sequence[str]) -> Iterator[Words]:
    query = sa.select(messages.c.dedupe_key, messages.c.replied_at, messages.c.reply_ref).where(
        messages.c.case_id.in_(case_ids), messages.c.reply_ref.is_not(None)
    )
    for row in tx.execute(query).mappings():
        if text := _text(vault.get(tx, row["reply_ref"])):
            yield Words(f"/message/{row['dedupe_key']}", row["replied_at"], text)


def _chats(tx: sa.Connection, vault: Vault, case_ids: Sequence[str]) -> Iterator[Words]:
    mine = chat_messages.c.case_id.in_(case_ids) & chat_messages.c.session_id.is_not(None)
    query = sa.select(chat_messages.c.id, chat_messages.c.at, chat_messages.c.text_ref)
    for row in tx.execute(query.where(mine, chat_messages.c.role == "user")).mappings():
        if text := _text(vault.get(tx, row["text_ref"])):
            yield Words(f"/chat/{row['id']}", row["at"], text)


def _text(kept: Any) -> str:
    return str(kept.get("text") or "") if isinstance(kept, dict) else str(kept or "")

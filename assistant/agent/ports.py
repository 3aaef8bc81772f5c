"""What the conversation needs from the rest of the house, and what it gives back: protocols and small records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
import sqlalchemy as sa

LANGUAGES = ("zh-CN", "en")
Language = Literal["zh-CN", "en"]


class CaseReader(Protocol):
    """Reads for the conversation; nothing here writes. Implemented by `assistant.cases`."""

    def case(self, case_id: str) -> Mapping[str, Any]:
        """Contract C's case as JSON, timeline included (`what` as words or as `{language: words}`).

        Raises:
            NotFoundError: there is no such case.
        """
        ...

    def order(self, checkout_id: str) -> Mapping[str, Any]:
        """`{checkout_id, snapshot, read_back}`: the folded OrderSnapshot and the last masked Facts, as JSON or null.

        Raises:
            NotFoundError: nothing is known of this checkout.
        """
        ...


class Vault(Protocol):
    """Where a conversation's words are kept: encrypted under the customer's key."""

    def put(self, tx: sa.Connection, customer_ref: str, kind: str, value: Any, now: datetime) -> str:
        """Keeps a JSON value under the customer's key; returns its reference."""
        ...

    def get(self, tx: sa.Connection, ref: str) -> Any:
        """The value again; None once the key is destroyed."""
        ...


class Caller(Protocol):
    """Who asks: a principal."""

    @property
    def kind(self) -> str:
        """`staff`, `key`, …"""
        ...

    @property
    def id(self) -> str:
        """Unique within its kind."""
        ...


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of contract D's stream."""

    event: Literal["tool", "message.delta", "message.done", "error", "done"]
    data: dict[str, Any]

    def sse(self) -> bytes:
        """The event as `text/event-stream` has it."""
        return b"event: %s\ndata: %s\n\n" % (self.event.encode(), msgspec.json.encode(self.data))


def language_of_text(text: str, otherwise: str = "en") -> Language:
    """The language a person writes in: Chinese as soon as there are Chinese characters, English for other letters."""
    if any("\u3400" <= character <= "\u9fff" for character in text):
        return "zh-CN"
    if any(character.isalpha() for character in text):
        return "en"
    return "zh-CN" if otherwise.lower().startswith("zh") else "en"

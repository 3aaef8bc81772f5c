"""What the conversation needs from the rest of the house, and what it gives back: protocols and small records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

LANGUAGES = ("zh-CN", "en")
Language = Literal["zh-CN", "en"]


@runtime_checkable  # pydantic checks the tools' runtime by it
class CaseReader(Protocol):
    """Reads for the conversation; nothing here writes. `assistant.cases.views.Views` is one."""

    def case(self, case_id: str, language: str = "en") -> Mapping[str, Any]:
        """Contract C's case as JSON, timeline included; words in `language`.

        Raises:
            NotFoundError: there is no such case.
        """
        ...

    def order(self, checkout_id: str) -> Mapping[str, Any]:
        """`{checkout_id, snapshot, read_back: {at, facts}}` as JSON; null where nothing is known.

        `snapshot` is the folded OrderSnapshot; `facts` what was read last of each part of Facts, masked:
        `{part: {at, value}}`.
        """
        ...


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of contract D's stream."""

    event: Literal["tool", "message.delta", "message.done", "choices", "card", "handoff", "error", "done"]
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

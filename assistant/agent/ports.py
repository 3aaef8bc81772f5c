"""What the conversation needs from the rest of the house, and what it gives back: protocols and small records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from assistant.security.principals import Principal

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


class StaffDesk(Protocol):
    """What a person's conversation about a case may suggest and propose; the copilot's suggestions are one."""

    def list(self, case_id: str, language: str, principal: Principal, /) -> Sequence[Mapping[str, Any]]:
        """Contract D's suggestions, best first.

        Raises:
            NotFoundError: there is no such case.
        """
        ...

    def propose(self, case_id: str, suggestion_id: str, principal: Principal, /) -> int:
        """Puts the suggestion up for approval and returns the plan's version. Approves nothing, performs nothing.

        Raises:
            NotFoundError, ConflictError: there is no such suggestion, or the case has moved on.
        """
        ...


HelpSearch = Callable[[str, str], Sequence[Mapping[str, Any]]]
"""Articles and policies for staff: `(query, language)` gives what was found, best first, as JSON."""


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of contract D's stream."""

    event: Literal["message", "tool", "message.delta", "message.done", "choices", "card", "handoff", "error", "done"]
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

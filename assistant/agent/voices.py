"""A voice: what makes the one agent loop a copilot for staff or a chatbot for customers; the rooms above make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from assistant.agent.citations import Citations
from assistant.agent.masking import Masker
from assistant.agent.ports import StreamEvent

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool


class Kind(StrEnum):
    """What a tool may do. None writes to an outside system."""

    READ = "read"  # changes nothing anywhere
    PROPOSE = "propose"  # asks for something that policy, approval or the customer's own consent decides on


class Guard(Protocol):
    """Looks at every sentence before a person sees it (row P8)."""

    def __call__(self, sentence: str, context: TurnContext) -> str:
        """The sentence as it may be said: itself, an honest one in its place, or empty for none."""
        ...


@dataclass(frozen=True)
class TurnContext:
    """What a turn knows that its model must not choose.

    `desk` is what the voice's tools work with, already bound to whom it serves: a tool can't reach beyond it.
    `emit` puts an event of contract D (`choices`, `card`, `handoff`) into the stream of the turn, in order with its
    text. `deeds` are what was done in this very turn (`handed_over`, `answered`, …), for the guard.
    """

    conversation: str  # the thread of the checkpoints
    principal: str  # `Principal.ref` of whoever asks
    language: str  # zh-CN or en
    desk: Any
    case_id: str = ""  # empty where it is about no case
    masker: Masker = field(default_factory=Masker)
    citations: Citations = field(default_factory=Citations)
    emit: Callable[[StreamEvent], None] = lambda event: None
    deeds: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Voice:
    """One audience's side of the agent.

    `tools` maps each tool to its kind; `prompt` is the text of the system prompt, language apart; `offline` makes the
    embedded model that drives the same tools when no endpoint answers (asked for once per voice object). With `guard`
    text is released sentence by sentence. With `must_cite` the numbers of the sources stand in the text; without it
    citation tags are dropped from the text and only listed in `message.done`.
    """

    name: str  # copilot or chatbot
    prompt: Callable[[], str]
    tools: Callable[[], Sequence[tuple[BaseTool, Kind]]]
    offline: Callable[[], BaseChatModel]
    guard: Guard | None = None
    must_cite: bool = False

"""make_voice: the customers' side of the agent, which the wiring hands to the one agent loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.agent.voices import Guard, Kind, Voice

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

NAME = "chatbot"


def make_voice(understand: Callable[[str], Any], guard: Guard | None = None) -> Voice:
    """The chatbot's voice. Nothing heavy is loaded before its first turn.

    Args:
        understand: what a customer's message means: `knowledge.talk.understand.understand` with the audience
            "customer" and an embedder, or anything with its fields.
        guard: looks at every sentence before the customer sees it.
    """

    def offline() -> BaseChatModel:
        from assistant.chatbot.offline import make_offline_model

        return make_offline_model(understand)

    return Voice(name=NAME, prompt=prompt, tools=tools, offline=offline, guard=guard, must_cite=False)


@lru_cache(maxsize=1)
def prompt() -> str:
    """The system prompt, language apart."""
    return (Path(__file__).parent / "prompts" / "chatbot.md").read_text(encoding="utf-8")


def tools() -> Sequence[tuple[BaseTool, Kind]]:
    """The customers' tools and their kinds."""
    from assistant.chatbot.tools import TOOLS

    return TOOLS

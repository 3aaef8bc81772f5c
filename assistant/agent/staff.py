"""CaseAgent: the staff's conversation about a case, the voice "copilot" on the one agent; made by the wiring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.agent.case_desk import CaseDesk
from assistant.agent.checkpoints import thread_id
from assistant.agent.engine import Agent
from assistant.agent.history import Keep
from assistant.agent.intents import IntentClassifier
from assistant.agent.ports import CaseReader, HelpSearch, StaffDesk, StreamEvent, language_of_text
from assistant.agent.voices import Kind, TurnContext, Voice
from assistant.security.principals import Principal
from assistant.security.vault import customer_ref
from knowledge.library.embedders import Embedder
from knowledge.library.library import Library
from knowledge.phrases import language_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

Tools = Callable[[], Sequence[tuple["BaseTool", Kind]]]


class CaseAgent:
    """The conversation about cases. Nothing heavy is loaded before the first turn (or `warm_up`).

    The wiring sets what the rooms above bring: `actions` (what may be suggested and proposed), `help_search`
    (articles and policies), and further tools by `add_tools`.
    """

    def __init__(self, agent: Agent, reader: CaseReader, library: Library, embedder: Embedder) -> None:
        self.agent = agent
        self.actions: StaffDesk | None = None
        self.help_search: HelpSearch | None = None
        self._reader, self._library = reader, library
        self._classifier = IntentClassifier(embedder)
        self._more: list[Tools] = []
        self.voice = Voice("copilot", prompt, self._tools, self._offline, must_cite=True)

    def add_tools(self, tools: Tools) -> None:
        """Gives the model further tools; `tools` is asked when they are needed, so that it may import LangChain."""
        self._more.append(tools)

    def warm_up(self) -> None:
        """Loads models, loop and library ahead of the first question (some seconds; for a background thread)."""
        self.agent.warm_up(self.voice)
        self._classifier.warm_up()
        self._library.count()

    async def stream(
        self, case_id: str, text: str, language: str | None, principal: Principal
    ) -> AsyncGenerator[StreamEvent, None]:
        """Contract D's events for one question; the last one is `done`.

        Args:
            case_id: the case it is about; the model can't choose another.
            text: the question.
            language: BCP 47 tag of the answer; None for the question's own.
            principal: who asks; each has a conversation of their own per case.

        Raises:
            NotFoundError: there is no such case (before the first event).
        """
        case = await asyncio.to_thread(self._reader.case, case_id, language or "en")
        spoken = language_of(language) if language else language_of_text(text, str(case.get("language") or "en"))
        desk = CaseDesk(case_id, principal, self._reader, self._library, self.actions, self.help_search)
        context = TurnContext(thread_id(case_id, principal.ref), principal.ref, spoken, desk, case_id)
        owner = customer_ref(case.get("customer_id"), case.get("checkout_id") or case["id"])
        turn = self.agent.turn(self.voice, context, text, keep=Keep(owner, case_id))
        async with aclosing(turn) as events:
            async for event in events:
                yield event
        yield StreamEvent("done", {})

    def _tools(self) -> list[tuple[BaseTool, Kind]]:
        from assistant.agent.staff_tools import tools_for

        tools = tools_for(self.actions, help_searched=self.help_search is not None)
        return [*tools, *(pair for more in self._more for pair in more())]

    def _offline(self) -> BaseChatModel:
        from assistant.agent.offline import make_offline_model

        return make_offline_model(self._classifier)


@lru_cache(maxsize=1)
def prompt() -> str:
    """The system prompt."""
    return (Path(__file__).parent / "prompts" / "case.md").read_text(encoding="utf-8")

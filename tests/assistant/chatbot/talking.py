"""Talks to the chatbot's voice through the real agent loop, turn by turn, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from langgraph.checkpoint.memory import InMemorySaver

from assistant.agent.engine import Agent
from assistant.agent.masking import Masker
from assistant.agent.ports import StreamEvent
from assistant.agent.voices import TurnContext, Voice
from assistant.chatbot.consent import choice_text
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine
from knowledge.library.embedders import Embedder
from tests.assistant.chatbot.fake_desk import FakeDesk

Turn = str | tuple[str, str]
"""What the customer does: words, or a pressed button as (the question's key, or "" for the last one; the option)."""


class Heard(msgspec.Struct):
    """What the customer saw of one turn."""

    text: str
    choices: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    handoffs: list[dict[str, Any]]
    errors: list[dict[str, Any]]
    tools: list[str]
    deeds: list[str]


class _Memory(InMemorySaver):
    """Conversations in memory; nothing is pruned."""

    async def aprune(self, thread_ids: Any, **options: Any) -> None:
        return None


class _Forgetful(Agent):
    """The agent whose conversations survive no restart: a thousand turns without waiting for a disk."""

    _memory = _Memory()

    @asynccontextmanager
    async def checkpoints(self) -> AsyncIterator[Any]:
        yield self._memory


class Talker:
    """Customers one after the other, each in a conversation of their own."""

    def __init__(self, home: Path, embedder: Embedder) -> None:
        settings = Settings(home=home)
        self._store = Store(make_engine(settings.database))
        self._agent = _Forgetful(settings, self._store, Vault(bytes(32)), embedder)
        self._talks = 0

    def close(self) -> None:
        self._store.engine.dispose()

    def talk(
        self, voice: Voice, desk: FakeDesk, turns: Sequence[Turn], between: Callable[[int], None] = lambda at: None
    ) -> list[Heard]:
        """All turns of a new conversation in one event loop; `between` is called before each with its place."""
        masker = Masker()
        self._talks += 1
        name = f"chat_{self._talks}"

        async def all_of_them() -> list[Heard]:
            heard: list[Heard] = []
            for place, turn in enumerate(turns):
                between(place)
                heard.append(await self._turn(voice, name, desk, masker, _text(turn, heard)))
            return heard

        return asyncio.run(all_of_them())

    async def _turn(self, voice: Voice, name: str, desk: FakeDesk, masker: Masker, text: str) -> Heard:
        context = TurnContext(name, f"customer:{desk.customer_id}", desk.language, desk, masker=masker)
        events = [event async for event in self._agent.turn(voice, context, text)]
        return _heard(events, context)


def _heard(events: list[StreamEvent], context: TurnContext) -> Heard:
    def of(kind: str) -> list[dict[str, Any]]:
        return [event.data for event in events if event.event == kind]

    done = of("message.done")
    tools = [data["name"] for data in of("tool") if data["state"] == "started"]
    text = done[-1]["text"] if done else ""
    return Heard(text, of("choices"), of("card"), of("handoff"), of("error"), tools, context.deeds)


def _text(turn: Turn, heard: list[Heard]) -> str:
    if isinstance(turn, str):
        return turn
    key, option = turn
    return choice_text(key or heard[-1].choices[-1]["dedupe_key"], option, "…")

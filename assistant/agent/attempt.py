"""Attempt: one model's try at an answer as events a person can read; the last message it began is the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from assistant.agent.citations import Edge
from assistant.agent.outbox import Outbox
from assistant.agent.ports import StreamEvent
from assistant.agent.voices import Guard, TurnContext, Voice
from knowledge.vocabulary.errors import HellowordError

if TYPE_CHECKING:
    from langchain_core.messages import HumanMessage

    from assistant.agent.loop import Loop, Step


class GuardError(HellowordError):
    """Stop: a sentence could not be checked, so it is not said (`guard_failed`)."""


class Attempt:
    """`waits_for_model`: the model is to say something now, no tool is at work. `too_slow`: the turn's time ran out."""

    def __init__(
        self, loop: Loop, message_id: str, voice: Voice, context: TurnContext, outbox: Outbox
    ) -> None:  # fmt: skip
        self._loop, self._id, self._voice, self._context, self._outbox = loop, message_id, voice, context, outbox
        self._edge = self._new_edge()
        self._current: str | None = None
        self._tools_at_work = 0
        self.too_slow = False

    @property
    def text(self) -> str:
        """The whole text, with real values."""
        return self._edge.text.strip()

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The evidence its numbers point at."""
        return self._edge.sources

    @property
    def waits_for_model(self) -> bool:
        """Whether no tool is at work."""
        return self._tools_at_work == 0

    async def events(self, question: HumanMessage, silence: float | None) -> AsyncGenerator[StreamEvent, None]:
        """The events of the attempt.

        Raises:
            ModelError, BudgetError: as the loop's `run`.
            GuardError: a sentence could not be checked.
        """
        await self._loop.remember()
        async with aclosing(self._loop.run(question, silence)) as steps:
            async for step in steps:
                if step.tool and (rest := await self._flush()):
                    yield self._delta(rest, False)
                for event in self._outbox.take():
                    yield event
                if step.tool:
                    self._tools_at_work += 1 if step.state == "started" else -1
                    yield StreamEvent("tool", {"name": step.tool, "state": step.state})
                elif (delta := await self._said(step)) is not None:
                    yield delta
        if rest := await self._flush():
            yield self._delta(rest, False)
        for event in self._outbox.take():
            yield event

    async def _said(self, step: Step) -> StreamEvent | None:
        if not step.text:
            return None  # a sign of life
        started = step.id != self._current
        if started:
            self._current, self._edge = step.id, self._new_edge()
        piece = await self._checked(self._edge.feed, step.text)
        return self._delta(piece, started) if piece or started else None

    async def _flush(self) -> str:
        return await self._checked(self._edge.end)

    async def _checked(self, step: Any, *text: str) -> str:
        if self._voice.guard is None:
            return str(step(*text))
        return str(await asyncio.to_thread(step, *text))  # a guard may ask the database

    def leftovers(self) -> list[StreamEvent]:
        """What tools put into the stream and nobody has seen yet."""
        return self._outbox.take()

    def say(self, words: str) -> StreamEvent:
        """These words in place of everything said so far: our own, which need no guard."""
        self._edge = Edge(self._context.masker, self._context.citations)
        return self._delta(self._edge.feed(words) + self._edge.end(), True)

    def done(self) -> StreamEvent:
        """The whole message with its sources."""
        return StreamEvent(
            "message.done",
            {"message_id": self._id, "text": self.text, "sources": self.sources, "language": self._context.language},
        )

    def _delta(self, piece: str, started: bool) -> StreamEvent:
        data: dict[str, Any] = {"message_id": self._id, "text": piece}
        return StreamEvent("message.delta", {**data, "start": True} if started else data)

    def _new_edge(self) -> Edge:
        guard, context = self._voice.guard, self._context
        return Edge(
            context.masker, context.citations, numbered=self._voice.must_cite,
            guard=None if guard is None else lambda sentence: _guarded(guard, sentence, context),
        )  # fmt: skip


def _guarded(guard: Guard, sentence: str, context: TurnContext) -> str:
    try:
        return guard(sentence, context)
    except HellowordError:
        raise
    except Exception as error:
        raise GuardError("guard_failed", "a sentence could not be checked, so it was not said") from error

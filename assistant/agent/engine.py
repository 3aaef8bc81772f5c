"""Agent: the one loop behind every conversation; a voice makes it the staff's copilot or the customers' chatbot."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import structlog

from assistant.agent.attempt import Attempt
from assistant.agent.breaker import Breaker, Failure, ModelError, Permit
from assistant.agent.budget import Budget, BudgetError
from assistant.agent.checkpoints import keep_latest, open_checkpoints
from assistant.agent.citations import without_markers
from assistant.agent.history import ChatLog, Keep, Said, new_message_id
from assistant.agent.known_people import KnownPeople
from assistant.agent.models import OFFLINE, make_endpoint, no_tracing
from assistant.agent.outbox import Outbox
from assistant.agent.ports import StreamEvent
from assistant.agent.turn_texts import TEXTS
from assistant.agent.voices import TurnContext, Voice
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.embedders import Embedder
from knowledge.phrases import render
from knowledge.vocabulary.errors import HellowordError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import HumanMessage

    from assistant.agent.toolroom import ToolRoom

# The switch to the offline model comes this much before the endpoint's time is up: its words are there by then.
_SWITCH_AHEAD = 0.15
_log = structlog.get_logger(__name__)


class Agent:
    """Answers turns. Nothing heavy is loaded before the first one (or `warm_up`). One per process: the breaker is."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, embedder: Embedder, *, breaker: Breaker | None = None
    ) -> None:
        self._settings, self._embedder = settings, embedder
        self.log = ChatLog(store, vault)
        self.breaker = breaker or Breaker(settings.llm_rest)
        self._people = KnownPeople(store, vault)
        self._endpoints: WeakKeyDictionary[asyncio.AbstractEventLoop, BaseChatModel] = WeakKeyDictionary()
        self._offline: WeakKeyDictionary[Callable[[], BaseChatModel], BaseChatModel] = WeakKeyDictionary()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def warm_up(self, voice: Voice) -> None:
        """Loads models and loop ahead of the first question (some seconds; for a background thread)."""
        import assistant.agent.loop  # noqa: F401  heavy: LangChain

        self.offline(voice)
        if self._settings.llm_url:
            make_endpoint(self._settings)
        voice.tools()
        self._embedder.embed(["warm up"])

    def model_state(self) -> str:
        """Who answers: `offline` where no endpoint is set, else the endpoint's breaker: closed, open, half_open."""
        return str(self.breaker.state()["state"]) if self._settings.llm_url else "offline"

    async def turn(
        self, voice: Voice, context: TurnContext, text: str, *, keep: Keep | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """Contract D's events for one question, without the final `done`.

        `message.delta` carries `start: true` when its message starts (again): its text replaces what came before.
        Whatever breaks after the question was taken becomes an `error` event; a turn whose budget ran out ends with a
        sentence that says so. Turns of one conversation wait for each other. What tools pass to `context.emit` stands
        in the stream where it happened, with real values.

        Args:
            voice: who answers, with which tools.
            context: whom it serves; its `emit` is replaced by the turn's own.
            text: the question as typed.
            keep: where question and answer are stored; None for nowhere.
        """
        lock = self._turns.setdefault(context.conversation, asyncio.Lock())
        async with lock:
            outbox = Outbox(context.masker)
            turn = _Turn(self, voice, replace(context, emit=outbox.put), outbox, keep)
            try:
                async with aclosing(turn.events(text)) as events:
                    async for event in events:
                        yield event
            except HellowordError as error:
                yield problem(error.code, error.detail, error.status)
            except Exception as error:  # the stream is open: whatever breaks has to be said in it
                _log.error("conversation_failed", case_id=context.case_id, voice=voice.name,
                           error=type(error).__name__, where=_where(error))  # fmt: skip
                yield problem("conversation_failed", "the assistant could not answer this; ask again", 500)

    # -- what a turn uses -------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self._settings

    def prepare(self, context: TurnContext, keep: Keep | None) -> None:
        """Gives the masker what earlier turns called things, and what the vault holds of this customer."""
        if keep is not None:
            context.masker.remember(self.log.masks(context.conversation))
            context.masker.learn(self._people.of(keep.owner))

    def checkpoints(self) -> AbstractAsyncContextManager[Any]:
        """The store of one turn's graph."""
        return open_checkpoints(self._settings)

    def endpoint(self, loop: asyncio.AbstractEventLoop) -> BaseChatModel | None:
        """The endpoint's model where one is set; one per event loop, as its connections belong to theirs."""
        if self._settings.llm_url and loop not in self._endpoints:
            self._endpoints[loop] = make_endpoint(self._settings)
        return self._endpoints.get(loop)

    def offline(self, voice: Voice) -> BaseChatModel:
        """The voice's offline model; made once."""
        no_tracing()
        model = self._offline.get(voice.offline)
        if model is None:
            model = self._offline[voice.offline] = voice.offline()
        return model


class _Turn:
    """One question on its way through the models."""

    def __init__(
        self, agent: Agent, voice: Voice, context: TurnContext, outbox: Outbox, keep: Keep | None
    ) -> None:  # fmt: skip
        self._agent, self._voice, self._context, self._outbox, self._keep = agent, voice, context, outbox, keep
        settings = agent.settings
        self._budget = Budget(settings.llm_turn_tokens, settings.llm_turn_seconds, settings.llm_steps)
        self._message_id = new_message_id()

    async def events(self, text: str) -> AsyncGenerator[StreamEvent, None]:
        """Everything the person sees of it."""
        from langchain_core.messages import HumanMessage

        from assistant.agent.toolroom import ToolRoom

        context, keep = self._context, self._keep
        await asyncio.to_thread(self._agent.prepare, context, keep)
        masked = context.masker.mask(without_markers(text))
        question_id = (keep and keep.question_id) or new_message_id()
        if keep is not None and not keep.question_id:
            asked = Said(id=question_id, role="user", text=text, language=context.language)
            await asyncio.to_thread(self._agent.log.keep, keep, context.conversation, asked, context.masker,
                                    origin=keep.origin)  # fmt: skip
        question = HumanMessage(masked, id=question_id, additional_kwargs={"language": context.language})
        room = ToolRoom({tool.name: kind for tool, kind in self._voice.tools()})
        async with self._agent.checkpoints() as saver:
            async with aclosing(self._answer(saver, question, room)) as events:
                async for event in events:
                    yield event
            await self._tidy(saver)

    async def _tidy(self, saver: Any) -> None:
        """Drops older checkpoints; where that fails the next turn does it, and this one was answered all the same."""
        try:
            await keep_latest(saver, self._context.conversation)
        except Exception as error:
            _log.warning("checkpoints_not_tidied", error=type(error).__name__)

    async def _answer(self, saver: Any, question: HumanMessage, room: ToolRoom) -> AsyncGenerator[StreamEvent, None]:
        """Asks the endpoint, then the offline model, under one message id, until one gives a whole answer."""
        endpoint = await asyncio.to_thread(self._agent.endpoint, asyncio.get_running_loop())
        offline = await asyncio.to_thread(self._agent.offline, self._voice)
        permit = self._agent.breaker.ask() if endpoint is not None else None
        if endpoint is not None and permit is not None:
            attempt = self._attempt(endpoint, saver, room, remote=True)
            try:
                async with aclosing(self._from_endpoint(attempt, question, permit)) as events:
                    async for event in events:
                        yield event
            except ModelError as error:
                permit.failed(error.failure)
                _log.warning("model_endpoint_failed", case_id=self._context.case_id, reason=error.failure.reason)
            else:
                return
            finally:
                permit.dropped()
        attempt = self._attempt(offline, saver, room, remote=False)
        async with aclosing(self._whole(attempt, question, None, OFFLINE)) as events:
            async for event in events:
                yield event

    async def _from_endpoint(
        self, attempt: Attempt, question: HumanMessage, permit: Permit
    ) -> AsyncGenerator[StreamEvent, None]:  # fmt: skip
        settings = self._agent.settings
        silence = settings.llm_timeout * (1 - _SWITCH_AHEAD)
        async with aclosing(self._whole(attempt, question, silence, settings.llm_model or "endpoint")) as events:
            async for event in events:
                if event.event == "message.done":
                    permit.failed(Failure("slow", outage=False)) if attempt.too_slow else permit.succeeded()
                yield event

    async def _whole(
        self, attempt: Attempt, question: HumanMessage, silence: float | None, model: str
    ) -> AsyncGenerator[StreamEvent, None]:
        """The attempt with its end, which is an honest sentence when the turn's budget runs out.

        Raises:
            ModelError: the model gave no whole answer.
        """
        try:
            async with aclosing(attempt.events(question, silence)) as events:
                async for event in events:
                    yield event
        except BudgetError as error:
            attempt.too_slow = error.limit == "seconds" and attempt.waits_for_model
            for event in await self._cut_short(attempt, error):
                yield event
            return
        for event in await self._finish(attempt, model):
            yield event

    def _attempt(self, model: BaseChatModel, saver: Any, room: ToolRoom, *, remote: bool) -> Attempt:
        from assistant.agent.loop import Loop

        loop = Loop(model, saver, self._voice, self._context, self._budget, room, remote=remote)
        return Attempt(loop, self._message_id, self._voice, self._context, self._outbox)

    async def _cut_short(self, attempt: Attempt, error: BudgetError) -> list[StreamEvent]:
        """The end of a turn that may go no further: what came before is replaced by an honest sentence."""
        language = self._context.language
        words = render(TEXTS, f"out_of_{error.limit}", language)
        if self._context.deeds:
            words += ("" if language == "zh-CN" else " ") + render(TEXTS, "deeds_stand", language)
        _log.warning("turn_cut_short", case_id=self._context.case_id, limit=error.limit, tokens=self._budget.spent)
        return [*attempt.leftovers(), attempt.say(words), *await self._finish(attempt, None)]

    async def _finish(self, attempt: Attempt, model: str | None) -> list[StreamEvent]:
        """Stores the answer and ends its message; one that the guard left nothing of says so."""
        events = []
        if not attempt.text.strip():
            events.append(attempt.say(render(TEXTS, "nothing_certain", self._context.language)))
        if self._keep is not None:
            said = Said(
                id=self._message_id, role="assistant", text=attempt.text, language=self._context.language,
                sources=attempt.sources, model=model, extra=self._outbox.extra(),
            )  # fmt: skip
            await asyncio.to_thread(self._agent.log.keep, self._keep, self._context.conversation, said,
                                    self._context.masker)  # fmt: skip
        return [*events, attempt.done()]


def problem(code: str, detail: str, status: int) -> StreamEvent:
    """An `error` event (RFC 9457)."""
    data = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    return StreamEvent("error", data)


def _where(error: BaseException) -> list[str]:
    """The calls that led to an error; neither its words nor anybody's values, which may be personal."""

    def chain(one: BaseException | None) -> Iterator[BaseException]:
        while one is not None:
            yield one
            one = one.__cause__

    first = list(chain(error))[-1]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(first.__traceback__)[-5:]]

"""CaseAgent: answers a service agent's question about a case as contract D's stream; made by the wiring."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog

from assistant.agent.checkpoints import keep_latest, open_checkpoints, thread_id
from assistant.agent.citations import Citations, Edge
from assistant.agent.history import ChatLog, Said, new_message_id
from assistant.agent.intents import IntentClassifier
from assistant.agent.masking import Masker
from assistant.agent.models import OFFLINE, make_model, make_offline
from assistant.agent.ports import CaseReader, StreamEvent, language_of_text
from assistant.security.principals import Principal
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.embedders import Embedder
from knowledge.library.library import Library
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import HellowordError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import HumanMessage

    from assistant.agent.tools import ChatContext

REST = 30.0  # seconds an endpoint that failed is left alone

_log = structlog.get_logger(__name__)


class CaseAgent:
    """The conversation about cases. Nothing heavy is loaded before the first turn (or `warm_up`)."""

    def __init__(
        self, settings: Settings, store: Store, vault: Vault, reader: CaseReader, library: Library,
        embedder: Embedder, *, rest: float = REST,
    ) -> None:  # fmt: skip
        self._settings, self._reader, self._library = settings, reader, library
        self._said = ChatLog(store, vault)
        self._classifier = IntentClassifier(embedder)
        self._endpoint: BaseChatModel | None = None
        self._offline: BaseChatModel | None = None
        self._rest, self._rests_until = rest, 0.0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def warm_up(self) -> None:
        """Loads models, loop and library ahead of the first question (some seconds; for a background thread)."""
        import assistant.agent.loop  # noqa: F401  heavy: LangChain

        self._models()
        self._classifier.warm_up()
        self._library.count()

    def stream(self, case_id: str, text: str, language: str | None, principal: Principal) -> AsyncIterator[StreamEvent]:
        """Contract D's events for one question; the last one is `done`.

        `message.delta` carries `start: true` when its message starts (again): its text replaces what came before.

        Args:
            case_id: the case it is about; the model can't choose another.
            text: the question.
            language: BCP 47 tag of the answer; None for the question's own.
            principal: who asks; each has a conversation of their own per case.

        Raises:
            NotFoundError: there is no such case (before the first event).
        """
        return self._stream(case_id, text, language, principal.ref)

    async def _stream(
        self, case_id: str, text: str, language: str | None, principal: str
    ) -> AsyncIterator[StreamEvent]:
        case = await asyncio.to_thread(self._reader.case, case_id, language or "en")
        spoken = language_of(language) if language else language_of_text(text, str(case.get("language") or "en"))
        conversation = thread_id(case_id, principal)
        turn = self._turns.setdefault(conversation, asyncio.Lock())
        async with turn:
            try:
                masker = Masker(await asyncio.to_thread(self._said.masks, conversation))
                context = self._context(case_id, principal, spoken, masker)
                masked = masker.mask(text)
                asked = Said(id=new_message_id(), role="user", text=text, language=spoken)
                await asyncio.to_thread(self._said.keep, case, conversation, asked, masker)
                async for event in self._answer(case, conversation, context, asked.id, masked):
                    yield event
            except HellowordError as error:
                yield _problem(error.code, error.detail, error.status)
            except Exception as error:  # the stream is open: whatever breaks has to be said in it
                _log.error("conversation_failed", case_id=case_id, error=type(error).__name__, where=_where(error))
                yield _problem("conversation_failed", "the assistant could not answer this; ask again", 500)
        yield StreamEvent("done", {})

    def _context(self, case_id: str, principal: str, language: str, masker: Masker) -> ChatContext:
        from assistant.agent.tools import ChatContext

        return ChatContext(case_id, principal, language, self._reader, self._library, masker, Citations())

    # -- models -------------------------------------------------------------------------------------------------

    def _models(self) -> list[tuple[str, BaseChatModel]]:
        """The models to ask, in order: the endpoint's (unless it is resting), then the offline one."""
        if self._offline is None:
            self._offline = make_offline(self._classifier)
            self._endpoint = make_model(self._settings, self._classifier) if self._settings.llm_url else None
        models = [(OFFLINE, self._offline)]
        if self._endpoint is not None and time.monotonic() >= self._rests_until:
            models.insert(0, (self._settings.llm_model or "endpoint", self._endpoint))
        return models

    async def _answer(
        self, case: Mapping[str, Any], conversation: str, context: ChatContext, question_id: str, masked: str
    ) -> AsyncIterator[StreamEvent]:
        """Asks one model after the other under one message id, until one gives a whole answer."""
        from langchain_core.messages import HumanMessage

        from assistant.agent.loop import AnswerError, Loop

        question = HumanMessage(masked, id=question_id, additional_kwargs={"language": context.language})
        message_id, models = new_message_id(), await asyncio.to_thread(self._models)
        async with open_checkpoints(self._settings) as saver:
            for name, model in models:
                loop = Loop(model, saver, context, conversation)
                answer = _Answer(message_id, context)
                try:
                    async for event in answer.events(loop, question, self._silence(name)):
                        yield event
                except Exception as error:
                    if name == OFFLINE or isinstance(error, HellowordError):
                        raise
                    if not isinstance(error, AnswerError):  # a bad answer is no outage
                        self._rests_until = time.monotonic() + self._rest
                    _log.warning("model_endpoint_failed", case_id=context.case_id, error=type(error).__name__)
                    continue
                said = Said(id=message_id, role="assistant", text=answer.text, language=context.language,
                            sources=answer.sources, model=name)  # fmt: skip
                await asyncio.to_thread(self._said.keep, case, conversation, said, context.masker)
                await keep_latest(saver, conversation)
                yield answer.done()
                return

    def _silence(self, name: str) -> float | None:
        return None if name == OFFLINE else self._settings.llm_timeout


class _Answer:
    """One model's attempt at an answer, as events; the last message it began is the answer."""

    def __init__(self, message_id: str, context: ChatContext) -> None:
        self._id, self._context = message_id, context
        self._edge = self._new_edge()

    def _new_edge(self) -> Edge:
        return Edge(self._context.masker, self._context.citations)

    @property
    def text(self) -> str:
        """The whole text, with real values."""
        return self._edge.text.strip()

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The evidence its numbers point at."""
        return self._edge.sources

    async def events(self, loop: Any, question: HumanMessage, silence: float | None) -> AsyncIterator[StreamEvent]:
        """The events of the attempt.

        Raises:
            TimeoutError, AnswerError: and whatever the model's client raises.
        """
        await loop.remember()
        current: str | None = None
        async for step in loop.run(question, silence):
            if step.tool:
                yield StreamEvent("tool", {"name": step.tool, "state": step.state})
                continue
            started = step.id != current
            if started:
                current, self._edge = step.id, self._new_edge()
            if (piece := self._edge.feed(step.text)) or started:
                yield self._delta(piece, started)
        if rest := self._edge.end():
            yield self._delta(rest, False)

    def _delta(self, piece: str, started: bool) -> StreamEvent:
        data: dict[str, Any] = {"message_id": self._id, "text": piece}
        return StreamEvent("message.delta", {**data, "start": True} if started else data)

    def done(self) -> StreamEvent:
        """The whole message with its sources."""
        return StreamEvent(
            "message.done",
            {"message_id": self._id, "text": self.text, "sources": self.sources, "language": self._context.language},
        )


def _where(error: BaseException) -> list[str]:
    """The calls that led to an error; neither its words nor anybody's values, which may be personal."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]


def _problem(code: str, detail: str, status: int) -> StreamEvent:
    data = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code, "detail": detail}
    return StreamEvent("error", data)

"""The agent loop of one turn: LangChain's agent with the READ tools, and the rules each model call keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.modifier import RemoveMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.runtime import Runtime

from assistant.agent.tools import READ_TOOLS, ChatContext

MAX_MODEL_CALLS = 6  # per turn; the last one gets no tools and has to answer
_KEPT_TURNS = 8  # of a conversation
_CUT_OFF = (None, "length", "content_filter", "error")
_LANGUAGE_NAMES = {"zh-CN": "Chinese (zh-CN)", "en": "English (en)"}


class AnswerError(Exception):
    """Retry elsewhere: a model gave no whole answer."""


class TurnRules(AgentMiddleware[AgentState[Any], ChatContext]):
    """What holds for every model call: the prompt, the language, the step limit, whole answers, a bounded memory."""

    async def abefore_agent(self, state: AgentState[Any], runtime: Runtime[ChatContext]) -> dict[str, Any] | None:
        """Forgets the turns before the last eight."""
        messages = state["messages"]
        starts = [at for at, message in enumerate(messages) if isinstance(message, HumanMessage)]
        if len(starts) <= _KEPT_TURNS:
            return None
        return {"messages": [RemoveMessage(id=str(m.id)) for m in messages[: starts[-_KEPT_TURNS]]]}

    async def awrap_model_call(
        self,
        request: ModelRequest[ChatContext],
        handler: Callable[[ModelRequest[ChatContext]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """One model call.

        Raises:
            AnswerError: the answer is empty, was cut off, or never came.
        """
        messages = answered(request.messages)
        language = _LANGUAGE_NAMES[request.runtime.context.language]
        request = request.override(
            messages=messages, system_message=SystemMessage(f"{prompt()}\nAnswer in: {language}.")
        )
        last_call = _calls_so_far(messages) >= MAX_MODEL_CALLS - 1
        response = await handler(request.override(tools=[]) if last_call else request)
        message = response.result[-1]
        if last_call and isinstance(message, AIMessage) and message.tool_calls:
            raise AnswerError("the model called tools to the end and answered nothing")
        if not isinstance(message, AIMessage) or not (message.text.strip() or message.tool_calls):
            raise AnswerError("the model gave no answer")
        if message.response_metadata.get("finish_reason") in _CUT_OFF:
            raise AnswerError("the model's answer was cut off")
        return response


@lru_cache(maxsize=1)
def prompt() -> str:
    """The system prompt."""
    return (Path(__file__).parent / "prompts" / "case.md").read_text(encoding="utf-8")


def answered(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages without tool calls that nobody answered (a turn broke off), nor answers without a call."""
    results = {message.tool_call_id for message in messages if isinstance(message, ToolMessage)}
    kept: list[AnyMessage] = []
    open_calls: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage) and message.tool_calls:
            ids = {str(call["id"]) for call in message.tool_calls}
            if not ids <= results:
                continue
            open_calls |= ids
        if isinstance(message, ToolMessage) and message.tool_call_id not in open_calls:
            continue
        kept.append(message)
    return kept


def _calls_so_far(messages: Sequence[AnyMessage]) -> int:
    last = max((at for at, m in enumerate(messages) if isinstance(m, HumanMessage)), default=0)
    return sum(isinstance(message, AIMessage) for message in messages[last:])


class Step:
    """What a run reports: a piece of text (`text` of message `id`), or a tool that started or ended."""

    __slots__ = ("id", "state", "text", "tool")

    def __init__(self, *, id: str = "", text: str = "", tool: str = "", state: str = "") -> None:
        self.id, self.text, self.tool, self.state = id, text, tool, state


class Loop:
    """One turn's graph: a model, the tools, and the conversation's checkpoints."""

    def __init__(
        self, model: BaseChatModel, saver: BaseCheckpointSaver[Any], context: ChatContext, thread: str
    ) -> None:
        self._context = context
        self._config: Any = {"configurable": {"thread_id": thread}, "recursion_limit": 6 * MAX_MODEL_CALLS}
        self._graph = create_agent(
            model, READ_TOOLS, middleware=[TurnRules()], context_schema=ChatContext, checkpointer=saver
        )

    async def remember(self) -> None:
        """Takes up the citation tags of earlier turns."""
        state = await self._graph.aget_state(self._config)
        messages = state.values.get("messages", [])
        self._context.citations.remember(m.text for m in messages if isinstance(m, ToolMessage))

    async def run(self, question: HumanMessage, silence: float | None) -> AsyncIterator[Step]:
        """Asks the question and reports what happens.

        A question with an id that is in the conversation already takes its own place, so that a second model can
        answer it. `silence` is how long, in seconds, the model may say nothing; None is for ever.

        Raises:
            TimeoutError: the model was silent for too long.
            AnswerError: the answer is empty or was cut off.
        """
        stream: Any = self._graph.astream(
            {"messages": [question]}, self._config, context=self._context,
            stream_mode=["messages", "updates"], durability="sync",
        )  # fmt: skip
        clock = asyncio.get_running_loop()
        spoke, reading = clock.time(), 0  # tools take the time they take; only a model's silence counts
        try:
            while True:
                until = None if silence is None or reading else spoke + silence
                mode, payload = await _next(stream, until)
                for step in _of_message(payload) if mode == "messages" else _of_update(payload):
                    spoke = clock.time()
                    reading += {"": 0, "started": 1}.get(step.state, -1)
                    yield step
        except StopAsyncIteration:
            return
        finally:
            await stream.aclose()


async def _next(stream: AsyncGenerator[Any, None], until: float | None) -> Any:
    async with asyncio.timeout_at(until):
        return await anext(stream)


def _of_message(payload: tuple[Any, dict[str, Any]]) -> list[Step]:
    message, about = payload
    if about.get("langgraph_node") != "model" or not isinstance(message, AIMessageChunk) or not message.text:
        return []
    return [Step(id=str(message.id), text=message.text)]


def _of_update(payload: dict[str, Any]) -> list[Step]:
    steps: list[Step] = []
    for update in payload.values():
        for message in (update or {}).get("messages", []):
            if isinstance(message, AIMessage):
                steps += [Step(tool=call["name"], state="started") for call in message.tool_calls]
            elif isinstance(message, ToolMessage):
                failed = message.status == "error"
                steps.append(Step(tool=str(message.name), state="failed" if failed else "done"))
    return steps

"""The agent loop of one attempt at a turn: LangChain's agent with a voice's tools, and the rules each call keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.modifier import RemoveMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.runtime import Runtime

from assistant.agent.breaker import Failure, ModelError, failure_of
from assistant.agent.budget import Budget, BudgetError, estimate, estimate_messages, fitting, room_for_history
from assistant.agent.toolroom import ToolRoom
from assistant.agent.transcript import answered, masked
from assistant.agent.voices import TurnContext, Voice

_KEPT_TURNS = 8  # of a conversation
_CUT_OFF = (None, "length", "content_filter", "error")
_LANGUAGE_NAMES = {"zh-CN": "Chinese (zh-CN)", "en": "English (en)"}
_GRAPH_STEPS_PER_CALL = 6


class TurnRules(AgentMiddleware[AgentState[Any], TurnContext]):
    """What holds for every model call: the prompt, the language, the budgets, whole answers, a bounded memory."""

    def __init__(self, voice: Voice, budget: Budget, *, remote: bool) -> None:
        super().__init__()
        self._voice, self._budget, self._remote = voice, budget, remote
        self._calls = 0

    async def abefore_agent(self, state: AgentState[Any], runtime: Runtime[TurnContext]) -> dict[str, Any] | None:
        """Forgets the turns before the last eight."""
        messages = state["messages"]
        starts = [at for at, message in enumerate(messages) if isinstance(message, HumanMessage)]
        if len(starts) <= _KEPT_TURNS:
            return None
        return {"messages": [RemoveMessage(id=str(m.id)) for m in messages[: starts[-_KEPT_TURNS]]]}

    async def awrap_model_call(
        self,
        request: ModelRequest[TurnContext],
        handler: Callable[[ModelRequest[TurnContext]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """One model call.

        Raises:
            ModelError: the model failed, or its answer is empty or was cut off.
            BudgetError: the turn has nothing left for it.
        """
        context = request.runtime.context
        system = f"{self._voice.prompt()}\nAnswer in: {_LANGUAGE_NAMES[context.language]}."
        messages = fitting(answered(request.messages), room_for_history(self._budget))
        size = 0  # the embedded model's words cost nothing
        if self._remote:
            tools = estimate(str([_schema(tool) for tool in request.tools]))
            size = estimate(system) + tools + estimate_messages(messages)
        self._calls += 1
        if self._calls > self._budget.steps:
            raise BudgetError("steps")
        self._budget.admit(size)
        last_call = self._calls == self._budget.steps or self._budget.is_last(size)
        request = request.override(messages=messages, system_message=SystemMessage(system))
        try:
            response = await handler(request.override(tools=[]) if last_call else request)
        except Exception as error:  # whatever the model's client raises: the caller asks the next model
            raise ModelError(failure_of(error)) from error
        message = _whole(response, last_call, remote=self._remote)
        if self._remote:
            self._budget.spend(size, estimate_messages([message]), message.usage_metadata)
        response.result[-1] = masked(message, context.masker)
        return response


def _schema(tool: Any) -> Any:
    return tool if isinstance(tool, Mapping) else (tool.name, tool.description, tool.args)


def _whole(response: ModelResponse[Any], last_call: bool, *, remote: bool) -> AIMessage:
    """The answer, if it is one.

    Raises:
        ModelError: it is empty, was cut off, or calls tools where there are none any more.
    """
    message = response.result[-1]
    if not isinstance(message, AIMessage) or not (message.text.strip() or message.tool_calls):
        raise ModelError(Failure("empty", outage=False))
    if last_call and message.tool_calls:
        raise ModelError(Failure("only_tools", outage=False))
    if remote and message.response_metadata.get("finish_reason") in _CUT_OFF:
        raise ModelError(Failure("cut_off", outage=False))
    return message


class Step:
    """What a run reports: a piece of text (`text` of message `id`), a tool that started or ended, or a sign of life."""

    __slots__ = ("id", "state", "text", "tool")

    def __init__(self, *, id: str = "", text: str = "", tool: str = "", state: str = "") -> None:
        self.id, self.text, self.tool, self.state = id, text, tool, state


class Loop:
    """One attempt's graph: a model (`remote`: over a network), the voice's tools, the conversation's checkpoints."""

    def __init__(
        self, model: BaseChatModel, saver: BaseCheckpointSaver[Any], voice: Voice, context: TurnContext,
        budget: Budget, room: ToolRoom, *, remote: bool,
    ) -> None:  # fmt: skip
        self._context, self._budget = context, budget
        self._config: Any = {
            "configurable": {"thread_id": context.conversation},
            "recursion_limit": _GRAPH_STEPS_PER_CALL * (budget.steps + 1),
        }
        self._graph = create_agent(
            model, [tool for tool, _ in voice.tools()], middleware=[TurnRules(voice, budget, remote=remote), room],
            context_schema=TurnContext, checkpointer=saver,
        )  # fmt: skip

    async def remember(self) -> None:
        """Takes up the citation tags of earlier turns."""
        state = await self._graph.aget_state(self._config)
        messages = state.values.get("messages", [])
        self._context.citations.remember(m.text for m in messages if isinstance(m, ToolMessage))

    async def run(self, question: HumanMessage, silence: float | None) -> AsyncGenerator[Step, None]:
        """Asks the question and reports what happens.

        A question with an id that is in the conversation already takes its own place, so that a second model can
        answer it from what the first one's tools have read. `silence` is how long, in seconds, the model may say
        nothing; None is for ever. The time the caller takes between two steps doesn't count as the model's.

        Raises:
            ModelError: the model failed, was silent for too long, or its answer is empty or was cut off.
            BudgetError: the turn may go no further.
        """
        stream: Any = self._graph.astream(
            {"messages": [question]}, self._config, context=self._context,
            stream_mode=["messages", "updates"], durability="sync",
        )  # fmt: skip
        clock = asyncio.get_running_loop()
        quiet, reading = 0.0, 0  # tools take the time they take; only a model's silence counts
        try:
            while True:
                began = clock.time()
                mode, payload = await self._next(stream, None if silence is None or reading else silence - quiet)
                quiet += clock.time() - began
                for step in _of_message(payload) if mode == "messages" else _of_update(payload):
                    quiet = 0.0
                    reading += {"": 0, "started": 1}.get(step.state, -1)
                    yield step
        except StopAsyncIteration:
            return
        finally:
            await stream.aclose()

    async def _next(self, stream: AsyncGenerator[Any, None], patience: float | None) -> Any:
        """The next report, waited for no longer than the model may be silent and the turn may last."""
        left = self._budget.seconds_left
        try:
            async with asyncio.timeout(left if patience is None else min(left, patience)):
                return await anext(stream)
        except TimeoutError as error:
            if patience is not None and patience < left:
                raise ModelError(Failure("silent")) from error
            raise BudgetError("seconds") from error


def _of_message(payload: tuple[Any, dict[str, Any]]) -> list[Step]:
    message, about = payload
    if about.get("langgraph_node") != "model" or not isinstance(message, AIMessageChunk):
        return []
    if not message.text and not any(call.get("name") or call.get("args") for call in message.tool_call_chunks):
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

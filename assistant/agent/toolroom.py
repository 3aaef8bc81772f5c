"""ToolRoom: what holds for every tool call of a turn, whichever model makes it; the loop runs its tools through it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langchain.agents.middleware import AgentMiddleware, AgentState
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from assistant.agent.citations import as_data, parse_data
from assistant.agent.masking import Masker
from assistant.agent.voices import Kind, TurnContext
from knowledge.vocabulary.errors import HellowordError

MAX_PROPOSALS = 3  # PROPOSE calls of one turn that do something

_Result = ToolMessage | Command[Any]


class ToolRoom(AgentMiddleware[AgentState[Any], TurnContext]):
    """One for all attempts of a turn.

    What a tool refuses is told to the model in our words. Results are masked once more at this edge. The same
    proposal, made again in the same turn, is answered with its first result; more than a few are refused.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        super().__init__()
        self._kinds = kinds
        self._proposed: dict[str, str | None] = {}  # None: being made

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_Result]]
    ) -> _Result:
        """One tool call."""
        call, masker = request.tool_call, _masker(request)
        if self._kinds.get(call["name"]) is not Kind.PROPOSE:
            return await _called(request, handler, masker)
        key = f"{call['name']} {json.dumps(call['args'], sort_keys=True, default=str)}"
        if key in self._proposed:
            return _said(request, self._proposed[key] or _refusal("already_proposed", "this is being proposed already"))
        if len(self._proposed) >= MAX_PROPOSALS:
            return _said(request, _refusal("too_many_proposals", f"at most {MAX_PROPOSALS} proposals in one turn"))
        self._proposed[key] = None
        try:
            result = await _called(request, handler, masker)
        except BaseException:
            self._proposed.pop(key)
            raise
        parsed = parse_data(str(result.content)) if isinstance(result, ToolMessage) else None
        if isinstance(parsed, Mapping) and "error" in parsed:
            self._proposed.pop(key)  # nothing came of it: it may be tried again
        else:
            self._proposed[key] = str(result.content) if isinstance(result, ToolMessage) else ""
        return result


async def _called(
    request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[_Result]], masker: Masker
) -> _Result:
    try:
        result = await handler(request)
    except HellowordError as error:
        return _said(request, _refusal(error.code, masker.mask(error.detail)), failed=True)
    if isinstance(result, ToolMessage):
        result.content = _once_more(result.content, masker)
    return result


def _once_more(content: Any, masker: Masker) -> Any:
    """A result with whatever its tool forgot to mask; what is data stays the same data."""
    if not isinstance(content, str):
        return masker.mask_again(content)
    parsed = parse_data(content)
    if parsed is None:
        return masker.mask_again(content)
    again = masker.mask_again(parsed)
    return content if again == parsed else as_data(again)


def _masker(request: ToolCallRequest) -> Masker:
    context: Any = request.runtime.context  # a TurnContext
    masker: Masker = context.masker
    return masker


def _refusal(code: str, detail: str) -> str:
    return as_data({"error": {"code": code, "detail": detail}})


def _said(request: ToolCallRequest, content: str, *, failed: bool = False) -> ToolMessage:
    call = request.tool_call
    status: Any = "error" if failed else "success"
    return ToolMessage(content, tool_call_id=str(call["id"]), name=call["name"], status=status)

"""The customers' offline model: a chat model without network or weights of its own; the agent drives it like any."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from assistant.chatbot.dialogue import Understand
from assistant.chatbot.dialogue_turn import next_move

_PIECE = 12  # characters of an answer per streamed chunk


class OfflineCustomerModel(BaseChatModel):
    """Talks with customers by the tools it is bound to, in the words of the catalogue; it keeps no state."""

    understand: Any  # Understand; not a pydantic type

    @property
    def _llm_type(self) -> str:
        return "helloword-offline-chatbot"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Binds the tools' schemas; it calls only what is bound."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs.get("tools") or []))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _chunks(self._reply(messages, kwargs.get("tools") or [])):
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        import asyncio

        reply = await asyncio.to_thread(self._reply, messages, kwargs.get("tools") or [])
        for chunk in _chunks(reply):
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk

    def _reply(self, messages: list[BaseMessage], tools: Sequence[Mapping[str, Any]]) -> AIMessage:
        """The next message: the calls that are needed now, or the answer."""
        move = next_move(messages, frozenset(str(tool["function"]["name"]) for tool in tools), self.understand)
        if isinstance(move, str):
            return AIMessage(content=move, response_metadata={"finish_reason": "stop"})
        calls = [
            {"name": call.name, "args": call.arguments, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
            for call in move
        ]
        return AIMessage(content="", tool_calls=calls, response_metadata={"finish_reason": "tool_calls"})


def make_offline_model(understand: Understand) -> OfflineCustomerModel:
    """The offline model; `understand` says what a customer's message means."""
    return OfflineCustomerModel(understand=understand)


def _chunks(reply: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The message as a model streams it, the last chunk marked."""
    pieces: list[AIMessageChunk] = []
    for index, call in enumerate(reply.tool_calls):
        arguments = json.dumps(call["args"], ensure_ascii=False)
        whole = tool_call_chunk(name=call["name"], args=arguments, id=call["id"], index=index)
        pieces.append(AIMessageChunk(content="", tool_call_chunks=[whole]))
    if not reply.tool_calls:
        text = reply.text
        pieces = [AIMessageChunk(content=text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)]
    last = AIMessageChunk(content="", chunk_position="last")
    last.response_metadata = dict(reply.response_metadata)
    for piece in [*pieces, last]:
        yield ChatGenerationChunk(message=piece)

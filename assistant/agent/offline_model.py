"""What every offline model is to LangChain: a chat model whose next message follows from the messages alone."""

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

_PIECE = 12  # characters of an answer per streamed chunk


class OfflineModel(BaseChatModel):
    """Binds tools and streams; a voice's model says what comes next (`_reply`)."""

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
        raise NotImplementedError


def calling(calls: Sequence[tuple[str, Mapping[str, Any]]]) -> AIMessage:
    """A message that calls these tools with these arguments."""
    made = [
        {"name": name, "args": dict(arguments), "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
        for name, arguments in calls
    ]
    return AIMessage(content="", tool_calls=made, response_metadata={"finish_reason": "tool_calls"})


def saying(text: str) -> AIMessage:
    """A message that answers."""
    return AIMessage(content=text, response_metadata={"finish_reason": "stop"})


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

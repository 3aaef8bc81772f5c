"""The offline model: a chat model without network or weights of its own; the agent drives it like any other."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from assistant.agent.advice import PROPOSE, SUGGESTED, TOOL_OF, Advice
from assistant.agent.answers import Answers
from assistant.agent.citations import parse_data
from assistant.agent.intents import Intent, IntentClassifier
from assistant.agent.ports import language_of_text
from assistant.agent.wishes import Asked, Wish, asked_in

_ORDER_QUESTIONS = {Intent.MONEY, Intent.ORDER}
_NO_TOOL = {Intent.GREETING, Intent.OUT_OF_SCOPE}
_PIECE = 12  # characters of an answer per streamed chunk


class OfflineChatModel(BaseChatModel):
    """Understands what staff ask about a case, calls the tools, and answers from their results alone.

    It reads, and proposes only what was asked for and exactly one suggestion fits; a person approves.

    It keeps no state: what it does follows from the messages after the last question.
    """

    classifier: Any  # IntentClassifier; not a pydantic type

    @property
    def _llm_type(self) -> str:
        return "helloword-offline"

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
        """The next message: the calls that are still needed, or the answer."""
        question, results = _turn(messages)
        bound = {tool["function"]["name"] for tool in tools}
        asked = self._asked(question.text, bound)
        language = question.additional_kwargs.get("language") or language_of_text(question.text)
        answers = Answers(language, results.get("get_case"), results.get("get_order"), results.get("similar_cases"))
        advice = Advice(language, question.text, asked.wishes, results, _listed(messages))
        intents = _with_the_end(asked, advice)
        needed = dict([*_needed(intents, results, answers, question.text), *advice.needed()])
        if calls := [(name, arguments) for name, arguments in needed.items() if name in bound]:
            return AIMessage(
                content="",
                tool_calls=[
                    {"name": name, "args": arguments, "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
                    for name, arguments in calls
                ],
            )
        text = answers.text(intents, advice.lines(), proposes=PROPOSE in bound)
        return AIMessage(content=text, response_metadata={"finish_reason": "stop"})

    def _asked(self, text: str, bound: Container[str]) -> Asked:
        """What is asked, as far as there are tools for it: the rest is answered as a question about the case."""
        intents = self.classifier.intents
        asked = asked_in(text, intents)
        wishes = [wish for wish in asked.wishes if TOOL_OF[wish] in bound]
        if wishes or not asked.wishes:
            return Asked(intents=asked.intents, wishes=wishes)
        return Asked(intents=intents(text))


def make_offline_model(classifier: IntentClassifier) -> OfflineChatModel:
    """The offline model with a shared classifier."""
    return OfflineChatModel(classifier=classifier)


def _turn(messages: list[BaseMessage]) -> tuple[HumanMessage, dict[str, Any]]:
    """The last question, and the results of the tools called since, by tool name."""
    results: dict[str, Any] = {}
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            return message, results
        if isinstance(message, ToolMessage):
            parsed = parse_data(message.text)
            results.setdefault(str(message.name), parsed if isinstance(parsed, dict) else _broken())
    return HumanMessage(content=""), results


def _with_the_end(asked: Asked, advice: Advice) -> list[Intent]:
    """The questions; of a case that is over its outcome is the answer to every wish to do something about it."""
    over = advice.ended and set(asked.wishes) - {Wish.POLICY, Wish.DRAFT, Wish.LEAVE, Wish.DECIDE}
    return [*asked.intents, *([Intent.NEXT] if over and Intent.NEXT not in asked.intents else [])]


def _listed(messages: Sequence[BaseMessage]) -> list[str]:
    """The ids of the suggestions that this conversation listed last before the present question, as they stood."""
    questions = [at for at, message in enumerate(messages) if isinstance(message, HumanMessage)]
    for message in reversed(messages[: questions[-1]] if questions else []):
        if isinstance(message, ToolMessage) and message.name == SUGGESTED:
            parsed = parse_data(message.text)
            if isinstance(parsed, dict) and parsed.get("items"):
                return [str(item.get("id")) for item in parsed["items"]]
    return []


def _broken() -> dict[str, Any]:
    return {"error": {"code": "tool_failed"}}


def _needed(
    intents: Sequence[Intent], results: Mapping[str, Any], answers: Answers, question: str
) -> list[tuple[str, dict[str, Any]]]:
    """The calls that are still missing. Similar cases are searched by what the case is, so the case comes first."""
    calls: list[tuple[str, dict[str, Any]]] = []
    if set(intents) - _NO_TOOL - _ORDER_QUESTIONS and "get_case" not in results:
        calls.append(("get_case", {}))
    if set(intents) & _ORDER_QUESTIONS and "get_order" not in results:
        calls.append(("get_order", {}))
    if Intent.SIMILAR in intents and "get_case" in results and "similar_cases" not in results:
        calls.append(("similar_cases", {"query": answers.query() or question, "limit": 3}))
    return calls


def _chunks(reply: AIMessage) -> Iterator[ChatGenerationChunk]:
    """The message as a model streams it, the last chunk marked."""
    pieces: list[AIMessageChunk] = []
    if reply.tool_calls:
        for index, call in enumerate(reply.tool_calls):
            whole = tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=index)
            pieces.append(AIMessageChunk(content="", tool_call_chunks=[whole]))
    else:
        text = reply.text
        pieces = [AIMessageChunk(content=text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)]
    last = AIMessageChunk(content="", chunk_position="last")
    last.response_metadata = {"finish_reason": "tool_calls" if reply.tool_calls else "stop"}
    for piece in [*pieces, last]:
        yield ChatGenerationChunk(message=piece)

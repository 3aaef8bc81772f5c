"""The offline model: a chat model without network or weights of its own; the agent drives it like any other."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from assistant.agent.advice import PROPOSE, SUGGESTED, TOOL_OF, Advice
from assistant.agent.answers import Answers
from assistant.agent.citations import parse_data
from assistant.agent.intents import Intent, IntentClassifier
from assistant.agent.offline_model import OfflineModel, calling, saying
from assistant.agent.ports import language_of_text
from assistant.agent.wishes import Asked, Wish, asked_in

_ORDER_QUESTIONS = {Intent.MONEY, Intent.ORDER}
_NO_TOOL = {Intent.GREETING, Intent.OUT_OF_SCOPE}


class OfflineChatModel(OfflineModel):
    """Understands what staff ask about a case, calls the tools, and answers from their results alone.

    It reads, and proposes only what was asked for and exactly one suggestion fits; a person approves.

    It keeps no state: what it does follows from the messages after the last question.
    """

    classifier: Any  # IntentClassifier; not a pydantic type

    @property
    def _llm_type(self) -> str:
        return "helloword-offline"

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
            return calling(calls)
        text = answers.text(intents, advice.lines(), proposes=PROPOSE in bound)
        return saying(text)

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

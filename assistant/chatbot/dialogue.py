"""The offline model's side of a customer's conversation: what the messages say so far, and the next call or answer.

It keeps no state: everything follows from the messages. The dialogue reads as if each tool's result were there
already (`Talk.need`); where it is not, that call is the next move, and the dialogue starts again with its result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from assistant.agent.citations import parse_data
from assistant.agent.ports import language_of_text
from assistant.chatbot import consent
from assistant.chatbot.texts import say

Json = dict[str, Any]


class Slots(Protocol):
    """What a message names, as `knowledge.talk.slots` finds it."""

    @property
    def order_ids(self) -> Sequence[str]: ...
    @property
    def checkout_ids(self) -> Sequence[str]: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def address(self) -> Mapping[str, str]: ...


class Mood(Protocol):
    """How they feel: `kind` of MoodKind, `strength` from 0 to 1."""

    @property
    def kind(self) -> str: ...
    @property
    def strength(self) -> float: ...


class Understood(Protocol):
    """What a message says: `intents` best first, `asked` in its own order, both CustomerIntent."""

    @property
    def intents(self) -> Sequence[str]: ...
    @property
    def asked(self) -> Sequence[str]: ...
    @property
    def confidence(self) -> float: ...
    @property
    def slots(self) -> Any: ...
    @property
    def mood(self) -> Any: ...


Understand = Callable[[str], Understood]
"""`knowledge.talk.understand.understand` for customers, with its embedder."""


class Call(msgspec.Struct, frozen=True):
    """A tool call."""

    name: str
    arguments: Json


class Needed(Exception):
    """The next move: these calls, before anything can be said."""

    def __init__(self, calls: Sequence[Call]) -> None:
        super().__init__(", ".join(call.name for call in calls))
        self.calls = calls


class Failed(Exception):
    """A tool could not answer; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Made(msgspec.Struct, frozen=True):
    """A call that was made, and what it gave."""

    name: str
    arguments: Json
    result: Json

    @property
    def error(self) -> str | None:
        """Why it gave nothing; None when it did."""
        error = self.result.get("error")
        return str(error.get("code")) if isinstance(error, dict) else None


class Turn(msgspec.Struct, frozen=True):
    """One message of the customer's, the calls it led to, and what was answered."""

    text: str
    made: list[Made]
    answer: str


class Talk:
    """One conversation as its messages tell it, up to the customer's last one. `bound` are the tools there are."""

    def __init__(self, messages: Sequence[BaseMessage], bound: frozenset[str]) -> None:
        self._messages, self._bound = messages, bound
        turns = _turns(messages)
        self.now = turns[-1] if turns else Turn("", [], "")
        self.past = turns[:-1]
        self.choice = consent.choice_of(self.now.text)
        self.words = consent.words_of(self.now.text)
        self.language = _language(messages, self.words)
        self.asked = consent.asked(messages)
        self.lines: list[str] = []
        self.proposed = False  # whether this turn asks the customer for a yes already: one question at a time

    def need(self, name: str, /, **arguments: Any) -> Json:
        """The result of this call.

        Raises:
            Needed: it has not been made in this turn.
            Failed: it was made and gave an error, or it can't be made.
        """
        return self.need_all([Call(name, arguments)])[0]

    def need_all(self, calls: Sequence[Call]) -> list[Json]:
        """The results of several calls that don't depend on each other; as `need`."""
        made = [self._made(call) for call in calls]
        missing = [call for call, one in zip(calls, made, strict=True) if one is None]
        if missing and any(call.name not in self._bound for call in missing):
            raise Failed("no_such_tool")
        if missing:
            raise Needed(missing)
        for one in made:
            if one is not None and one.error:
                raise Failed(one.error)
        return [one.result for one in made if one is not None]

    def _made(self, call: Call) -> Made | None:
        """The call of this turn that does for this one; a model that was asked before us may have made it."""
        fitting = (one for one in self.now.made if one.name == call.name and _same(one.arguments, call))
        return next(fitting, None)

    def decided(self, question: consent.Asked) -> str | None:
        """The option of this question that the last message takes."""
        kind = str(question.about.get("kind") or "")
        return consent.decided(self._messages, question.dedupe_key, lambda value: value, kind=kind)

    def say(self, key: str, **params: Any) -> None:
        """Adds a sentence of the catalogue to the answer."""
        self.tell(self.text(key, **params))

    def text(self, key: str, **params: Any) -> str:
        """A sentence of the catalogue in the conversation's language."""
        return say(key, self.language, **params)

    def tell(self, text: str) -> None:
        """Adds a sentence to the answer, once."""
        if text and text not in self.lines:
            self.lines.append(text)

    def said(self, key: str, turns_back: int = 1) -> bool:
        """Whether a sentence without parameters stands in one of the last answers."""
        wanted = say(key, self.language).strip()
        return any(wanted in turn.answer for turn in self.past[-turns_back:])

    def before(self, name: str, turns_back: int = 20) -> Made | None:
        """The last call of this tool that succeeded in an earlier turn."""
        calls = (one for turn in reversed(self.past[-turns_back:]) for one in reversed(turn.made))
        return next((one for one in calls if one.name == name and one.error is None), None)


_TELLS_APART = {
    "order_status": ("ref",), "answer_question": ("dedupe_key", "choice"), "give_address": ("checkout_id",),
    "request_change": ("checkout_id", "kind"),
}  # fmt: skip
"""The arguments that make a call another one. The rest may come back in other words: masked, or another model's."""


def _same(arguments: Json, call: Call) -> bool:
    if call.name == "my_orders":
        return bool(arguments.get("offer")) or not call.arguments["offer"]
    return all(arguments.get(name) == call.arguments[name] for name in _TELLS_APART.get(call.name, ()))


def _turns(messages: Sequence[BaseMessage]) -> list[Turn]:
    turns: list[Turn] = []
    calls: dict[str, Json] = {}
    for message in messages:
        if isinstance(message, HumanMessage):
            turns.append(Turn(message.text, [], ""))
        elif not turns:
            continue
        elif isinstance(message, AIMessage) and message.tool_calls:
            calls |= {str(call["id"]): dict(call["args"]) for call in message.tool_calls}
        elif isinstance(message, AIMessage):
            turns[-1] = msgspec.structs.replace(turns[-1], answer=message.text)
        elif isinstance(message, ToolMessage):
            result = parse_data(message.text)
            whole = result if isinstance(result, dict) else {"error": {"code": "tool_failed"}}
            turns[-1].made.append(Made(str(message.name), calls.get(message.tool_call_id, {}), whole))
    return turns


def _language(messages: Sequence[BaseMessage], words: str) -> str:
    last, _, _ = consent.turns(messages)
    known = str((last.additional_kwargs if last is not None else {}).get("language") or "")
    return known or language_of_text(words)

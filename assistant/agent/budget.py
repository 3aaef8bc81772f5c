"""Budget: how much one turn may read, write and take; the loop spends it, whichever model answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from langchain_core.messages import AnyMessage

Limit = Literal["steps", "tokens", "seconds"]

# Tokens a character takes, by class: above what OpenAI's cl100k and o200k take for the texts of this house,
# 1.2 times for JSON, 1.1 to 2 times for Chinese, 1.2 times for English (measured with bpe-openai). A digit counts one:
# Llama and Qwen take each alone. Strings without sense (hashes, rarest characters) may take a third more.
_HAN, _OTHER, _DIGIT, _SIGN, _LETTER = 1.6, 2.5, 1.0, 0.6, 0.3
_WIDE = "\\u2e80-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\uff00-\\uffef"
_CLASSES = (
    (re.compile(f"[{_WIDE}]"), _HAN),
    (re.compile(f"[^\\x00-\\x7f{_WIDE}]"), _OTHER),
    (re.compile("[0-9]"), _DIGIT),
    (re.compile(r"[!-/:-@\[-`{-~\n]"), _SIGN),
    (re.compile("[A-Za-z]"), _LETTER),
)
_PER_MESSAGE = 6  # role and separators of the chat form
_KEPT_FREE = 0.5  # share of the budget that earlier turns may fill of a request: the rest is for this one


class BudgetError(Exception):
    """Stop: the turn has used what it may use; it ends with a sentence that says so."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit = limit


class Budget:
    """What is left of a turn. `measured` tells whether every figure spent so far came from the endpoint itself."""

    def __init__(
        self, tokens: int, seconds: float, steps: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self.tokens, self.steps = tokens, steps
        self._clock, self._ends = clock, clock() + seconds
        self.spent, self.measured = 0, True

    @property
    def seconds_left(self) -> float:
        """Of the wall clock; never below zero."""
        return max(0.0, self._ends - self._clock())

    def admit(self, request: int) -> None:
        """Passes when a request of so many tokens can still be made.

        Raises:
            BudgetError: `tokens`, `seconds`.
        """
        if self.seconds_left <= 0:
            raise BudgetError("seconds")
        if self.spent + request > self.tokens:
            raise BudgetError("tokens")

    def is_last(self, request: int) -> bool:
        """Whether there would be nothing left for another request, which can only be longer than this one."""
        return self.spent + 2 * request > self.tokens

    def spend(self, request: int, answer: int, usage: Mapping[str, Any] | None) -> None:
        """One model call: what the endpoint measured, or the upper estimates where it reports nothing."""
        measured = int((usage or {}).get("total_tokens") or 0)
        self.measured = self.measured and measured > 0
        self.spent += measured or request + answer


def estimate(text: str) -> int:
    """Tokens of a text, from above."""
    return int(sum(len(pattern.findall(text)) * cost for pattern, cost in _CLASSES) + 1)


def estimate_messages(messages: Iterable[AnyMessage]) -> int:
    """Tokens of messages with their tool calls, from above."""
    return sum(
        _PER_MESSAGE + estimate(message.text) + sum(estimate(str(c)) for c in getattr(message, "tool_calls", ()))
        for message in messages
    )


def fitting(messages: Sequence[AnyMessage], room: int) -> list[AnyMessage]:
    """The messages without the oldest turns, until they fit in `room` tokens; the current turn is always whole."""
    starts = [at for at, message in enumerate(messages) if message.type == "human"]
    sizes = [estimate_messages([message]) for message in messages]
    for at in starts[:-1]:
        if sum(sizes[at:]) <= room:
            return list(messages[at:])
    return list(messages[starts[-1] :]) if starts else list(messages)


def room_for_history(budget: Budget) -> int:
    """Tokens a request may have, earlier turns included."""
    return int(budget.tokens * _KEPT_FREE)

"""Speaker: says the offline model's sentences in one language, with citations, times and amounts in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from assistant.agent.advice_texts import TEXTS as ADVICE
from assistant.agent.texts import TEXTS as FACTS
from knowledge.phrases import render, shown_as

TEXTS = {**FACTS, **ADVICE}
_CITED = 3  # pieces of evidence cited behind one statement


class Speaker:
    """One language's voice."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.gap = "" if language == "zh-CN" else " "

    def __call__(self, key: str, **params: Any) -> str:
        """The sentence `key` of the catalogue; an empty citation leaves no gap."""
        text = render(TEXTS, key, self.language, **params)
        return re.sub(r" +(?=[.。:：]|$)", "", text, flags=re.MULTILINE)

    def cite(self, evidence: Iterable[Mapping[str, Any] | None] | None) -> str:
        """The tags of up to three pieces of evidence: `[s1, s2]`; empty for none."""
        tags = [str(piece["cite"]) for piece in evidence or [] if piece and piece.get("cite")]
        return f"[{', '.join(dict.fromkeys(tags[:_CITED]))}]" if tags else ""

    def time(self, value: Any) -> str:
        """An RFC 3339 time as people read it, in UTC; a dash for none."""
        if not value:
            return "—"
        return shown_as(datetime.fromisoformat(str(value)), self.language)

    def value(self, value: Any) -> str:
        """Whatever a piece of evidence says."""
        if isinstance(value, Mapping) and {"amount", "currency"} <= value.keys():
            return self.money(value)
        if isinstance(value, Mapping):
            return self.joined(f"{name} {self.value(item)}" for name, item in value.items())
        return shown_as(value, self.language)

    def money(self, value: Mapping[str, Any] | None) -> str:
        """An amount (`{amount, currency}`) as people read it; a dash for none."""
        if not value:
            return "—"
        return shown_as({"amount": value["amount"], "currency": value["currency"]}, self.language)

    def joined(self, items: Iterable[str]) -> str:
        """A list within a sentence."""
        return ("；" if self.language == "zh-CN" else "; ").join(items)

"""Why a past case is shown, in both languages: each reason's code, its share of the score, and its words."""

from __future__ import annotations

from typing import Any

import msgspec

# code -> Chinese, English; {n} is filled where a reason counts something.
_WORDS: dict[str, tuple[str, str]] = {
    "meaning": ("描述的意思相近", "it says much the same"),
    "terms": ("涉及相同的事项", "it is about the same things"),
    "words": ("用词相同", "it uses the same words"),
    "fault": ("故障类型相同", "the same fault"),
    "cause": ("原因相同", "the same cause"),
    "step": ("出在同一环节", "it broke at the same step"),
    "severity": ("严重程度相同", "the same severity"),
    "came_back": ("处理后又复发", "it came back after it was solved"),
    "relapses": ("复发过 {n} 次才彻底解决", "it came back {n} times before it stayed solved"),
    "well_rated": ("顾客评价 {n} 分", "the customer gave {n} of 5"),
    "badly_rated": ("顾客评价仅 {n} 分", "the customer gave only {n} of 5"),
    "recent": ("近期处理的", "it was solved lately"),
    "example": ("示例个案，非本店真实个案", "an example, no case of this shop"),
}


class Reason(msgspec.Struct, frozen=True):
    """One part of a score: `effect` is what it added or took, in the score's own unit; `n` what it counts."""

    code: str
    effect: float
    n: int | None = None

    def json(self) -> dict[str, Any]:
        """`{code, effect, text: {zh-CN, en}}`."""
        chinese, english = (words.format(n=self.n) for words in _WORDS[self.code])
        if self.code == "relapses" and self.n == 1:
            english = english.replace("1 times", "once")
        return {"code": self.code, "effect": round(self.effect, 4), "text": {"zh-CN": chinese, "en": english}}

"""Understands what a service agent asks: nearest example utterances by embedding; called by the offline model."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import numpy as np

from assistant.agent.ports import LANGUAGES, language_of_text
from knowledge.library.embedders import Embedder, Vectors

# A clause whose nearest examples are farther than this (mean cosine of the best three) is about something else.
UNDERSTOOD = 0.38
_NEAREST = 3
_MAX_INTENTS = 3
_CLAUSES = re.compile(r"[。！？!?;；\n]+|(?<![0-9])[,，](?![0-9])|\band\b|还有|以及|另外|并且")


class Intent(StrEnum):
    """What can be asked about a case."""

    WRONG = "wrong"
    WHY = "why"
    EVIDENCE = "evidence"
    TRIED = "tried"
    NEXT = "next"
    OWNER = "owner"
    MONEY = "money"
    TOLD = "told"
    SIMILAR = "similar"
    ORDER = "order"
    DO = "do"
    GREETING = "greeting"
    OUT_OF_SCOPE = "out_of_scope"


# Words that speak for an intent; each adds a little to what the embedding says.
_CUES = {
    Intent.WHY: r"为什么|为何|为啥|原因|怎么会|\bwhy\b|\bcaused?\b|\breason\b|how come",
    Intent.EVIDENCE: r"证据|依据|证明|凭什么|\bevidence\b|\bproofs?\b|\bprove\b|\bsources?\b",
    Intent.TRIED: r"尝试|试过|已经做|做过|做了|措施|\btried\b|\battempt|\balready\b|so far",
    Intent.NEXT: r"下一步|接下来|之后怎么|计划|该做什么|\bnext\b|\bplan\b",
    Intent.OWNER: r"谁(?!付|买)|负责|认领|归哪|\bwho('s|se)?\b|\bowns?\b|\bassigned\b|responsible",
    Intent.MONEY: r"钱|退款|付款了|付了|扣款|金额|实收|\brefund|\bpaid\b|money|amount|\bcharged?\b|how much",
    Intent.TOLD: r"告知|通知|告诉|承诺|答应|回复|短信|\btold\b|\bpromised?\b|\bnotif|\binformed\b|\breply",
    Intent.SIMILAR: r"类似|相似|同类|先例|以前|历史|\bsimilar|\bprecedent|\bcomparable\b|\bbefore\b|in the past",
    Intent.ORDER: r"库存|发货|商品|地址|差异|对不上|\bstock\b|\bship|\baddress\b|\bitems?\b|\bdiffers?\b",
    Intent.DO: r"^(请(?!问)|马上|立刻|立即|帮我(?![看查找列概总介说]))|^please\b|^go ahead|right away|at once",
    Intent.OUT_OF_SCOPE: r"(其他|其它|别的|所有)的?(客户|顾客|用户)|(other|another|all) customer|(your|system) prompt",
}
_CUE = 0.1

_SMALL_TALK = (Intent.GREETING, Intent.OUT_OF_SCOPE)


@lru_cache(maxsize=1)
def utterances() -> dict[str, dict[str, list[str]]]:
    """The examples: intent → language → utterances."""
    return tomllib.loads((Path(__file__).parent / "utterances.toml").read_text(encoding="utf-8"))


class IntentClassifier:
    """Knows what a question asks."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def intents(self, text: str) -> list[Intent]:
        """What is asked, in the order it is asked: one to three intents.

        A question of several clauses may ask several things. Small talk beside a real question is left out;
        what nobody can make out is `OUT_OF_SCOPE`.
        """
        clauses = [clause.strip() for clause in _CLAUSES.split(text) if clause.strip()]
        if not clauses:
            return [Intent.OUT_OF_SCOPE]
        whole, *parts = self._classify([text, *clauses], language_of_text(text))
        if len(clauses) == 1:
            return [whole[0]]
        asked: list[Intent] = []
        for intent, _ in [*parts, whole]:
            if intent not in asked and intent not in _SMALL_TALK:
                asked.append(intent)
        return asked[:_MAX_INTENTS] or [whole[0]]

    def _classify(self, texts: list[str], language: str) -> list[tuple[Intent, float]]:
        labels, vectors = _examples(self._embedder, language)
        found: list[tuple[Intent, float]] = []
        for text, cosines in zip(texts, self._embedder.embed(texts) @ vectors.T, strict=True):
            scores = {intent: _score(cosines[[label is intent for label in labels]]) for intent in Intent}
            for intent, cue in _CUES.items():
                scores[intent] += _CUE if re.search(cue, text, re.IGNORECASE) else 0.0
            best = max(scores, key=lambda intent: scores[intent])
            found.append((best if scores[best] >= UNDERSTOOD else Intent.OUT_OF_SCOPE, scores[best]))
        return found

    def warm_up(self) -> None:
        """Loads the examples of both languages, so that the first question isn't the slow one."""
        for language in LANGUAGES:
            _examples(self._embedder, language)


@lru_cache(maxsize=2 * len(LANGUAGES))
def _examples(embedder: Embedder, language: str) -> tuple[list[Intent], Vectors]:
    """The examples' intents and vectors; about half a second a language, once per embedder."""
    pairs = [(Intent(name), text) for name, by_language in utterances().items() for text in by_language[language]]
    return [intent for intent, _ in pairs], embedder.embed([text for _, text in pairs])


def _score(cosines: Vectors) -> float:
    """The nearest example counts half, the mean of the nearest three the other half."""
    nearest = np.sort(cosines)[-_NEAREST:]
    return float((nearest[-1] + nearest.mean()) / 2)

"""Ranks candidates by what they say: meaning, the trade's terms, and, within one language, the words themselves."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec
import numpy as np

from knowledge.library.terms import concepts

# Tuned on the development set (`helloword eval retrieval --dev`), never on the test set.
TERMS, WORDS = 0.9, 0.3
CENTRE = 0.6  # how much of its language's centre is taken from a vector: all of it costs meaning within the language
LENGTH = 0.6  # how much a text's length counts against it: 1 is the cosine, 0 only what it shares
_LATIN = re.compile(r"[a-z0-9][a-z0-9'_-]*")
_CJK = re.compile(r"[\u3400-\u9fff]+")
_COMMON = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does", "for",
        "from", "get", "got", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it",
        "its", "me", "my", "no", "not", "of", "on", "or", "our", "she", "so", "that", "the", "their", "them", "then",
        "there", "they", "this", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will",
        "with", "would", "you", "your",
        "的", "了", "是", "在", "和", "也", "就", "都", "吗", "呢", "啊", "把", "被", "给", "跟", "这个", "那个",
    )
)  # fmt: skip


class Candidate(msgspec.Struct, frozen=True):
    """One text that may answer: `key` is the case's, `cosine` its (centred) vector's with the question's."""

    key: str
    language: str
    text: str
    cosine: float


class Ranked(msgspec.Struct, frozen=True):
    """A candidate with its score and the three parts it is made of."""

    candidate: Candidate
    score: float
    terms: float
    words: float


def ranked(question: str, language: str, candidates: Sequence[Candidate]) -> list[Ranked]:
    """The candidates, best first.

    Meaning and terms know no language, so they are added up. The words are compared only with texts of the question's
    own language, and only move those texts among each other: the scores of the group stay the same set, so that no
    text of the other language is buried by words it can't have.
    """
    if not candidates:
        return []
    by_terms = _by_terms(question, [one.text for one in candidates])
    base = [one.cosine + TERMS * shared for one, shared in zip(candidates, by_terms, strict=True)]
    own = [place for place, one in enumerate(candidates) if one.language == language]
    by_words = dict(zip(own, _by_words(question, [candidates[place].text for place in own]), strict=True))
    scores = _moved(base, by_words)
    found = [
        Ranked(one, scores[place], TERMS * by_terms[place], WORDS * by_words.get(place, 0.0))
        for place, one in enumerate(candidates)
    ]
    return sorted(found, key=lambda one: (-one.score, one.candidate.key, one.candidate.language))


def _moved(base: Sequence[float], by_words: Mapping[int, float]) -> list[float]:
    """The scores after the words have reordered those that they could be compared with."""
    scores = list(base)
    wanted = sorted(by_words, key=lambda place: -(base[place] + WORDS * by_words[place]))
    for place, score in zip(wanted, sorted((base[place] for place in by_words), reverse=True), strict=True):
        scores[place] = score
    return scores


def _by_terms(question: str, texts: Sequence[str]) -> list[float]:
    """Cosine of the concepts' weights; what few of the texts speak of weighs more."""
    asked = concepts(question)
    return _overlap(dict.fromkeys(asked, 1.0), [dict.fromkeys(concepts(text), 1.0) for text in texts])


def _by_words(question: str, texts: Sequence[str]) -> list[float]:
    """Cosine of TF-IDF over words (Latin script) and pairs of characters (Chinese)."""
    return _overlap(_counted(question), [_counted(text) for text in texts])


def _overlap(asked: Mapping[str, float], given: Sequence[Mapping[str, float]]) -> list[float]:
    spread = Counter(token for tokens in given for token in tokens)
    rare = {token: math.log(1 + (1 + len(given)) / (0.5 + count)) for token, count in spread.items()}
    unseen = math.log(1 + (1 + len(given)) / 0.5)
    length = _length(asked, rare, unseen)
    lengths = [_length(weights, rare, unseen) for weights in given]
    usual = sum(lengths) / len(lengths) if lengths else 1.0
    found = []
    for weights, other in zip(given, lengths, strict=True):
        both = sum(asked[token] * weights[token] * rare[token] ** 2 for token in asked.keys() & weights.keys())
        found.append(min(1.0, both / (length * other**LENGTH * usual ** (1 - LENGTH))) if both else 0.0)
    return found


def _length(tokens: Mapping[str, float], rare: Mapping[str, float], unseen: float) -> float:
    return math.sqrt(sum((count * rare.get(token, unseen)) ** 2 for token, count in tokens.items())) or 1.0


@lru_cache(maxsize=4_096)
def _counted(text: str) -> Mapping[str, float]:
    counts = Counter(tokens(text))
    return {token: 1 + math.log(count) for token, count in counts.items()}


def tokens(text: str) -> Iterable[str]:
    """Words of Latin script without the commonest, roughly stemmed, and pairs of Chinese characters."""
    text = text.lower()
    for word in _LATIN.findall(text):
        if word not in _COMMON:
            yield _stem(word)
    for run in _CJK.findall(text):
        if len(run) == 1:
            yield run
        yield from (pair for pair in map("".join, pairwise(run)) if pair not in _COMMON)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def centred(vectors: np.ndarray, centre: np.ndarray | None) -> np.ndarray:
    """Unit vectors moved towards their language's centre's opposite, at length 1 again; rows of zeros stay so.

    What texts of one language have in common pushes those of the other down; this takes a part of it away.
    """
    if centre is None:
        return vectors
    moved = np.where(np.any(vectors != 0, axis=1, keepdims=True), vectors - CENTRE * centre, 0.0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)

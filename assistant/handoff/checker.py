"""Decides statement by statement whether a summary's text says only what its facts say; the prose goes through it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import codes_of, label
from knowledge.phrases.summary_texts import TEXTS
from knowledge.talk.claims import claims
from knowledge.talk.deeds import WORDS

Fact = Mapping[str, Any]

_END = re.compile(r"(?<=[。！？!?\n])|(?<=\.)(?=\s|$|\[)")
POINTER = re.compile(r"\s*\[(\d{1,3})\]")
_ID = re.compile(r"[A-Za-z0-9]+(?:[-_:/#][A-Za-z0-9]+)*[-_:/#][A-Za-z0-9]*\d[A-Za-z0-9]*|[A-Za-z]+\d[A-Za-z0-9]*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SPELLED = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|hundred|thousand|twice|half|dozen)\b|"
    r"[一两二三四五六七八九十百千万半]+(?=[次笔单件个天小元块周月日分条])"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|without|neither|nor|cannot|failed to|unable)\b|n't\b|"
    r"没有?|未(?!来)|无法|无(?!论)|不(?!过|同|久|断|仅|妨|要求)|尚未|拒绝|勿|别(?!的|人)"
)
# Over what is a negation's own (“has not yet been refunded”) to the word that it denies.
_NEXT = re.compile(
    r"[\s“\"]*(?:(?:be|been|being|have|has|had|yet|any|the|an?|to|in|of|by|wholly|only|no|not)\s+)*([a-z]{3,}|"
    r"[\u4e00-\u9fff]{1,2})"
)
_BREAK = re.compile(r"\s*[.。!！?？;；](?:\s+|(?=[^\d\s]))")
_TOKEN = re.compile(  # words without a name are passed over: they say little, and come and go with a denial
    rf"(?P<no>{_NEGATION.pattern})|\b(?:some|any|all|the|an?)\b|已经?|曾|有|可以|能|"
    r"(?P<word>[a-z0-9]+(?:[-'][a-z0-9]+)*|[\u4e00-\u9fff])"
)
_RUN = 3  # words (in Chinese characters) in a row that make a statement the fact's own
_PAUSE = re.compile(r"[,;:，；：。]|\.\s")
_BEFORE, _BEHIND = 12, 30  # characters around a negation of the facts: what a statement may deny in other words
_NAME = re.compile(r"(?<![.!?:：。] )(?<!^)(?<![A-Za-z“\"(\[])\b[A-Z][a-z]{2,}\b")
_PERSON = re.compile(
    r"[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐|经理|主管|同学|老师)|"
    r"[小老阿][\u4e00-\u9fff](?=[，,。负处跟：])"
)
_QUOTED = re.compile(r"[“「\"]([^”」\"]{2,})[”」\"]")
_WORD = re.compile(r"[a-z]{4,}")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_UNDONE = re.compile(r"refus|fail|not known|declin|waits? for|no answer|拒绝|失败|未成功|尚无|等待|待")
# Words that carry no fact: how a note is put together.
_PLAIN = set(re.findall(
    r"\w+",
    "about after again already also been before customer customers done from have into next order payment shop that "
    "their them then there they this until were what when which with would your assistant case still since while "
    "should must will please first told said because"
))  # fmt: skip
_PLAIN_HAN = set(re.findall(
    r"\w+",
    "顾客 订单 付款 个案 已经 目前 下一 一步 需要 请您 系统 商城 随后 之后 因为 所以 以及 同时 并且 我们 此外 其中"
))  # fmt: skip
_LEAST = {"en": 0.5, "zh-CN": 0.4}  # of a statement's words that its facts have to share

NO_POINTER, NO_FACT, NUMBER, ID, NEGATION, STATUS, NAME, CLAIM, INVENTED = (
    "no_pointer", "no_such_fact", "number", "id", "negation", "status", "name", "claim", "invented"
)  # fmt: skip


class Checked(msgspec.Struct, frozen=True):
    """`kept` statements in order with the facts (from 0) each points at; `dropped` ones and why."""

    kept: list[tuple[str, list[int]]]
    dropped: list[tuple[str, str]]


def check(text: str, facts: Sequence[Fact], language: str) -> Checked:
    """Every statement of `text` judged by the facts it points at (`[1]` is the first one)."""
    kept: list[tuple[str, list[int]]] = []
    dropped: list[tuple[str, str]] = []
    for statement in statements(text):
        why, pointed = judge(statement, facts, language)
        if why is None:
            kept.append((statement, pointed))
        else:
            dropped.append((statement, why))
    return Checked(kept, dropped)


def statements(text: str) -> list[str]:
    """The text's sentences, each with the pointers that stand behind it, before or after its full stop."""
    found: list[str] = []
    for one in _END.split(text):
        part = one.strip()
        if not part:
            continue
        if found and not POINTER.sub("", part).strip(" .。；;"):
            found[-1] = f"{found[-1]}{part}"
            continue
        lead = POINTER.match(part)
        while lead is not None and found and not POINTER.search(found[-1]):  # `… text. [1] Next text`
            found[-1], part = found[-1] + lead.group(), part[lead.end() :]
            lead = POINTER.match(part)
        if part.strip():
            found.append(part.strip())
    return found


def judge(statement: str, facts: Sequence[Fact], language: str) -> tuple[str | None, list[int]]:
    """Why a statement may not stand (None where it may), and the facts it points at, from 0."""
    pointed = [int(number) - 1 for number in POINTER.findall(statement)]
    if not pointed:
        return NO_POINTER, []
    if any(not 0 <= one < len(facts) for one in pointed):
        return NO_FACT, pointed
    said = POINTER.sub("", statement).strip()
    lines = [str(facts[one]["text"]) for one in dict.fromkeys(pointed)]
    if any(_verbatim(said, line) for line in lines):
        return None, pointed
    known = "\n".join(lines)
    for why, holds in (
        (ID, _ids(said) <= _ids(known)), (NUMBER, _numbers(said) <= _numbers(known)),
        (NEGATION, _same_sense(said, known)), (STATUS, _same_state(said, known)),
        (NAME, _named(said, known)), (CLAIM, _claimed(said, known, language)),
        (INVENTED, _shared(said, known) >= _LEAST[language]),
    ):  # fmt: skip
        if not holds:
            return why, pointed
    return None, pointed


def _verbatim(said: str, line: str) -> bool:
    """The fact as it stands, or its beginning with `…` behind it; where a sentence ends within makes no difference."""
    ours, theirs = (_BREAK.sub(";", one.strip().rstrip(" .。…!！;；")) for one in (said, line))
    return ours == theirs or (_cut_off(said) and bool(ours) and theirs.startswith(ours))


def _ids(text: str) -> set[str]:
    return {one.lower() for one in _ID.findall(text)}


def _numbers(text: str) -> set[str]:
    plain = _ID.sub(" ", text)
    digits = {one.replace(",", "").rstrip(".") for one in _NUMBER.findall(plain)}
    return digits | {one.lower() for one in _SPELLED.findall(plain.lower())}


def _same_sense(said: str, known: str) -> bool:
    """No negation more than the facts have, none of another word, and no word without the one that it has there.

    What was cut off (it ends with `…`) may have lost the negation that stood in the rest.
    """
    said, known = said.lower(), known.lower()
    ours, theirs = list(_NEGATION.finditer(said)), list(_NEGATION.finditer(known))
    whole = not _cut_off(said)
    if len(ours) > len(theirs) or (whole and not ours and all(map(_NEGATION.search, known.split("\n")))):
        return False
    if not all(_as_there(part, known) for part in (said, *_PAUSE.split(said))):
        return False
    near = [
        _PAUSE.split(known[max(one.start() - _BEFORE, 0) : one.start()])[-1]
        + _PAUSE.split(known[one.end() : one.end() + _BEHIND])[0]
        for one in theirs
    ]
    denied, there = [_denied(one, said) for one in ours], [_denied(one, known) for one in theirs]
    if not all(any(word in around for around in near) for word in denied):
        return False
    return all(
        _count(word, said) - denied.count(word) <= _count(word, known) - there.count(word) for word in set(there)
    )


def _as_there(part: str, known: str) -> bool:
    """Where a fact has these very words in a row, they are denied where it denies them."""
    words, denials = _run(part)
    size, found = len(words), False
    if size < _RUN:
        return True
    for line in known.split("\n"):
        theirs, there = _run(line)
        for at in range(len(theirs) - size + 1):
            if theirs[at : at + size] == words:
                found = True
                if denials[:size] == there[at : at + size] and denials[size] <= there[at + size]:
                    return True
    return not found


def _run(text: str) -> tuple[list[str], list[int]]:
    """The words without denials, and how many denials stand before each, and behind the last."""
    words: list[str] = []
    denials = [0]
    for token in _TOKEN.finditer(text.replace("n't", " not")):
        if token["no"]:
            denials[-1] += 1
        elif token["word"]:
            words.append(token["word"])
            denials.append(0)
    return words, denials


def _cut_off(said: str) -> bool:
    return said.rstrip(" .。").endswith("…")


def _denied(negation: re.Match[str], text: str) -> str:
    """The word (its first letters; in Chinese one or two characters) that is denied: the next one, else the last."""
    after = _NEXT.match(text, negation.end())
    if after is None:
        before = re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]{1,2}", text[: negation.start()])
        return str(before[-1][:5]) if before else ""
    return after.group(1)[:5]


def _count(word: str, text: str) -> int:
    """How often a word with these first letters stands in the text."""
    return len(re.findall(rf"\b{re.escape(word)}" if word.isascii() else re.escape(word), text))


@lru_cache(maxsize=1)
def _status_words() -> re.Pattern[str]:
    kinds = ("order", "payment", "plan_step", "message", "promise", "case", "resolution")
    words = {label(kind, code, lang).lower() for kind in kinds for code in codes_of(kind) for lang in LANGUAGES}
    ours = [both for key, both in TEXTS.items() if key.startswith(("plan.", "mood."))]
    words |= {said.lower() for both in ours for said in both.values()}
    longest = sorted(words, key=len, reverse=True)
    latin = "|".join(rf"\b{re.escape(one)}\b" for one in longest if one.isascii())
    return re.compile(f"{latin}|" + "|".join(re.escape(one) for one in longest if not one.isascii()))


def _statuses(text: str) -> set[str]:
    return set(_status_words().findall(text.lower()))


def _same_state(said: str, known: str) -> bool:
    """Only statuses that the facts name; what was cut off may break one off (“cancelled and…”)."""
    theirs = _statuses(known)
    return all(
        one in theirs or (_cut_off(said) and any(whole.startswith(one) for whole in theirs)) for one in _statuses(said)
    )


def _named(said: str, known: str) -> bool:
    names = {*_NAME.findall(said), *_PERSON.findall(said)}
    quoted = {one.rstrip("…。. ") for one in _QUOTED.findall(said)}
    return all(one.lower() in known.lower() for one in names | quoted)


def _claimed(said: str, known: str, language: str) -> bool:
    """Every deed the statement claims is one that its facts speak of; none done that they say came to nothing."""
    spoken = {claim.deed for claim in claims(known, language)}
    for claim in claims(said, language):
        if claim.deed not in spoken and not re.search(WORDS[claim.deed], known.lower()):
            return False
        undone = all(_UNDONE.search(line.lower()) for line in known.split("\n"))
        if claim.kind == "done" and undone and not _UNDONE.search(said.lower()):
            return False
    return True


def _shared(said: str, known: str) -> float:
    """The share of the statement's words (of Chinese, of its pairs of characters) that its facts have."""
    ours, theirs = _words(said), _words(known, plain=False)
    return len(ours & theirs) / len(ours) if ours else 1.0


def _words(text: str, *, plain: bool = True) -> set[str]:
    english: Iterable[str] = (word[:5] for word in _WORD.findall(text.lower()) if not plain or word not in _PLAIN)
    pairs = (run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1))
    return {*english, *(pair for pair in pairs if not (plain and pair in _PLAIN_HAN))}

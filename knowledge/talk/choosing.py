"""choose: which of the offered options a reply picks, or None where it leaves that open; called by the dialogue."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.talk.intents import Language
from knowledge.talk.numerals import CHINESE, ordinal
from knowledge.talk.stance import yes_or_no

Option = Mapping[str, Any]
_LAST = re.compile(
    r"最后(?:一)?[个种项款件条]|\b(?:the )?last (?:one|option|choice)\b|^\s*(?:the )?last\s*$", re.IGNORECASE
)
_ORDINALS = (
    re.compile(
        rf"第\s*(?P<n>\d{{1,2}}|{CHINESE}{{1,3}})\s*(?:[个种项款件条家]|方案|选项|号)?(?!\s*(?:次|天|遍|周|月|年"
        rf"|回))"),
    re.compile(
        r"(?:选|要|方案|选项|选择|编号|序号)\s*(?P<n>\d{1,2}|[一二三四五六七八九十])(?=$|[\s,，。!！吧的了呢啊]"
        r"|号|号?方案)"),
    re.compile(
        r"^\W*(?P<n>\d{1,2}|[一二三四五六七八九十])\s*(?:号|[.。、)）])?(?:吧|的|呢|谢谢|please|pls"
        r"|thanks|,|，|。|!|！|\s)*$", re.IGNORECASE),
    re.compile(r"\b(?P<n>\d{1,2})\s*号(?!楼|线|门)"),
    re.compile(
        r"\b(?:the |my )?(?P<n>first|second|third|fourth|fifth|sixth|1st|2nd|3rd|[4-9]th)\b(?: (?:one|option|choice"
        r"|offer|alternative|item|please|is|sounds|looks|works|or)\b|\W*$|,)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:option|number|choice|no\.?|nr\.?|#)\s*#?(?P<n>\d{1,2}|one|two|three|four|five|six)\b", re.IGNORECASE
    ),
    re.compile(
        r"^\W*(?:i'?(?:ll| will) (?:take|have|go (?:for|with)) |take |pick |choose "
        r"|go with )?(?P<n>one|two|three|four|five|six|\d{1,2})\W*$", re.IGNORECASE),
)  # fmt: skip
_LETTERS = (
    re.compile(
        r"^\W*(?:选|要|我选|我要|就|option |choice |plan |i(?:'ll| will)? (?:take|choose|pick"
        r"|go with) )?\s*(?P<l>[A-Fa-f])(?:吧|项|方案|选项|的|款|please|pls| |,|，|。|\.|!|！)*$", re.IGNORECASE),
    re.compile(r"(?:选|方案|选项|选择|\b(?:option|choice|plan)\s)\s*(?P<l>[A-Fa-f])(?![A-Za-z])", re.IGNORECASE),
    re.compile(r"(?<![A-Za-z])(?P<l>[A-F])\s*(?:方案|选项|款|项)"),
)  # fmt: skip
_REFUSED = re.compile(
    r"^(?:[^,，。;；]*?)(?:不要|别(?!的)|不是|不选|不想要|不喜欢|不考虑|除了|\b(?:not|don'?t|do not|no"
    r"|except|anything but|rather than)\b)", re.IGNORECASE
)
_SEGMENTS = re.compile(r"[,，。;；!！?？\n]+|但是|但|而是|\bbut\b|\brather\b(?! than)|\binstead\b", re.IGNORECASE)
_STOPPED = """what which when where how why who there any other else does
the a an one ones i want take would like to please it that this with for my me of and or in on can
could have get is be do go let s ll d m you give choose pick prefer option instead just ok okay yes sure thanks thank"""
_STOP = frozenset(_STOPPED.split())
_STOP_ZH = re.compile(
    r"我|要|想|选|换成?|那个|这个|这款|那款|那种|这种|吧|的|了|就|个|款|给|帮|请|谢谢|可以|一个|一款|呢|啊|呀|好|行"
    r"|麻烦|到|去|是")
_WAVERING = re.compile(r"还是.{1,8}(?:好|呢|吗|[?？])|哪[个种款]|或者?|\bor\b|\bwhich\b", re.IGNORECASE)
_BOTH = re.compile(
    r"都(?:行|可以|要|好|不)|随便|两个都|(?:\b(?:both|either|any|all|neither|none)\b(?! other))"
    r"|whatever|你(?:看着办|决定|推荐)", re.IGNORECASE)

_ALL = re.compile(r"(?:两[个单笔件]?|全)?都(?:要|留|保留)|\bboth\b", re.IGNORECASE)


def option_number(text: str) -> int | None:
    """Which option is picked by its number or letter, from 1; -1 the last; None for none or several."""
    found: set[int] = set()
    for segment in _wanted(text):
        if _LAST.search(segment):
            found.add(-1)
        for pattern in _ORDINALS:
            found |= {n for one in pattern.finditer(segment) if (n := ordinal(one["n"])) is not None and 0 < n <= 20}
        for pattern in _LETTERS:
            found |= {ord(one["l"].upper()) - ord("A") + 1 for one in pattern.finditer(segment)}
    return found.pop() if len(found) == 1 else None


def choose(text: str, options: Sequence[Option], language: Language = "en") -> str | None:
    """The id of the option that a reply picks, None where it picks none or leaves it open.

    `options` are `{id, label}` in the order they were shown, a label as text or by language. Understood are the id or
    label itself, its number or letter, yes and no where they can mean one option only (ids that decline begin with
    `no`), and words that one label has and the others have not. What is said not to be wanted picks nothing.
    """
    labels = [(str(option["id"]), _label(option.get("label"), language)) for option in options]
    bare = text.strip().casefold().rstrip("。.!！ ")
    exact = [name for name, label in labels if bare and bare in (name.casefold(), label.casefold())]
    if len(exact) == 1:
        return exact[0]
    if (one := _for_all(text, labels)) is not None:
        return one
    if not labels or _BOTH.search(text) or _WAVERING.search(text):
        return None
    wanted = _wanted(text)
    if len({match for segment in wanted for match in _numbers(segment)}) > 1:
        return None
    number = option_number(text)
    spoken = by_words(" ".join(wanted), labels)
    named = None if wanted else by_words(text, labels)
    if named is not None and not named.casefold().startswith("no"):
        return None  # it says only which one is not wanted
    if number is not None:
        if not 1 <= (number if number > 0 else len(labels)) <= len(labels):
            return spoken
        picked = labels[number - 1 if number > 0 else -1][0]
        return picked if spoken in (None, picked) else None
    if spoken is not None:
        return spoken
    return _by_stance(text, labels)


def _for_all(text: str, labels: Sequence[tuple[str, str]]) -> str | None:
    """“Keep both” where one option says so: picked when nothing else is said (“cancel both” picks nothing)."""
    found = [(name, label) for name, label in labels if _ALL.search(label)]
    said = " ".join(_wanted(text))
    if len(found) != 1 or not _ALL.search(said) or _WAVERING.search(text):
        return None
    name, label = found[0]
    return name if _tokens(_ALL.sub(" ", said)) <= _tokens(label) else None


def by_words(text: str, labels: Sequence[tuple[str, str]]) -> str | None:
    """The id whose label alone shares the most telling words with the text; None where two do so alike."""
    said = _tokens(text)
    if not said:
        return None
    words = [(name, _tokens(label)) for name, label in labels]
    scores: dict[str, float] = {}
    for name, own in words:
        shared = said & own
        telling = [token for token in shared if not _common(token, words)]
        scores[name] = sum(len(token) / sum(token in other for _, other in words) for token in telling)
    best = sorted(scores.values(), reverse=True)
    if not best or best[0] <= 0 or (len(best) > 1 and best[0] < 1.34 * best[1]):
        return None
    return max(scores, key=lambda name: scores[name])


def _common(token: str, words: Sequence[tuple[str, frozenset[str]]]) -> bool:
    return len(words) > 1 and all(token in own for _, own in words)


def _by_stance(text: str, labels: Sequence[tuple[str, str]]) -> str | None:
    stance = yes_or_no(text)
    declining = [name for name, _ in labels if name.casefold().startswith("no")]
    agreeing = [name for name, _ in labels if name not in declining]
    fitting = {"yes": agreeing, "no": declining}.get(stance or "", [])
    return fitting[0] if len(fitting) == 1 else None


def _wanted(text: str) -> list[str]:
    """The parts of a reply that do not say what is not wanted."""
    return [part for one in _SEGMENTS.split(text) if (part := one.strip()) and not _REFUSED.search(part)]


def _numbers(segment: str) -> set[int]:
    return {n for pattern in _ORDINALS for one in pattern.finditer(segment) if (n := ordinal(one["n"])) is not None}


def _tokens(text: str) -> frozenset[str]:
    """Words, numbers with their unit and pairs of Chinese characters (and colours and sizes of one)."""
    lower = text.casefold()
    words = {word for word in re.findall(r"[a-z0-9]+(?:[.'-][a-z0-9]+)*", lower) if word not in _STOP}
    pairs: set[str] = set()
    for run in re.findall(r"[\u3400-\u9fff]+", _STOP_ZH.sub(" ", lower)):
        pairs |= {run[at : at + 2] for at in range(len(run) - 1)}
        pairs |= set(re.findall(r"[红橙黄绿蓝紫黑白灰金银粉棕青米大小](?=$|[色的款号码轴])", run))
    return frozenset(words | pairs)


def _label(label: Any, language: str) -> str:
    if isinstance(label, Mapping):
        return str(label.get(language) or next(iter(label.values()), ""))
    return str(label or "")

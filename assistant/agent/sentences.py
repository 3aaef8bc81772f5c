"""Splits running text into sentences as it comes, Chinese and English; the guard sees one whole sentence at a time."""

from __future__ import annotations

import re

_CLOSERS = "”’」』）】》)]\"'"
_STOPS = "。！？；…"  # end a sentence wherever they stand
_MARKS = ".!?"  # end one only before a blank, Chinese or the end
_TAG = re.compile(r"[\[【]s[\ds,，;；、 ]*[\]】]?")  # a citation is never cut
# What a full stop belongs to rather than ends. Single letters (U.S., J. Smith) are recognised by their shape.
_ABBREVIATIONS = frozenset([
    "mr", "mrs", "ms", "dr", "prof", "st", "ave", "rd", "blvd", "no", "nos", "vs", "etc", "eg", "ie", "approx",
    "dept", "est", "fig", "inc", "ltd", "co", "corp", "jr", "sr", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
    "sep", "sept", "oct", "nov", "dec", "tel", "ext", "min", "max", "incl", "excl", "qty", "ref", "p.m", "a.m",
    "e.g", "i.e", "u.s", "u.k",
])  # fmt: skip
_WORD_BEFORE = re.compile(r"([A-Za-z][A-Za-z.]*|\d+)$")


def split_sentences(text: str) -> tuple[list[str], str]:
    """`(sentences, rest)`: whole sentences with the blanks behind them, and what may still go on.

    Joined again they are the text. A sentence counts as whole only when what follows it has begun, so that where a
    stream is cut changes nothing; a line's end always ends it.
    """
    sentences: list[str] = []
    begin = at = 0
    while at < len(text):
        if tag := _TAG.match(text, at):
            at = tag.end()
            continue
        end = _end_of_sentence(text, begin, at)
        if end is None:
            at += 1
            continue
        if end >= len(text):  # what comes next may belong to it: a closing quote, a second mark, more blanks
            break
        sentences.append(text[begin:end])
        begin = at = end
    return sentences, text[begin:]


def _end_of_sentence(text: str, begin: int, at: int) -> int | None:
    """Where the sentence that a mark at `at` ends is over, blanks behind it included; None when it ends none."""
    mark = text[at]
    if mark == "\n":
        return _over(text, at, "\n \t\r")
    if mark not in _STOPS and mark not in _MARKS:
        return None
    after = _over(text, at + 1, _STOPS + _MARKS + _CLOSERS)
    if mark in _MARKS and not any(char in _STOPS for char in text[at:after]):
        if after < len(text) and not (text[after].isspace() or _is_wide(text[after])):
            return None  # 19.99, example.com/?q=1, v2.0
        if mark == "." and after == at + 1 and _abbreviates(text[begin:at]):
            return None
    return _over(text, after, " \t\r\n")


def _over(text: str, at: int, skipped: str) -> int:
    while at < len(text) and text[at] in skipped:
        at += 1
    return at


def _is_wide(char: str) -> bool:
    return "\u2e80" <= char <= "\uffef"


def _abbreviates(before: str) -> bool:
    """Whether a full stop here belongs to the word before it: an abbreviation, an initial, the number of a list."""
    found = _WORD_BEFORE.search(before)
    if found is None:
        return False
    word = found[0]
    if word.isdigit():
        return not before[: found.start()].strip(" \t-*")
    return (len(word) == 1 and word not in "Ii") or word.lower() in _ABBREVIATIONS

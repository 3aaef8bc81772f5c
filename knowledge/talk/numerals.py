"""Small numbers as people write them in Chinese and English; called by the slots."""

from __future__ import annotations

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
CHINESE = "[零〇一二两俩三四五六七八九十百千万]"
_WORDS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_CARDINALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def chinese_number(text: str) -> int | None:
    """`两百五` → 250, `三千零二十` → 3020, `十二` → 12; None for what is no number."""
    if not text or not re.fullmatch(f"{CHINESE}+", text):
        return None
    head, _, tail = text.rpartition("万")
    if head:
        above, below = chinese_number(head), chinese_number(tail) if tail else 0
        return None if above is None or below is None else above * 10_000 + below
    total, digit, last = 0, 0, 0
    for char in text:
        if char in _UNITS:
            total += (digit or (1 if char == "十" else 0)) * _UNITS[char]
            digit, last = 0, _UNITS[char]
        else:
            digit = _DIGITS.get(char, 0)
            last = 0 if char in "零〇" else last
    if digit and last >= 100:  # 两百五: the unit below is left out
        return total + digit * last // 10
    return total + digit


def ordinal(word: str) -> int | None:
    """`second`, `2nd`, `two`, `二`, `2` → 2; None for anything else."""
    lower = word.lower()
    for words in (_WORDS, _CARDINALS):
        if lower in words:
            return words.index(lower) + 1
    if found := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", lower):
        return int(found[1])
    return chinese_number(word)

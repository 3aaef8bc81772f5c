"""KnownValues: finds the very values a customer's records hold in any text, however they are written there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from knowledge.vocabulary.narrow import narrow
from knowledge.vocabulary.personal import is_masked

KINDS = ("email", "phone", "name", "address")
_SHORTEST = {"email": 5, "phone": 7, "name": 2, "address": 4}
_BETWEEN_DIGITS = r"[\s().·-]*"
_BETWEEN = r"[\s,，、;；-]*"  # of an address
_HAN = re.compile(r"[\u2e80-\u9fff]")


class KnownValues:
    """Personal values by kind. Blanks, separators, case, full-width forms and a phone's country code don't hide one.

    Names count whole only: a single character, or one word of a Latin name, is left to its other meanings.
    """

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        kept = dict.fromkeys((kind, narrow(value).strip()) for kind, value in values if value and not is_masked(value))
        self.values = [(kind, value) for kind, value in kept if len(value) >= _SHORTEST[kind] and _tells(kind, value)]
        patterns = {_pattern(kind, value): kind for kind, value in self.values}
        ordered = sorted(patterns, key=len, reverse=True)  # the longest first: a street with its city before the street
        self._kinds = [patterns[pattern] for pattern in ordered]
        self._all = re.compile("|".join(f"({pattern})" for pattern in ordered), re.IGNORECASE) if ordered else None

    def replace(self, text: str, name: Callable[[str, str], str]) -> str:
        """The text with each value in it replaced by `name(kind, original)`."""
        if self._all is None:
            return text
        pieces, at = [], 0
        for found in self._all.finditer(narrow(text)):
            kind = self._kinds[(found.lastindex or 1) - 1]
            pieces += [text[at : found.start()], name(kind, text[slice(*found.span())])]
            at = found.end()
        return "".join([*pieces, text[at:]]) if pieces else text


def _tells(kind: str, value: str) -> bool:
    """Whether the value is one person's: a name of one word in Latin letters is too common a word."""
    if kind == "name" and not _HAN.search(value):
        return len(value.split()) > 1
    return kind != "address" or bool(re.search(r"\d", value)) or len(value) >= 6


def _pattern(kind: str, value: str) -> str:
    if kind == "phone":
        return _phone(value)
    if kind == "email":
        return rf"(?<![\w.+-]){re.escape(value)}(?![\w-])"
    if kind == "name":
        if _HAN.search(value):
            return r"[ ·•]?".join(re.escape(char) for char in re.sub(r"[\s·•]", "", value))
        return r"(?<!\w)" + r"[\s,.·-]+".join(re.escape(word) for word in value.split()) + r"(?!\w)"
    solid = re.sub(_BETWEEN, "", value)
    apart = r"(?<![A-Za-z0-9])" if solid[0].isascii() else ""
    return apart + _BETWEEN.join(re.escape(char) for char in solid) + (r"(?!\d)" if solid[-1].isdigit() else "")


def _phone(value: str) -> str:
    digits = re.sub(r"\D", "", value)
    national = re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", digits).lstrip("0")
    abroad = digits.removeprefix("00") if value.strip().startswith(("+", "00")) else national
    forms = dict.fromkeys((abroad, national))
    written = "|".join(_BETWEEN_DIGITS.join(form) for form in forms)
    country = rf"(?:(?:\+|00)?{_BETWEEN_DIGITS}86{_BETWEEN_DIGITS})?"
    return rf"(?<![A-Za-z0-9]){country}[+(]?0{{0,2}}(?:{written})(?![A-Za-z0-9])"

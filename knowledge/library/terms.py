"""What the trade calls things: finds a text's concepts, the same in both languages; ranking and the library use it."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("terms.toml")


@lru_cache(maxsize=50_000)
def concepts(text: str) -> frozenset[str]:
    """The concepts a text speaks of, whatever its language ("退款" and "refunded" are both `refund`)."""
    pattern, names = _compiled()
    return frozenset(names[match.lower()] for match in pattern.findall(text.lower()))


@lru_cache(maxsize=1)
def _compiled() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern of all entries, the longest first so that 付款失败 is not read as 付款; and whose each entry is."""
    names: dict[str, str] = {}
    for theme in tomllib.loads(_FILE.read_text("utf-8")).values():
        for concept, (chinese, english) in theme.items():
            names |= dict.fromkeys((*chinese, *english), concept)
    longest = sorted(names, key=lambda entry: (-len(entry), entry))
    return re.compile("|".join(_entry(entry) for entry in longest)), names


def _entry(entry: str) -> str:
    """Chinese anywhere; English from the start of a word."""
    return rf"(?<![a-z0-9]){re.escape(entry)}" if entry.isascii() else re.escape(entry)

"""In which language a customer's message is answered, and how a sentence begins; pure."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-z]{2,}(?:'[a-z]+)?")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENOUGH = 3  # English words that make a sentence: an order number or an `ok` changes no conversation's language


def spoken_in(text: str, otherwise: str) -> str:
    """zh-CN where there is Chinese, en where there are several English words, else the conversation's own."""
    if _CHINESE.search(text):
        return "zh-CN"
    return "en" if len(_WORD.findall(text)) >= _ENOUGH else otherwise


def sentence(text: str) -> str:
    """With a capital letter in front: a team's name may stand there (`the service team`)."""
    return text[:1].upper() + text[1:]

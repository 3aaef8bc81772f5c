"""claims: which sentences of a text say that we did something, or will; pure. The promise guard and the checks use it.

A claim is an assertion about a deed of ours (or of the shop, the carrier, the bank for us). Questions, offers, what
depends on the customer's consent, negations, descriptions of how things usually go, quotations, wishes and what the
customer did or is to do are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from knowledge.talk.claims_en import found_in as in_english
from knowledge.talk.claims_zh import found_in as in_chinese
from knowledge.talk.deeds import Kind

Found = tuple[Kind, str]

_FEW = 3  # English words in a Chinese sentence (a brand, a product) that may be a sentence of their own
_WORD = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONG, _SHARED = 400, 120  # characters; longer ones are read in pieces that overlap, so that no text takes long
_END = re.compile(r"(?<=[。！？!?；\n])|(?<=\.)(?=\s|$)|(?<=;)(?=\s)|(?<=…)(?=\s|[\u3400-\u9fff])")
# Chinese as it is written in Hong Kong and Taiwan says the same: pairs of characters.
_PAIRS = (
    "為为發发貨货訂订單单還还將将會会這这來来過过幫帮給给們们馬马處处換换後后錢钱總总價价額额變变經经聯联繫系絡络電电話话郵邮時时"
    "間间結结轉转專专員员復复覆复補补償偿賠赔與与從从帳账戶户庫库預预釋释銷销請请問问個个麼么樣样沒没無无誤误擔担確确認认說说寫写"
    "見见應应該该讓让證证辦办種种實实記记錄录錯错動动點点達达稍稍選选準准備备張张現现終终調调倉仓遞递週周進进緩缓攔拦題题級级報报"
)
_SIMPLE = str.maketrans(_PAIRS[::2], _PAIRS[1::2])


class Claim(msgspec.Struct, frozen=True):
    """That `deed` (one of DEEDS) was `done` or `will` be, as this sentence says."""

    sentence: str
    kind: Kind
    deed: str


def sentences(text: str) -> list[str]:
    """The text in sentences, their ends with them; joined they are the text but for blanks at the edges."""
    return [one.strip() for one in _END.split(text) if one.strip()]


def claims(text: str, language: str = "") -> list[Claim]:
    """Every claim of the text, in order, each once per sentence.

    Args:
        text: one or several sentences, Chinese and English mixed as they come.
        language: BCP 47 of the reader. Only for the caller's record: each sentence is read in what it is written in,
            so that nothing can be claimed in the other language.
    """
    found: list[Claim] = []
    for sentence in sentences(text):
        said = [found for piece in _pieces(sentence) for found in (*_chinese(piece), *_english(piece))]
        found += [Claim(sentence, kind, deed) for kind, deed in dict.fromkeys(said)]
    return found


def _pieces(sentence: str) -> Iterable[str]:
    last = max(len(sentence) - _SHARED, 1)
    return (sentence[at : at + _LONG] for at in range(0, last, _LONG - _SHARED))


def _chinese(sentence: str) -> Iterable[Found]:
    """A product's name in Chinese makes no Chinese sentence, but nobody can tell: both readers look at such a one."""
    return in_chinese(sentence.translate(_SIMPLE)) if _HAN.search(sentence) else ()


def _english(sentence: str) -> Iterable[Found]:
    words = _WORD.findall(sentence)
    return in_english(sentence) if len(words) >= (_FEW if _HAN.search(sentence) else 1) else ()

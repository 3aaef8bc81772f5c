"""Hashed words and character n-grams of Chinese and English texts in numpy: what a linear text model reads beside the
embedding; called when it is fitted and when it scores."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Row = tuple[NDArray[np.int64], NDArray[np.float32]]
"""The occupied columns of one text, and their values."""

_ID = re.compile(r"‹\w+:?\d*›|(?<![A-Za-z0-9])(?:[A-Za-z]{2,5}[-_#]?)?[0-9a-f]*\d[0-9a-f]*(?:-\d{2,})+|#?\d{5,}")
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[?!]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_ENGLISH_GRAMS = (3, 4, 5)
_CHINESE_GRAMS = (1, 2, 3)


def normalised(text: str) -> str:
    """The text in narrow letters without order numbers and the like: which number it is says nothing of the wish."""
    narrow = unicodedata.normalize("NFKC", text).replace("’", "'")
    return re.sub(r"\s+", " ", _ID.sub(" # ", narrow)).strip()


def grams(text: str) -> Iterator[str]:
    """The n-grams of a normalised text: words, pairs of words, character grams of 3 to 5 (Chinese: of 1 to 3)."""
    lower = text.lower()
    words = _WORD.findall(lower)
    yield from (f"w:{word}" for word in words)
    yield from (f"b:{one} {two}" for one, two in pairwise(words))
    for word in words:
        edged = f"<{word}>"
        yield from (f"c:{edged[at:at + n]}" for n in _ENGLISH_GRAMS for at in range(len(edged) - n + 1))
    for run in _HAN.findall(lower):
        edged = f"<{run}>"
        yield from (f"z:{edged[at:at + n]}" for n in _CHINESE_GRAMS for at in range(len(edged) - n + 1))


def hashed(text: str, columns: int) -> Row:
    """`1 + log(count)` of each n-gram in `columns` hashed columns; not yet weighted nor of unit length."""
    counts = Counter(zlib.crc32(gram.encode()) % columns for gram in grams(text))
    indexes = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
    values = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
    return indexes, np.asarray(1.0 + np.log(values), dtype=np.float32)


def weighted(row: Row, idf: NDArray[np.float32]) -> Row:
    """The row times the columns' inverse document frequency, made a unit vector."""
    indexes, values = row
    scaled = values * idf[indexes]
    length = float(np.linalg.norm(scaled))
    return indexes, np.asarray(scaled / length if length else scaled, dtype=np.float32)

"""narrow: full-width letters, digits and signs made narrow, place by place; for whatever looks for patterns in text."""

from __future__ import annotations

import re

# Digits, letters and ＠. Full-width punctuation alone is just Chinese.
_FULL = re.compile("[\uff10-\uff19\uff20-\uff3a\uff41-\uff5a]")
_TABLE = {0xFF01 + at: 0x21 + at for at in range(94)} | {0x3000: 0x20, 0x2212: 0x2D, 0x2010: 0x2D, 0x2013: 0x2D}


def narrow(text: str) -> str:
    """The text, as long as before; only one with full-width letters or digits changes, then in its signs, too."""
    return text.translate(_TABLE) if _FULL.search(text) else text

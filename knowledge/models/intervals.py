"""Intervals for rates: every share we print comes with one."""

from __future__ import annotations

import math

Z95 = 1.959964  # the normal distribution's 97.5 % point


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score; (0, 1) where nothing was seen (E. B. Wilson, 1927)."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, Z95 * Z95
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def rate(hits: int, of: int) -> dict[str, float]:
    """`{hits, of, rate, low, high}` with the 95 % interval."""
    low, high = wilson(hits, of)
    return {"hits": hits, "of": of, "rate": hits / of if of else 0.0, "low": low, "high": high}

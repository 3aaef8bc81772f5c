"""What is played for the harvest of seeds: every fault in all its variants, both languages, all kinds of customers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Story = tuple[str, dict[str, Any]]  # fault, options of the demo shop's `/_sandbox/scenario`

# What a customer does when asked; those who answer come twice as often.
ATTITUDES = ("answers", "answers", "declines", "silent", "words")
VIP_SHARE, GUEST_SHARE = 0.15, 0.08
# Nobody can be asked about these: no customer, or nothing that could be sent.
_ALONE = ("stock_inconsistent",)


def stories(variants: Mapping[str, Sequence[str]], seed: int) -> Iterator[Story]:
    """One story per fault, variant, language and attitude, shuffled; the same seed gives the same ones.

    `variants`: by fault, what its storyboard knows (none: it has only one shape).
    """
    rng = random.Random(seed)
    told = [
        (fault, _options(rng, variant, language, attitude))
        for fault, shapes in variants.items()
        for variant in (shapes or (None,))
        for language in ("zh-CN", "en")
        for attitude in (ATTITUDES[:1] if fault in _ALONE else ATTITUDES)
    ]
    rng.shuffle(told)
    yield from told


def _options(rng: random.Random, variant: str | None, language: str, attitude: str) -> dict[str, Any]:
    options: dict[str, Any] = {"language": language, "customer": attitude, "at_once": False}
    if variant is not None:
        options["variant"] = variant
    if rng.random() < VIP_SHARE:
        options["tier"] = "vip"
    elif rng.random() < GUEST_SHARE:
        options["guest"] = True
    return options

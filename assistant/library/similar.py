"""Solved cases like a given one: by its facts first, then by meaning; the similar-cases route calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.library.ports import CaseSource
from assistant.library.precedents import asked, like
from knowledge.library.library import Library
from knowledge.library.solved import Similar
from knowledge.phrases import language_of


def similar_cases(library: Library, source: CaseSource, case: Mapping[str, Any], limit: int = 3) -> list[Similar]:
    """The solved cases that are most like this one, best first; the case itself is never among them.

    Raises:
        UnavailableError: `library_unavailable`, `embedder_unavailable`.
    """
    order = source.order(str(case["checkout_id"])) if case.get("checkout_id") else None
    text = asked(case, order, language_of(str(case.get("language") or "en")))
    return library.search(text, limit=limit, exclude=str(case["id"]), like=like(case))

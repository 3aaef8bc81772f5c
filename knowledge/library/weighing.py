"""How much a past case is worth besides what it says: likeness of its facts, and how it turned out (row F5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from knowledge.library.reasons import Reason
from knowledge.library.solved import SolvedCase

# In the unit of a cosine: how far facts of the case that is asked about lift a precedent that shares them. The fault
# comes first whatever the words say (they add up to less); of one fault, cause and step move what is worded alike.
LIKENESS = {"fault": 2.0, "cause": 0.3, "step": 0.1, "severity": 0.05}
# How it turned out. Small beside what a case says: they order those that are alike, and lift nothing that is not.
CAME_BACK = -0.12
PER_RELAPSE, MOST_RELAPSES = -0.03, 3
PER_STAR, MIDDLING = 0.015, 3  # of the customer's rating, above or below the middle
RECENT, HALF_LIFE_DAYS = 0.02, 180.0
EXAMPLE = -0.03  # more than recency gives: a shop's own old case goes before an example that is as alike


class Like(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of the case that is asked about; whatever is empty is not compared."""

    faults: tuple[str, ...] = ()
    cause: str = ""
    step: str = ""
    severity: str = ""


def likeness(like: Like, case: SolvedCase) -> Iterator[Reason]:
    """The facts that both share."""
    same = {
        "fault": bool({case.fault, *case.faults} & set(like.faults)),
        "cause": bool(like.cause) and like.cause == case.cause and case.fault in like.faults,
        "step": bool(like.step) and like.step == case.step,
        "severity": bool(like.severity) and like.severity == case.severity,
    }
    for code, effect in LIKENESS.items():
        if same[code]:
            # of several faults the leading one counts whole, another one half
            whole = code != "fault" or case.fault == like.faults[0]
            yield Reason(code, effect if whole else effect / 2)


def turned_out(case: SolvedCase, now: datetime) -> Iterator[Reason]:
    """What became of it: did it stay solved, was the customer content, how long ago, and is it of this shop."""
    facts = case.metadata
    if not case.stayed_resolved:
        yield Reason("came_back", CAME_BACK)
    if relapses := int(facts.get("relapses", 0)):
        yield Reason("relapses", PER_RELAPSE * min(relapses, MOST_RELAPSES), relapses)
    if rating := int(facts.get("rating", 0)):
        stars = PER_STAR * (rating - MIDDLING)
        if stars:
            yield Reason("well_rated" if stars > 0 else "badly_rated", stars, rating)
    if case.example:
        yield Reason("example", EXAMPLE)
    elif (fresh := RECENT * _freshness(facts.get("resolved_at"), now)) >= RECENT / 10:
        yield Reason("recent", fresh)


def _freshness(at: Any, now: datetime) -> float:
    """1 for now, half of it after HALF_LIFE_DAYS, 0 where the time is not known."""
    try:
        solved = datetime.fromisoformat(str(at))
    except ValueError:
        return 0.0
    solved = solved if solved.tzinfo else solved.replace(tzinfo=UTC)
    days = max(0.0, (now - solved).total_seconds() / 86_400)
    return float(0.5 ** (days / HALF_LIFE_DAYS))

"""In which order suggestions are shown: policy's, moved by outcomes, by what people made of them, and by precedents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.copilot.options import Option
from assistant.copilot.texts import Words, listed, say
from assistant.followup.learning import Learning, Ranked
from assistant.store.tables import suggestions
from knowledge.library.solved import Similar
from knowledge.policies.preference import MIN_N, RAISE, SINK, Tally, lift

ACCEPTED, EDITED, REJECTED = "accepted", "edited", "rejected"
LEAST_SIMILAR = 3  # similar cases below which they move nothing
SIMILAR_LIFT = 0.3  # places at most: they break ties, and never do it alone


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one option stands, and on what that rests.

    `lift`: by how many places it moved, all together; `people` are decisions about it, `similar` precedents in which
    it was done (`n`) and stayed resolved (`good`).
    """

    option: Option
    place: int
    lift: float
    learned: Ranked
    people: Tally
    similar: Tally
    why: Words


def ranked(
    tx: sa.Connection, learning: Learning, options: Sequence[Option], precedents: Sequence[Similar]
) -> list[Place]:
    """The options best first. Nothing leaves its tier, and nothing moves by more than one place within it."""
    outcomes = {
        (one.fault, one.learned): learning.rank(tx, one.fault, [one.learned])[0] for one in options
    }  # fmt: skip
    decided = {(one.fault, one.option): verdicts(tx, one.fault, one.option) for one in options}
    alike = [similar_tally(one, precedents) for one in options]
    lifts = [
        _together(outcomes[one.fault, one.learned].lift, decided[one.fault, one.option], alike[i])
        for i, one in enumerate(options)
    ]
    order = sorted(range(len(options)), key=lambda i: (options[i].tier, i - lifts[i], i))
    return [
        Place(
            option=options[i], place=place, lift=round(lifts[i], 3),
            learned=outcomes[options[i].fault, options[i].learned],
            people=decided[options[i].fault, options[i].option], similar=alike[i],
            why=_why(outcomes[options[i].fault, options[i].learned], decided[options[i].fault, options[i].option],
                     alike[i]),
        )
        for place, i in enumerate(order, 1)
    ]  # fmt: skip


def verdicts(tx: sa.Connection, fault: str, option: str) -> Tally:
    """What people made of this suggestion for this fault: taken (also as edited) against rejected."""
    mine = (suggestions.c.fault == fault) & (suggestions.c.option == option)
    taken = suggestions.c.state.in_((ACCEPTED, EDITED))
    query = sa.select(sa.func.count(), sa.func.sum(sa.case((taken, 1), else_=0))).where(
        mine, taken | (suggestions.c.state == REJECTED)
    )
    n, good = tx.execute(query).one()
    return Tally(int(n), int(good or 0))


def similar_tally(option: Option, precedents: Sequence[Similar]) -> Tally:
    """Precedents of the same fault in which all the option's actions were done."""
    hits = _hits(option, precedents)
    return Tally(len(hits), sum(s.case.stayed_resolved for s in hits))


def precedent_weight(option: Option, precedents: Sequence[Similar]) -> tuple[float, float]:
    """The same precedents as outcomes, each counted by how alike it is: how many, and how many good ones."""
    hits = _hits(option, precedents)
    return sum(s.score for s in hits), sum(s.score for s in hits if s.case.stayed_resolved)


def _hits(option: Option, precedents: Sequence[Similar]) -> list[Similar]:
    actions = set(option.learned.split("+"))
    return [
        s for s in precedents
        if s.case.fault == option.fault and actions <= {step.action for step in s.case.tried if step.status == "done"}
    ]  # fmt: skip


def expected_json(place: Place) -> dict[str, Any]:
    """What became of it before: outcomes with their interval, decisions of people, precedents."""
    return {
        "good": place.learned.good, "expected": round(place.learned.expected, 4),
        "people": {"n": place.people.n, "accepted": place.people.good},
        "similar": {"n": place.similar.n, "stayed_resolved": place.similar.good},
        "lift": place.lift, "least": MIN_N,
    }  # fmt: skip


def _together(outcome: float, people: Tally, alike: Tally) -> float:
    extra = 0.0
    if alike.n >= LEAST_SIMILAR:
        extra = SIMILAR_LIFT * (2 * alike.good / alike.n - 1)
    return max(-SINK, min(RAISE, outcome + lift(people) + extra))


def _why(learned: Ranked, people: Tally, alike: Tally) -> Words:
    known = {"zh-CN": f"{learned.reason['zh-CN']}。", "en": f"{learned.reason['en']}."}
    parts: list[Words] = [known if learned.good["of"] else say("rank.policy")]
    if people.n:
        parts.append(say("rank.people", n=people.n, good=people.good))
    if alike.n:
        parts.append(say("rank.similar", n=alike.n, good=alike.good))
    return listed(parts)

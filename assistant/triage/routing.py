"""Who a case should go to: the people who could take it, best first, with figures and a sentence why; pure.

The routing desk calls it with everybody on the register, and the assignments of the case's episode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal

import msgspec

from knowledge.phrases import LANGUAGES
from knowledge.phrases.labels import in_both, label
from knowledge.vocabulary.codes import FaultCode

ANY = "*"
SENIOR = ("senior_agent", "supervisor", "administrator")
_IN_CHARGE = ("supervisor", "administrator")  # cases go to them last: what nobody takes up is theirs anyway
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Relaxed = Literal["skill", "language", "refused"]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the register as they are now. `load` is open cases; `role` and `skills` are codes."""

    id: str
    name: str
    role: str = "agent"
    skills: frozenset[str] = frozenset({ANY})
    languages: tuple[str, ...] = ()
    on_shift: bool = True
    away: bool = False
    load: int = 0
    capacity: int = 8
    last_assigned_at: datetime | None = None
    refused: bool = False  # handed this case back, or let it lapse, in this episode

    @property
    def is_free(self) -> bool:
        """Whether they can be given a case now."""
        return self.on_shift and not self.away and self.load < self.capacity


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a case asks of whoever takes it: the leading fault's code, the customer's language, how much is at stake."""

    fault: str
    language: str | None = None
    vip: bool = False
    high_value: bool = False

    @property
    def is_unknown(self) -> bool:
        """Whether it looks like nothing that is known."""
        return self.fault == FaultCode.UNKNOWN_ANOMALY

    @property
    def wants_senior(self) -> bool:
        """Whether the more experienced go first."""
        return self.vip or self.high_value or self.is_unknown


class Suited(msgspec.Struct, frozen=True):
    """Somebody who can take the case, among all who can; the words are made when they are asked for."""

    candidate: Candidate
    among: list[Candidate]  # best first
    needs: Needs
    relaxed: tuple[Relaxed, ...]

    @property
    def terms(self) -> dict[str, Any]:
        """The figures they were chosen by, as JSON."""
        return _terms(self.candidate, self.among, self.needs, self.relaxed)

    @property
    def why(self) -> dict[str, str]:
        """The figures in words, by language."""
        clauses = _clauses(self.candidate, self.among, self.needs, self.relaxed)
        return _sentence(clauses, self.candidate, self.among, self.needs)


class Ranking(msgspec.Struct, frozen=True):
    """`people` best first; without any, `nobody` says why: `no_staff`, `off_shift`, `suited_off_shift` or `full`."""

    people: list[Suited]
    nobody: str | None = None


def rank(everybody: Iterable[Candidate], needs: Needs, *, waits: bool = True) -> Ranking:
    """Who could take the case now, best first.

    The fault's skill and the customer's language are demanded where anybody who isn't away has them; while `waits`, a
    case rather waits for such a person than goes to another. Where nobody has both, the language is kept and the skill
    given up. Whoever refused it comes last, alone. Important customers, orders of high value and unknown faults go to
    seniors first; then the least loaded for their capacity, then whoever has gone longest without a new case.
    """
    people = [one for one in everybody if not one.away]
    if not people:
        return Ranking([], "no_staff")
    pool, relaxed = _suitable(people if waits else [one for one in people if one.is_free], needs)
    free = [one for one in pool if one.is_free]
    if not free:
        return Ranking([], _why_nobody(people, pool))
    if willing := [one for one in free if not one.refused]:
        free = willing
    elif waits and any(not one.refused for one in pool):
        return Ranking([], _why_nobody(people, [one for one in pool if not one.refused]))
    else:
        relaxed = (*relaxed, "refused")
    ordered = sorted(free, key=lambda one: _place(one, needs))
    return Ranking([Suited(one, ordered, needs, relaxed) for one in ordered])


def _suitable(people: Sequence[Candidate], needs: Needs) -> tuple[list[Candidate], tuple[Relaxed, ...]]:
    """Those who meet what the case demands, and which demands had to be given up."""

    def skilled(one: Candidate) -> bool:
        return _has_skill(one, needs)

    def speaks(one: Candidate) -> bool:
        return _speaks(one, needs.language)

    tries: tuple[tuple[Callable[[Candidate], bool], tuple[Relaxed, ...]], ...] = (
        (lambda one: skilled(one) and speaks(one), ()), (speaks, ("skill",)), (skilled, ("language",)),
    )  # fmt: skip
    for fits, relaxed in tries:
        if found := [one for one in people if fits(one)]:
            return found, relaxed
    return list(people), ("skill", "language")


def could_take(everybody: Iterable[Candidate], needs: Needs) -> list[Candidate]:
    """Those who would be asked if they were free, whether or not they are at work."""
    return _suitable([one for one in everybody if not one.away], needs)[0]


def _has_skill(one: Candidate, needs: Needs) -> bool:
    return ANY in one.skills or needs.fault in one.skills or (needs.is_unknown and one.role in SENIOR)


def _speaks(one: Candidate, language: str | None) -> bool:
    wanted = _tongue(language)
    return not wanted or any(_tongue(own) == wanted for own in one.languages)


def _tongue(tag: str | None) -> str:
    """A language without its region: whoever speaks zh-CN is asked for zh-TW, too."""
    return (tag or "").strip().lower().replace("_", "-").split("-")[0]


def _place(one: Candidate, needs: Needs) -> tuple[int, Fraction, datetime, str]:
    return _tier(one, needs), Fraction(one.load, one.capacity), one.last_assigned_at or _LONG_AGO, one.id


def _tier(one: Candidate, needs: Needs) -> int:
    if not needs.wants_senior:
        return 1 if one.role in _IN_CHARGE else 0
    if one.role in SENIOR:
        return 1 if one.role in _IN_CHARGE else 0
    return 2 if needs.is_unknown and ANY in one.skills else 3


def _why_nobody(people: Sequence[Candidate], pool: Sequence[Candidate]) -> str:
    if not any(one.on_shift for one in people):
        return "off_shift"
    if not any(one.on_shift for one in pool):
        return "suited_off_shift"
    return "full"


# -- why ------------------------------------------------------------------------------------------------------------

_WHY: dict[str, tuple[str, str]] = {
    "skill": ("能处理“{fault}”", "handles “{fault}”"),
    "no_skill": (
        "目前无人专门处理“{fault}”，故放宽此项",
        "nobody available is trained for “{fault}”, so that was given up",
    ),
    "language": ("会说{language}", "speaks {language}"),
    "no_language": ("目前无人会说{language}，故放宽此项", "nobody available speaks {language}, so that was given up"),
    "refused": (
        "曾退回或未及时接手，但没有其他人选",
        "gave it back or did not take it up before, but there is nobody else",
    ),
    "vip": ("{role}，因为顾客是重要客户", "{role}, because the customer is important"),
    "high_value": ("{role}，因为订单金额高", "{role}, because the order is of high value"),
    "unknown": (
        "{role}，因为故障类型未知；相似历史个案见本个案",
        "{role}, because the fault is of no known kind; similar past cases are on the case",
    ),
    "no_senior": ("没有空闲的高级客服", "no senior is free"),
    "load": ("手上有 {load} 个个案（上限 {capacity}）", "has {load} of {capacity} cases"),
    "only": ("目前唯一可接手的人", "the only one who is free"),
    "least": ("在 {considered} 名合适人员中相对负荷最低", "the least loaded of {considered}"),
    "longest": ("负荷相同者中最久未接新个案", "longest without a new case among the equally loaded"),
}
_LANGUAGES = {"zh": ("中文", "Chinese"), "en": ("英语", "English")}


def _terms(
    one: Candidate, ordered: Sequence[Candidate], needs: Needs, relaxed: Sequence[Relaxed]
) -> dict[str, Any]:
    return {
        "fault": needs.fault, "skill": _has_skill(one, needs), "language": needs.language,
        "speaks": _speaks(one, needs.language), "role": one.role, "vip": needs.vip, "high_value": needs.high_value,
        "load": one.load, "capacity": one.capacity, "considered": len(ordered), "place": ordered.index(one) + 1,
        "last_assigned_at": one.last_assigned_at.isoformat() if one.last_assigned_at else None,
        "relaxed": list(relaxed),
    }  # fmt: skip


def _clauses(one: Candidate, ordered: Sequence[Candidate], needs: Needs, relaxed: Sequence[Relaxed]) -> list[str]:
    said = ["no_skill" if "skill" in relaxed and not _has_skill(one, needs) else "skill"]
    if needs.language:
        said.append("no_language" if not _speaks(one, needs.language) else "language")
    if needs.wants_senior:
        if one.role in SENIOR:
            said.append("vip" if needs.vip else "high_value" if needs.high_value else "unknown")
        else:
            said.append("no_senior")
    said.append("load")
    peers = [other for other in ordered if _tier(other, needs) == _tier(one, needs)]
    equal = [other for other in peers if _place(other, needs)[1] == _place(one, needs)[1]]
    if len(ordered) == 1:
        said.append("only")
    elif ordered[0] is one and len(peers) > 1:
        said.append("longest" if len(equal) > 1 else "least")
    return [*said, "refused"] if "refused" in relaxed else said


def _sentence(
    clauses: Sequence[str], one: Candidate, ordered: Sequence[Candidate], needs: Needs
) -> dict[str, str]:
    fault, tongue = in_both("fault", needs.fault), _tongue(needs.language)
    why = {}
    for place, language in enumerate(LANGUAGES):
        words = {
            "fault": fault[language], "language": _LANGUAGES.get(tongue, (needs.language or "",) * 2)[place],
            "role": label("role", one.role, language), "load": one.load, "capacity": one.capacity,
            "considered": sum(_tier(other, needs) == _tier(one, needs) for other in ordered),
        }  # fmt: skip
        why[language] = ("；" if language == "zh-CN" else "; ").join(_WHY[c][place].format(**words) for c in clauses)
    return why

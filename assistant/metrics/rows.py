"""What the figures count: episodes of cases, answers, money given, promises, messages; read lean by `figures`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import UserDefinedType

from assistant.metrics.periods import Period
from assistant.store.batches import among
from assistant.store.tables import cases, messages, past_endings, plan_steps, plans, spending
from assistant.store.tables_people import feedback, promises
from assistant.store.types import UtcDateTime
from assistant.triage.levels import Level, level_of
from knowledge.faults.catalogue import ORDER
from knowledge.vocabulary.codes import LIVE_STATUSES
from knowledge.vocabulary.money import Money

NONE = "none"  # the playbook of an episode in which no plan was begun
UNKNOWN = "unknown"  # of what belongs to no case that we know
_RANKS = {str(code): rank for rank, code in enumerate(ORDER)}
_LIVE = tuple(sorted(LIVE_STATUSES))


class Episode(msgspec.Struct, gc=False):
    """One time that a case was open: from its detection to its ending, if it has ended. Times are aware UTC."""

    case_id: str
    episode: int
    severity: str
    fault_codes: str
    status: str
    live: bool
    value_amount: int | None
    value_currency: str | None
    detectable_at: datetime
    detected_at: datetime
    queued_at: datetime
    due_at: datetime
    first_action_at: datetime | None
    told_at: datetime | None
    handed_off_at: datetime | None
    waited_seconds: float
    done_at: datetime | None
    done_waited: float | None
    merged_into: str | None
    resolved_at: datetime | None
    resolution: str | None
    proven_at: datetime | None
    episode_plan: int
    plan_version: int
    waiting_since: datetime | None = None  # for the customer's answer
    reopened_at: datetime | None = None  # when the case came back after this episode
    within: bool = False  # came back as unfinished: the same episode goes on
    playbook: str = NONE
    fault: str = ""
    level: Level | None = None

    @property
    def of(self) -> Episode:
        """Itself: what every entry has."""
        return self

    @property
    def ref(self) -> str:
        """An episode is named by its case."""
        return ""

    @property
    def value(self) -> Money | None:
        """The order's value."""
        return Money(self.value_amount, self.value_currency) if self.value_currency and self.value_amount else None


class Answer(msgspec.Struct, gc=False):
    """A customer asked how it was, and what they said (1 bad … 5 good)."""

    of: Episode
    ref: str
    asked_at: datetime | None
    answered_at: datetime | None
    rating: int | None


class Given(msgspec.Struct, gc=False):
    """Money that a step gave away."""

    of: Episode
    ref: str
    at: datetime
    money: Money


class Promise(msgspec.Struct, gc=False):
    """A promise to a customer; state `open`, `kept`, `broken` or `cancelled` (a broken one may be kept late)."""

    of: Episode
    ref: str
    state: str
    due_at: datetime
    broken_at: datetime | None


class Message(msgspec.Struct, gc=False):
    """A message to a customer."""

    of: Episode
    ref: str
    state: str
    at: datetime


Entry = Episode | Answer | Given | Promise | Message
Entries = Mapping[str, list[Any]]
"""By source: `episodes`, `answers`, `given`, `promises`, `messages`."""

_SHARED = tuple(name for name in Episode.__struct_fields__[: Episode.__struct_fields__.index("waiting_since")])


class _Raw(UserDefinedType[Any]):
    """As the driver gives it: a hundred thousand rows have a million times in them, `made` reads them faster."""

    cache_ok = True


def _lean(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return sa.type_coerce(column, _Raw()) if isinstance(column.type, UtcDateTime) else column


CURRENT = [_lean(c) for c in (cases.c.id, *(cases.c[name] for name in _SHARED[1:]), cases.c.waiting_since)]
"""Columns that `made` makes an episode of: of a case as it stands."""
PAST = [
    *(_lean(past_endings.c[name]) for name in _SHARED), sa.null().label("waiting_since"),
    _lean(past_endings.c.reopened_at), past_endings.c.within,
]  # fmt: skip
"""The same of an ending that its case's row has forgotten."""
_TIMES = [n for n, name in enumerate(Episode.__struct_fields__[: len(PAST)]) if name.endswith(("_at", "_since"))]


def leading_fault(codes: str) -> str:
    """Of a case's faults (`,a,b,`) the one that is treated first: the group it counts in."""
    named = [code for code in codes.split(",") if code]
    return min(named, key=lambda code: (_RANKS.get(code, len(_RANKS)), code), default=UNKNOWN)


def made(rows: Iterable[Any]) -> Iterator[Episode]:
    """Episodes of rows with the columns `CURRENT` or `PAST`; their level is left open."""
    faults: dict[str, str] = {}
    for row in rows:
        values = list(row)
        for place in _TIMES:
            if place < len(values) and (at := values[place]).__class__ is str:  # SQLite's, in UTC without saying so
                values[place] = datetime.fromisoformat(at + "+00:00")
        episode = Episode(*values)
        if (fault := faults.get(episode.fault_codes)) is None:
            fault = faults[episode.fault_codes] = leading_fault(episode.fault_codes)
        episode.fault = fault
        yield episode


def load(tx: sa.Connection, period: Period, now: datetime, *, playbooks: bool) -> Entries:
    """Everything a figure of this period, or of the one before, or of this moment may count.

    `playbooks`: also which playbook was at work, which costs a look at all plans of these cases.
    """
    episodes = _episodes(tx, _any_time_in(period))
    others = _answers(tx, period), _given(tx, period), _promises(tx, period), _messages(tx, period)
    loaded = {(e.case_id, e.episode) for e in episodes}
    wanted = {row[0] for rows in others for row in rows if (row[0], row[1]) not in loaded}
    if wanted:
        more = _episodes(tx, lambda table, key: among(tx, key, sorted(wanted)))
        episodes += [e for e in more if (e.case_id, e.episode) not in loaded]
    known = Known(episodes)
    if playbooks:
        _name_playbooks(tx, episodes)
    for episode in episodes:
        if period.start <= episode.detectable_at < period.end:
            episode.level = level(episode, now)
    answers, given, promised, sent = others
    return {
        "episodes": episodes,
        "answers": [Answer(known.of(case_id, episode), "", *rest) for case_id, episode, *rest in answers],
        "given": [
            Given(known.at(case_id, at), ref, at, Money(amount, currency))
            for case_id, _, ref, at, amount, currency in given
        ],
        "promises": [Promise(known.of(case_id, episode), *rest) for case_id, episode, *rest in promised],
        "messages": [Message(known.of(case_id, episode), *rest) for case_id, episode, *rest in sent],
    }


class Known:
    """Episodes by case, to find the one that something else belongs to."""

    def __init__(self, episodes: Iterable[Episode]) -> None:
        self._by_case: dict[str, list[Episode]] = {}
        for episode in episodes:
            self._by_case.setdefault(episode.case_id, []).append(episode)
        for rows in self._by_case.values():
            rows.sort(key=lambda e: e.episode)

    def of(self, case_id: str, episode: int) -> Episode:
        """The episode of that number; where that was forgotten, the case's nearest one."""
        rows = self._by_case.get(case_id)
        if not rows:
            return _stranger(case_id, episode)
        return min(rows, key=lambda e: abs(e.episode - episode)) if len(rows) > 1 else rows[0]

    def at(self, case_id: str, at: datetime) -> Episode:
        """The case's episode at that time."""
        rows = self._by_case.get(case_id)
        if not rows:
            return _stranger(case_id, 1)
        return next((e for e in reversed(rows) if e.detected_at <= at), rows[0])


# -- parts ----------------------------------------------------------------------------------------------------------


def _any_time_in(period: Period) -> Any:
    """Whether one of the times that place an episode lies in the period, or it is still open."""

    def condition(table: sa.Table, key: Any) -> sa.ColumnElement[bool]:
        times = (table.c.detected_at, table.c.resolved_at, table.c.first_action_at, table.c.detectable_at)
        inside = [(at >= period.start) & (at < period.end) for at in times]
        return sa.or_(*inside, table.c.status.in_(_LIVE))

    return condition


def _episodes(tx: sa.Connection, condition: Any) -> list[Episode]:
    current = sa.select(*CURRENT).where(condition(cases, cases.c.id))
    past = sa.select(*PAST).where(condition(past_endings, past_endings.c.case_id), ~past_endings.c.within)
    return [*made(tx.execute(current).all()), *made(tx.execute(past).all())]


def level(episode: Episode, now: datetime) -> Level:
    """How its service level stands."""
    return level_of({**msgspec.structs.asdict(episode), "id": episode.case_id}, now)


def _name_playbooks(tx: sa.Connection, episodes: list[Episode]) -> None:
    """The playbook of an episode is the fault whose plan was begun last in it: one step of it at least was done."""
    begun = sa.select(plans.c.case_id, plans.c.version, plans.c.fault).where(
        sa.exists().where(
            plan_steps.c.case_id == plans.c.case_id, plan_steps.c.version == plans.c.version,
            plan_steps.c.status == "done",
        ),
        among(tx, plans.c.case_id, sorted({e.case_id for e in episodes})),
    )  # fmt: skip
    by_case: dict[str, list[tuple[int, str]]] = {}
    for case_id, version, fault in tx.execute(begun):
        by_case.setdefault(case_id, []).append((version, fault))
    for episode in episodes:
        mine = [b for b in by_case.get(episode.case_id, ()) if episode.episode_plan <= b[0] <= episode.plan_version]
        episode.playbook = max(mine)[1] if mine else NONE


def _answers(tx: sa.Connection, period: Period) -> list[Any]:
    """From the period before on: satisfaction is compared with it."""
    before = period.previous()
    asked = (feedback.c.asked_at >= period.start) & (feedback.c.asked_at < period.end)
    answered = (feedback.c.answered_at >= before.start) & (feedback.c.answered_at < period.end)
    names = ("case_id", "episode", "asked_at", "answered_at", "rating")
    return _tuples(tx, [feedback.c[n] for n in names], asked | answered)


def _given(tx: sa.Connection, period: Period) -> list[Any]:
    names = ("step_id", "at", "amount", "currency")
    inside = (spending.c.at >= period.start) & (spending.c.at < period.end)
    return _tuples(tx, [spending.c.case_id, sa.literal(0), *(spending.c[n] for n in names)], inside)


def _promises(tx: sa.Connection, period: Period) -> list[Any]:
    names = ("case_id", "episode", "id", "state", "due_at", "broken_at")
    due = (promises.c.due_at >= period.start) & (promises.c.due_at < period.end)
    return _tuples(tx, [promises.c[n] for n in names], due | (promises.c.state == "open"))


def _messages(tx: sa.Connection, period: Period) -> list[Any]:
    names = ("case_id", "episode", "dedupe_key", "state", "at")
    inside = (messages.c.at >= period.start) & (messages.c.at < period.end)
    return _tuples(tx, [messages.c[n] for n in names], inside)


def _tuples(tx: sa.Connection, columns: list[Any], where: sa.ColumnElement[bool]) -> list[Any]:
    """Case and episode (0 where it isn't said) first."""
    return list(tx.execute(sa.select(*columns).where(where)).all())


def _stranger(case_id: str, episode: int) -> Episode:
    """Stands for an episode of a case that is not there."""
    never = datetime.min.replace(tzinfo=UTC)
    return Episode(
        case_id, episode, UNKNOWN, "", UNKNOWN, False, None, None, never, never, never, never, None, None, None, 0.0,
        None, None, None, None, None, None, 0, 0, fault=UNKNOWN,
    )  # fmt: skip

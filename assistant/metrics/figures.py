"""Counts figures: of a period, filtered and grouped, and the cases behind each number; API, report and page call it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, get_args

import msgspec

from assistant.metrics.definitions import FIGURES, Figure
from assistant.metrics.periods import SPANS, Period, parse_period
from assistant.metrics.rows import NONE, Entries, Entry, load
from assistant.store.engine import Store
from knowledge.faults.catalogue import ORDER
from knowledge.models.intervals import wilson
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Severity
from knowledge.vocabulary.errors import InputError, NotFoundError
from knowledge.vocabulary.money import Money

GroupBy = Literal["severity", "fault", "playbook", "day", "week", "month"]
Part = Literal["numerator", "denominator"]
_FAULTS = tuple(str(code) for code in ORDER)
_FILTERS: dict[str, tuple[str, ...]] = {
    "severity": tuple(str(s) for s in Severity),
    "fault": tuple(str(code) for code in FaultCode),
    "playbook": (*(str(code) for code in FaultCode), NONE),
}


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: a period, which cases count (all where a filter is empty), and how they are grouped."""

    period: Period
    group_by: GroupBy | None = None
    severity: frozenset[str] = frozenset()
    fault: frozenset[str] = frozenset()
    playbook: frozenset[str] = frozenset()

    def takes(self, entry: Entry) -> bool:
        """Whether its case passes the filters; a case counts by its leading fault."""
        of = entry.of
        return (
            (not self.severity or of.severity in self.severity)
            and (not self.fault or of.fault in self.fault)
            and (not self.playbook or of.playbook in self.playbook)
        )

    @property
    def asks_playbooks(self) -> bool:
        """Whether it matters which playbook was at work."""
        return self.group_by == "playbook" or bool(self.playbook)


class Tally(msgspec.Struct, frozen=True):
    """A number and what is behind it: seconds, a share, a count, or money by currency; None where nothing is counted.

    `counted` and `hits` are the entries of the denominator and of the numerator.
    """

    value: Any
    numerator: float
    denominator: int | None
    counted: Sequence[Entry]
    hits: Sequence[Entry]
    interval: tuple[float, float] | None = None
    previous: Tally | None = None


class Counted(msgspec.Struct, frozen=True):
    """One figure of a query: the whole, its breakdowns, and its groups (None where it can't be grouped so)."""

    figure: Figure
    whole: Tally
    by: dict[str, dict[str, Tally]]
    groups: dict[str, Tally] | None


def make_query(
    default_zone: str, now: datetime, *, start: str | None = None, end: str | None = None, zone: str | None = None,
    group_by: str | None = None, severity: str | None = None, fault: str | None = None, playbook: str | None = None,
) -> Query:  # fmt: skip
    """A query from what somebody wrote; filters are codes separated by commas.

    Raises:
        InputError: names the field: see `parse_period`; `invalid_group_by`, `invalid_filter`.
    """
    if group_by and group_by not in get_args(GroupBy):
        raise InputError("invalid_group_by", "group_by", f"must be one of {', '.join(get_args(GroupBy))}")
    period = parse_period(start, end, zone, default_zone, now)
    grouping: Any = group_by or None
    if grouping in SPANS:
        period.keys(grouping)  # refuses too many
    given = {"severity": severity, "fault": fault, "playbook": playbook}
    return Query(period=period, group_by=grouping, **{name: _codes(name, text) for name, text in given.items()})


def figure_of(figure_id: str) -> Figure:
    """The figure of that id.

    Raises:
        NotFoundError: `figure_not_found` names those there are.
    """
    if figure_id not in FIGURES:
        raise NotFoundError("figure_not_found", f"there is no figure {figure_id!r}; there are {', '.join(FIGURES)}")
    return FIGURES[figure_id]


def count_all(store: Store, query: Query, now: datetime) -> dict[str, Counted]:
    """Every figure by its id."""
    return count(load_for(store, query, now), query)


def load_for(store: Store, query: Query, now: datetime) -> Entries:
    """What the query's figures count, from one look at the database: `count` may then group it in several ways."""
    with store.read() as tx:
        return load(tx, query.period, now, playbooks=query.asks_playbooks)


def count(entries: Entries, query: Query) -> dict[str, Counted]:
    """Every figure of what was loaded. All figures have the same groups, the empty ones, too."""
    taken = {source: [e for e in rows if query.takes(e)] for source, rows in entries.items()}
    counted = {f.id: _in_period(f, taken[f.source], query.period) for f in FIGURES.values()}
    keys = _group_keys(query, counted) if query.group_by else []
    found = {}
    for figure in FIGURES.values():
        mine = counted[figure.id]
        before = _in_period(figure, taken[figure.source], query.period.previous()) if figure.kind == "change" else []
        by = {name: _partition(figure, mine, before, _BY[name], _KEYS[name]) for name in figure.by}
        groups = None
        if query.group_by and _can_group(figure, query.group_by):
            groups = _partition(figure, mine, before, _key_of(figure, query), keys)
        found[figure.id] = Counted(figure, tally(figure, mine, before), by, groups)
    return found


def tally(figure: Figure, counted: Sequence[Entry], before: Sequence[Entry] = ()) -> Tally:
    """The number that these entries make; `before` are those of the period before, for a change."""
    hits = [e for e in counted if figure.hits(e)]
    of = len(counted)
    if figure.kind == "count":
        return Tally(of, of, None, counted, counted)
    if figure.kind == "share":
        interval = wilson(len(hits), of) if of else None
        return Tally(len(hits) / of if of else None, len(hits), of, counted, hits, interval)
    if figure.kind == "money":
        return Tally(_sums(figure, counted) if of else None, len(hits), of, counted, hits)
    if figure.kind == "change":
        return _change(figure, counted, hits, before)
    seconds = [_seconds(figure, e) for e in counted]
    if figure.kind == "mean":
        total = round(math.fsum(seconds), 6)
        return Tally(round(total / of, 6) if of else None, total, of, counted, counted)
    at_least = p95(seconds)
    slowest = [e for e, took in zip(counted, seconds, strict=True) if at_least is not None and took >= at_least]
    return Tally(at_least, len(slowest), of, counted, slowest)


def p95(values: Iterable[float]) -> float | None:
    """The 95th percentile by nearest rank: the smallest value that at least 95 in 100 don't exceed; None of none."""
    ordered = sorted(values)
    return ordered[-(-95 * len(ordered) // 100) - 1] if ordered else None


def members(counted: Counted, part: str, group: str | None) -> Sequence[Entry]:
    """The entries behind a figure's number, or behind one group's, earliest first.

    Raises:
        InputError: `invalid_part`, `invalid_group`.
    """
    if part not in get_args(Part):
        raise InputError("invalid_part", "part", "must be numerator or denominator")
    if part == "denominator" and counted.whole.denominator is None:
        raise InputError("invalid_part", "part", f"{counted.figure.id} is a count: it has a numerator only")
    behind = counted.whole
    if group is not None:
        if counted.groups is None or group not in counted.groups:
            raise InputError("invalid_group", "group", "is no group of this figure; ask with group_by")
        behind = counted.groups[group]
    return sorted(behind.hits if part == "numerator" else behind.counted, key=lambda e: place(counted.figure, e))


def place(figure: Figure, entry: Entry) -> tuple[str, str, int, str]:
    """Where an entry stands in a list of those behind a number."""
    return time_of(figure, entry).astimezone(UTC).isoformat(), entry.of.case_id, entry.of.episode, entry.ref


def time_of(figure: Figure, entry: Entry) -> datetime:
    """The time by which it counts; of how things stand now, since when its case is known."""
    return (figure.at(entry) if figure.at else None) or entry.of.detected_at


def measured(figure: Figure, entry: Entry) -> float | Money | None:
    """What it adds: seconds, money, or nothing."""
    value = figure.measure(entry)
    return round(value, 6) if isinstance(value, float) else value


# -- parts ----------------------------------------------------------------------------------------------------------


def _in_period(figure: Figure, entries: Iterable[Any], period: Period) -> list[Any]:
    at, among = figure.at, figure.among
    if at is None:
        return [e for e in entries if among(e)]
    start, end = period.start, period.end
    return [e for e in entries if (when := at(e)) is not None and start <= when < end and among(e)]


def _partition(
    figure: Figure, counted: Iterable[Entry], before: Iterable[Entry], key: Callable[[Entry], str],
    keys: Sequence[str],
) -> dict[str, Tally]:  # fmt: skip
    now: dict[str, list[Entry]] = {name: [] for name in keys}
    then: dict[str, list[Entry]] = {}
    for entries, by in ((counted, now), (before, then)):
        for entry in entries:
            by.setdefault(key(entry), []).append(entry)
    return {name: tally(figure, entries, then.get(name, [])) for name, entries in now.items()}


def _can_group(figure: Figure, group_by: str) -> bool:
    """How things stand now has no days; a day's change would need the day before."""
    return group_by not in SPANS or (figure.at is not None and figure.kind != "change")


def _key_of(figure: Figure, query: Query) -> Callable[[Entry], str]:
    span: Any = query.group_by
    if span not in SPANS:
        return _BY[span]
    known: dict[int, str] = {}  # by minute: no clock is put forward or back within one

    def key(entry: Entry) -> str:
        at = time_of(figure, entry)
        minute = int(at.timestamp()) // 60
        if (found := known.get(minute)) is None:
            found = known[minute] = query.period.key(at, span)
        return found

    return key


def _group_keys(query: Query, counted: dict[str, list[Any]]) -> list[str]:
    """All groups in order: every day of the period, every severity, and of faults those that occur."""
    span: Any = query.group_by
    if span in SPANS:
        return query.period.keys(span)
    there = {_BY[span](e) for rows in counted.values() for e in rows}
    if span == "severity":
        there |= set(_KEYS["severity"])
    order = (*_KEYS["severity"], *_FAULTS)
    return sorted(there, key=lambda name: (order.index(name) if name in order else len(order), name))


_BY: dict[str, Callable[[Any], str]] = {
    "severity": lambda e: e.of.severity, "status": lambda e: e.of.status, "fault": lambda e: e.of.fault,
    "playbook": lambda e: e.of.playbook,
}  # fmt: skip
_KEYS: dict[str, tuple[str, ...]] = {
    "severity": tuple(str(s) for s in Severity),
    "status": tuple(str(s) for s in CaseStatus if s not in (CaseStatus.RESOLVED, CaseStatus.CLOSED)),
}


def _seconds(figure: Figure, entry: Entry) -> float:
    value = figure.measure(entry)
    return round(value, 6) if isinstance(value, float) else 0.0


def _sums(figure: Figure, counted: Iterable[Entry]) -> list[dict[str, Any]]:
    """Money by currency, in the order of the currencies' codes."""
    sums: dict[str, int] = {}
    for entry in counted:
        money = figure.measure(entry)
        if isinstance(money, Money):
            sums[money.currency] = sums.get(money.currency, 0) + money.amount
    return [{"amount": amount, "currency": currency} for currency, amount in sorted(sums.items())]


def _change(figure: Figure, counted: Sequence[Entry], hits: Sequence[Entry], before: Sequence[Entry]) -> Tally:
    """The difference of two shares, with Newcombe's interval from Wilson's (R. G. Newcombe, 1998, method 10)."""
    earlier = [e for e in before if figure.hits(e)]
    previous = Tally(len(earlier) / len(before) if before else None, len(earlier), len(before), before, earlier)
    share = len(hits) / len(counted) if counted else None
    if share is None or previous.value is None:
        return Tally(None, len(hits), len(counted), counted, hits, None, previous)
    (low, high), (low0, high0) = wilson(len(hits), len(counted)), wilson(len(earlier), len(before))
    change = share - previous.value
    interval = (
        change - math.hypot(share - low, high0 - previous.value),
        change + math.hypot(high - share, previous.value - low0),
    )
    return Tally(change, len(hits), len(counted), counted, hits, interval, previous)


def _codes(name: str, text: str | None) -> frozenset[str]:
    codes = frozenset(text.split(",")) if text else frozenset()
    for code in sorted(codes):
        if code not in _FILTERS[name]:
            raise InputError("invalid_filter", name, f"{code!r} is none of {', '.join(_FILTERS[name])}")
    return codes

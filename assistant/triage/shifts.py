"""When people are at work: weekly shifts in a time zone, as spans of UTC; the routing desk and the register call it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from knowledge.vocabulary.errors import InputError

Span = tuple[datetime, datetime]
"""From, until: aware UTC, the end not included."""

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_AHEAD = timedelta(days=15)  # a weekly shift comes again within this, even where one of its days falls into a gap
_HORIZON_WEEKS = 104
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Shift(msgspec.Struct, frozen=True):
    """One weekly shift: `days` 0 Monday … 6 Sunday on which it begins; an `end` not after `start` is the next day's.

    `start` 00:00–23:59 and `end` 00:00–24:00 are minutes of the wall clock's day; the same minute means a whole day.
    """

    days: tuple[int, ...]
    start: int
    end: int


class Hours(msgspec.Struct, frozen=True):
    """One person's working hours: shifts in a zone; no shifts means always."""

    zone: str
    shifts: tuple[Shift, ...] = ()


def hours_of(zone: str, shifts: Any, field: str = "shifts") -> Hours:
    """Checked working hours; `shifts` is `[{days: [0..6], start: "HH:MM", end: "HH:MM"}]`.

    Raises:
        InputError: `invalid_staff` names the place that is wrong.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError) as error:
        raise InputError("invalid_staff", "time_zone", "must be an IANA zone such as Asia/Shanghai") from error
    if not isinstance(shifts, list | tuple) or len(shifts) > 50:
        raise InputError("invalid_staff", field, "must be a list of at most 50 shifts")
    return Hours(zone, tuple(_shift(row, f"{field}.{place}") for place, row in enumerate(shifts)))


def _shift(row: Any, field: str) -> Shift:
    if not isinstance(row, Mapping) or set(row) != {"days", "start", "end"}:
        raise InputError("invalid_staff", field, "must be {days, start, end}")
    days = row["days"]
    if not isinstance(days, list | tuple) or not days or any(type(d) is not int or not 0 <= d <= 6 for d in days):
        raise InputError("invalid_staff", f"{field}.days", "must be numbers from 0 (Monday) to 6 (Sunday)")
    start, end = _minutes(row["start"], f"{field}.start"), _minutes(row["end"], f"{field}.end")
    return Shift(tuple(sorted(set(days))), start, end)


def _minutes(value: Any, field: str) -> int:
    if field.endswith("end") and value == "24:00":
        return 24 * 60
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise InputError("invalid_staff", field, "must be a time of the day such as 09:00")
    hour, minute = value.split(":")
    return int(hour) * 60 + int(minute)


# -- asking ---------------------------------------------------------------------------------------------------------


def on_shift(hours: Hours, now: datetime) -> bool:
    """Whether the person is at work at `now` (aware UTC)."""
    return not hours.shifts or any(start <= now < end for start, end in _spans(hours, now, now + timedelta(minutes=1)))


def next_start(hours: Hours, now: datetime) -> datetime | None:
    """When the person's next shift begins after `now`; None for those who are always on."""
    return min((start for start, _ in _spans(hours, now, now + _AHEAD) if start > now), default=None)


def working_time_after(everybody: Iterable[Hours], now: datetime, seconds: float) -> datetime:
    """The moment when `seconds` have passed in which at least one of these people was at work.

    With nobody, somebody who is always on, or shifts that never come, plain time counts.
    """
    people = tuple(everybody)
    plain = now + timedelta(seconds=seconds)
    if not people or any(not one.shifts for one in people):
        return plain
    left = timedelta(seconds=seconds)
    for week in range(_HORIZON_WEEKS):
        since = now + week * _WEEK
        for start, end in covered(people, since, since + _WEEK):
            if left <= end - start:
                return start + left
            left -= end - start
    return plain


def covered(everybody: Sequence[Hours], since: datetime, until: datetime) -> list[Span]:
    """The spans between two times in which at least one of these people (all with shifts) is at work, in order."""
    spans = sorted(span for one in everybody for span in _spans(one, since, until))
    joined: list[Span] = []
    for whole in spans:
        start, end = max(whole[0], since), min(whole[1], until)
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _spans(hours: Hours, since: datetime, until: datetime) -> Iterator[Span]:
    """The shifts that touch the time between, whole; neither joined nor in order."""
    zone = ZoneInfo(hours.zone)
    day, last = since.astimezone(zone).date() - 2 * _DAY, until.astimezone(zone).date() + _DAY
    while day <= last:
        for shift in hours.shifts:
            if day.weekday() in shift.days:
                length = shift.end - shift.start
                start = _instant(zone, day, shift.start)
                end = _instant(zone, day, shift.end if length > 0 else shift.end + 24 * 60)
                if start < end and end > since and start < until:
                    yield start, end
        day += _DAY


@lru_cache(maxsize=8192)
def _instant(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    """The first moment at which the zone's wall clock shows this minute of this day, or has passed it, in UTC.

    A minute that the clock jumps over comes when it jumps; of one that it shows twice the first counts.
    """
    day, minutes = day + (minutes // 1440) * _DAY, minutes % 1440
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    before = wall.replace(tzinfo=zone).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if after >= before:  # an ordinary minute, or one shown twice: the first
        return before
    low, high = after, before  # a gap: the change lies between
    then = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == then else (low, middle)
    return high.replace(microsecond=0)

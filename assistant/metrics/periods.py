"""Periods and groups of figures: which span of time is asked for, and which day, week or month a time belongs to."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from knowledge.vocabulary.errors import InputError

DEFAULT = timedelta(days=7)
MOST_GROUPS = 750  # days of two years; a line of more says nothing
Span = Literal["day", "week", "month"]
SPANS: tuple[Span, ...] = ("day", "week", "month")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Period(msgspec.Struct, frozen=True):
    """From `start` up to, not including, `end` (aware UTC); days are those of `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def has(self, at: datetime | None) -> bool:
        """Whether that time lies in it."""
        return at is not None and self.start <= at < self.end

    def previous(self) -> Period:
        """The one just before, equally long."""
        return Period(self.start - (self.end - self.start), self.start, self.zone)

    def key(self, at: datetime, span: Span) -> str:
        """The local day (`2026-03-01`), ISO week (`2026-W09`) or month (`2026-03`) of a time."""
        return _key(at.astimezone(self.zone).date(), span)

    def keys(self, span: Span) -> list[str]:
        """All of them in order, the empty ones, too.

        Raises:
            InputError: `too_many_groups` for a period of more than 750.
        """
        first, last = self.start.astimezone(self.zone).date(), _last_moment(self).astimezone(self.zone).date()
        if (last - first).days // {"day": 1, "week": 7, "month": 31}[span] >= MOST_GROUPS:
            raise InputError("too_many_groups", "group_by", f"the period has more than {MOST_GROUPS} of a {span} each")
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return list(dict.fromkeys(_key(day, span) for day in days))


def parse_period(start: str | None, end: str | None, zone: str | None, default_zone: str, now: datetime) -> Period:
    """The period asked for; without `from` the seven days before `to`, without `to` until now.

    Args:
        start, end: RFC 3339 times with their zone, or dates (`2026-03-01`): the first moment of that day in `zone`.
        zone: IANA name; the deployment's where it is not given.

    Raises:
        InputError: `invalid_time`, `invalid_time_zone` or `invalid_period`, naming `from`, `to` or `tz`.
    """
    where = _zone(zone or default_zone)
    until = _time("to", end, where) if end else now
    since = _time("from", start, where) if start else until - DEFAULT
    if since >= until:
        field = "from" if start else "to"
        raise InputError("invalid_period", field, "the period must end after it begins")
    return Period(since, until, where)


def first_moment(day: date, zone: ZoneInfo) -> datetime:
    """When that local day begins, in UTC: not always at midnight, and not always 24 hours before the next."""
    at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    return at


def _time(name: str, value: str, zone: ZoneInfo) -> datetime:
    try:
        if _DATE.fullmatch(value):
            at = first_moment(date.fromisoformat(value), zone)
        else:
            # A plus sign that was not escaped in an address arrives as a blank.
            at = datetime.fromisoformat(re.sub(r" (?=\d{2}:?\d{2}$)", "+", value))
    except (ValueError, OverflowError) as error:
        raise InputError("invalid_time", name, "must be RFC 3339, or a date such as 2026-03-01") from error
    if at.tzinfo is None:
        raise InputError("invalid_time", name, "must name its zone, as in 2026-03-01T00:00:00+08:00")
    if not 1971 <= at.year < 9000:
        raise InputError("invalid_time", name, "lies beyond any calendar of ours")
    return at.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("invalid_time_zone", "tz", "must be an IANA time zone such as Asia/Shanghai") from error


def _last_moment(period: Period) -> datetime:
    return period.end - timedelta(microseconds=1)


def _key(day: date, span: Span) -> str:
    if span == "day":
        return day.isoformat()
    if span == "month":
        return f"{day:%Y-%m}"
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"

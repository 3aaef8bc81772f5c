"""Periods mean what people mean: days of a zone, also those of 23 and 25 hours, and errors that name their field."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.metrics.periods import Period, first_moment, parse_period
from knowledge.vocabulary.errors import InputError
from tests.assistant.conftest import NOW

ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "America/St_Johns", "Pacific/Apia", "Asia/Beirut")


def period(start: str | None = None, end: str | None = None, tz: str | None = None) -> Period:
    return parse_period(start, end, tz, "Europe/Berlin", NOW)


def test_without_anything_it_is_the_last_seven_days() -> None:
    assert (period().start, period().end) == (NOW - timedelta(days=7), NOW)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-05-01", 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    next_day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    asked = period(day, next_day)
    assert asked.end - asked.start == timedelta(hours=hours)
    assert asked.keys("day") == [day]
    assert asked.key(asked.start, "day") == asked.key(asked.end - timedelta(microseconds=1), "day") == day
    assert asked.key(asked.end, "day") == next_day


def test_a_day_whose_midnight_does_not_exist_begins_where_the_clock_goes_on() -> None:
    assert first_moment(date(2026, 3, 29), ZoneInfo("Asia/Beirut")) == datetime(2026, 3, 28, 22, tzinfo=UTC)


def test_days_are_those_of_the_zone_asked_for_and_else_of_the_deployment() -> None:
    assert period("2026-03-01", "2026-03-02").start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert period("2026-03-01", "2026-03-02", "Asia/Shanghai").start == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_weeks_and_months_have_their_names_across_the_year() -> None:
    asked = period("2025-12-28", "2026-01-06", "UTC")
    assert asked.keys("week") == ["2025-W52", "2026-W01", "2026-W02"]
    assert asked.keys("month") == ["2025-12", "2026-01"]


@given(st.integers(0, 50 * 365 * 24 * 60), st.integers(1, 40 * 24 * 60), st.sampled_from(ZONES))
def test_every_moment_of_a_period_belongs_to_one_of_its_days(since_1990: int, minutes: int, zone: str) -> None:
    start = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=since_1990)
    asked = Period(start, start + timedelta(minutes=minutes), ZoneInfo(zone))
    for at in (asked.start, asked.start + (asked.end - asked.start) / 3, asked.end - timedelta(microseconds=1)):
        for span in ("day", "week", "month"):
            assert asked.key(at, span) in asked.keys(span)


@pytest.mark.parametrize(
    ("start", "end", "tz", "code", "field"),
    [
        ("yesterday", None, None, "invalid_time", "from"),
        ("2026-13-01", None, None, "invalid_time", "from"),
        (None, "2026-03-01T00:00:00", None, "invalid_time", "to"),
        ("0001-01-01", None, None, "invalid_time", "from"),
        (None, "9999-12-31", None, "invalid_time", "to"),
        ("2026-03-02", "2026-03-01", None, "invalid_period", "from"),
        ("2099-01-01", None, None, "invalid_period", "from"),
        (None, None, "Mars/Olympus", "invalid_time_zone", "tz"),
        (None, None, "../etc/passwd", "invalid_time_zone", "tz"),
        (None, None, "\0", "invalid_time_zone", "tz"),
    ],
)
def test_what_makes_no_sense_names_its_field(
    start: str | None, end: str | None, tz: str | None, code: str, field: str
) -> None:
    with pytest.raises(InputError) as error:
        period(start, end, tz)
    assert (error.value.code, error.value.field) == (code, field)


def test_a_plus_sign_that_an_address_ate_is_understood() -> None:
    assert period("2026-03-01T08:00:00 08:00").start == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_line_of_too_many_days_is_refused() -> None:
    with pytest.raises(InputError, match="750"):
        period("1990-01-01").keys("day")

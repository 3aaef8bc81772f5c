"""Quiet hours by the customer's clock: overnight, across zones, when clocks are put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.notifications.quiet_hours import is_quiet, quiet_until, window_of, zone_of

NIGHT = (time(22), time(8))
ZONES = [
    "UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
]  # fmt: skip
MINUTES = st.builds(lambda m: time(m // 60, m % 60), st.integers(0, 24 * 60 - 1))
WINDOWS = st.tuples(MINUTES, MINUTES).filter(lambda w: w[0] != w[1])


@st.composite
def moments(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """Any moment, half of them within a day of a change of clocks."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 11 * 365 * 86_400)))
    if draw(st.booleans()):
        days = (at + timedelta(days=n) for n in range(366))
        changed = next((d for d in days if d.astimezone(zone).utcoffset()
                        != (d + timedelta(days=1)).astimezone(zone).utcoffset()), at)  # fmt: skip
        at = changed + timedelta(minutes=draw(st.integers(-24 * 60, 24 * 60)))
    return at, zone


@given(moment=moments(), window=WINDOWS)
def test_it_ends_at_the_first_moment_that_is_not_quiet(
    moment: tuple[datetime, ZoneInfo], window: tuple[time, time]
) -> None:
    now, zone = moment
    until = quiet_until(now, zone, window)
    if until is None:
        assert not is_quiet(now, zone, window)
        return
    assert until.tzinfo is UTC
    assert is_quiet(now, zone, window)
    assert not is_quiet(until, zone, window)
    assert now < until <= now + timedelta(hours=26)
    assert is_quiet(until - timedelta(microseconds=1), zone, window)
    step = timedelta(minutes=7)
    assert all(is_quiet(now + step * n, zone, window) for n in range((until - now) // step))
    assert quiet_until(until, zone, window) is None


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2026-03-02T13:59", "Asia/Shanghai", None),  # 21:59
        ("2026-03-02T14:00", "Asia/Shanghai", "2026-03-03T00:00"),
        ("2026-03-02T23:59", "Asia/Shanghai", "2026-03-03T00:00"),
        ("2026-03-03T00:00", "Asia/Shanghai", None),
        ("2026-03-08T04:00", "America/New_York", "2026-03-08T12:00"),  # put forward in the night: an hour less to wait
        ("2026-11-01T03:00", "America/New_York", "2026-11-01T13:00"),  # put back: an hour more
        ("2026-03-02T20:00", "Asia/Kathmandu", "2026-03-03T02:15"),
    ],
)
def test_the_morning_is_the_customers(now: str, zone: str, until: str | None) -> None:
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet_until(datetime.fromisoformat(now).replace(tzinfo=UTC), ZoneInfo(zone), NIGHT) == expected


def test_an_end_that_the_clock_jumps_over_is_the_jump() -> None:
    """New York, 8 March 2026: 02:30 does not exist; at 07:00 UTC 01:59 becomes 03:00."""
    now, zone = datetime(2026, 3, 8, 5, tzinfo=UTC), ZoneInfo("America/New_York")
    assert quiet_until(now, zone, (time(22), time(2, 30))) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_an_end_that_comes_twice_is_the_first_one() -> None:
    """New York, 1 November 2026: 01:30 comes at 05:30 and at 06:30 UTC."""
    zone, window = ZoneInfo("America/New_York"), (time(22), time(1, 30))
    assert quiet_until(datetime(2026, 11, 1, 4, tzinfo=UTC), zone, window) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    again = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 01:10 for the second time
    assert quiet_until(again, zone, window) == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_without_a_window_or_with_an_empty_one_it_is_never_quiet() -> None:
    assert window_of("") is None
    assert window_of("08:00-08:00") is None
    assert window_of("22:00-08:00") == NIGHT
    assert quiet_until(datetime(2026, 3, 2, 3, tzinfo=UTC), ZoneInfo("UTC"), None) is None


@pytest.mark.parametrize("name", [None, "", "Nowhere/Land", "../etc/passwd", "Asia/" + "x" * 300])
def test_a_zone_that_is_none_is_the_deployments(name: str | None) -> None:
    assert zone_of(name, "Asia/Tokyo") == ZoneInfo("Asia/Tokyo")
    assert zone_of("Europe/Berlin", "Asia/Tokyo") == ZoneInfo("Europe/Berlin")

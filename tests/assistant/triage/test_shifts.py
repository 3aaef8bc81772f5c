"""When people are at work: shifts over midnight, over the change of the clock, and time counted in working hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.triage.shifts import Hours, Shift, covered, hours_of, next_start, on_shift, working_time_after
from knowledge.vocabulary.errors import InputError

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
WEEKDAYS, EVERY_DAY = [0, 1, 2, 3, 4], list(range(7))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shift(days: list[int], start: str, end: str) -> dict[str, Any]:
    return {"days": days, "start": start, "end": end}


def hours(zone: str, *shifts: dict[str, Any]) -> Hours:
    return hours_of(zone, list(shifts))


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


def test_nobody_without_shifts_is_ever_off() -> None:
    always = hours(SHANGHAI)
    now = datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert on_shift(always, now)
    assert next_start(always, now) is None


def test_a_shift_begins_at_its_first_minute_and_is_over_at_its_last() -> None:
    office = hours(SHANGHAI, shift(WEEKDAYS, "09:00", "18:00"))
    monday = local(SHANGHAI, 2026, 3, 2, 9)
    assert not on_shift(office, monday - timedelta(seconds=1))
    assert on_shift(office, monday)
    assert not on_shift(office, monday + 9 * HOUR)
    assert next_start(office, monday) == monday + DAY
    friday_evening = local(SHANGHAI, 2026, 3, 6, 18)
    assert next_start(office, friday_evening) == local(SHANGHAI, 2026, 3, 9, 9)


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    sunday_night = hours(SHANGHAI, shift([6], "22:00", "06:00"))
    assert on_shift(sunday_night, local(SHANGHAI, 2026, 3, 8, 23))
    assert on_shift(sunday_night, local(SHANGHAI, 2026, 3, 9, 5, 59))  # Monday morning
    assert not on_shift(sunday_night, local(SHANGHAI, 2026, 3, 9, 6))
    assert not on_shift(sunday_night, local(SHANGHAI, 2026, 3, 8, 5))  # Sunday morning is Saturday's night


def test_the_same_minute_twice_or_midnight_at_the_end_is_a_whole_day() -> None:
    for day in (shift([0], "00:00", "00:00"), shift([0], "00:00", "24:00")):
        monday = local(SHANGHAI, 2026, 3, 2)
        assert covered([hours(SHANGHAI, day)], monday - DAY, monday + 2 * DAY) == [(monday, monday + DAY)]


# On 29 March 2026 Berlin's clocks go from 02:00 to 03:00, on 25 October from 03:00 back to 02:00.


def test_a_shift_that_starts_in_the_hour_that_is_left_out_starts_when_the_clock_jumps() -> None:
    early = hours(BERLIN, shift([6], "02:30", "10:00"))
    jump = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert next_start(early, jump - DAY) == jump
    assert on_shift(early, jump)
    assert not on_shift(early, jump - timedelta(seconds=1))
    assert covered([early], jump - DAY, jump + DAY) == [(jump, local(BERLIN, 2026, 3, 29, 10))]


def test_a_shift_that_lies_in_the_hour_that_is_left_out_does_not_happen() -> None:
    missed = hours(BERLIN, shift([6], "02:10", "02:50"))
    before = local(BERLIN, 2026, 3, 28, 12)
    assert covered([missed], before, before + DAY) == []
    assert next_start(missed, before) == local(BERLIN, 2026, 4, 5, 2, 10)


def test_a_night_over_the_change_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    nights = hours(BERLIN, shift([5], "22:00", "06:00"))
    for day, length in (((2026, 3, 28), 7), ((2026, 10, 24), 9), ((2026, 6, 6), 8)):
        evening = local(BERLIN, *day, 22)
        assert covered([nights], evening - HOUR, evening + DAY) == [(evening, evening + length * HOUR)]


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    doubled = hours(BERLIN, shift([6], "02:30", "02:45"))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert covered([doubled], first - DAY, first + DAY) == [(first, first + timedelta(minutes=15))]
    assert on_shift(doubled, first)
    assert not on_shift(doubled, first + HOUR)  # 02:30 again


def test_a_day_that_a_zone_leaves_out_is_no_working_day() -> None:
    apia = hours("Pacific/Apia", shift(EVERY_DAY, "09:00", "17:00"))  # there was no 30 December 2011
    start = local("Pacific/Apia", 2011, 12, 29, 17)
    assert next_start(apia, start) == local("Pacific/Apia", 2011, 12, 31, 9)
    assert next_start(apia, start) - start == 16 * HOUR


def test_working_time_skips_nights_and_weekends_and_counts_a_moment_once() -> None:
    early = hours(SHANGHAI, shift(WEEKDAYS, "09:00", "13:00"))
    late = hours(SHANGHAI, shift(WEEKDAYS, "12:00", "18:00"))
    friday = local(SHANGHAI, 2026, 3, 6, 17)
    assert working_time_after([early, late], friday, 3600) == friday + HOUR
    assert working_time_after([early, late], friday, 2 * 3600) == local(SHANGHAI, 2026, 3, 9, 10)
    assert working_time_after([early], friday, 4 * 3600) == local(SHANGHAI, 2026, 3, 9, 13)


def test_working_time_of_nobody_of_somebody_always_there_or_of_shifts_that_never_come_is_plain_time() -> None:
    now = local(SHANGHAI, 2026, 3, 7, 12)
    office = hours(SHANGHAI, shift(WEEKDAYS, "09:00", "18:00"))
    never = Hours(SHANGHAI, (Shift((), 0, 60),))
    for people in ([], [office, hours(SHANGHAI)], [never]):
        assert working_time_after(people, now, 3600) == now + HOUR


@pytest.mark.parametrize(
    ("field", "rows"),
    [
        ("shifts", "always"), ("shifts.0", [{"days": [0]}]), ("shifts.0.days", [shift([], "09:00", "18:00")]),
        ("shifts.0.days", [shift([7], "09:00", "18:00")]), ("shifts.0.start", [shift([0], "9:00", "18:00")]),
        ("shifts.0.start", [shift([0], "24:00", "18:00")]), ("shifts.0.end", [shift([0], "09:00", "25:00")]),
        ("shifts.1.end", [shift([0], "09:00", "18:00"), shift([0], "09:00", "soon")]),
    ],
)  # fmt: skip
def test_a_wrong_shift_is_named(field: str, rows: Any) -> None:
    with pytest.raises(InputError) as refused:
        hours_of(SHANGHAI, rows)
    assert refused.value.field == field


def test_a_wrong_zone_is_named() -> None:
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(InputError) as refused:
            hours_of(zone, [])
        assert refused.value.field == "time_zone"


minutes = st.integers(0, 1439)
weeks = st.lists(
    st.builds(Shift, st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple), minutes, minutes), min_size=1,
    max_size=4,
).map(tuple)  # fmt: skip
people = st.builds(Hours, st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe"]), weeks)
moments = st.integers(0, 2 * 366 * 86_400).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@given(people, moments)
def test_whoever_is_off_is_on_at_their_next_start_and_not_before(one: Hours, now: datetime) -> None:
    start = next_start(one, now)
    assert start is not None
    assert start > now
    assert on_shift(one, start)
    if not on_shift(one, now):
        assert not on_shift(one, start - timedelta(seconds=1))


@given(people, moments, st.integers(1, 200_000))
def test_so_much_working_time_has_passed_and_somebody_is_at_work_just_before(
    one: Hours, now: datetime, seconds: int
) -> None:
    until = working_time_after([one], now, seconds)
    worked = sum(((end - start) for start, end in covered([one], now, until)), timedelta())
    assert worked == timedelta(seconds=seconds)
    assert on_shift(one, until - timedelta(seconds=1))

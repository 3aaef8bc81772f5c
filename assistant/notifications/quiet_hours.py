"""Quiet hours: until when a customer is not to be disturbed, by their own clock; pure, the routes ask it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DISTURBING = frozenset({"sms", "email"})  # an in-app message waits by itself until it is looked at

Window = tuple[time, time]
_MINUTE = timedelta(minutes=1)
_LONGEST = 3 * 24 * 60  # minutes: no window lasts longer, whatever a zone's clock does meanwhile


def window_of(text: str) -> Window | None:
    """`22:00-08:00` as wall-clock times, the second one no longer quiet; None for an empty text or an empty window.

    Raises:
        ValueError: it does not look like that.
    """
    if not text:
        return None
    start, _, end = text.partition("-")
    window = (time.fromisoformat(start), time.fromisoformat(end))
    return None if window[0] == window[1] else window


@lru_cache(maxsize=1_024)
def zone_of(name: str | None, otherwise: str) -> ZoneInfo:
    """The IANA zone of this name; `otherwise` (which exists) where it names none."""
    try:
        return ZoneInfo(name) if name else ZoneInfo(otherwise)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(otherwise)


def is_quiet(now: datetime, zone: ZoneInfo, window: Window) -> bool:
    """Whether the wall clock of `zone` shows a time inside the window at `now` (aware)."""
    wall = now.astimezone(zone).time()
    start, end = window
    return start <= wall < end if start <= end else wall >= start or wall < end


def quiet_until(now: datetime, zone: ZoneInfo, window: Window | None) -> datetime | None:
    """The first moment from `now` (aware) on that is not quiet, in UTC; None when it is not quiet at `now`.

    Where clocks are put forward over the window's end, that is the moment of the jump; where they are put back into the
    window after its end, the end has passed and the message went out.
    """
    if window is None or not is_quiet(now, zone, window):
        return None
    at = now.astimezone(UTC)
    wall = now.astimezone(zone)
    end = wall.replace(hour=window[1].hour, minute=window[1].minute, second=0, microsecond=0, fold=0)
    ahead = end.replace(tzinfo=None) - wall.replace(tzinfo=None)
    until = at + (ahead if ahead > timedelta(0) else ahead + timedelta(days=1))
    if until.astimezone(zone).utcoffset() == wall.utcoffset():
        return until
    step = at.replace(second=0, microsecond=0)  # the clock changes on the way: minute by minute
    for _ in range(_LONGEST):
        step += _MINUTE
        if not is_quiet(step, zone, window):
            return step
    return until

"""The shop's clock, used by everything that stamps a time; every stamp is UTC and later than the one
before."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Lock

MICROSECOND = timedelta(microseconds=1)


def rfc3339(moment: datetime) -> str:
    """A UTC time as RFC 3339 with six decimals, so that the strings sort as the times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> datetime:
    """The aware time behind an RFC 3339 string; raises ValueError when it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment.astimezone(UTC)


class Clock:
    """Two hands: `stamp` for the books (strictly rising), `moment` for events (may be set back by a
    story)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._behind = timedelta()

    def now(self) -> datetime:
        with self._lock:
            self._last = max(datetime.now(UTC), self._last + MICROSECOND)
            return self._last

    def stamp(self) -> str:
        return rfc3339(self.now())

    def moment(self) -> str:
        return rfc3339(self.now() - self._behind)

    def after(self, seconds: float) -> str:
        return rfc3339(datetime.now(UTC) - self._behind + timedelta(seconds=seconds))

    @contextmanager
    def set_back(self, seconds: float) -> Iterator[None]:
        """Within, events and creation times lie `seconds` in the past; change times never do."""
        before, self._behind = self._behind, timedelta(seconds=seconds)
        try:
            yield
        finally:
            self._behind = before

"""Circuit: stops calling a system that keeps failing, and lets one probe through to find it well again."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Circuit:
    """One system's circuit breaker (Nygard, *Release It!*): closed → open → one probe → closed or open again.

    `failures` in a row open it; after `open_seconds` one caller may probe. Safe for several threads.
    """

    def __init__(self, failures: int, open_seconds: float, clock: Callable[[], float]) -> None:
        self._limit, self._open_seconds, self._clock = failures, open_seconds, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused or only probed."""
        return self._opened_at is not None

    @property
    def refuses(self) -> bool:
        """Whether a call would be refused now; once the time to probe has come none is."""
        opened_at = self._opened_at
        return opened_at is not None and self._clock() < opened_at + self._open_seconds

    def enter(self) -> float:
        """0 when a call may start (then `leave` must follow), else the seconds after which to try again."""
        with self._lock:
            if self._opened_at is None:
                return 0.0
            left = self._opened_at + self._open_seconds - self._clock()
            if left > 0:
                return left
            if self._probing:
                return self._open_seconds
            self._probing = True
            return 0.0

    def leave(self, succeeded: bool | None) -> None:
        """The call is over; None says that it tells nothing about the system's health."""
        with self._lock:
            self._probing = False
            if succeeded:
                self._failed, self._opened_at = 0, None
            elif succeeded is False:
                self._failed += 1
                if self._failed >= self._limit:  # a failed probe included
                    self._opened_at = self._clock()

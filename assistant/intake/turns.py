"""Lets threads through one at a time, in the order they came; intake's batches queue here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A fair lock: a plain one lets through whoever happens to wake first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: threading.Lock | None = None

    @contextmanager
    def next(self) -> Iterator[None]:
        """Waits until all who came before are done."""
        mine = threading.Lock()
        mine.acquire()
        with self._lock:
            before, self._last = self._last, mine
        if before is not None:
            before.acquire()  # its owner lets it go when done, and nobody else waits for it
        try:
            yield
        finally:
            mine.release()

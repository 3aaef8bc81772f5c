"""Lets threads through one at a time, in the order they came; SQLite's writers and intake's batches queue here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A fair lock: a plain one lets through whoever happens to wake first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: threading.Lock | None = None
        self._holder: int | None = None  # the thread whose turn it is

    @contextmanager
    def next(self) -> Iterator[None]:
        """Waits until all who came before are done.

        Raises:
            RuntimeError: in a thread whose turn it is already: it would wait for itself.
        """
        if self._holder == threading.get_ident():
            raise RuntimeError("it is this thread's turn already")
        mine = threading.Lock()
        mine.acquire()
        with self._lock:
            before, self._last = self._last, mine
        if before is not None:
            before.acquire()  # its owner lets it go when done, and nobody else waits for it
        self._holder = threading.get_ident()
        try:
            yield
        finally:
            self._holder = None
            mine.release()

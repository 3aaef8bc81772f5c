"""Remembers folds of checkouts that are being talked about, so that a new event does not fold all again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

import msgspec

from knowledge.vocabulary.events import Event
from knowledge.vocabulary.fold import Fold

REMEMBERED = 4_096  # checkouts; about 5 kB each


class Folding(msgspec.Struct):
    """The fold of all events of a checkout as they were when its row had this `version`.

    `detect_at` is when its timer is due (None: it has none), `place` its kind's in CROSS_CHECKS when last detected on.
    """

    checkout_id: str
    fold: Fold
    version: int = 0
    count: int = 0
    latest_event_at: datetime | None = None
    detect_at: datetime | None = None
    place: int = -1

    def add(self, told: Iterable[Event]) -> bool:
        """Goes on with these events; False, and of no use any more, when one came too late for that."""
        for event in sorted(told, key=lambda e: (e.at, e.source, e.id)):
            if not self.fold.precedes(event):
                return False
            self.fold.add(event)
            self.count += 1
            self.latest_event_at = event.at
        return True


class Memory:
    """Folds by checkout, the least recently used forgotten first. What is taken must be put back after the commit."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._folds: OrderedDict[str, Folding] = OrderedDict()

    def take(self, checkout_id: str, version: int) -> Folding | None:
        """The fold, if it is of this version of the checkout's row; it is not remembered any more then."""
        with self._lock:
            folding = self._folds.pop(checkout_id, None)
        return folding if folding is not None and folding.version == version else None

    def put(self, foldings: Iterable[Folding]) -> None:
        """Remembers what was committed."""
        with self._lock:
            for folding in foldings:
                self._folds[folding.checkout_id] = folding
                self._folds.move_to_end(folding.checkout_id)
            while len(self._folds) > self._size:
                self._folds.popitem(last=False)

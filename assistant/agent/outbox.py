"""Outbox: what tools put into the stream of their turn (choices, cards, hand-offs), in the order it happened."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from assistant.agent.masking import Masker
from assistant.agent.ports import StreamEvent

_LISTS = {"choices": "choices", "card": "cards"}


class Outbox:
    """Filled by the tools' threads, emptied by the turn. It also remembers all of it, for the conversation's log."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._waiting: deque[StreamEvent] = deque()
        self._all: list[StreamEvent] = []
        self._lock = threading.Lock()

    def put(self, event: StreamEvent) -> None:
        """Takes an event; placeholders in it become real values."""
        real = StreamEvent(event.event, self._masker.unmask(event.data))
        with self._lock:
            self._waiting.append(real)
            self._all.append(real)

    def take(self) -> list[StreamEvent]:
        """What came since the last look."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken

    def extra(self) -> dict[str, Any] | None:
        """What came with the message: {choices: [...], cards: [...], handoff: {...}}; None for nothing."""
        kept: dict[str, Any] = {}
        for event in self._all:
            if event.event in _LISTS:
                kept.setdefault(_LISTS[event.event], []).append(event.data)
            elif event.event == "handoff":
                kept["handoff"] = event.data
        return kept or None

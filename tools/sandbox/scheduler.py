"""What happens later in the shop: named jobs by due time, kept across a restart; filled by pipeline and
customers."""

import asyncio
import heapq
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from tools.sandbox.books import Books
from tools.sandbox.problem import Refusal

logger = logging.getLogger("sandbox.scheduler")
Deed = Callable[..., None]


class Scheduler:
    """Jobs are a verb and JSON arguments; the verbs are registered once, at start."""

    def __init__(self, books: Books, time_scale: float) -> None:
        self.books, self.time_scale = books, time_scale
        self.deeds: dict[str, Deed] = {}
        self._heap: list[tuple[float, int, str, dict[str, Any]]] = []
        self._number = 0
        self.done = 0

    def register(self, **deeds: Deed) -> None:
        self.deeds.update(deeds)

    def later(self, seconds: float, verb: str, **arguments: Any) -> None:
        """Does `verb` after `seconds` of natural time (multiplied by the time scale)."""
        self._push(time.time() + seconds * self.time_scale, verb, arguments)

    def restore(self, body: str) -> None:
        due, verb, arguments = json.loads(body)
        self._push(due, verb, arguments)

    @property
    def waiting(self) -> int:
        return len(self._heap)

    def waiting_within(self, seconds: float) -> int:
        """Jobs due within `seconds` of real time."""
        horizon = time.time() + seconds
        return sum(1 for due, *_ in self._heap if due <= horizon)

    async def run(self) -> None:
        """Does what is due until cancelled, in small portions so that calls are answered in between."""
        while True:
            with self.books.lock:
                worked = self._work_off(portion=20)
            await asyncio.sleep(0 if worked else 0.01)

    def _work_off(self, portion: int) -> bool:
        worked = False
        while portion and self._heap and self._heap[0][0] <= time.time():
            _, number, verb, arguments = heapq.heappop(self._heap)
            self.books.remember("job", str(number), None)
            portion, worked = portion - 1, True
            self._do(verb, arguments)
        return worked

    def _do(self, verb: str, arguments: dict[str, Any]) -> None:
        """A refusal only means that somebody else (a repair, a customer) was there first."""
        self.done += 1
        try:
            self.deeds[verb](**arguments)
        except Refusal as refusal:
            logger.debug("%s refused: %s", verb, refusal)
        except Exception:
            logger.exception("the shop's own job %s failed", verb)

    def _push(self, due: float, verb: str, arguments: dict[str, Any]) -> None:
        with self.books.lock:
            self._number += 1
            heapq.heappush(self._heap, (due, self._number, verb, arguments))
            self.books.remember("job", str(self._number), json.dumps([due, verb, arguments]))

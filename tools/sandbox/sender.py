"""Posts the shop's events to the assistant in batches, at least once, however long the assistant is away."""

import asyncio
import heapq
import json
import logging
import time
from collections import deque
from typing import Any

import httpx

from tools.sandbox.books import Books
from tools.sandbox.events import Delivery
from tools.sandbox.model import Json

logger = logging.getLogger("sandbox.sender")
BATCH, BATCH_BYTES, KEPT = 500, 900_000, 200_000
PAUSE, FIRST_BACKOFF, LONGEST_BACKOFF = 0.02, 0.2, 5.0
Parcel = tuple[float, int, str]
Told = tuple[str, str | None, str]  # type, checkout, body


class Sender:
    """A queue ordered by when each event is due; what was taken out but not acknowledged is put back."""

    def __init__(self, books: Books, url: str | None, key: str | None) -> None:
        self.books, self.url, self.key = books, url, key
        self.told: deque[Told] = deque(maxlen=KEPT)
        self.rejected: deque[Json] = deque(maxlen=1_000)
        self.sent = self.lost = 0
        self.away = False
        self._queue: list[Parcel] = []
        self._in_flight = 0
        self._number = 0
        books.outbox = self.post

    def post(self, event: Json, checkout_id: str | None, delivery: Delivery) -> None:
        """Takes an event from the books; called under their lock."""
        body = json.dumps(event, ensure_ascii=False)
        self.told.append((event["type"], checkout_id, body))
        if delivery.lost:
            self.lost += 1
            return
        if self.url is None:
            return
        for extra in (0.0, 0.05) if delivery.twice else (0.0,):
            self._push(time.time() + delivery.late + extra, body)

    def told_about(self, kind: str | None, checkout_id: str | None) -> list[Json]:
        """Every event made so far of a type and about a checkout, lost ones too, oldest first."""
        return [
            json.loads(body)
            for told_kind, about, body in self.told
            if kind in (None, told_kind) and checkout_id in (None, about)
        ]

    def restore(self, body: str) -> None:
        """Takes up an event that an earlier run did not get rid of."""
        self._push(time.time(), body)

    @property
    def waiting(self) -> int:
        return len(self._queue) + self._in_flight

    @property
    def can_leave(self) -> bool:
        """Whether something is under way that a reachable assistant would take now."""
        return self.waiting > 0 and not self.away

    async def run(self) -> None:
        """Sends until cancelled."""
        if self.url is None:
            return
        headers = {"content-type": "application/cloudevents-batch+json"}
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        backoff = FIRST_BACKOFF
        async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client:
            while True:
                batch = self._take()
                if not batch:
                    await asyncio.sleep(PAUSE)
                    continue
                self.books.flush()  # what the assistant hears of must survive our own end
                wait = await self._deliver(client, batch)
                self._in_flight = 0
                self.away = wait is not None
                if wait is None:
                    backoff = FIRST_BACKOFF
                    continue
                await asyncio.sleep(max(wait, backoff))
                backoff = min(2 * backoff, LONGEST_BACKOFF)

    async def _deliver(self, client: httpx.AsyncClient, batch: list[Parcel]) -> float | None:
        """None when the batch is settled; else it is back in the queue, and the answer is how long to
        wait."""
        content = f"[{','.join(body for _, _, body in batch)}]".encode()
        try:
            response = await client.post(f"{self.url}/v1/events", content=content)
        except httpx.HTTPError as error:
            logger.info("assistant away: %s", type(error).__name__)
            self._give_back(batch)
            return 0.0
        if response.status_code in (200, 202):
            self._settle(batch, response)
            return None
        if response.status_code in (400, 413, 422):
            return await self._halve(client, batch, response)
        logger.warning("assistant answered %s", response.status_code)
        self._give_back(batch)
        return _retry_after(response)

    async def _halve(self, client: httpx.AsyncClient, batch: list[Parcel], response: httpx.Response) -> float | None:
        """One bad event must not lose its neighbours: halve the batch until it stands alone."""
        if len(batch) == 1:
            self.rejected.append({"event": json.loads(batch[0][2]), "answer": response.text[:500]})
            self._forget(batch)
            return None
        middle = len(batch) // 2
        waits = [await self._deliver(client, half) for half in (batch[:middle], batch[middle:])]
        return max((wait for wait in waits if wait is not None), default=None)

    def _settle(self, batch: list[Parcel], response: httpx.Response) -> None:
        self.sent += len(batch)
        for refused in _rejections(response):
            index = refused.get("index")
            event = json.loads(batch[index][2]) if isinstance(index, int) and index < len(batch) else None
            self.rejected.append({"event": event, "answer": refused})
        self._forget(batch)

    def _push(self, due: float, body: str) -> None:
        with self.books.lock:
            self._number += 1
            heapq.heappush(self._queue, (due, self._number, body))
            self.books.remember("unsent", str(self._number), body)

    def _take(self) -> list[Parcel]:
        batch: list[Parcel] = []
        size = 0
        with self.books.lock:
            while self._queue and len(batch) < BATCH and size < BATCH_BYTES and self._queue[0][0] <= time.time():
                batch.append(heapq.heappop(self._queue))
                size += len(batch[-1][2].encode()) + 1
            self._in_flight = len(batch)
        return batch

    def _give_back(self, batch: list[Parcel]) -> None:
        with self.books.lock:
            for parcel in batch:
                heapq.heappush(self._queue, parcel)

    def _forget(self, batch: list[Parcel]) -> None:
        with self.books.lock:
            for _, number, _ in batch:
                self.books.remember("unsent", str(number), None)


def _rejections(response: httpx.Response) -> list[dict[str, Any]]:
    try:
        return list(response.json().get("rejected", []))
    except (ValueError, AttributeError):
        return []


def _retry_after(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("retry-after", 0))
    except ValueError:
        return 1.0

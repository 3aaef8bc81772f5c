"""Server-sent events of conversations: answers as they are made, and what comes by itself, polled from the database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Protocol

import anyio
import msgspec
from fastapi.responses import StreamingResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from assistant.agent.ports import StreamEvent
from assistant.chatbot.transcript import Item
from assistant.store.engine import utcnow
from knowledge.vocabulary.errors import UnavailableError

POLL, PING = 1.0, 15.0  # seconds
GRACE = 2.0  # seconds that a stream has to end by itself when the server stops
LONGEST = 900.0  # seconds of one stream: whoever follows comes back, and shows a token that is still valid
OVERLAP = timedelta(seconds=30)  # within this a message with a lower number may still be committed
LARGEST = (1 << 62) - 1


class Look(Protocol):
    """What is new after a number, oldest first."""

    def __call__(self, after: int) -> list[Item]: ...


class Tail:
    """Follows by number: each `poll` gives what the ones before did not.

    Of several sessions a lower number may appear after a higher one, so the last `OVERLAP` is always looked through
    again; after a resumption some of it may come a second time, and its id tells.
    """

    def __init__(self, look: Look, after: int) -> None:
        self._look, self._settled = look, after
        self._seen: set[int] = set()

    def poll(self, now: datetime) -> list[Item]:
        """What is new; one short look at the database."""
        items = self._look(self._settled)
        fresh = [item for item in items if item.seq not in self._seen]
        self._seen.update(item.seq for item in fresh)
        for item in items:
            if item.at > now - OVERLAP:
                break
            self._settled = item.seq
        self._seen = {seq for seq in self._seen if seq > self._settled}
        return fresh


def answer_response(events: AsyncIterator[StreamEvent]) -> StreamingResponse:
    """A message's answer as `text/event-stream`."""

    async def sent() -> AsyncIterator[bytes]:
        async for event in events:
            yield event.sse()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(sent(), media_type="text/event-stream", headers=headers)


def following_response(
    tail: Tail, shown: Callable[[Item], list[StreamEvent]], poll_every: float, beat: Callable[[], None]
) -> EventSourceResponse:
    """What comes by itself. `beat` is called with each look, for whoever wants to know that somebody is there."""
    closing = anyio.Event()  # the server stops
    return EventSourceResponse(
        _following(tail, shown, poll_every, beat, closing), ping=PING, send_timeout=30, shutdown_event=closing,
        shutdown_grace_period=GRACE,
    )  # fmt: skip


async def _following(
    tail: Tail, shown: Callable[[Item], list[StreamEvent]], poll_every: float, beat: Callable[[], None],
    closing: anyio.Event,
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    """Looks again and again; no transaction is open in between. It is cancelled when the client goes.

    The number stands on an item's last event alone: whoever comes back after it has all of the item.
    """
    ends = anyio.current_time() + LONGEST
    while anyio.current_time() < ends and not closing.is_set():
        pause = poll_every
        try:
            items = await run_in_threadpool(tail.poll, utcnow())
            await run_in_threadpool(beat)
        except UnavailableError as error:
            items, pause = [], max(poll_every, error.retry_after)
        for item in items:
            events = shown(item)
            for place, event in enumerate(events, 1):
                seq = str(item.seq) if place == len(events) else None
                yield ServerSentEvent(data=msgspec.json.encode(event.data).decode(), event=event.event, id=seq)
        if not items:
            with contextlib.suppress(TimeoutError), anyio.move_on_after(pause):
                await closing.wait()


def resumed_from(last_event_id: str | None, after: int) -> int:
    """Where to begin: after `Last-Event-ID`, else after `after`."""
    valid = last_event_id and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 25
    return min(int(last_event_id), LARGEST) if valid and last_event_id else after

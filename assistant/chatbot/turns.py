"""Answers under way: each runs in the server to its end, whoever listens, and a session has one at a time.

That one at a time is a lease in the session's row, so that it holds over processes and nothing is stuck after a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from assistant.agent.ports import StreamEvent
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_sessions
from knowledge.vocabulary.errors import ConflictError, HellowordError, UnavailableError

LEASE = timedelta(seconds=6)
RENEW_EVERY = 2.0  # seconds
WAIT = 12.0  # seconds that a second message waits for the first one's answer: longer than a dead server's lease
POLL = 0.1  # seconds

log = structlog.get_logger(__name__)


class Answering(NamedTuple):
    """One answer: the session's and the question's ids, and the events as they are made."""

    session_id: str
    question_id: str
    events: AsyncIterator[StreamEvent]


class Running:
    """An answer that is being given, for any number of listeners; each hears it from its beginning."""

    def __init__(self) -> None:
        self._events: list[StreamEvent] = []
        self._ended = False
        self._changed = asyncio.Event()

    def tell(self, event: StreamEvent) -> None:
        """One more event."""
        self._events.append(event)
        self._wake()

    def end(self) -> None:
        """There will be no more."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def listen(self) -> AsyncIterator[StreamEvent]:
        """All events, the first one first; a listener that goes away stops nothing."""
        place = 0
        while True:
            changed = self._changed
            while place < len(self._events):
                yield self._events[place]
                place += 1
            if self._ended:
                return
            await changed.wait()


class Turns:
    """The answers of this process."""

    def __init__(self, store: Store, *, wait: float = WAIT) -> None:
        self._store, self._wait = store, wait
        self._running: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def running(self, question_id: str) -> Running | None:
        """The answer to this question, where this process is giving it."""
        return self._running.get(question_id)

    async def take(self, session_id: str, question_id: str) -> None:
        """Takes the session's turn for this question, waiting for the one before it.

        Raises:
            ConflictError: `turn_running` when that takes too long; nothing was changed.
        """
        ends = asyncio.get_running_loop().time() + self._wait
        while not await asyncio.to_thread(self._claim, session_id, question_id):
            if asyncio.get_running_loop().time() >= ends:
                raise ConflictError("turn_running", "the message before is still being answered; send this one again")
            await asyncio.sleep(POLL)

    def start(self, answering: Answering) -> Running:
        """Begins to give an answer whose turn was taken; it goes on when whoever asked is gone."""
        running = Running()
        self._running[answering.question_id] = running
        task = asyncio.create_task(self._run(answering, running))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return running

    async def release(self, session_id: str, question_id: str) -> None:
        """Gives the turn back."""
        await asyncio.to_thread(self._release, session_id, question_id)

    # -- parts ------------------------------------------------------------------------------------------------------

    async def _run(self, answering: Answering, running: Running) -> None:
        renewing = asyncio.create_task(self._renew(answering))
        try:
            async for event in answering.events:
                running.tell(event)
        except HellowordError as error:
            running.tell(problem_event(error.code, error.detail, error.status))
        except Exception as error:  # the stream is open: whatever breaks has to be said in it
            log.exception("chat.turn_failed", session_id=answering.session_id, error=type(error).__name__)
            running.tell(problem_event("conversation_failed", "this could not be answered; please ask again", 500))
        finally:
            renewing.cancel()
            self._running.pop(answering.question_id, None)
            try:
                await self.release(answering.session_id, answering.question_id)
            except UnavailableError as error:  # the lease runs out by itself
                log.warning("chat.turn_not_released", session_id=answering.session_id, code=error.code)
            running.tell(StreamEvent("done", {}))
            running.end()

    async def _renew(self, answering: Answering) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with contextlib.suppress(UnavailableError):  # the next try may do
                await asyncio.to_thread(self._claim, answering.session_id, answering.question_id, again=True)

    def _claim(self, session_id: str, question_id: str, *, again: bool = False) -> bool:
        """Takes the lease where it is free, or (`again`) prolongs one's own."""
        now = utcnow()
        free = chat_sessions.c.turn.is_(None) | (chat_sessions.c.turn_until < now)
        own = chat_sessions.c.turn == question_id
        claim = chat_sessions.update().where(chat_sessions.c.id == session_id, own if again else free)
        with self._store.begin() as tx:
            return bool(tx.execute(claim.values(turn=question_id, turn_until=now + LEASE)).rowcount)

    def _release(self, session_id: str, question_id: str) -> None:
        mine = (chat_sessions.c.id == session_id) & (chat_sessions.c.turn == question_id)
        with self._store.begin() as tx:
            tx.execute(chat_sessions.update().where(mine).values(turn=None, turn_until=None))


def is_answering(tx: sa.Connection, session_id: str, question_id: str, now: datetime) -> bool:
    """Whether any process is giving the answer to this question."""
    query = sa.select(chat_sessions.c.turn).where(
        chat_sessions.c.id == session_id, chat_sessions.c.turn == question_id, chat_sessions.c.turn_until > now
    )
    return tx.scalar(query) is not None


def problem_event(code: str, detail: str, status: int) -> StreamEvent:
    """An error inside a stream."""
    data: dict[str, Any] = {"type": "about:blank", "title": code.replace("_", " "), "status": status, "code": code}
    return StreamEvent("error", data | {"detail": detail})

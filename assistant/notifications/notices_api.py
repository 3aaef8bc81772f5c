"""The staff's inbox over HTTP: pages, what was read, and a stream of what comes in."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any

import anyio
import msgspec
from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from assistant.notifications.inboxes import LIMIT, Inboxes, Tail
from assistant.security.principals import Principal, Scope
from assistant.store.engine import utcnow
from knowledge.vocabulary.errors import UnavailableError

Require = Callable[[Scope], Callable[..., Principal]]
Seq = Annotated[int, Field(ge=0, lt=1 << 63)]
GRACE = 2.0  # seconds that a stream has to end by itself when the server stops
LONGEST = 900.0  # seconds of one stream: whoever follows comes back, and shows a key that is still valid


class ReadAll(BaseModel):
    """What is marked as read: everything, or one `audience`'s, and nothing newer than the notice `up_to`."""

    model_config = ConfigDict(extra="forbid")
    audience: str | None = None
    up_to: Seq | None = None


def language_asked(request: Request) -> str:
    """The reader's language: `?language=`, else Accept-Language, else English."""
    return request.query_params.get("language") or request.headers.get("accept-language", "en").split(",")[0] or "en"


Language = Annotated[str, Depends(language_asked)]


def make_router(
    inboxes: Inboxes, require: Require, *, poll_every: float = 0.5, heartbeat: float = 15.0,
    clock: Callable[[], datetime] = utcnow,
) -> APIRouter:  # fmt: skip
    """The routes; `poll_every` and `heartbeat` are in seconds."""
    router = APIRouter(prefix="/v1/notices", tags=["notices"])
    _reading(router, inboxes, Depends(require(Scope.CASES_READ)), clock)
    _following(router, inboxes, Depends(require(Scope.CASES_READ)), clock, poll_every, heartbeat)
    return router


def _reading(router: APIRouter, inboxes: Inboxes, reads: Any, clock: Callable[[], datetime]) -> None:
    Somebody = Annotated[Principal, reads]

    @router.get("")
    def list_notices(
        who: Somebody, language: Language, audience: str | None = None, unread: bool = False,
        after: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
        before: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
        limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
    ) -> Any:  # fmt: skip
        """The caller's inbox, newest first: `{items, unread, newest, next}`.

        An item: `{seq, kind, severity, case_id, text, at, audience: {kind, id}, read_at, first_read: {at, by} | null,
        sends: [{channel: email | chat, state, failure, at}]}`. `read_at` is the caller's own; `first_read` says who of
        a team was first. `state`: queued, sending, accepted, failed, or unconfirmed (it may have arrived, and is not
        sent again). What reaches the caller both as a person and as one of a team is shown once.

        Every member of staff is in the team `service`, supervisors and administrators in `supervisors` too.
        `audience`: `person`, `service` or `supervisors`. `newest` is where to follow from (`/v1/notices/events`),
        `next` goes into `before` for older ones.
        """
        page = inboxes.page(
            inboxes.reader_of(who), language, audience=audience, unread=unread, after=after, before=before,
            limit=limit, now=clock(),
        )  # fmt: skip
        return _ready(page)

    @router.post("/{seq}/read", status_code=204)
    def read(seq: Annotated[int, Field(ge=0, lt=1 << 63)], who: Somebody) -> None:
        """Marks one notice as read by the caller; 404 when it is in none of their inboxes."""
        inboxes.read(inboxes.reader_of(who), seq, clock())

    @router.post("/read-all")
    def read_all(who: Somebody, body: ReadAll | None = None) -> dict[str, int]:
        """Marks everything unread as read by the caller: `{read: how many}`."""
        wanted = body or ReadAll()
        count = inboxes.read_all(inboxes.reader_of(who), clock(), audience=wanted.audience, up_to=wanted.up_to)
        return {"read": count}


def _following(
    router: APIRouter, inboxes: Inboxes, reads: Any, clock: Callable[[], datetime], poll_every: float, heartbeat: float
) -> None:
    Somebody = Annotated[Principal, reads]

    @router.get("/events", response_class=EventSourceResponse)
    async def events(
        who: Somebody, language: Language, after: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:  # fmt: skip
        """`text/event-stream` of the caller's inbox: `event: notice`, its number as id, an item of the list as data.

        It goes on after `Last-Event-ID` (else `after`, else from now on). A notice may come a second time after that:
        its `seq` tells. It ends after 15 minutes at the latest; come back then.
        """
        known = last_event_id or ""
        number = known.isascii() and known.isdigit() and len(known) < 25
        resumed = int(known) if number else after
        reader = await run_in_threadpool(inboxes.reader_of, who)
        tail = inboxes.tail(reader, language, min(resumed, (1 << 63) - 1) if resumed is not None else None)
        closing = anyio.Event()  # the server stops
        return EventSourceResponse(
            _stream(tail, clock, poll_every, closing), ping=heartbeat, send_timeout=30, shutdown_event=closing,
            shutdown_grace_period=GRACE,
        )  # fmt: skip


async def _stream(
    tail: Tail, clock: Callable[[], datetime], poll_every: float, closing: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """Looks again and again; no transaction is open in between. It is cancelled when the client goes."""
    ends = anyio.current_time() + LONGEST
    while anyio.current_time() < ends and not closing.is_set():
        pause = poll_every
        try:
            for item in (new := await run_in_threadpool(tail.poll, clock())):
                yield ServerSentEvent(data=msgspec.json.encode(item).decode(), event="notice", id=str(item["seq"]))
            if new:
                continue
        except UnavailableError as error:
            pause = max(poll_every, error.retry_after)
        with anyio.move_on_after(pause):
            await closing.wait()


def _ready(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))

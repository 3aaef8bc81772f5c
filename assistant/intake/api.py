"""Contract A over HTTP: `POST /v1/events` and the list of rejected events; the wiring mounts this router."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from assistant.intake.admission import Admission
from assistant.intake.receive import Intake, Receipt
from assistant.intake.rejected import MAX_LIMIT, RejectedEvents
from assistant.problems import MalformedError, TooLargeError, UnsupportedMediaError
from assistant.security.principals import Principal, Scope
from assistant.store.engine import utcnow

MAX_BYTES = 1_048_576
MAX_EVENTS = 1_000
SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EITHER = "application/json"  # taken by its shape
_ATTRIBUTES = frozenset({"specversion", "id", "source", "type"})


Require = Callable[[Scope], Callable[[Request], Principal]]
"""Makes the dependency that finds the caller and checks its scope."""


def make_router(intake: Intake, require: Require, admission: Admission | None = None) -> APIRouter:
    """The routes of contract A."""
    router = APIRouter(prefix="/v1/events", tags=["events"])
    rejected = RejectedEvents(intake.store, intake.vault, intake)
    admission = admission or Admission(intake.store, intake.settings.max_backlog)
    may_read, may_write = Depends(require(Scope.EVENTS_READ)), require(Scope.EVENTS_WRITE)

    def take(body: bytes, content_type: str) -> Response:
        with admission.admitted():
            return _receipt(intake.receive(events_in(body, content_type), utcnow()))

    @router.post("", status_code=202, openapi_extra=_SCHEMA, response_class=Response, responses=_RESPONSES)
    async def post_events(request: Request) -> Response:
        """Takes one event or a batch; 202 once everything accepted is durable."""
        await run_in_threadpool(may_write, request)
        content_type = media_type(request)
        body = await read_limited(request)
        return await run_in_threadpool(take, body, content_type)

    @router.get("/rejected", responses={200: {"description": "`{items, next}`, newest first"}})
    def list_rejected(
        limit: int = Query(50, ge=1, le=MAX_LIMIT), cursor: str | None = None, _: Principal = may_read
    ) -> Response:
        """Events that were rejected and kept."""
        return _json(rejected.page(limit, cursor))

    @router.post("/rejected/{rejected_id}/replay", status_code=202)
    async def replay_rejected(rejected_id: str, request: Request) -> Response:
        """Sends a rejected event in again, or the corrected event given as the body in its place."""
        await run_in_threadpool(may_write, request)
        body = await read_limited(request)
        corrected = _single(body) if body.strip() else None
        return _receipt(await run_in_threadpool(rejected.replay, rejected_id, utcnow(), corrected))

    return router


# -- reading the request --------------------------------------------------------------------------------------------


def media_type(request: Request) -> str:
    """The request's content type, one of the three this takes.

    Raises:
        UnsupportedMediaError: 415.
    """
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given not in (SINGLE, BATCH, EITHER):
        raise UnsupportedMediaError("unsupported_media_type", f"send {SINGLE} or {BATCH}, not {given or 'nothing'}")
    return given


async def read_limited(request: Request) -> bytes:
    """The body, read no further than the limit.

    Raises:
        TooLargeError: 413.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BYTES:
        raise TooLargeError("body_too_large", f"a request carries at most {MAX_BYTES} bytes")
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BYTES:
            raise TooLargeError("body_too_large", f"a request carries at most {MAX_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def events_in(body: bytes, content_type: str) -> list[Any]:
    """The raw events of a body.

    Raises:
        MalformedError: 400, no JSON or no event at all.
        TooLargeError: 413, too many events.
    """
    value = _decoded(body)
    if content_type == BATCH or (content_type == EITHER and isinstance(value, list)):
        if not isinstance(value, list):
            raise MalformedError("not_a_batch", f"{BATCH} carries a JSON array of events")
        if len(value) > MAX_EVENTS:
            raise TooLargeError("too_many_events", f"a batch carries at most {MAX_EVENTS} events, not {len(value)}")
        return value
    return [_event(value)]


def _single(body: bytes) -> dict[str, Any]:
    return _event(_decoded(body))


def _event(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value.keys() & _ATTRIBUTES:
        raise MalformedError("not_an_event", "the body is no CloudEvents object")
    return value


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError("broken_json", f"the body is no JSON: {error}") from error


def _receipt(receipt: Receipt) -> Response:
    return _json(receipt, 202)


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


# -- its documentation ----------------------------------------------------------------------------------------------

_EVENT = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "maxLength": 512},
        "source": {"type": "string", "maxLength": 512},
        "type": {"type": "string", "maxLength": 128, "examples": ["payment.captured"]},
        "time": {"type": "string", "format": "date-time"},
        "subject": {"type": "string", "description": "the checkout's id"},
        "data": {"type": "object"},
    },
}
_SCHEMA: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            SINGLE: {"schema": _EVENT},
            BATCH: {"schema": {"type": "array", "maxItems": MAX_EVENTS, "items": _EVENT}},
        },
    }
}
_REJECTED = {
    "type": "object",
    "properties": {
        "index": {"type": "integer"},
        "id": {"type": ["string", "null"]},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_RECEIPT = {
    "type": "object",
    "properties": {
        "accepted": {"type": "integer"},
        "duplicates": {"type": "integer"},
        "rejected": {"type": "array", "items": _REJECTED},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"description": "Everything accepted is durable", "content": {"application/json": {"schema": _RECEIPT}}},
    400: {"description": "No event at all"},
    413: {"description": "More than 1,000 events or 1 MiB"},
    415: {"description": "Not a CloudEvents content type"},
    429: {"description": "Overloaded; nothing was taken; see Retry-After"},
    503: {"description": "The store can't take it; nothing was taken"},
}

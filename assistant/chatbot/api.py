"""Customers' conversations over HTTP (contract D): sessions, messages, what comes by itself; a JWT opens one's own."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from assistant.chatbot.service import ChatService, Posted
from assistant.chatbot.sessions import Sessions
from assistant.chatbot.stream import LARGEST, POLL, Tail, answer_response, following_response, resumed_from
from assistant.chatbot.tokens import Signed, Tokens
from assistant.chatbot.transcript import PAGE, Item
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import InputError

MAX_TEXT = 4000  # characters
SessionId = Annotated[str, Path(min_length=1, max_length=64)]
After = Annotated[int, Query(ge=0, le=LARGEST)]


class Beginning(BaseModel):
    """`checkout_id`: the purchase it is about, where the page knows."""

    model_config = ConfigDict(extra="forbid")
    language: Annotated[str | None, Field(max_length=35)] = None
    checkout_id: Annotated[str | None, Field(min_length=1, max_length=500)] = None


class Message(BaseModel):
    """`text`, or a `choice` (an option's id). `dedupe_key` names the question where several are open.

    With `id`, the page's own id of this message, sending it again does nothing twice and gives the same answer.
    """

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str | None, Field(max_length=MAX_TEXT)] = None
    choice: Annotated[str | None, Field(min_length=1, max_length=512)] = None
    dedupe_key: Annotated[str | None, Field(min_length=1, max_length=128)] = None
    id: Annotated[str | None, Field(min_length=1, max_length=128, pattern=r"^[\w.:-]+$")] = None


def make_router(
    service: Callable[[], ChatService], sessions: Sessions, tokens: Tokens, *, poll_every: float = POLL
) -> APIRouter:
    """The routes. `service` is asked for when somebody comes; `sessions` are its."""
    router = APIRouter(prefix="/v1/chat", tags=["conversations"])

    def signed(request: Request) -> Signed:
        return tokens.read(request.headers.get("authorization", ""))

    Customer = Annotated[Signed, Depends(signed)]

    @router.post("/sessions", status_code=201)
    def begin_session(customer: Customer, beginning: Beginning | None = None) -> dict[str, Any]:
        """Begins a conversation of the customer whose JWT this is: `{id, language}`.

        Its id can be used again after a reload. 404 `checkout_not_found` for somebody else's.
        """
        wanted = beginning or Beginning()
        _refuse_nul("checkout_id", wanted.checkout_id)
        language = wanted.language or customer.language
        language = language_of(language) if language else None
        row = service().begin(customer.principal.id, language, wanted.checkout_id)
        return {"id": row["id"], "language": row["language"]}

    @router.post("/sessions/{session_id}/messages", response_class=StreamingResponse)
    async def post_message(session_id: SessionId, message: Message, customer: Customer) -> StreamingResponse:
        """Says something: `text/event-stream` with contract D's events, the last one `done`.

        One answer at a time: a second message waits up to 12 s for the first one's, then 409 `turn_running`. The
        answer is made to its end and kept even when the client goes. 429 over the customer's rate.
        """
        posted = _posted(message)
        session = await run_in_threadpool(service().session, session_id, customer.principal.id)
        return answer_response(await service().post(session, posted))

    @router.get("/sessions/{session_id}/messages")
    def read_messages(
        session_id: SessionId, customer: Customer, after: After = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE)] = 50,
    ) -> dict[str, Any]:  # fmt: skip
        """The conversation after `after` (a `seq`), oldest first; `next` goes into `after`, null at the end.

        Items: `{id, seq, role: customer|assistant|staff, text, language, at, sources, choices?, card?, cards?,
        handoff?, author?}`; `choices` has `chosen` once it was answered, wherever that was.
        """
        session = service().session(session_id, customer.principal.id)
        return paged(sessions.conversation(session, after, limit + 1), limit)

    @router.get("/sessions/{session_id}/events", response_class=EventSourceResponse)
    async def follow_session(
        session_id: SessionId, customer: Customer, after: After = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:  # fmt: skip
        """What is said to the customer, by itself or in answer, as `message.done`, `card`, `choices` and `handoff`.

        It begins after `Last-Event-ID`, else after `after`, else with the first message there is; an id stands on a
        message's last event. It ends after 15 minutes at the latest; come back then.
        """
        session = await run_in_threadpool(service().session, session_id, customer.principal.id)
        tail = Tail(lambda seq: sessions.what_came(session, seq), resumed_from(last_event_id, after))
        return following_response(tail, Item.events, poll_every, lambda: sessions.seen(session))

    return router


def paged(items: list[Item], limit: int, *, staff: bool = False) -> dict[str, Any]:
    """`{items, next}` of `limit + 1` items at most."""
    following = items[limit - 1].seq if len(items) > limit else None
    return {"items": [item.json(staff=staff) for item in items[:limit]], "next": following}


def checked_text(text: str, field: str = "text") -> str:
    """Words that can be stored and mean something.

    Raises:
        InputError: `empty_text`, `invalid_text`.
    """
    _refuse_nul(field, text)
    if not text.strip():
        raise InputError("empty_text", field, "says nothing")
    return text


def _posted(message: Message) -> Posted:
    if (message.text is None) == (message.choice is None):
        raise InputError("invalid_message", "text", "send either text or choice")
    if message.text is not None:
        checked_text(message.text)
    for name in ("choice", "dedupe_key"):
        _refuse_nul(name, getattr(message, name))
    return Posted(text=message.text, choice=message.choice, dedupe_key=message.dedupe_key, id=message.id)


def _refuse_nul(field: str, value: str | None) -> None:
    if value is not None and "\0" in value:
        raise InputError("invalid_text", field, "holds a NUL character")

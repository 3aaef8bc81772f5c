"""Staff's side of conversations over HTTP: the customer's conversation about a case, words into it, and its events."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from assistant.chatbot.api import MAX_TEXT, After, checked_text, paged
from assistant.chatbot.staff_side import StaffSide, as_staff
from assistant.chatbot.stream import POLL, Tail, following_response, resumed_from
from assistant.chatbot.transcript import PAGE
from assistant.security.principals import Principal, Scope

Require = Callable[[Scope], Callable[..., Principal]]


class Words(BaseModel):
    """What is said to the customer; with `id`, the panel's own id of it, sending it again does nothing twice."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    id: Annotated[str | None, Field(min_length=1, max_length=128, pattern=r"^[\w.:-]+$")] = None


def make_router(side: StaffSide, require: Require, *, poll_every: float = POLL) -> APIRouter:
    """The routes; `require(scope)` gives the caller or refuses."""
    router = APIRouter(prefix="/v1", tags=["conversations"])
    reads = Depends(require(Scope.CASES_READ))
    Writer = Annotated[Principal, Depends(require(Scope.CASES_WRITE))]

    @router.get("/cases/{case_id}/conversation", dependencies=[reads])
    def read_conversation(
        case_id: str, after: After = 0, limit: Annotated[int, Query(ge=1, le=PAGE)] = 50
    ) -> dict[str, Any]:
        """What the case's customer and we said to each other in the chat, as `GET …/messages` has it, real values.

        Items also have `session_id`. `next` goes into `after`, null at the end.
        """
        return paged(side.conversation(case_id, after, limit + 1), limit, staff=True)

    @router.post("/cases/{case_id}/conversation", status_code=201)
    def write_conversation(case_id: str, words: Words, who: Writer) -> dict[str, Any]:
        """Says something to the customer in their conversation, with the name of whoever says it: the item.

        A customer who is not there gets a message by their own channel that there is something to read. 409
        `no_customer` where the case names nobody.
        """
        return side.write(case_id, checked_text(words.text), who, words.id).json(staff=True)

    @router.get(
        "/cases/{case_id}/conversation/events", dependencies=[reads], response_class=EventSourceResponse
    )
    async def follow_conversation(
        case_id: str, after: After = 0, last_event_id: Annotated[str | None, Header()] = None
    ) -> EventSourceResponse:
        """`event: message` with an item of the conversation as data and its `seq` as id, as it goes on.

        It begins after `Last-Event-ID`, else after `after`, else with the first one. It ends after 15 minutes.
        """
        await run_in_threadpool(side.conversation, case_id, 0, 1)  # an unknown case is a 404, not a stream
        tail = Tail(lambda seq: side.conversation(case_id, seq, PAGE), resumed_from(last_event_id, after))
        return following_response(tail, as_staff, poll_every, lambda: None)

    return router

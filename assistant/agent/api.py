"""The conversation over HTTP (contracts C and D): a question's answer as a stream, and similar cases."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.agent.ports import CaseReader
from assistant.agent.staff import CaseAgent
from assistant.library.similar import similar_cases
from assistant.security.principals import Principal, Scope
from knowledge.library.library import Library
from knowledge.vocabulary.errors import InputError

MAX_QUESTION = 4000  # characters
Require = Callable[[Scope], Callable[..., Principal]]


class Question(BaseModel):
    """A question about a case; without `language` it is answered in its own."""

    text: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)]
    language: Annotated[str | None, Field(max_length=35)] = None


def make_router(agent: CaseAgent, library: Library, reader: CaseReader, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["conversations"])
    Asker = Annotated[Principal, Depends(require(Scope.CHAT))]

    @router.post("/cases/{case_id}/chat", response_class=StreamingResponse)
    async def chat(case_id: str, question: Question, principal: Asker) -> StreamingResponse:
        """Answers a question about the case as `text/event-stream`, with its sources."""
        if not question.text.strip():
            raise InputError("empty_text", "text", "asks nothing")
        await asyncio.to_thread(reader.case, case_id)  # an unknown case is a 404, not a stream
        events = _bytes(agent, case_id, question, principal)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)

    @router.get("/cases/{case_id}/similar", dependencies=[Depends(require(Scope.CASES_READ))])
    def similar(case_id: str, limit: Annotated[int, Query(ge=1, le=20)] = 3) -> list[dict[str, Any]]:
        """Solved cases like this one, nearest first."""
        case = reader.case(case_id)
        return [found.json() for found in similar_cases(library, reader, case, limit)]

    return router


async def _bytes(agent: CaseAgent, case_id: str, question: Question, principal: Principal) -> AsyncIterator[bytes]:
    async for event in agent.stream(case_id, question.text, question.language, principal):
        yield event.sse()

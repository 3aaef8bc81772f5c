"""Handing a case on, and its summary for whoever gets it, over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from assistant.cases.api import Language, Words
from assistant.cases.commands import Commands
from assistant.cases.views import Views
from assistant.handoff.summary import Summaries
from assistant.security.principals import Principal, Scope

Require = Callable[[Scope], Callable[..., Principal]]


class HandOff(BaseModel):
    """To whom (a staff id, `service` or `supervisors`; without it routing decides), and why, in words."""

    model_config = ConfigDict(extra="forbid")
    to: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    note: Words = ""


def make_router(views: Views, commands: Commands, summaries: Summaries, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["hand-off"])
    Writer = Annotated[Principal, Depends(require(Scope.CASES_WRITE))]

    @router.post("/cases/{case_id}/handoff")
    def hand_off(case_id: str, who: Writer, language: Language, body: HandOff | None = None) -> dict[str, Any]:
        """Gives the case to a person, from any open status; the machine stops until it is released. 409 when ended."""
        asked = body or HandOff()
        commands.hand_off(case_id, who, asked.to, asked.note)
        return views.case(case_id, language)

    @router.get("/cases/{case_id}/summary", dependencies=[Depends(require(Scope.CASES_READ))])
    def get_summary(case_id: str, language: Language) -> dict[str, Any]:
        """The whole story, each fact with its evidence, and what to do next.

        Evidence of our own records has the kind `read_back` and a ref below `case/{id}`: `/plan/N`, `/step/ID`,
        `/effect/ID`, `/spending/STEP`, `/message/KEY`, `/promise/ID`, `/timeline/SEQ`.
        """
        return summaries.summary(case_id, language)

    return router

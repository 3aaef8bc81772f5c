"""Feedback and what was learned, over HTTP: for shops' forms and the widget, for staff, for supervisors."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assistant.cases.commands import require_staff
from assistant.cases.views import json_ready, parse_time
from assistant.followup.followup import FollowUp
from assistant.security.principals import ForbiddenError, Principal, Scope

Require = Callable[[Scope], Callable[..., Principal]]
LIMIT = 200


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


Words = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
Reason = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_without_nul)]
Name = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_without_nul)]


class Rating(BaseModel):
    """How the customer found it: 1 (bad) to 5 (good), and a word if they like."""

    model_config = ConfigDict(extra="forbid")
    rating: Annotated[int, Field(ge=1, le=5, strict=True)]
    text: Words | None = None


class Undoing(BaseModel):
    """Why an outcome is not to count any more."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


class UndoingOption(Undoing):
    """What is not to count: an option of one fault, as `GET /v1/learned` names it."""

    fault: Name
    option: Name


def make_router(follow_up: FollowUp, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["follow-up"])
    _feedback(router, follow_up, require)
    _learned(router, follow_up, require)
    return router


def _feedback(router: APIRouter, follow_up: FollowUp, require: Require) -> None:
    Rater = Annotated[Principal, Depends(_either(require, Scope.CHAT, Scope.CASES_WRITE))]
    Reader = Annotated[Principal, Depends(require(Scope.CASES_READ))]

    @router.post("/cases/{case_id}/feedback")
    def give_feedback(case_id: str, body: Rating, who: Rater) -> dict[str, Any]:
        """The customer's rating from the shop's own form or the widget; the first one of an episode counts.

        Scope `chat` or `cases:write`. 409 `case_live` before anything was resolved.
        """
        given: dict[str, Any] = json_ready(follow_up.asking.given(case_id, body.rating, body.text, who))
        return given

    @router.get("/feedback")
    def list_feedback(
        who: Reader, since: Annotated[str | None, Query(alias="from")] = None,
        until: Annotated[str | None, Query(alias="to")] = None,
        limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50, cursor: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """What customers answered, the latest first, with their words; for staff. `from` and `to` are RFC 3339.

        `csat` is the share of ratings 4 and 5 among those answered in that time.
        """
        require_staff(who)
        start = parse_time("from", since) if since else None
        end = parse_time("to", until) if until else None
        page: dict[str, Any] = json_ready(follow_up.ratings.page(start, end, limit, cursor))
        return page


def _learned(router: APIRouter, follow_up: FollowUp, require: Require) -> None:
    Reader = Annotated[Principal, Depends(require(Scope.CASES_READ))]
    Writer = Annotated[Principal, Depends(require(Scope.CASES_WRITE))]

    @router.get("/learned")
    def what_was_learned(who: Reader, fault: str | None = None) -> dict[str, Any]:
        """By fault and option: outcomes, how many stayed, ratings, the effect on the ranking, the cases behind it."""
        require_staff(who)
        seen: dict[str, Any] = json_ready(follow_up.learned.view(fault))
        return seen

    @router.post("/learned/undo")
    def undo_learned(body: UndoingOption, who: Writer) -> dict[str, Any]:
        """All outcomes so far of an option stop counting, for the ranking and for the library; for supervisors.

        Everything counts as the option's in which all its actions were performed; the answer lists it.
        """
        done: dict[str, Any] = json_ready(follow_up.learned.undo(body.fault, body.option, body.reason, who))
        return done

    @router.post("/cases/{case_id}/outcome/undo")
    def undo_outcome(case_id: str, body: Undoing, who: Writer) -> dict[str, Any]:
        """What became of one case stops counting; for supervisors."""
        done: dict[str, Any] = json_ready(follow_up.learned.undo_case(case_id, body.reason, who))
        return done


def _either(require: Require, one: Scope, other: Scope) -> Callable[[Request], Principal]:
    """A dependency that takes a key with either scope."""
    first, second = require(one), require(other)

    def principal(request: Request) -> Principal:
        try:
            return first(request)
        except ForbiddenError:
            return second(request)

    return principal

"""Contract D's suggestions and the copilot's panel over HTTP; the panel also as a stream of its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

from assistant.cases.api import Language, PlanEdits, Reason
from assistant.cases.views import Views
from assistant.copilot.panel import Panel
from assistant.copilot.suggestions import Suggestions
from assistant.security.principals import Principal, Scope
from knowledge.vocabulary.errors import HellowordError
from tools.rehearsal.checking import Edit

Require = Callable[[Scope], Callable[..., Principal]]


class Accepting(BaseModel):
    """What is changed in the suggested plan before it is approved; step ids are those of the suggestion's `steps`."""

    model_config = ConfigDict(extra="forbid")
    edits: PlanEdits | None = None


class Refusing(BaseModel):
    """Why the suggestion is not wanted."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason


def make_router(suggestions: Suggestions, panel: Panel, views: Views, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["copilot"])
    Reader = Annotated[Principal, Depends(require(Scope.CASES_READ))]
    Writer = Annotated[Principal, Depends(require(Scope.CASES_WRITE))]

    @router.get("/cases/{case_id}/suggestions")
    def list_suggestions(case_id: str, who: Reader, language: Language) -> list[dict[str, Any]]:
        """What may be done next, best first, from a fresh read-back.

        Each `{id, action, reason, confidence, evidence, effect, plan_version, reply: {zh-CN, en}}`, and `kind` (plan,
        approve, snooze, wait, hand_off, resolve, call_off), `place`, `steps` (their ids are what `edits` name),
        `changes` per system, `needs_role` and whether the reader is `allowed`, `expected` outcomes with their n,
        `ranked_because`, `similar` cases, `reply_after` (what the plan itself tells the customer). `confidence`: the
        probability that the case then stays resolved without another human step.
        """
        return suggestions.list(case_id, language, who)

    @router.post("/cases/{case_id}/suggestions/{sid}/accept")
    def accept(
        case_id: str, sid: str, who: Writer, language: Language, body: Accepting | None = None
    ) -> dict[str, Any]:
        """Does it, in one step: a plan is stored, approved by the caller (as edited) and performed.

        403 names the role it needs; 409 `suggestion_stale` when somebody decided before or the case moved on,
        `evidence_changed` when the systems show something else now (nothing is performed), `plan_changed`,
        `case_claimed`, `case_busy`; 422 `invalid_edit` names the field.
        """
        named = body.edits.steps if body is not None and body.edits is not None else []
        edits = [Edit(id=e.id, remove=e.remove, arguments=e.arguments) for e in named]
        suggestions.deciding.accept(case_id, sid, who, edits)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/suggestions/{sid}/propose")
    def propose(case_id: str, sid: str, who: Writer) -> dict[str, Any]:
        """Stores its plan as a version that waits for approval, and approves nothing: `{case_id, plan_version, state}`.

        409 as for accepting, and `no_plan` for a suggestion that stands for no plan of its own.
        """
        return {"case_id": case_id, "plan_version": suggestions.propose(case_id, sid, who), "state": "awaiting"}

    @router.post("/cases/{case_id}/suggestions/{sid}/reject")
    def reject(case_id: str, sid: str, body: Refusing, who: Writer, language: Language) -> dict[str, Any]:
        """Keeps the reason; it counts for the order of later suggestions."""
        suggestions.deciding.reject(case_id, sid, body.reason, who)
        return views.case(case_id, language)

    @router.get("/cases/{case_id}/copilot")
    async def copilot(case_id: str, who: Reader, request: Request, language: Language) -> Response:
        """Everything for the panel in one call; with `Accept: text/event-stream` in parts, as they are ready.

        Parts are the events `now` (what is wrong in one sentence, order, payments and stock as read back last),
        `customer`, `suggestions`, `similar`; `error` `{part, code, detail}` in a part's place; the last is `done`.
        """
        if "text/event-stream" not in request.headers.get("accept", ""):
            return JSONResponse(await asyncio.to_thread(_tolerant, panel, case_id, language, who))
        now = await asyncio.to_thread(panel.now, case_id, language)  # an unknown case is a 404, not a stream
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        parts = _stream(panel, now, case_id, language, who)
        return StreamingResponse(parts, media_type="text/event-stream", headers=headers)

    return router


def _parts(panel: Panel, case_id: str, language: str, who: Principal) -> dict[str, Callable[[], Any]]:
    """What comes after `now`, the quick ones first."""
    return {
        "customer": lambda: panel.customer(case_id),
        "suggestions": lambda: panel.suggestions(case_id, language, who),
        "similar": lambda: panel.similar(case_id),
    }


def _tolerant(panel: Panel, case_id: str, language: str, who: Principal) -> dict[str, Any]:
    """All parts; one that fails leaves its place empty and says why under `errors`."""
    whole, errors = panel.now(case_id, language), []
    for part, read in _parts(panel, case_id, language, who).items():
        try:
            whole[part] = read()
        except HellowordError as error:
            whole.setdefault(part, None)
            errors.append({"part": part, "code": error.code, "detail": error.detail})
    return {**whole, "errors": errors}


async def _stream(
    panel: Panel, now: dict[str, Any], case_id: str, language: str, who: Principal
) -> AsyncIterator[bytes]:
    yield _event("now", now)

    async def part(name: str, read: Callable[[], Any]) -> bytes:
        try:
            return _event(name, await asyncio.to_thread(read))
        except HellowordError as error:
            return _event("error", {"part": name, "code": error.code, "detail": error.detail})
        except Exception as error:  # the stream is open: whatever breaks has to be said in it
            return _event("error", {"part": name, "code": "copilot_failed", "detail": type(error).__name__})

    tasks = [asyncio.create_task(part(name, read)) for name, read in _parts(panel, case_id, language, who).items()]
    try:
        for done in asyncio.as_completed(tasks):
            yield await done
    finally:
        for task in tasks:
            task.cancel()
    yield _event("done", {})


def _event(name: str, data: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))

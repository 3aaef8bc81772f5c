"""The promise ledger over HTTP: who promised what to whose customer, by when, and what became of it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from assistant.cases.api import Language, Reason
from assistant.cases.views import Views, json_ready, parse_time
from assistant.promises import reading
from assistant.promises.by_hand import PromisesByHand
from assistant.security.principals import Principal, Scope
from assistant.store.engine import Store

Require = Callable[[Scope], Callable[..., Principal]]


class NewPromise(BaseModel):
    """What was promised, in words, and by when (RFC 3339 with its zone)."""

    model_config = ConfigDict(extra="forbid")
    text: Reason
    due_at: str
    kind: str | None = None


def make_router(store: Store, views: Views, by_hand: PromisesByHand, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["promises"])
    reads, writes = Depends(require(Scope.CASES_READ)), Depends(require(Scope.CASES_WRITE))
    Writer = Annotated[Principal, writes]

    @router.get("/promises", dependencies=[reads])
    def list_promises(
        language: Language, state: str | None = None, owner: str | None = None, due_before: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The ledger, what is due first. `state` takes several, separated by commas; `owner` is a staff id or a team.

        A broken promise with `kept_at` was kept too late.
        """
        before = parse_time("due_before", due_before) if due_before else None
        found: dict[str, Any] = json_ready(
            reading.page(
                store, state=state, owner=owner, due_before=before, limit=limit, cursor=cursor, language=language
            )
        )
        return found

    @router.post("/cases/{case_id}/promises", status_code=201)
    def make_promise(case_id: str, body: NewPromise, who: Writer, language: Language) -> dict[str, Any]:
        """Writes down what staff promised the customer; its owner is reminded before it is due. The case."""
        by_hand.make(case_id, body.text, parse_time("due_at", body.due_at), who, body.kind)
        return views.case(case_id, language)

    @router.post("/promises/{promise_id}/keep")
    def keep_promise(promise_id: str, who: Writer, language: Language) -> dict[str, Any]:
        """Says that it was kept; the promise. 409 `promise_over` when it was settled before."""
        kept: dict[str, Any] = json_ready(by_hand.keep(promise_id, who, language))
        return kept

    return router

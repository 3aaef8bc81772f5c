"""Contract C over HTTP: cases out, and what staff may do with them."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assistant.cases.commands import Commands
from assistant.cases.views import Views, parse_time
from assistant.plans.rehearsal import Rehearsal
from assistant.security.principals import Principal, Scope
from tools.rehearsal.checking import Edit

Require = Callable[[Scope], Callable[..., Principal]]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


Words = Annotated[str, Field(max_length=4000), AfterValidator(_without_nul)]
Reason = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_without_nul)]


class _Decision(BaseModel):
    plan_version: Annotated[int, Field(ge=0, lt=1 << 31)]


class StepEdit(BaseModel):
    """One step of the plan, by its `id`: either it goes (`remove`), or the named `arguments` replace the planned ones.

    Changed can be: `amount` of refund_payment and create_payment_link; `amount`, `percent`, `expires_at` of
    issue_coupon; `lines` of reserve_stock and cancel_lines; `lines`, `discount` of reprice_order and reprice_checkout;
    `unit_price` of substitute_line; `expected_at` of backorder_line. Never upwards: not more money than is kept, no
    price above the agreed one, no quantity above the planned one. A step that rests on one taken out goes with it, and
    so does a message that tells of what was changed.
    """

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(max_length=128)]
    remove: bool = False
    arguments: dict[str, Any] | None = None


class PlanEdits(BaseModel):
    """What is changed in the plan before it is approved; a plan checked like a new one comes of it."""

    model_config = ConfigDict(extra="forbid")
    steps: Annotated[list[StepEdit], Field(min_length=1, max_length=100)]


class Approval(_Decision):
    """Which version is approved, and what is changed in it before that."""

    edits: PlanEdits | None = None


class Undoing(_Decision):
    """Which version's deeds are to be taken back."""


class Rejection(_Decision):
    reason: Reason


class Resolving(BaseModel):
    resolution: str
    note: Words = ""


class Snooze(BaseModel):
    until: str


class Reopening(BaseModel):
    reason: Reason


class Merge(BaseModel):
    into: str


class Assigning(BaseModel):
    """Whom the case goes to."""

    model_config = ConfigDict(extra="forbid")
    staff_id: Annotated[str, Field(min_length=1, max_length=64)]


def language_asked(request: Request) -> str:
    """The reader's language: `?language=`, else Accept-Language, else English."""
    return request.query_params.get("language") or request.headers.get("accept-language", "en").split(",")[0] or "en"


Language = Annotated[str, Depends(language_asked)]


def make_router(views: Views, commands: Commands, rehearsal: Rehearsal, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1", tags=["cases"])
    _reading(router, views, rehearsal, Depends(require(Scope.CASES_READ)))
    _deciding(router, views, commands, Depends(require(Scope.CASES_WRITE)))
    _owning(router, views, commands, Depends(require(Scope.CASES_WRITE)))
    return router


def _reading(router: APIRouter, views: Views, rehearsal: Rehearsal, reads: Any) -> None:
    @router.get("/cases", dependencies=[reads])
    def list_cases(
        language: Language, status: str | None = None, severity: str | None = None, fault: str | None = None,
        checkout_id: str | None = None, order_id: str | None = None, customer_id: str | None = None,
        owner: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None, order: str = "urgent",
    ) -> dict[str, Any]:  # fmt: skip
        """The queue, most urgent first, or with `order=newest` latest change first.

        `status` and `severity` take several values, separated by commas; `owner` is a staff id, `service` or
        `supervisors`.
        """
        filters = {
            "status": status, "severity": severity, "fault": fault,
            "checkout_id": checkout_id, "order_id": order_id, "customer_id": customer_id,
            "owner": owner,
        }  # fmt: skip
        return views.page(filters, limit, cursor, language, order)

    @router.get("/cases/counts", dependencies=[reads])
    def count_cases() -> dict[str, Any]:
        """How many cases stand where."""
        return views.counts()

    @router.get("/cases/{case_id}", dependencies=[reads])
    def get_case(case_id: str, language: Language) -> dict[str, Any]:
        """One case with its plan, promises and timeline."""
        return views.case(case_id, language)

    @router.get("/cases/{case_id}/preview", dependencies=[reads])
    def get_preview(
        case_id: str, language: Language, plan_version: Annotated[int | None, Query(ge=1, lt=1 << 31)] = None
    ) -> dict[str, Any]:
        """The exact difference the plan's open steps would make now, from a fresh read-back.

        `changes`: `{step, system, object, field, before, after, irreversible, reason, certain}`; money in minor units,
        personal values masked. Without `plan_version` the case's current plan.
        """
        return views.preview(case_id, plan_version, rehearsal, language)

    @router.get("/cases/{case_id}/order", dependencies=[reads])
    def get_order(case_id: str) -> dict[str, Any]:
        """The case's order as every system sees it."""
        checkout_id = views.case(case_id)["checkout_id"]
        return views.order(checkout_id) if checkout_id else {"checkout_id": None, "snapshot": None, "read_back": None}


def _deciding(router: APIRouter, views: Views, commands: Commands, writes: Any) -> None:
    Writer = Annotated[Principal, writes]

    @router.post("/cases/{case_id}/approve")
    def approve(case_id: str, body: Approval, who: Writer, language: Language) -> dict[str, Any]:
        """Approves the waiting plan version.

        With `edits` a new version is made of it, checked, and approved instead: the one and the other in one step. 403
        names the role the plan needs, 409 `plan_changed` when it changed meanwhile, 422 `invalid_edit` the field.
        """
        edits = [Edit(id=e.id, remove=e.remove, arguments=e.arguments) for e in body.edits.steps] if body.edits else []
        commands.approve(case_id, body.plan_version, who, edits)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/undo")
    def undo(case_id: str, body: Undoing, who: Writer, language: Language) -> dict[str, Any]:
        """Proposes a plan that takes back what a plan version has done, in reverse order, as far as the world allows.

        It waits for approval like any plan; afterwards the case is the caller's. 409 `nothing_to_undo` says why.
        """
        commands.undo(case_id, body.plan_version, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/reject")
    def reject(case_id: str, body: Rejection, who: Writer, language: Language) -> dict[str, Any]:
        """Rejects the waiting plan version; a human takes over."""
        commands.reject(case_id, body.plan_version, body.reason, who)
        return views.case(case_id, language)


def _owning(router: APIRouter, views: Views, commands: Commands, writes: Any) -> None:
    Writer = Annotated[Principal, writes]

    @router.post("/cases/{case_id}/claim")
    def claim(case_id: str, who: Writer, language: Language) -> dict[str, Any]:
        """Takes the case; the machine stops acting on it."""
        commands.claim(case_id, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/assign")
    def assign(case_id: str, body: Assigning, who: Writer, language: Language) -> dict[str, Any]:
        """Gives the case to a colleague, who is told; for whoever has it, and supervisors.

        422 `unknown_staff`; 409 `staff_away`, or `staff_full` (which a supervisor may overrule).
        """
        commands.assign(case_id, body.staff_id, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/release")
    def release(case_id: str, who: Writer, language: Language) -> dict[str, Any]:
        """Gives the case back to the assistant."""
        commands.release(case_id, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/resolve")
    def resolve(case_id: str, body: Resolving, who: Writer, language: Language) -> dict[str, Any]:
        """Ends the case by hand."""
        commands.resolve(case_id, body.resolution, body.note, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/snooze")
    def snooze(case_id: str, body: Snooze, who: Writer, language: Language) -> dict[str, Any]:
        """Lets the case rest until a time."""
        commands.snooze(case_id, parse_time("until", body.until), who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/reopen")
    def reopen(case_id: str, body: Reopening, who: Writer, language: Language) -> dict[str, Any]:
        """Opens an ended case again."""
        commands.reopen(case_id, body.reason, who)
        return views.case(case_id, language)

    @router.post("/cases/{case_id}/merge")
    def merge(case_id: str, body: Merge, who: Writer, language: Language) -> dict[str, Any]:
        """Ends this case as part of another one."""
        commands.merge(case_id, body.into, who)
        return views.case(case_id, language)

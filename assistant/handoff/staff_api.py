"""The register of staff over HTTP: who works here, and who is away. The wiring mounts it."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from assistant.cases.api import Language
from assistant.cases.commands import require_staff
from assistant.cases.views import Views, json_ready
from assistant.handoff.staff import Register, own_id
from assistant.security.principals import Principal, Scope

Require = Callable[[Scope], Callable[..., Principal]]


class ShiftBody(BaseModel):
    """A weekly shift in the member's own zone; an `end` that is not after `start` is on the next day."""

    model_config = ConfigDict(extra="forbid")
    days: list[int]
    """0 Monday … 6 Sunday: the days on which it begins."""
    start: str
    end: str


class StaffChange(BaseModel):
    """What is to be changed; a field that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    role: str | None = None
    """agent, senior_agent, supervisor or administrator."""
    languages: list[str] | None = None
    """Of the customers they serve."""
    skills: list[str] | None = None
    """Fault codes, or `["*"]` for all."""
    time_zone: str | None = None
    shifts: list[ShiftBody] | None = None
    """Empty: always at work."""
    capacity: int | None = None
    """Open cases at a time, 1 to 200."""
    away: bool | None = None
    active: bool | None = None
    reads: str | None = None
    """The language of what they are told: zh-CN or en."""
    email: str | None = None
    chat: list[str] | None = None
    """Apprise addresses."""
    key_id: str | None = None
    """The API key they come with; needs the scope `admin`."""


class NewStaff(StaffChange):
    """A new member: only the name is needed."""

    name: str


class Away(BaseModel):
    """Whether the caller is away."""

    model_config = ConfigDict(extra="forbid")
    away: bool


def make_router(register: Register, views: Views, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1/staff", tags=["staff"])
    _reading(router, register, views, Depends(require(Scope.CASES_READ)))
    _changing(router, register, Depends(require(Scope.CASES_WRITE)))
    return router


def _reading(router: APIRouter, register: Register, views: Views, reads: Any) -> None:
    Reader = Annotated[Principal, reads]

    @router.get("")
    def list_staff(who: Reader, everybody: bool = False) -> list[dict[str, Any]]:
        """Who works here, with load and whether they are on shift; with `everybody` those who have left, too."""
        require_staff(who)
        shown: list[dict[str, Any]] = json_ready(register.everybody(active_only=not everybody))
        return shown

    @router.get("/me")
    def get_me(who: Reader) -> dict[str, Any]:
        """The caller's own entry."""
        return _json(register.get(own_id(who)))

    @router.get("/{staff_id}")
    def get_staff(staff_id: str, who: Reader) -> dict[str, Any]:
        """One member; contact data is masked."""
        require_staff(who)
        return _json(register.get(staff_id))

    @router.get("/{staff_id}/cases")
    def list_cases_of(
        staff_id: str, who: Reader, language: Language, status: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The cases that this member has (or ended), most urgent first; `me` for the caller's own."""
        require_staff(who)
        owner = own_id(who) if staff_id == "me" else register.get(staff_id)["id"]
        return views.page({"owner": owner, "status": status}, limit, cursor, language)


def _changing(router: APIRouter, register: Register, writes: Any) -> None:
    Writer = Annotated[Principal, writes]

    @router.post("", status_code=201)
    def add_staff(body: NewStaff, who: Writer) -> dict[str, Any]:
        """A new member. 422 `invalid_staff` names the field; 403 unless a supervisor (an administrator) asks."""
        return _json(register.add(body.model_dump(exclude_unset=True), who))

    @router.post("/me/away")
    def set_away(body: Away, who: Writer) -> dict[str, Any]:
        """The caller is away, or back. Cases given to them that they have not taken up go to others."""
        return _json(register.set_away(who, body.away))

    @router.patch("/{staff_id}")
    def change_staff(staff_id: str, body: StaffChange, who: Writer) -> dict[str, Any]:
        """Changes the named fields. 422 `invalid_staff` names the field; 403 as for adding."""
        return _json(register.change(staff_id, body.model_dump(exclude_unset=True), who))


def _json(value: Any) -> dict[str, Any]:
    shown: dict[str, Any] = json_ready(value)
    return shown

"""`helloword staff`: the register from the command line; a running service takes changes up by itself."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
import typer

from assistant.handoff.desk import Desk
from assistant.handoff.staff import Register
from assistant.notifications.notices import Notices
from assistant.security.keys import Keys
from assistant.security.master_key import load_master_key
from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.settings import load_settings
from assistant.store.engine import Store, make_engine
from assistant.store.migrate import upgrade
from knowledge.vocabulary.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Who works here: skills, languages, shifts, and their keys.")

OPERATOR = Principal("system", "cli", "helloword staff", frozenset(Role), frozenset(Scope))
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SHIFT = re.compile(r"([a-z,\-]+|daily)\s+(\d\d:\d\d)-(\d\d:\d\d)")
SHOWN = 5  # skills in a line; `--json` names them all
_SCOPES = {
    "agent": (Scope.CASES_READ, Scope.CASES_WRITE, Scope.CHAT),
    "senior_agent": (Scope.CASES_READ, Scope.CASES_WRITE, Scope.CHAT),
    "supervisor": (Scope.CASES_READ, Scope.CASES_WRITE, Scope.CHAT, Scope.EVENTS_READ, Scope.METRICS_READ),
    "administrator": tuple(Scope),
}

RoleOption = Annotated[str | None, typer.Option(help="agent, senior_agent, supervisor or administrator")]
LanguageOption = Annotated[list[str] | None, typer.Option(help="a language of the customers they serve (repeat)")]
SkillOption = Annotated[list[str] | None, typer.Option(help='a fault code they can handle, or "*" for all (repeat)')]
ZoneOption = Annotated[str | None, typer.Option(help="IANA time zone of their shifts, as Asia/Shanghai")]
ShiftOption = Annotated[
    list[str] | None, typer.Option(help='"mon-fri 09:00-18:00", "sat,sun 22:00-06:00", "daily 08:00-16:00" (repeat)')
]
CapacityOption = Annotated[int | None, typer.Option(help="open cases at a time, 1 to 200")]
ReadsOption = Annotated[str | None, typer.Option(help="the language they are told things in: zh-CN or en")]
EmailOption = Annotated[str | None, typer.Option(help="where they are told of cases")]
ChatOption = Annotated[list[str] | None, typer.Option(help="an Apprise address, as wecombot://KEY (repeat)")]


@app.command("add")
def add_member(
    name: str, role: RoleOption = None, language: LanguageOption = None, skill: SkillOption = None,
    zone: ZoneOption = None, shift: ShiftOption = None, capacity: CapacityOption = None, reads: ReadsOption = None,
    email: EmailOption = None, chat: ChatOption = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="make no API key for them")] = False,
) -> None:  # fmt: skip
    """Adds a member of staff, and prints the key that they come with once."""
    register, keys = _register()
    given = _given(role, language, skill, zone, shift, capacity, reads, email, chat)
    one = register.add({"name": name, **given}, OPERATOR)
    typer.echo(_line(one))
    if no_key:
        return
    info, secret = keys.create_key(name, _SCOPES[one["role"]])
    register.bind_key(one["id"], info.id, OPERATOR)
    typer.echo(f"{secret}\nIt is shown this once only.")


@app.command("list")
def list_members(
    everybody: Annotated[bool, typer.Option("--all", help="those who have left, too")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Who works here, on shift or not, with their load; contact data is masked."""
    people = _register()[0].everybody(active_only=not everybody)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(people), indent=2).decode())
        return
    for one in people:
        typer.echo(_line(one))


@app.command("set")
def set_member(
    staff_id: str, name: Annotated[str | None, typer.Option()] = None, role: RoleOption = None,
    language: LanguageOption = None, skill: SkillOption = None, zone: ZoneOption = None, shift: ShiftOption = None,
    always: Annotated[bool, typer.Option("--always", help="no shifts: always at work")] = False,
    capacity: CapacityOption = None, reads: ReadsOption = None, email: EmailOption = None, chat: ChatOption = None,
    away: Annotated[bool | None, typer.Option("--away/--back", help="away, or back again")] = None,
) -> None:  # fmt: skip
    """Changes what is named."""
    given = _given(role, language, skill, zone, shift, capacity, reads, email, chat)
    given |= {key: value for key, value in (("name", name), ("away", away)) if value is not None}
    if always:
        given["shifts"] = []
    typer.echo(_line(_register()[0].change(staff_id, given, OPERATOR)))


@app.command("remove")
def remove_member(staff_id: str) -> None:
    """They work here no more: their cases go to others, their key is revoked, their contact data is deleted."""
    _register()[0].remove(staff_id, OPERATOR)
    typer.echo(f"{staff_id} is removed")


def _register() -> tuple[Register, Keys]:
    settings = load_settings()
    upgrade(settings.database)
    store = Store(make_engine(settings.database))
    keys, desk = Keys(store), Desk(store, Notices(store), settings)
    return Register(store, Vault(load_master_key(settings)), keys, desk, settings.time_zone), keys


def _given(
    role: str | None, language: list[str] | None, skill: list[str] | None, zone: str | None, shift: list[str] | None,
    capacity: int | None, reads: str | None, email: str | None, chat: list[str] | None,
) -> dict[str, Any]:  # fmt: skip
    named = {
        "role": role, "languages": language or None, "skills": skill or None, "time_zone": zone,
        "shifts": [parse_shift(one) for one in shift] if shift else None, "capacity": capacity, "reads": reads,
        "email": email, "chat": chat or None,
    }  # fmt: skip
    return {key: value for key, value in named.items() if value is not None}


def parse_shift(text: str) -> dict[str, Any]:
    """`mon-fri 09:00-18:00` as `{days, start, end}`.

    Raises:
        InputError: `invalid_staff` when it can't be read.
    """
    match = _SHIFT.fullmatch(text.strip().lower())
    days = _days(match[1]) if match else None
    if match is None or not days:
        raise InputError("invalid_staff", "shift", f'{text!r} must look like "mon-fri 09:00-18:00"')
    return {"days": days, "start": match[2], "end": match[3]}


def _days(text: str) -> list[int]:
    """The days a text names; none when it names something else. `fri-mon` goes round the week's end."""
    if text == "daily":
        return list(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            return []
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {(start + n) % 7 for n in range((end - start) % 7 + 1)}
    return sorted(found)


def _line(one: dict[str, Any]) -> str:
    state = "left" if not one["active"] else "away" if one["away"] else "on shift" if one["on_shift"] else "off shift"
    skills = ", ".join(one["skills"]) if len(one["skills"]) <= SHOWN else f"{len(one['skills'])} kinds of faults"
    return (
        f"{one['id']}  {one['name']}  {one['role']}  {', '.join(one['languages'])}  {skills}  "
        f"{one['load']}/{one['capacity']} cases  {state}"
    )

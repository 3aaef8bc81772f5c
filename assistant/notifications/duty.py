"""Who of the staff is at work and whom a case concerns; pure, asked at detection and before a notice is pushed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from assistant.security.principals import Role
from assistant.triage.shifts import hours_of, on_shift

Person = Mapping[str, Any]
"""A row of `staff`."""

SENIORS = frozenset({Role.SENIOR_AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
SUPERVISORS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


def at_work(person: Person, now: datetime) -> bool:
    """Whether they are with us, not away, and on shift at `now` (aware UTC)."""
    return bool(
        person["active"] and not person["away"] and on_shift(hours_of(person["time_zone"], person["shifts"]), now)
    )


def knows(person: Person, codes: Collection[str]) -> bool:
    """Whether their skills cover one of these faults; `*` covers all."""
    return not {"*", *codes}.isdisjoint(person["skills"])


def on_duty(people: Iterable[Person], codes: Collection[str], roles: Collection[Role], now: datetime) -> list[str]:
    """The ids of those at work who have one of the roles and know one of the faults."""
    return [p["id"] for p in people if p["role"] in roles and knows(p, codes) and at_work(p, now)]

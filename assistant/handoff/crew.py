"""The register as routing sees it: who works here, with hours, load and history; and who was given which case.

The desk and what waits for it call this, inside their transactions.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from assistant.cases.people import Owner
from assistant.plans.incidents import is_incident
from assistant.plans.limits import take_turns
from assistant.security.principals import Principal
from assistant.store.engine import Store
from assistant.store.tables_people import assignments, staff
from assistant.triage.routing import Candidate
from assistant.triage.shifts import Hours, hours_of, next_start, on_shift

Case = dict[str, Any]

REFUSED = ("handed_back", "escalated")


class Member(NamedTuple):
    """One active member of staff: as routing sees them, and when they work."""

    candidate: Candidate
    hours: Hours


def take_turn(tx: sa.Connection, store: Store) -> None:
    """Until the transaction ends nobody else gives out cases, or changes who could take them.

    Whoever calls this has locked the case's row before, and waits for no other case's row afterwards.
    """
    take_turns(tx, store, "routing")


def anybody(tx: sa.Connection) -> bool:
    """Whether there is a register at all; without one every case is the team's."""
    return tx.execute(sa.select(staff.c.id).where(staff.c.active).limit(1)).first() is not None


def members(tx: sa.Connection, now: datetime, case: Case | None = None) -> list[Member]:
    """Everybody who is active, with their load; of a `case`, whether they refused it in its episode."""
    counted = sa.select(assignments.c.staff_id, sa.func.count()).where(assignments.c.ended_at.is_(None))
    loads = {row[0]: row[1] for row in tx.execute(counted.group_by(assignments.c.staff_id))}
    refused = refusals(tx, case) if case else frozenset()
    found = []
    for row in tx.execute(sa.select(staff).where(staff.c.active).order_by(staff.c.id)).mappings():
        hours = hours_of(row["time_zone"], row["shifts"])
        one = Candidate(
            id=row["id"], name=row["name"], role=row["role"], skills=frozenset(row["skills"]),
            languages=tuple(row["languages"]), on_shift=on_shift(hours, now), away=row["away"],
            load=loads.get(row["id"], 0), capacity=row["capacity"], last_assigned_at=row["last_assigned_at"],
            refused=row["id"] in refused,
        )  # fmt: skip
        found.append(Member(one, hours))
    return found


def refusals(tx: sa.Connection, case: Case) -> frozenset[str]:
    """Who handed the case back or let it lapse in its episode."""
    query = sa.select(assignments.c.staff_id).where(
        assignments.c.case_id == case["id"], assignments.c.episode == case["episode"],
        assignments.c.ended.in_(REFUSED),
    )  # fmt: skip
    return frozenset(tx.scalars(query))


def lapses(tx: sa.Connection, case: Case) -> int:
    """How often somebody let the case lapse in its episode."""
    query = sa.select(sa.func.count()).where(
        assignments.c.case_id == case["id"], assignments.c.episode == case["episode"],
        assignments.c.ended == "escalated",
    )  # fmt: skip
    return tx.scalar(query) or 0


def load_of(tx: sa.Connection, staff_id: str) -> int:
    """How many open cases this person has."""
    query = sa.select(sa.func.count()).where(assignments.c.staff_id == staff_id, assignments.c.ended_at.is_(None))
    return tx.scalar(query) or 0


def next_arrival(tx: sa.Connection, now: datetime) -> datetime | None:
    """When the next shift of anybody who isn't away begins; None when none will."""
    starts = [next_start(one.hours, now) for one in members(tx, now) if not one.candidate.away]
    return min((start for start in starts if start is not None), default=None)


def is_here(tx: sa.Connection, staff_id: str) -> bool:
    """Whether this person is active and not away; somebody who is on no register is."""
    row = tx.execute(sa.select(staff.c.active, staff.c.away).where(staff.c.id == staff_id)).first()
    return row is None or (row.active and not row.away)


def waits_by_itself(case: Case, why: str | None) -> bool:
    """Whether the team keeps the case for something else than a person: the shop's answer, an incident's end, nothing.

    `why` is the reason it was handed off for.
    """
    if not case["live"] or case["retries"] > 0 or why in ("not_live", "shop_silent"):
        return True
    return why == "incident" and not is_incident(case)


# -- assignments ----------------------------------------------------------------------------------------------------


class Given(NamedTuple):
    """An open assignment."""

    seq: int
    staff_id: str
    accepted_at: datetime | None


def open_assignment(tx: sa.Connection, case_id: str) -> Given | None:
    """Who has the case now."""
    query = sa.select(assignments.c.seq, assignments.c.staff_id, assignments.c.accepted_at)
    row = tx.execute(query.where(assignments.c.case_id == case_id, assignments.c.ended_at.is_(None))).first()
    return Given(*row) if row else None


def end_assignment(tx: sa.Connection, case_id: str, how: str, now: datetime) -> Given | None:
    """Ends the open assignment, and returns it; None when there is none."""
    given = open_assignment(tx, case_id)
    if given is not None:
        tx.execute(assignments.update().where(assignments.c.seq == given.seq).values(ended_at=now, ended=how))
    return given


def assign(
    tx: sa.Connection, case: Case, staff_id: str, why: dict[str, str], terms: dict[str, Any], now: datetime,
    *, by: str, accepted: bool = False,
) -> int:  # fmt: skip
    """Writes down that this person has the case from now on; its number."""
    row = {
        "case_id": case["id"], "episode": case["episode"], "staff_id": staff_id, "at": now, "why": why,
        "terms": terms, "by": by, "accepted_at": now if accepted else None,
    }  # fmt: skip
    seq = tx.execute(assignments.insert().values(**row).returning(assignments.c.seq)).scalar_one()
    tx.execute(staff.update().where(staff.c.id == staff_id).values(last_assigned_at=now))
    return int(seq)


def accept(tx: sa.Connection, given: Given, now: datetime) -> None:
    """The person said that they are at it."""
    waiting = (assignments.c.seq == given.seq) & assignments.c.accepted_at.is_(None)
    tx.execute(assignments.update().where(waiting).values(accepted_at=now))


def as_owner(who: Candidate | Principal) -> Owner:
    """A person as a case's owner."""
    return {"owner_kind": "person", "owner_id": who.id, "owner_name": who.name}

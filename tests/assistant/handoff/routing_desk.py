"""The real cases and commands with the routing desk behind them, a register, and a clock that tests move."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import Nobody, Owner
from assistant.handoff.desk import Desk as RoutingDesk
from assistant.handoff.staff import Register
from assistant.notifications.notices import Notices
from assistant.security.keys import Keys
from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import timers
from assistant.store.tables_people import assignments, notices
from assistant.timers.timers import Sweep
from knowledge.vocabulary.codes import FaultCode, Severity
from tests.assistant.desk import SUPERVISOR, Desk, finding

ADMIN = Principal("key", "boss", "Boss", frozenset(Role), frozenset(Scope))
AFTER = 900.0  # seconds until a hand-off nobody took up goes on


class OnlyTheDesk(Nobody):
    """An office in which only the routing desk is at work."""

    def __init__(self, desk: RoutingDesk) -> None:
        self._desk = desk

    def owner_for(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime) -> Owner:
        return self._desk.owner_for(tx, case, why, now)

    def handed(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime, actor: str) -> None:
        self._desk.handed(tx, case, why, now, actor)

    def claimed(self, tx: sa.Connection, case: dict[str, Any], who: Principal, now: datetime) -> None:
        self._desk.claimed(tx, case, who, now)

    def ended(self, tx: sa.Connection, case: dict[str, Any], how: str, now: datetime) -> None:
        self._desk.ended(tx, case, how, now)


class House:
    """Everything a test of routing needs. `now` is when hand-offs happen, unless commands (which ask the clock) do."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        self.store = store
        self.rooms = Desk(store, vault, **{"escalate_after": AFTER, **settings})
        self.desk = RoutingDesk(store, Notices(store), self.rooms.settings)
        self.rooms.cases.people = OnlyTheDesk(self.desk)
        self.keys = Keys(store)
        self.register = Register(store, vault, self.keys, self.desk)
        self.sweep = Sweep(store, self.desk.timer_handlers())
        self.now = utcnow()
        self._number = 0

    # -- doing ------------------------------------------------------------------------------------------------------

    def hire(self, name: str, **more: Any) -> str:
        return str(self.register.add({"name": name, **more}, ADMIN, self.now)["id"])

    def change(self, staff_id: str, **values: Any) -> None:
        self.register.change(staff_id, values, ADMIN, self.now)

    def open(self, code: FaultCode = FaultCode.PRICE_MISMATCH, **columns: Any) -> str:
        self._number += 1
        n = self._number
        found = finding(code, f"ev-{n}", severity=columns.pop("severity", Severity.MEDIUM))
        case_id = self.rooms.open(found, checkout_id=f"ck-{n}", customer_id=f"cu-{n}", live=columns.pop("live", True))
        if columns:
            self.rooms.set_case(case_id, **columns)
        return case_id

    def hand_off(self, case_id: str, why: str = "human_fault") -> None:
        with self.store.begin() as tx:
            case = self.rooms.cases.lock(tx, case_id)
            self.rooms.cases.hand_off(tx, case, self.now, why)

    def handed_off(self, code: FaultCode = FaultCode.PRICE_MISMATCH, why: str = "human_fault", **columns: Any) -> str:
        case_id = self.open(code, **columns)
        self.hand_off(case_id, why)
        return case_id

    def later(self, seconds: float = 0.0) -> None:
        """The clock moves on, and what is due fires until nothing is."""
        self.now += timedelta(seconds=seconds)
        for _ in range(50):
            if not self.sweep.run_once(self.now):
                return
        raise AssertionError("the timers never come to rest")

    # -- looking ----------------------------------------------------------------------------------------------------

    def owner(self, case_id: str) -> str:
        return str(self.rooms.case(case_id)["owner_id"])

    def given(self, case_id: str) -> list[tuple[str, str | None]]:
        """Who had the case and how that ended, in order."""
        query = sa.select(assignments.c.staff_id, assignments.c.ended).where(assignments.c.case_id == case_id)
        with self.store.read() as tx:
            return [(row.staff_id, row.ended) for row in tx.execute(query.order_by(assignments.c.seq))]

    def told(self, who: str) -> list[str]:
        """What a person or team reads in their inbox, in English."""
        query = sa.select(notices.c.text).where(notices.c.audience_id == who).order_by(notices.c.seq)
        with self.store.read() as tx:
            return [text["en"] for text in tx.scalars(query)]

    def due(self, kind: str, subject: str) -> datetime | None:
        with self.store.read() as tx:
            query = sa.select(timers.c.due_at).where(timers.c.kind == kind, timers.c.subject == subject)
            return tx.scalar(query)


def person(staff_id: str, name: str = "Somebody", role: Role = Role.AGENT) -> Principal:
    return Principal("staff", staff_id, name, frozenset({role}), frozenset(Scope))


__all__ = ["ADMIN", "AFTER", "SUPERVISOR", "House", "person"]

"""A desk whose cases have an office and batches, as the wiring makes them; timers fire when the test says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import Nobody
from assistant.cases.records import Case
from assistant.notifications.notices import Notices
from assistant.plans.ending import Ending
from assistant.promises.batches import Batches
from assistant.promises.service_levels import ServiceLevels
from assistant.security.principals import Principal
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases as cases_table
from assistant.store.tables_people import notices
from assistant.timers.timers import Sweep, Timer, timer_of
from knowledge.vocabulary.codes import FaultCode, Severity
from tests.assistant.desk import Desk, finding


class Clocks(Nobody):
    """An office in which nobody works but the clocks; staff are told of high cases at detection."""

    def __init__(self, levels: ServiceLevels) -> None:
        self.levels = levels

    def opened(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        if not case["live"]:
            return
        if case["severity"] == Severity.HIGH and case["told_at"] is None:
            tx.execute(cases_table.update().where(cases_table.c.id == case["id"]).values(told_at=now))
            case["told_at"] = now
        self.levels.opened(tx, case, now)

    def handed(self, tx: sa.Connection, case: Case, why: str, now: datetime, actor: str) -> None:
        self.levels.settled(tx, case, now)

    def claimed(self, tx: sa.Connection, case: Case, who: Principal, now: datetime) -> None:
        self.levels.settled(tx, case, now)

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        self.levels.ended(tx, case, how, now)


class Watched(Desk):
    """The desk with everything that watches the clock."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        super().__init__(store, vault, **{"low_batch_every": 0.0, **settings})
        self.levels = ServiceLevels(store, Notices(store), self.cases, writes=self.settings.writes == "on")
        self.levels.ending = Ending(self.cases, self.plans)
        batches = Batches(self.cases, self.settings.low_batch_every)
        self.cases.people, self.cases.batches = Clocks(self.levels), batches
        self.sweep = Sweep(store, {**self.levels.timer_handlers(), **batches.timer_handlers()})

    def open_as(self, severity: Severity, ref: str = "ev-1", **more: Any) -> str:
        code = FaultCode.PAID_ORDER_MISSING if severity is Severity.HIGH else FaultCode.MINOR_INFORMATION_ERROR
        return self.open(finding(code, ref, severity=severity), **more)

    def at(self, case_id: str, seconds: float) -> datetime:
        """So many seconds after the case was detectable."""
        found: datetime = self.case(case_id)["detectable_at"] + timedelta(seconds=seconds)
        return found

    def pass_time(self, case_id: str, seconds: float) -> None:
        """Fires whatever of ours is due by then, each at its own time."""
        end = self.at(case_id, seconds)
        for _ in range(20):
            timer = next((t for t in self.standing(case_id) if t.due_at <= end), None)
            if timer is None:
                return
            self.sweep.run_once(timer.due_at)
        raise AssertionError("the timers set themselves for ever")

    def standing(self, case_id: str) -> list[Timer]:
        with self.store.read() as tx:
            found = [timer_of(tx, kind, case_id) for kind in ("service_level", "batch")]
        return sorted((t for t in found if t), key=lambda t: t.due_at)

    def notices(self, kind: str = "service_level") -> list[tuple[str, str]]:
        """(audience, text) of a kind, oldest first."""
        query = sa.select(notices).where(notices.c.kind == kind).order_by(notices.c.seq)
        with self.store.read() as tx:
            rows = tx.execute(query).mappings().all()
        return [(row["audience_id"], row["text"]["en"]) for row in rows]

    def silent_shop(self, case_id: str) -> None:
        """The journey's look found nobody at home, as it does when the shop gives no answer."""
        self.journey._try_later(case_id, "timeout")
        self.journey.finish(case_id, self.case(case_id)["running"] or 0)

    def shop_answers(self, case_id: str) -> Case:
        """The retry's look finds the shop back."""
        with self.store.begin() as tx:
            self.journey.on_retry(tx, Timer(kind="retry", subject=case_id, due_at=utcnow()), utcnow())
        self.look(case_id)
        return self.case(case_id)

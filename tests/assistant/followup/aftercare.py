"""One case on a desk, with the follow-up as its only people: what tests of the room share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import Nobody
from assistant.followup.followup import FollowUp
from assistant.notifications.notices import Notices
from assistant.notifications.outgoing import Outgoing
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from assistant.store.tables_people import feedback, notices, outcomes
from assistant.timers.timers import Sweep, Timer, timer_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode, Resolution
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import Desk, finding

FOLLOW_UP = 3600  # seconds, as long as the desk's cases are watched


class OnlyFollowUp(Nobody):
    """An office in which nobody but the follow-up works."""

    def __init__(self, follow_up: FollowUp) -> None:
        self._follow_up = follow_up

    def opened(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> None:
        self._follow_up.opened(tx, case, now)

    def ended(self, tx: sa.Connection, case: dict[str, Any], how: str, now: datetime) -> None:
        if how == "resolved":
            self._follow_up.ended(tx, case, how, now)

    def closing(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> datetime | None:
        return self._follow_up.closing(tx, case, now)


class Aftercare(Desk):
    """A desk whose cases are followed up."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        super().__init__(store, vault, **{"follow_up_after": FOLLOW_UP, **settings})
        self.vault = vault
        self.follow_up = FollowUp(store, self.cases, Outgoing(store), Notices(store), vault, self.settings)
        self.cases.people = OnlyFollowUp(self.follow_up)
        self.opening.on_feedback = self.follow_up.asking.replied

    def resolved(
        self, checkout_id: str = "ck-1", resolution: Resolution = Resolution.REPAIRED, at: datetime | None = None,
        *, told: bool = True, code: FaultCode = FaultCode.PRICE_MISMATCH, **more: Any,
    ) -> str:  # fmt: skip
        """A case that was resolved at a time (now), its customer told of it; its id."""
        case_id = self.open(finding(code), checkout_id=checkout_id, **more)
        if told:
            self.tell_customer(case_id)
        self.resolve(case_id, resolution, at)
        return case_id

    def resolve(
        self, case_id: str, resolution: Resolution = Resolution.REPAIRED, at: datetime | None = None
    ) -> None:
        now = at or utcnow()
        with self.store.begin() as tx:
            case = self.cases.lock(tx, case_id)
            case["running"] = None
            self.cases.update(tx, case, now, running=None)
            self.cases.resolve(tx, case, resolution, now, [f["fingerprint"] for f in case["faults"]])

    def come_back(self, case_id: str, *refs: str) -> None:
        """New evidence of a fault reopens a watched case."""
        case = self.case(case_id)
        with self.store.begin() as tx:
            snapshot = OrderSnapshot(checkout_id=case["checkout_id"], customer_id=case["customer_id"])
            self.opening.on_findings(tx, snapshot, [finding(FaultCode.PRICE_MISMATCH, *(refs or ("ev-9",)))], utcnow())
        assert self.case(case_id)["status"] == CaseStatus.OPEN

    def tell_customer(self, case_id: str, state: str = "accepted", occasion: str = "price_corrected") -> None:
        case = self.case(case_id)
        row = {
            "dedupe_key": f"{case_id}:{case['episode']}:{occasion}", "case_id": case_id, "episode": case["episode"],
            "occasion": occasion, "checkout_id": case["checkout_id"], "customer_id": case["customer_id"],
            "language": "en", "phrase": "x", "choices": [], "state": state, "at": utcnow(),
        }  # fmt: skip
        with self.store.begin() as tx:
            tx.execute(messages.insert().values(**row))

    def fire(self, kind: str, case_id: str, now: datetime | None = None) -> Timer | None:
        """Fires a timer of the follow-up that is handled in a transaction; returns what it was."""
        with self.store.read() as tx:
            timer = timer_of(tx, kind, case_id)
        if timer is not None:
            handlers = {**self.follow_up.timer_handlers(), "follow_up": self.journey.on_follow_up_over}
            Sweep(self.store, handlers).run_once(now or timer.due_at, kinds=[kind])
        return timer

    def close(self, case_id: str) -> None:
        """The follow-up time is over, and nothing was found in it."""
        with self.store.begin() as tx:
            case = self.cases.lock(tx, case_id)
            tx.execute(sa.text("DELETE FROM timers WHERE kind = 'watch'"))
            timer = Timer(kind="follow_up", subject=case_id, due_at=utcnow(), generation=case["episode"])
            self.journey.on_follow_up_over(tx, timer, utcnow())

    def outcomes(self, case_id: str) -> list[dict[str, Any]]:
        with self.store.read() as tx:
            query = sa.select(outcomes).where(outcomes.c.case_id == case_id).order_by(outcomes.c.episode)
            return [dict(row) for row in tx.execute(query).mappings()]

    def feedback(self, case_id: str) -> list[dict[str, Any]]:
        with self.store.read() as tx:
            query = sa.select(feedback).where(feedback.c.case_id == case_id).order_by(feedback.c.episode)
            return [dict(row) for row in tx.execute(query).mappings()]

    def asked(self) -> list[str]:
        """The dedupe keys of all questions how we did."""
        with self.store.read() as tx:
            query = sa.select(messages.c.dedupe_key).where(messages.c.occasion == "feedback").order_by(messages.c.at)
            return list(tx.scalars(query))

    def told_staff(self) -> list[tuple[str, str, str]]:
        """`(audience's kind, its id, kind of notice)` of every notice, oldest first."""
        with self.store.read() as tx:
            rows = tx.execute(sa.select(notices).order_by(notices.c.seq)).all()
        return [(row.audience_kind, row.audience_id, row.kind) for row in rows]

    def add_outcomes(
        self, fault: str, option: str, *, good: int, bad: int = 0, rating: int | None = None, prefix: str = "x"
    ) -> None:
        """Outcomes of cases of long ago."""
        now = utcnow()
        rows = [
            {"case_id": f"{prefix}-{fault}-{option}-{n}"[:64], "episode": 1, "fault": fault, "option": option,
             "resolution": "repaired", "stayed": n < good, "rating": rating, "at": now, "settled_at": now}
            for n in range(good + bad)
        ]  # fmt: skip
        with self.store.begin() as tx:
            tx.execute(outcomes.insert(), rows)

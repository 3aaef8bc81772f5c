"""A desk whose cases have the whole office behind them, as the wiring builds it; time passes when the test says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.handoff.summary import Summaries
from assistant.handoff.wiring import build_staffing
from assistant.promises.by_hand import PromisesByHand
from assistant.promises.ledger import TIMER
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases as cases_table
from assistant.store.tables import checkouts, messages, timers
from assistant.store.tables_people import notices, promises, staff
from assistant.timers.timers import Sweep
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import Desk

Row = dict[str, Any]


class Manned(Desk):
    """The desk and its office."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        super().__init__(store, vault, **{"low_batch_every": 0.0, **settings})
        self.staffing = build_staffing(store, self.settings, vault, self.cases)
        self.cases.people = self.staffing.office
        self.promises = self.staffing.promises
        self.by_hand = PromisesByHand(store, self.cases, self.promises)
        self.summaries = Summaries(store, self.cases)
        self.sweep = Sweep(store, self.promises.timer_handlers())

    # -- doing ------------------------------------------------------------------------------------------------------

    def hire(self, staff_id: str, **more: Any) -> None:
        """A member of staff who is always at work."""
        row = {
            "id": staff_id, "name": staff_id.title(), "role": "agent", "languages": ["en", "zh-CN"], "skills": ["*"],
            "time_zone": "UTC", "shifts": [], "capacity": 5, "away": False, "active": True, "reads": "en",
            "created_at": utcnow(), "updated_at": utcnow(), **more,
        }  # fmt: skip
        with self.store.begin() as tx:
            tx.execute(staff.insert().values(**row))

    def accepts(
        self, case_id: str, source: str | None, phrase: str, at: datetime | None = None, *, occasion: str | None = None,
        **params: Any,
    ) -> str:  # fmt: skip
        """A message that a carrier accepted, as the sender writes it down; its dedupe key."""
        at = at or utcnow()
        with self.store.begin() as tx:
            case = self.cases.lock(tx, case_id)
            row = {
                "dedupe_key": f"{case_id}:{case['episode']}:{occasion or phrase}", "case_id": case_id,
                "episode": case["episode"], "occasion": occasion or phrase, "checkout_id": case["checkout_id"],
                "customer_id": case["customer_id"], "channel": "sms", "language": "en", "phrase": phrase,
                "choices": [], "state": "accepted", "at": at, "accepted_at": at, "timed_out": False, "source": source,
                "params": params, "attempts": 1, "asks": False,
            }  # fmt: skip
            tx.execute(messages.insert().values(**row))
            self.promises.told(tx, case, row, at)
        return str(row["dedupe_key"])

    def accept_queued(self, at: datetime) -> list[str]:
        """The sender gets everything out that is queued; the phrases sent."""
        sent = []
        with self.store.begin() as tx:
            for row in list(tx.execute(sa.select(messages).where(messages.c.state == "queued")).mappings()):
                case = self.cases.lock(tx, row["case_id"])
                values = {"state": "accepted", "channel": "sms", "accepted_at": at}
                tx.execute(messages.update().where(messages.c.dedupe_key == row["dedupe_key"]).values(**values))
                self.promises.told(tx, case, dict(row) | values, at)
                sent.append(row["phrase"])
        return sent

    def make(self, case_id: str, kind: str, due_at: datetime, now: datetime | None = None, source: str = "") -> str:
        """A promise; its id."""
        with self.store.begin() as tx:
            case = self.cases.lock(tx, case_id)
            text = {"en": "the goods arrive", "zh-CN": "货物送达"}
            self.promises.make(tx, case, kind, due_at, now or utcnow(), text=text, source=source)
        return str(self.promised()[-1]["id"])

    def pass_time(self, until: datetime) -> None:
        """Fires the ledger's timers as they become due."""
        for _ in range(1000):
            due = [t["due_at"] for t in self.promise_timers() if t["due_at"] <= until]
            if not due:
                return
            self.sweep.run_once(min(due))
        raise AssertionError("the timers set themselves for ever")

    def world(self, case_id: str, snapshot: OrderSnapshot) -> None:
        """What the systems say of the case's checkout."""
        row = {
            "checkout_id": snapshot.checkout_id, "customer_id": snapshot.customer_id, "customer_ref": "c:x",
            "snapshot": msgspec.to_builtins(snapshot), "version": 1, "updated_at": utcnow(),
        }  # fmt: skip
        with self.store.begin() as tx:
            tx.execute(self.store.upsert(checkouts, ["checkout_id"], row, ["snapshot"]))
            tx.execute(cases_table.update().where(cases_table.c.id == case_id).values(checkout_id=snapshot.checkout_id))

    # -- looking ----------------------------------------------------------------------------------------------------

    def promised(self, case_id: str | None = None) -> list[Row]:
        """Every promise (of a case), in the order made."""
        query = sa.select(promises).order_by(promises.c.made_at)
        return self._rows(query.where(promises.c.case_id == case_id) if case_id else query)

    def promise(self, promise_id: str) -> Row:
        [row] = self._rows(sa.select(promises).where(promises.c.id == promise_id))
        return row

    def states(self) -> list[str]:
        return [row["state"] for row in self.promised()]

    def promise_timers(self) -> list[Row]:
        return self._rows(sa.select(timers).where(timers.c.kind == TIMER).order_by(timers.c.due_at))

    def notified(self, kind: str) -> list[tuple[str, str]]:
        """(audience, English text), oldest first."""
        rows = self._rows(sa.select(notices).where(notices.c.kind == kind).order_by(notices.c.seq))
        return [(row["audience_id"], row["text"]["en"]) for row in rows]

    def lines(self, case_id: str) -> list[str]:
        """What the timeline says."""
        return [line["what"] for line in self.views.case(case_id)["timeline"]]

    def queued(self) -> list[Row]:
        """Messages that wait to be sent."""
        return self._rows(sa.select(messages).where(messages.c.state == "queued").order_by(messages.c.at))

    def _rows(self, query: sa.Select[Any]) -> list[Row]:
        with self.store.read() as tx:
            return [dict(row) for row in tx.execute(query).mappings()]


def soon(hours: float = 1.0) -> datetime:
    return utcnow() + timedelta(hours=hours)

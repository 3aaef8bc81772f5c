"""How a message ends: taken, refused on a route, failed on all, withdrawn; dispatcher and delivery reports call it.

Everything here runs inside the caller's transaction, after the case was locked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.records import ENDED, Case, Cases
from assistant.cases.wording import not_told, occasion_words, say
from assistant.notifications.messages import TIMER, Notifications, Row
from assistant.notifications.routes import Route, Way
from assistant.notifications.sent_effects import Effects, step_id_of
from assistant.store.tables import messages, plan_steps
from assistant.timers.timers import cancel_timer, set_timer
from knowledge.phrases.labels import in_both
from knowledge.vocabulary.codes import CaseStatus
from tools.connectors.outcome import Outcome, ok, rejected

UNCONFIRMED = "unconfirmed"  # taken as far as anybody can tell: nothing was heard after the last word was sent
_OPEN = ("intended", "unknown")


class Settling:
    """Settles the message, its effect and what its case says of it, together."""

    def __init__(
        self, cases: Cases, notifications: Notifications, ledger: Effects, reply_seconds: float
    ) -> None:
        self._cases, self._notifications, self._ledger = cases, notifications, ledger
        self._reply = timedelta(seconds=reply_seconds)

    def taken(self, tx: sa.Connection, case: Case, row: Row, outcome: Outcome, now: datetime) -> None:
        """The route has it (an outcome that is not `ok`: as far as anybody can tell)."""
        self._settle(tx, row, "ok", outcome, now)
        self.accepted(tx, case, row, now, failure=None if outcome.kind == "ok" else UNCONFIRMED)

    def accepted(self, tx: sa.Connection, case: Case, row: Row, now: datetime, *, failure: str | None = None) -> None:
        """The customer counts as told; the time to answer a question begins."""
        channel = in_both("channel", row["channel"])
        self._cases.update(tx, case, now, **self._cases.first_action(case, now))
        what = say("told", occasion=occasion_words(row["occasion"]), channel=channel)
        self._cases.note(tx, case["id"], now, what)
        self._notifications.settled(tx, case, row["dedupe_key"], True, now, failure=failure)
        if row["asks"] and case["status"] == CaseStatus.AWAITING_CUSTOMER and row["episode"] == case["episode"]:
            set_timer(tx, "reply", case["id"], now + self._reply, generation=case["episode"])
        cancel_timer(tx, TIMER, row["dedupe_key"])

    def delivered(self, tx: sa.Connection, case: Case, row: Row, at: datetime, now: datetime) -> None:
        """It is in the customer's hands."""
        if row["state"] in ("intended", "sending"):
            self.taken(tx, case, row, ok(), now)
        mine = messages.c.dedupe_key == row["dedupe_key"]
        tx.execute(messages.update().where(mine).values(state="delivered", delivered_at=at, failure=None))

    def refused(
        self, tx: sa.Connection, case: Case, row: Row, code: str, now: datetime, *, late: bool = False
    ) -> None:
        """This route is over (`late`: after it had accepted it); the next one is tried when the timer fires: now."""
        self._settle(tx, row, "rejected", rejected(code), now)
        route = Route(row["channel"], row["via"])
        way = msgspec.convert(row["way"] or {}, Way).leaving(route, code, late=late)
        words = {
            "occasion": occasion_words(row["occasion"]), "channel": in_both("channel", row["channel"]),
            "reason": in_both("not_told", code),
        }  # fmt: skip
        self._cases.note(tx, case["id"], now, say("came_back" if late else "route_failed", **words))
        mine = messages.c.dedupe_key == row["dedupe_key"]
        values: dict[str, Any] = {"state": "queued", "way": way, "provider_ref": None}
        tx.execute(messages.update().where(mine).values(**values))
        set_timer(tx, TIMER, row["dedupe_key"], now)

    def not_taken(self, tx: sa.Connection, row: Row, outcome: Outcome, now: datetime) -> None:
        """This try came to nothing, and the route may be tried again."""
        self._settle(tx, row, "rejected", outcome, now)

    def failed(self, tx: sa.Connection, case: Case, row: Row, code: str, now: datetime) -> None:
        """No route is left. A case that waits for the answer looks again, and finds that nobody could be asked."""
        self._settle(tx, row, "rejected", rejected(code), now)
        what = not_told(row["occasion"], code)
        self._cases.note(tx, case["id"], now, what)
        self._notifications.settled(tx, case, row["dedupe_key"], False, now, failure=code[:128])
        cancel_timer(tx, TIMER, row["dedupe_key"])
        waits = row["asks"] and row["replied_at"] is None and row["episode"] == case["episode"]
        if waits and case["status"] not in (*ENDED, CaseStatus.HANDED_OFF):
            self._cases.wake(tx, case, now)

    def withdrawn(self, tx: sa.Connection, case: Case, row: Row, now: datetime) -> None:
        """It is not sent: it makes no sense any more. Should it again, the plan's step is as if not performed."""
        self._cases.note(tx, case["id"], now, say("not_sent", occasion=occasion_words(row["occasion"])))
        mine = messages.c.dedupe_key == row["dedupe_key"]
        tx.execute(messages.update().where(mine).values(state="withdrawn", held_until=None))
        cancel_timer(tx, TIMER, row["dedupe_key"])
        if row["episode"] != case["episode"]:
            return
        done = (plan_steps.c.case_id == case["id"]) & (plan_steps.c.status == "done")
        done &= plan_steps.c.version >= case["episode_plan"]
        for step in tx.execute(sa.select(plan_steps.c.id, plan_steps.c.step).where(done)).mappings():
            if step["step"]["action"] == "send_message" and step["step"]["arguments"]["occasion"] == row["occasion"]:
                values = {"status": "skipped", "result": {"told": False, "reason": "withdrawn"}}
                tx.execute(plan_steps.update().where(plan_steps.c.id == step["id"]).values(**values))

    @staticmethod
    def outcome(outcome: Outcome) -> dict[str, Any]:
        """What the ledger keeps of an outcome: no answer bodies, they may be personal."""
        return {"kind": outcome.kind, "code": outcome.code, "status": outcome.status, "read_back": False}

    def _settle(self, tx: sa.Connection, row: Row, state: str, outcome: Outcome, now: datetime) -> None:
        effect = self._ledger.of_step(tx, step_id_of(row))
        if effect is not None and effect["state"] in _OPEN:
            self._ledger.settle(tx, effect, state, self.outcome(outcome), now)

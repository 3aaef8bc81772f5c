"""The promise ledger: every promise made to a customer has a timer and an owner; a broken one escalates."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog

from assistant.cases.people import TEAM, Owner
from assistant.cases.wording import say
from assistant.notifications.notices import SUPERVISORS, Notices
from assistant.promises.apology import Apology
from assistant.promises.keeping import Row, Verdict, family_of, judge, last_of
from assistant.store.engine import Store
from assistant.store.tables import cases, timeline
from assistant.store.tables_people import promises
from assistant.timers.timers import Timer, cancel_timer, set_timer
from knowledge.phrases import PhraseError
from knowledge.phrases.promised import ANSWER, PROMISED, due_at, ledger_text
from knowledge.vocabulary.codes import Resolution

log = structlog.get_logger(__name__)

Case = dict[str, Any]
TIMER = "promise"
WARN_AT = 0.8  # of the time a promise has, its owner is reminded
LOOKED_AFTER = timedelta(days=60)  # so long after it was due a broken promise may still be seen to be kept
_FIRST_LOOK = timedelta(hours=1)  # after it broke; then ever more rarely


class Promises:
    """Makes, keeps, cancels and escalates promises. Every method runs with the promise's case locked."""

    def __init__(
        self, store: Store, notices: Notices, apology: Apology | None = None,
        reply_within: timedelta = timedelta(days=1),
    ) -> None:  # fmt: skip
        self._store, self._notices, self._apology, self._reply_within = store, notices, apology, reply_within

    # -- making -----------------------------------------------------------------------------------------------------

    def make(
        self, tx: sa.Connection, case: Case, kind: str, due_at: datetime, now: datetime,
        *, text: dict[str, str], source: str = "",
    ) -> None:  # fmt: skip
        """Writes a promise down with its timer; its owner is the case's, else the service team.

        The same kind from the same source in the same episode is one promise.
        """
        row = {
            "id": f"pr_{secrets.token_hex(10)}", "case_id": case["id"], "episode": case["episode"], "kind": kind,
            "text": text, "source": source, "made_at": now, "due_at": due_at, "state": "open", **owner_in(case),
        }  # fmt: skip
        new = self._store.insert_new(promises, "case_id", "episode", "kind", "source").values(**row)
        if tx.execute(new.returning(promises.c.id)).first() is not None:
            set_timer(tx, TIMER, row["id"], warn_at(row))

    def told(self, tx: sa.Connection, case: Case, message: dict[str, Any], now: datetime) -> None:
        """A message was accepted: what its phrase promises is written down (`message`: a row of `messages`).

        It may also keep what was promised before.
        """
        self._review(tx, case, now)
        promised = PROMISED.get((message["source"] or "", message["phrase"]))
        if promised is None:
            return
        params = message["params"] or {}
        try:
            due = due_at(promised, params, now, self._reply_within)
            text = ledger_text(promised, params)
        except PhraseError as error:  # said already: it is promised all the same
            log.warning("promise.unclear", source=message["source"], phrase=message["phrase"], code=error.code)
            due, text = now + self._reply_within, ledger_text(promised, {})
        self.make(tx, case, promised.kind, due, now, text=text, source=message["dedupe_key"])

    def answered(self, tx: sa.Connection, case: Case, now: datetime, actor: str) -> None:
        """Somebody has answered the customer in words of their own: what promised an answer is kept."""
        for promise in self._standing(tx, case):
            if promise["kind"] == ANSWER:
                self._settle(tx, promise, Verdict(now), now, actor)

    def due_answer(self, tx: sa.Connection, case: Case) -> datetime | None:
        """By when the customer was promised an answer that has not come yet; None where none stands."""
        return min((p["due_at"] for p in self._standing(tx, case) if p["kind"] == ANSWER), default=None)

    # -- what happens to the case -----------------------------------------------------------------------------------

    def moved(self, tx: sa.Connection, case: Case) -> None:
        """The case has another owner (or none): what is promised in it goes along."""
        self._give(tx, case, owner_in(case))

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """The episode is over: what ending it keeps is kept, what no longer applies is cancelled.

        What has to happen all the same (money that is on its way, goods to come) stays promised. A case that was
        merged leaves its promises to the one it went into; one that goes back to the machine, to the team.
        """
        if how != "resolved":
            self.moved(tx, case)
        elif case["resolution"] == Resolution.MERGED and case["merged_into"]:
            into = tx.execute(sa.select(cases).where(cases.c.id == case["merged_into"])).mappings().first()
            self._give(tx, case, owner_in(dict(into)) if into else dict(TEAM))
        else:
            if self._apology is not None and any(p["kind"] == "answer" for p in self._standing(tx, case)):
                self._apology.settled(tx, case, now)
            self._review(tx, case, now)

    def timer_handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        """Timers of this ledger."""
        return {TIMER: self.on_time}

    # -- its time comes ---------------------------------------------------------------------------------------------

    def on_time(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Timer: time to remind the owner, or the promise is due, or a broken one is looked after once more.

        What to do follows from the promise and the time alone, so that firing twice does nothing twice, and a clock
        that was set back only waits again.
        """
        own = self._locked_case(tx, timer.subject)
        promise = self.find(tx, timer.subject, locked=True)
        if own is None or promise is None or promise["ended_at"] is not None:
            return
        case = last_of(tx, own["id"]) or own  # where it was merged, whoever has that one answers for it
        if promise["state"] == "open" and now < promise["due_at"]:
            self._before_due(tx, case, promise, now)
        elif not self._settle(tx, promise, judge(tx, promise, now), now):
            if promise["state"] == "open":
                self._break(tx, case, promise, now)
            if now < promise["due_at"] + LOOKED_AFTER:
                set_timer(tx, TIMER, promise["id"], now + max(_FIRST_LOOK, 2 * (now - promise["due_at"])))

    def _before_due(self, tx: sa.Connection, case: Case, promise: Row, now: datetime) -> None:
        if now < warn_at(promise):
            set_timer(tx, TIMER, promise["id"], warn_at(promise))
        elif not self._settle(tx, promise, judge(tx, promise, now), now):
            owner = self._owner_now(tx, case, promise)
            self._tell(tx, case, promise, owner, "promise_due", now)
            set_timer(tx, TIMER, promise["id"], promise["due_at"])

    def _break(self, tx: sa.Connection, case: Case, promise: Row, now: datetime) -> None:
        """It was not kept: written down, said to its owner and the supervisors, and the customer hears that we know."""
        owner = self._owner_now(tx, case, promise)
        self._set(tx, promise, state="broken", broken_at=now)
        what = say("promise_broken", due=stamp(promise["due_at"]), text=promise["text"])
        note(tx, promise["case_id"], now, what)
        self._tell(tx, case, promise, owner, "promise_broken", now)
        self._tell(tx, case, promise, SUPERVISORS, "promise_broken", now)
        if self._apology is not None:
            self._apology.offer(tx, case, promise, now)

    def _tell(
        self, tx: sa.Connection, case: Case, promise: Row, audience: tuple[str, str], kind: str, now: datetime
    ) -> None:
        about = case["order_id"] or case["checkout_id"] or case["subject_id"]
        text = say(f"notice_{kind}", order=about, due=stamp(promise["due_at"]), text=promise["text"])
        self._notices.put(tx, audience, kind, text, now, dedupe_key=f"promise:{promise['id']}:{kind}", case=case)

    # -- parts ------------------------------------------------------------------------------------------------------

    def find(self, tx: sa.Connection, promise_id: str, *, locked: bool = False) -> Row | None:
        """The promise's row; `locked` where a case that its own was merged into may change it at the same time."""
        query = sa.select(promises).where(promises.c.id == promise_id)
        row = tx.execute(self._store.for_update(query) if locked else query).mappings().first()
        return dict(row) if row else None

    def keep(self, tx: sa.Connection, promise: Row, now: datetime, actor: str = "system") -> None:
        """It was kept: in time, or late."""
        self._settle(tx, promise, Verdict(now), now, actor)

    def _settle(self, tx: sa.Connection, promise: Row, verdict: Verdict, now: datetime, actor: str = "system") -> bool:
        """Writes the verdict down; False while the promise stands. One kept too late stays broken, and says so."""
        if verdict.kept_at is not None:
            late = promise["state"] == "broken" or verdict.kept_at > promise["due_at"]
            values: dict[str, Any] = {"kept_at": verdict.kept_at, "ended_at": now}
            if late:
                values |= {"state": "broken", "broken_at": promise["broken_at"] or promise["due_at"]}
            self._set(tx, promise, **{"state": "kept", **values})
            key = "promise_kept_late" if late else "promise_kept"
            note(tx, promise["case_id"], now, say(key, text=promise["text"]), actor)
        elif verdict.moot:
            state = "broken" if promise["state"] == "broken" else "cancelled"
            self._set(tx, promise, state=state, ended_at=now)
        else:
            return False
        cancel_timer(tx, TIMER, promise["id"])
        return True

    def _review(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        for promise in self._standing(tx, case):
            self._settle(tx, promise, judge(tx, promise, now), now)

    def _standing(self, tx: sa.Connection, case: Case) -> list[Row]:
        query = sa.select(promises).where(promises.c.case_id.in_(family_of(tx, case["id"])), _stands())
        query = self._store.for_update(query.order_by(promises.c.made_at, promises.c.id))
        return [dict(row) for row in tx.execute(query).mappings()]

    def _give(self, tx: sa.Connection, case: Case, owner: Owner) -> None:
        tx.execute(
            promises.update().where(promises.c.case_id.in_(family_of(tx, case["id"])), _stands()).values(**owner)
        )

    def _owner_now(self, tx: sa.Connection, case: Case, promise: Row) -> tuple[str, str]:
        """Whoever has the case by now answers for it."""
        if case["owner_kind"]:
            self._set(tx, promise, **owner_in(case))
        return (promise["owner_kind"], promise["owner_id"])

    def _set(self, tx: sa.Connection, promise: Row, **values: Any) -> None:
        tx.execute(promises.update().where(promises.c.id == promise["id"]).values(**values))
        promise.update(values)

    def _locked_case(self, tx: sa.Connection, promise_id: str) -> Case | None:
        case_id = tx.scalar(sa.select(promises.c.case_id).where(promises.c.id == promise_id))
        query = self._store.for_update(sa.select(cases).where(cases.c.id == case_id))
        row = tx.execute(query).mappings().first()
        return dict(row) if row else None


def _stands() -> sa.ColumnElement[bool]:
    return (promises.c.state == "open") | ((promises.c.state == "broken") & promises.c.ended_at.is_(None))


def owner_in(case: Case) -> Owner:
    """The case's owner, else the service team."""
    return {name: case[name] for name in TEAM} if case["owner_kind"] else dict(TEAM)


def warn_at(promise: Row) -> datetime:
    """When its owner is reminded; at once where it was made when it was due already."""
    made, due = promise["made_at"], promise["due_at"]
    at: datetime = made + WARN_AT * max(due - made, timedelta())
    return at


def stamp(at: datetime) -> str:
    """A time as timeline and notices name it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def note(tx: sa.Connection, case_id: str, now: datetime, what: dict[str, str], actor: str = "system") -> None:
    """One line on the case's timeline."""
    tx.execute(timeline.insert().values(case_id=case_id, at=now, actor=actor, what=what, evidence=[]))

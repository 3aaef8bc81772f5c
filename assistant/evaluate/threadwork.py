"""The whole assistant over a shop in one thread: no server, no engine, no waiting; injections and the state machine
use it.

A crash is an exception that nothing catches, a restart new objects over the same database, and what would be waited
for is next: time jumps from one deed or timer to the one after it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import sqlalchemy as sa

from assistant.app import Application
from assistant.durable import steps_run_by
from assistant.evaluate.rest import PERIODIC, WATCHING
from assistant.intake.folding import CROSS_CHECKS
from assistant.security.principals import Principal, Role, Scope
from assistant.settings import Settings
from assistant.store.engine import utcnow
from assistant.store.tables import cases, effects, timers
from assistant.timers.timers import set_timer
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError
from tools.connectors.answer import Answer
from tools.connectors.gate import Gate, GatePolicy
from tools.connectors.http import HttpReader, HttpShop, HttpWriter
from tools.connectors.link import Link, Query
from tools.connectors.outcome import Outcome
from tools.connectors.ports import WriteRequest

Send = Callable[[WriteRequest], Outcome]
OnSend = Callable[[WriteRequest, Send], Outcome]

MAX_MOVES = 600  # a story that has not come to rest after so many never will
AGED = timedelta(minutes=10)  # by which unanswered writes are made older, so that the guard looks after them
GUARDED = 4  # times
# Timers that may fire early; the others look at deadlines, and those at the real clock.
ANY_TIME = ("retry", "reply", "approval", "snooze", "match_payment", *CROSS_CHECKS, "message")
NEAR = timedelta(seconds=3)  # deadlines that are waited for
SUPERVISOR = Principal("staff", "proof", "Proof", frozenset({Role.SUPERVISOR}), frozenset(Scope))
# Deadlines in seconds: a story set back by SET_BACK has missed them all, and what happens now misses none, because a
# story takes a fraction of them. What is still to be missed when nothing else moves is really waited for.
SET_BACK = 600.0
DEADLINES: dict[str, Any] = {
    "deadline_payment": 1.0, "deadline_reservation": 1.0, "deadline_order": 1.0, "deadline_abandoned": 1.0,
    "deadline_payment_by_method": '{"bank_transfer": 3600}', "deadline_refund": 1.0, "retry_grace": 0.5,
    "customer_reply_timeout": 900.0, "approval_timeout": 1_800.0, "follow_up_after": 1_000_000.0, "sweep_every": 60.0,
    "low_batch_every": 0.0,
    "stock_lag": 1.0, "incident_budget": 10_000,
    "cross_checks_per_second": 100_000.0,
    "log_level": "error", "auto_limit": '{"CNY": 100000000, "USD": 100000000, "EUR": 100000000}',
}  # fmt: skip


class CrashError(BaseException):
    """The process dies here: nothing of ours may catch it."""


class ThreadShop(Protocol):
    """A shop that answers in this thread, and whose time is moved from outside; see tools.sandbox.bench."""

    lives_now: bool

    def codes(self) -> list[str]: ...
    def variants(self, code: str) -> list[str]: ...
    def play(self, code: str, variant: str, customer: str, set_back: float) -> str: ...
    def call(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]: ...
    def events(self) -> list[dict[str, Any]]: ...
    def next_due(self) -> float | None: ...
    def work(self) -> None: ...
    def changed_by_others(self, path: str, checkout_id: str) -> bool: ...
    def done_by_others(self, path: str, body: bytes, number: int) -> bool: ...
    def customer(self, deed: str, **how: Any) -> bool: ...
    def writes(self) -> list[dict[str, Any]]: ...
    def messages(self) -> list[dict[str, Any]]: ...
    def judged(self, owned: set[str]) -> dict[str, Any]: ...
    def close(self) -> None: ...


ShopFactory = Callable[[int], ThreadShop]  # by seed


class Worker(Application):
    """One process of ours; it never starts to work by itself."""

    def __init__(self, settings: Settings, shop: ThreadShop, on_send: OnSend) -> None:
        super().__init__(settings, _DirectShop(shop, on_send), sleep=lambda seconds: None)


class ThreadHouse:
    """A shop, an assistant, and what drives both until nothing is left to do."""

    def __init__(self, home: Path, shop: ThreadShop, on_send: OnSend | None = None, **settings: Any) -> None:
        values = {**DEADLINES, "home": home, "shop_url": "http://in-this-thread", "shop_token": "t", **settings}
        self.shop, self.settings = shop, Settings(**values)
        self._on_send = on_send or (lambda request, send: send(request))
        self._checkpoints: dict[tuple[str, int], list[Any]] = {}
        self._guarded = 0
        self.moves = self.restarts = self.waits = 0
        self.after_step: Callable[[str], None] = lambda name: None
        self.worker = self._new_worker()

    def _new_worker(self) -> Worker:
        return Worker(self.settings, self.shop, self._on_send)

    def restart(self) -> None:
        """The old process is gone (or believed to be): another one goes on over the same database."""
        self.worker = self._new_worker()
        self.restarts += 1

    def close(self) -> None:
        """Ends everything; the folder may be removed."""
        self.worker.store.engine.dispose()
        self.shop.close()

    # -- driving ----------------------------------------------------------------------------------------------------

    def settle(self) -> bool:
        """Drives shop, customers, timers and journeys until nothing moves; False when they never come to rest."""
        while self.move():
            if self.moves > MAX_MOVES:
                return False
        return True

    def move(self) -> bool:
        """One thing that happens next; False when there is none."""
        self.moves += 1
        if events := self.shop.events():
            self.worker.intake.receive(events, utcnow())
            return True
        if run := self._queued():
            self.run(*run)
            return True
        return self.approve() or self.jump() or self._wait() or self._guard()

    def run(self, case_id: str, generation: int) -> None:
        """One run of a case's journey by the present worker, from its last checkpoint on; a crash restarts us."""
        worker = self.worker
        try:
            with steps_run_by(self._steps_of(case_id, generation)):
                worker.journey.run(case_id, generation)
        except CrashError:
            worker.store.engine.dispose()
            self.restart()

    def _steps_of(self, case_id: str, generation: int) -> Callable[..., Any]:
        """Runs steps as the engine does: what was noted is not done again, and of two notes the first one counts."""
        noted = self._checkpoints.setdefault((case_id, generation), [])
        position = -1

        def step(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal position
            position += 1
            if position < len(noted):
                return noted[position]
            result = function(*arguments)
            self.after_step(name)
            if position == len(noted):
                noted.append(result)
            return noted[position]

        return step

    def _queued(self) -> tuple[str, int] | None:
        with self.worker.store.read() as tx:
            query = sa.select(cases.c.id, cases.c.running).where(cases.c.running.is_not(None)).order_by(cases.c.id)
            row = tx.execute(query.limit(1)).first()
        return (row[0], row[1]) if row else None

    def approve(self) -> bool:
        """A supervisor approves every plan that waits for it."""
        for case in self.rows(cases, cases.c.status == CaseStatus.AWAITING_APPROVAL):
            try:
                self.worker.commands.approve(case["id"], case["plan_version"], SUPERVISOR)
            except ConflictError:
                continue
            return True
        return False

    def jump(self) -> bool:
        """To the next thing that is due, of the shop's or of ours, whenever that is.

        In a story that goes on by itself, a deadline that is missed before that is waited for.
        """
        now, timer, shops = utcnow(), self._next_timer(utcnow()), self.shop.next_due()
        if self.shop.lives_now and shops is not None and shops > 0 and self._wait(timedelta(seconds=shops)):
            return True
        if shops is not None and (timer is None or shops <= (timer["due_at"] - now).total_seconds()):
            self.shop.work()
            return True
        if timer is None:
            return False
        self.fire(timer["kind"], timer["subject"])
        return True

    def fire(self, kind: str, subject: str) -> None:
        """This timer is due now; a crash while it is handled restarts us."""
        with self.worker.store.begin() as tx:
            values = {"due_at": utcnow(), "leased_until": None}
            tx.execute(timers.update().where(timers.c.kind == kind, timers.c.subject == subject).values(**values))
        worker = self.worker
        try:
            for loop in (worker.timers, worker.listings, worker.checks, worker.letters, worker.pushes):
                loop.sweep.run_once(utcnow(), kinds={kind})
        except CrashError:
            worker.store.engine.dispose()
            self.restart()

    def _next_timer(self, now: datetime) -> dict[str, Any] | None:
        """The earliest timer that is due, or that waits for somebody: what looks at deadlines reads the real clock."""
        ours = timers.c.kind.notin_((*PERIODIC, *WATCHING))
        ready = timers.c.kind.in_(ANY_TIME) | (timers.c.due_at <= now)
        with self.worker.store.read() as tx:
            row = tx.execute(sa.select(timers).where(ours, ready).order_by(timers.c.due_at).limit(1)).mappings()
            found = row.first()
        return dict(found) if found else None

    def _wait(self, within: timedelta = NEAR) -> bool:
        """For a step's deadline, if one is near: detectors read the real clock."""
        deadlines = timers.c.kind.notin_((*PERIODIC, *WATCHING, *ANY_TIME))
        near = deadlines & timers.c.due_at.between(utcnow(), utcnow() + min(within, NEAR))
        due = min((row["due_at"] for row in self.rows(timers, near)), default=None)
        if due is None:
            return False
        time.sleep(max(0.0, (due - utcnow()).total_seconds()) + 0.001)
        self.waits += 1
        return True

    def _guard(self) -> bool:
        """Time passes until the guard looks after writes that nobody has heard of again."""
        unsettled = effects.c.state.in_(("intended", "unknown"))
        waiting = {row["case_id"] for row in self.rows(effects, unsettled)}
        if not waiting or self._guarded >= GUARDED:
            return False
        self._guarded += 1
        now = utcnow()
        with self.worker.store.begin() as tx:
            tx.execute(effects.update().where(unsettled).values(created_at=now - self._guarded * AGED))
            tx.execute(cases.update().where(cases.c.id.in_(waiting)).values(updated_at=now - self._guarded * AGED))
            set_timer(tx, "guard", "cases", now)
        self.worker.timers.sweep.run_once(now, kinds={"guard"})
        return True

    # -- looking ----------------------------------------------------------------------------------------------------

    def rows(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
        """Rows of one of our tables."""
        with self.worker.store.read() as tx:
            return [dict(row) for row in tx.execute(sa.select(table).where(*where)).mappings()]


class Homes:
    """Fresh homes with a database that was migrated once."""

    def __init__(self, folder: Path, make_shop: ShopFactory) -> None:
        self._folder, self._count = folder, 0
        folder.mkdir(parents=True, exist_ok=True)
        self._pattern = folder / "pattern"
        shop = make_shop(1)
        ThreadHouse(self._pattern, shop).close()

    def next(self) -> Path:
        """A home of its own."""
        self._count += 1
        home = self._folder / str(self._count)
        shutil.copytree(self._pattern, home)
        return home


class _DirectShop(HttpShop):
    """The `http` connector over a link that is a call."""

    def __init__(self, shop: ThreadShop, on_send: OnSend) -> None:
        self.gate = Gate("shop", GatePolicy())
        self._link = _DirectLink(shop)
        self.reader = HttpReader(self._link, self.gate)
        self.writer = _WatchedWriter(self._link, self.gate, on_send)


class _DirectLink(Link):
    def __init__(self, shop: ThreadShop) -> None:
        self._shop = shop

    def close(self) -> None:
        pass

    def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], query: Query | None = None,
        body: bytes | None = None,
    ) -> Answer:  # fmt: skip
        status, _, content = self._shop.call(method, path, urlencode(query or {}, doseq=True), headers, body or b"")
        return Answer(status, content, None)


class _WatchedWriter(HttpWriter):
    def __init__(self, link: Link, gate: Gate, on_send: OnSend) -> None:
        super().__init__(link, gate)
        self._on_send = on_send

    def send(self, request: WriteRequest) -> Outcome:
        return self._on_send(request, super().send)

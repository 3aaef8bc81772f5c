"""Watches resolved cases by reading their order back from time to time; a fault that came back reopens the case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from assistant.cases.opening import Opening
from assistant.cases.records import Case, Cases
from assistant.intake.cross_check import Budget
from assistant.intake.folding import BESIDE
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook
from assistant.metrics.past import proven_by
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Deferred, Timer, cancel_timer, set_timer, timer_of
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.errors import NotFoundError, UnavailableError
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.connectors.ports import ShopReader
from tools.lookups.order_status import read_facts
from tools.lookups.stock_level import stock_level

log = structlog.get_logger(__name__)

WATCH = "watch"  # kind of timer, by case; its generation is the episode
LEAST = timedelta(seconds=60)  # between two looks at one case, unless the whole follow-up time is short
AGAIN = timedelta(seconds=5)  # until a fault seen again is looked at once more: systems may be about to agree
WATCHED = ("checkout", "sku")
UNWATCHED = (Resolution.MERGED, Resolution.FALSE_ALARM)


class Schedule:
    """When a resolved case is looked at; pure."""

    def __init__(self, settings: Settings) -> None:
        self.window = timedelta(seconds=settings.follow_up_after)
        self.least = min(LEAST, self.window / 10)
        self.again = min(AGAIN, self.least)
        self._shares = settings.follow_up_looks

    def times(self, since: datetime) -> list[datetime]:
        """The times to look at, of a case that was resolved at `since`: rising, within the follow-up time."""
        return [since + self.window * share for share in self._shares]

    def after(self, since: datetime, now: datetime) -> datetime | None:
        """The next of them that is not too soon after a look at `now`; None when there is none left."""
        return next((at for at in self.times(since) if at - now >= self.least), None)


class Watch:
    """Sets a case's first look, and says when it may be closed; in the caller's transaction."""

    def __init__(self, settings: Settings) -> None:
        self.schedule = Schedule(settings)

    def begin(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """A locked case was resolved: from now on it is watched."""
        cancel_timer(tx, WATCH, case["id"])
        first = next(iter(self.schedule.times(now)), None)
        if first is None or case["subject_kind"] not in WATCHED or not case["live"]:
            return
        if case["resolution"] in UNWATCHED:
            return
        set_timer(tx, WATCH, case["id"], first, generation=case["episode"], payload={"gone": _proven_gone(case)})

    def closing(self, tx: sa.Connection, case: Case, now: datetime) -> datetime | None:
        """None when no look is outstanding any more, or the shop has been silent for another whole follow-up time."""
        if not self.outstanding(tx, case):
            return None
        patience = (case["resolved_at"] or now) + 2 * self.schedule.window
        return now + self.schedule.least if now < patience else None

    def outstanding(self, tx: sa.Connection, case: Case) -> bool:
        """Whether a look that was due before the end has not been made yet."""
        timer = timer_of(tx, WATCH, case["id"])
        return timer is not None and timer.generation == case["episode"]


def _proven_gone(case: Case) -> list[str]:
    """Fingerprints that a look of this episode has seen gone: only what was gone can come back.

    What a person called settled may well be there still.
    """
    since = case["detected_at"]
    return sorted(f["fingerprint"] for f in case["faults"] if f["cleared_at"] and _time(f["cleared_at"]) > since)


def _time(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


class _Seen(NamedTuple):
    """What a look sees: the corrected snapshot, and all that is wrong and due, settled or not."""

    snapshot: OrderSnapshot
    findings: list[Finding]
    read_at: datetime


class Watching:
    """The deferred timer `watch`: reads back, folds, detects, as a cross-check does and on its budget."""

    def __init__(
        self, store: Store, cases: Cases, opening: Opening, intake: Intake, reader: ShopReader, stock: StockBook,
        settings: Settings, budget: Budget, *, clock: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._cases, self._opening, self._intake = store, cases, opening, intake
        self._reader, self._stock, self._policies = reader, stock, settings.policies
        self._schedule, self._budget, self._clock = Schedule(settings), budget, clock

    def deferred_handlers(self) -> dict[str, Deferred]:
        """Handlers for the timers' sweep, by kind."""
        return {WATCH: self.on_watch_timer}

    def on_watch_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Looks at a watched case once and sets its next look; a silent shop is asked again later.

        Raises:
            UnavailableError: the shop or the store doesn't answer; that says nothing about the order.
        """
        try:
            with self._store.read() as tx:
                case = self._cases.find(tx, timer.subject)
        except NotFoundError:
            return None
        if not _is_watched(case, timer):
            return None
        if case["running"] is not None:
            return self._clock() + self._schedule.least  # a journey is looking at it this moment
        self._budget.wait()
        try:
            self._look(case, timer)
        except UnavailableError as error:
            if error.code != "shop_not_connected":
                raise
        return None  # the next look, if there is one, is a timer set by this one

    def _look(self, case: Case, timer: Timer) -> None:
        if case["subject_kind"] == "sku":
            at, sku = self._clock(), case["subject_id"]
            fact = stock_level(self._reader, sku)
            with self._store.begin() as tx:
                findings = self._stock.look(tx, sku, fact, at, self._clock())
                self._stock.report(tx, sku, findings, self._clock())
                self._compare(tx, timer, _Seen(OrderSnapshot(checkout_id=""), findings, at))
            return
        facts = read_facts(
            self._reader, case["checkout_id"], self._clock(), with_serviceability=True, with_coupon=True
        )
        with self._store.begin() as tx:
            folded = self._intake.apply_facts(tx, facts, self._clock(), confirms=True)
            self._compare(tx, timer, self._seen(tx, facts))
        self._intake.remember(folded)
        if facts.stock:
            with self._store.begin() as tx:
                self._stock.read(tx, facts.stock, facts.at, self._clock())

    def _seen(self, tx: sa.Connection, facts: Facts) -> _Seen:
        """What the read-back shows; what rests on models and other purchases is not proven by one."""
        snapshot = self._intake.snapshot_of(tx, facts.checkout_id) or OrderSnapshot(checkout_id=facts.checkout_id)
        context = Context(now=self._clock(), policies=self._policies)
        found = detect_all(snapshot, context)
        due = [f for f in found if f.detectable_at <= context.now and f.code not in BESIDE]
        return _Seen(snapshot, due, facts.at)

    def _compare(self, tx: sa.Connection, timer: Timer, seen: _Seen) -> None:
        """Reopens the case by a fault that was gone and is there again, twice in a row; else sets the next look."""
        case, now = self._cases.lock(tx, timer.subject), self._clock()
        if not _is_watched(case, timer):
            return  # the read-back brought something new, and that has reopened it already
        self._prove(tx, case, seen, now)
        payload = timer.payload or {}
        gone, doubted = set(payload.get("gone", [])), set(payload.get("doubted", []))
        present = {f.fingerprint for f in seen.findings}
        back = [f for f in seen.findings if f.fingerprint in gone and f.fingerprint in case["settled"]]
        if back and {f.fingerprint for f in back} <= doubted:
            log.info("watch.relapse", case_id=case["id"], faults=[str(f.code) for f in back])
            self._opening.on_relapse(tx, case, seen.snapshot, back, now)
            return
        self._next(tx, case, now, back, sorted(gone | ({*case["settled"]} - present)))

    def _prove(self, tx: sa.Connection, case: Case, seen: _Seen, now: datetime) -> None:
        """A look that finds nothing at all proves an ending that none had proven yet: what a person has said."""
        if case["proven_at"] is not None or seen.findings or {f["code"] for f in case["faults"]} & BESIDE:
            return
        if (proven_at := proven_by(tx, case["id"], seen.read_at)) is not None:
            self._cases.update(tx, case, now, proven_at=proven_at)

    def _next(self, tx: sa.Connection, case: Case, now: datetime, back: Sequence[Finding], gone: list[str]) -> None:
        payload: dict[str, Any] = {"gone": gone}
        at = self._schedule.after(case["resolved_at"] or now, now)
        if back:
            payload["doubted"] = sorted(f.fingerprint for f in back)
            at = now + self._schedule.again
        if at is not None:
            set_timer(tx, WATCH, case["id"], at, generation=case["episode"], payload=payload)


def _is_watched(case: Case, timer: Timer) -> bool:
    return bool(case["status"] == CaseStatus.RESOLVED and case["episode"] == timer.generation)

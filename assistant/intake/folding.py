"""Folds touched checkouts into snapshots, detects on them, and stores both; inside intake's transactions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from assistant.intake.background import Background
from assistant.intake.doubt import sort_due
from assistant.intake.facts import Parts, confirmed_at, facts_from
from assistant.intake.memory import Folding, Memory
from assistant.intake.recording import Known, event_from
from assistant.security.vault import customer_ref
from assistant.store.batches import among, upsert_rows
from assistant.store.tables import checkouts, events
from assistant.timers.timers import Timer, cancel_timers, due_by_subject, set_timers
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.fold import Fold
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot

DETECT, CONFIRM = "detect", "confirm"  # kinds of timers, by checkout
ACROSS = "across"  # kind of timer, by checkout: time to look again with what is known beside its own events

# Kinds of timers, by checkout: time to compare all systems. Of high value and paid, of high value, all others: whatever
# is wrong with the first two is high and has a minute, so that at a peak they must not wait behind the rest.
CROSS_CHECKS = ("cross_check_paid_high", "cross_check_high", "cross_check")
# What a checkout's own events don't show: looked for with its background, and waited for by a timer of its own.
BESIDE = frozenset(
    {FaultCode.REPEATED_SUBMISSION, FaultCode.DUPLICATE_ORDER, FaultCode.UNUSUAL_AMOUNT, FaultCode.UNKNOWN_ANOMALY}
)

Detect = Callable[[OrderSnapshot, Context], list[Finding]]


class OnFindings(Protocol):
    """What opens cases; called inside the transaction with findings that are due."""

    def __call__(
        self, tx: sa.Connection, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, *, live: bool
    ) -> None: ...


class Folder:
    """Events (and read-backs) to stored snapshots and findings."""

    def __init__(
        self, policies: Policies, live_window: timedelta, on_findings: OnFindings,
        detect: Detect = detect_all, background: Background | None = None,
    ) -> None:  # fmt: skip
        self._policies, self._live_window = policies, live_window
        self._on_findings, self._detect, self._background = on_findings, detect, background
        self._memory = Memory()
        self.connected = False  # whether there is a shop that can be asked what no event told

    # -- fold -------------------------------------------------------------------------------------------------------

    def fold_fresh(
        self, tx: sa.Connection, fresh: dict[str, list[Event]], known: dict[str, Known], whole: Collection[str]
    ) -> list[Folding]:
        """Folds what these new events touched; of checkouts in `whole` more events than these changed.

        Remember the result after the commit.
        """
        folded: list[Folding] = []
        unknown: list[str] = list(whole)
        for checkout_id, told in fresh.items():
            if checkout_id in whole:
                continue
            row = known.get(checkout_id)
            going = self._memory.take(checkout_id, row.version) if row else Folding(checkout_id, Fold(checkout_id))
            if going is not None and going.add(told):
                folded.append(going)
            else:
                unknown.append(checkout_id)
        return folded + self.fold_stored(tx, unknown)

    def fold_stored(self, tx: sa.Connection, checkout_ids: Collection[str]) -> list[Folding]:
        """Folds all stored events of these checkouts."""
        if not checkout_ids:
            return []
        stored = load_events(tx, checkout_ids)
        standing = due_by_subject(tx, DETECT, checkout_ids)
        folded = []
        for checkout_id in checkout_ids:
            one = Folding(checkout_id, Fold(checkout_id), detect_at=standing.get(checkout_id))
            one.add(stored.get(checkout_id, []))
            folded.append(one)
        return folded

    def remember(self, folded: Sequence[Folding]) -> None:
        """After the commit: keeps the folds for the next events."""
        self._memory.put(folded)

    # -- detect and store -------------------------------------------------------------------------------------------

    def settle(
        self, tx: sa.Connection, folded: Sequence[Folding], known: dict[str, Known], read_back: dict[str, Parts],
        owner_of: dict[str, str], now: datetime, *, open_cases: bool = True, thorough: bool = False,
    ) -> bool:  # fmt: skip
        """Applies read-backs, stores the snapshots, sets their timers and hands on what is due.

        Without `open_cases` only the timers are set. `thorough` asks for what is known beside each checkout, too.
        Returns whether something is due to be confirmed by read-back.
        """
        rows, due, confirm, again = [], [], [], []
        wait: dict[str, datetime | None] = {}
        context = Context(now=now, policies=self._policies)
        for one in folded:
            parts = read_back.get(one.checkout_id)
            told = one.fold.snapshot()
            snapshot = with_read_backs(told, parts) if parts else told
            if thorough and self._background is not None:
                history, scores = self._background.of(tx, snapshot, now)
                context = Context(now=now, policies=self._policies, history=history, scores=scores)
            findings = self._detect(snapshot, context)
            ahead = [f for f in findings if f.detectable_at > now]
            waits = [f.detectable_at for f in ahead if f.code not in BESIDE]
            beside = [f.detectable_at for f in ahead if f.code in BESIDE]
            if thorough and beside:
                again.append(Timer(kind=ACROSS, subject=one.checkout_id, due_at=min(beside)))
            rows.append(_row(one, snapshot, known.get(one.checkout_id), owner_of, now))
            one.place = self._place(snapshot, now)
            confirmed = confirmed_at(parts) if parts else None
            told_of = sort_due(snapshot, findings, now, confirmed, connected=self.connected)
            if told_of.sure:
                due.append((snapshot, told_of.sure, self._is_live(one, snapshot, now)))
            if told_of.ask:
                confirm.append(Timer(kind=CONFIRM, subject=one.checkout_id, due_at=now))
            if told_of.look_at is not None and open_cases:
                waits.append(told_of.look_at)
            wait[one.checkout_id] = min(waits, default=None)
        update = ["customer_id", "customer_ref", "snapshot", "version", "updated_at", "latest_event_at"]
        upsert_rows(tx, checkouts, ["checkout_id"], sorted(rows, key=lambda r: str(r["checkout_id"])), update)
        _set_deadlines(tx, folded, wait, now)
        set_timers(tx, again, keep_earlier=True)
        if not open_cases:
            return False
        set_timers(tx, confirm, keep_earlier=True)
        for snapshot, sure, live in due:
            self._on_findings(tx, snapshot, sure, now, live=live)
        return bool(confirm)

    def _place(self, snapshot: OrderSnapshot, now: datetime) -> int:
        """Which of CROSS_CHECKS is its kind."""
        if not self._policies.limits.is_high_value(snapshot.total):
            return len(CROSS_CHECKS) - 1
        return 0 if snapshot.paid_at(now) is not None else 1

    def _is_live(self, one: Folding, snapshot: OrderSnapshot, now: datetime) -> bool:
        """Whether its newest event is recent enough to act on; older ones are detected only."""
        newest = one.latest_event_at or snapshot.last_activity_at
        return newest is None or newest >= now - self._live_window


def _set_deadlines(
    tx: sa.Connection, folded: Sequence[Folding], wait: dict[str, datetime | None], now: datetime
) -> None:
    """One timer per checkout for its next deadline; a standing one that is right is left alone."""
    changed = []
    gone = []
    for one in folded:
        due_at = wait[one.checkout_id]
        if due_at is None and one.detect_at is not None:
            gone.append(one.checkout_id)
        elif due_at is not None and due_at != one.detect_at:
            changed.append(Timer(kind=DETECT, subject=one.checkout_id, due_at=due_at))
        one.detect_at = due_at
    set_timers(tx, changed)
    cancel_timers(tx, DETECT, gone)


def _row(
    one: Folding, snapshot: OrderSnapshot, known: Known | None, owner_of: dict[str, str], now: datetime
) -> dict[str, Any]:
    """The checkout's row; its rising version is also that of the fold, which may be remembered when it is committed."""
    one.version = (known.version if known else 0) + 1
    customer_id = snapshot.customer_id or (known.customer_id if known else None)
    owner = customer_ref(customer_id, None) if customer_id else owner_of.get(one.checkout_id)
    return {
        "checkout_id": one.checkout_id, "customer_id": customer_id,
        "customer_ref": owner or customer_ref(None, one.checkout_id), "snapshot": snapshot, "version": one.version,
        "updated_at": now, "latest_event_at": one.latest_event_at,
    }  # fmt: skip


def with_read_backs(snapshot: OrderSnapshot, parts: Parts) -> OrderSnapshot:
    """The snapshot as corrected by what was read back, oldest reading first."""
    for facts in facts_from(snapshot.checkout_id, parts):
        usable = facts
        if facts.serviceability is not None and snapshot.address is not None:
            told_at = snapshot.address.at
            if told_at is not None and told_at > facts.at:  # that verdict was about an address since replaced
                usable = msgspec.structs.replace(facts, serviceability=None)
        snapshot = apply_read_back(snapshot, usable)
    return snapshot


def load_events(tx: sa.Connection, checkout_ids: Collection[str]) -> dict[str, list[Event]]:
    """Stored events by checkout; checkouts without any are missing."""
    found: dict[str, list[Event]] = {}
    for row in tx.execute(sa.select(events).where(among(tx, events.c.checkout_id, checkout_ids))):
        found.setdefault(row.checkout_id, []).append(event_from(row))
    return found


def load_snapshots(tx: sa.Connection, checkout_ids: Collection[str]) -> dict[str, OrderSnapshot]:
    """Stored snapshots by checkout."""
    query = sa.select(checkouts.c.checkout_id, checkouts.c.snapshot)
    rows = tx.execute(query.where(among(tx, checkouts.c.checkout_id, checkout_ids)))
    return {row[0]: msgspec.convert(row[1], OrderSnapshot) for row in rows if row[1]}

"""Folds touched checkouts into snapshots, detects on them, and stores both; inside intake's transactions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from assistant.intake.facts import Parts, confirmed_at, facts_from
from assistant.intake.recording import Known, event_from
from assistant.security.vault import customer_ref
from assistant.store.batches import chunked, upsert_rows
from assistant.store.tables import checkouts, events
from assistant.timers.timers import Timer, cancel_timers, set_timers
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot

DETECT, CONFIRM = "detect", "confirm"  # kinds of timers, by checkout


Detect = Callable[[OrderSnapshot, Context], list[Finding]]


class OnFindings(Protocol):
    """What opens cases; called inside the transaction with findings that are due."""

    def __call__(
        self, tx: sa.Connection, snapshot: OrderSnapshot, findings: list[Finding], now: datetime, *, live: bool
    ) -> None: ...


class Folded(msgspec.Struct):
    """A checkout's fold on its way to the table."""

    snapshot: OrderSnapshot
    count: int
    latest_event_at: datetime | None


class Folding:
    """Events (and read-backs) to stored snapshots and findings."""

    def __init__(
        self, policies: Policies, live_window: timedelta, on_findings: OnFindings,
        detect: Detect = detect_all,
    ) -> None:  # fmt: skip
        self._policies, self._live_window = policies, live_window
        self._on_findings, self._detect = on_findings, detect

    # -- fold -------------------------------------------------------------------------------------------------------

    def fold_all(
        self, tx: sa.Connection, checkout_ids: Collection[str], known: dict[str, Known],
        fresh: dict[str, list[Event]], whole: Collection[str],
    ) -> dict[str, Folded]:  # fmt: skip
        """Folds these checkouts. `fresh` are the events just inserted; `whole` those whose events must be read."""
        stored = load_events(tx, [c for c in checkout_ids if c in known or c in whole])
        return {c: self._fold(c, stored[c] if c in stored else fresh.get(c, [])) for c in checkout_ids}

    def _fold(self, checkout_id: str, told: Sequence[Event]) -> Folded:
        latest = max((event.at for event in told), default=None)
        return Folded(fold(checkout_id, told), len(told), latest)

    # -- detect and store -------------------------------------------------------------------------------------------

    def settle(
        self, tx: sa.Connection, folded: dict[str, Folded], known: dict[str, Known], read_back: dict[str, Parts],
        owner_of: dict[str, str], now: datetime, *, open_cases: bool = True,
    ) -> bool:  # fmt: skip
        """Applies read-backs, stores the snapshots, sets their timers and hands on what is due.

        Without `open_cases` only the timers are set. Returns whether something is due to be confirmed by read-back.
        """
        rows, detect_at, calm, confirm, due = [], [], [], [], []
        context = Context(now=now, policies=self._policies)
        for checkout_id, one in folded.items():
            parts = read_back.get(checkout_id)
            snapshot = with_read_backs(one.snapshot, parts) if parts else one.snapshot
            rows.append(_row(checkout_id, one, snapshot, known.get(checkout_id), owner_of, now))
            findings = self._detect(snapshot, context)
            later = [f.detectable_at for f in findings if f.detectable_at > now]
            if later:
                detect_at.append(Timer(kind=DETECT, subject=checkout_id, due_at=min(later)))
            else:
                calm.append(checkout_id)
            sure, unsure = _due(findings, now, confirmed_at(parts) if parts else None)
            if sure:
                due.append((snapshot, sure, self._is_live(one, snapshot, now)))
            if unsure:
                confirm.append(Timer(kind=CONFIRM, subject=checkout_id, due_at=now))
        update = ["customer_id", "customer_ref", "snapshot", "events_folded", "updated_at", "latest_event_at"]
        upsert_rows(tx, checkouts, ["checkout_id"], rows, update)
        set_timers(tx, detect_at)
        cancel_timers(tx, DETECT, [c for c in calm if c in known])
        if not open_cases:
            return False
        set_timers(tx, confirm, keep_earlier=True)
        for snapshot, sure, live in due:
            self._on_findings(tx, snapshot, sure, now, live=live)
        return bool(confirm)

    def _is_live(self, one: Folded, snapshot: OrderSnapshot, now: datetime) -> bool:
        """Whether its newest event is recent enough to act on; older ones are detected only."""
        newest = one.latest_event_at or snapshot.last_activity_at
        return newest is None or newest >= now - self._live_window


def _due(findings: list[Finding], now: datetime, confirmed: datetime | None) -> tuple[list[Finding], list[Finding]]:
    """`(sure, unsure)` findings that are due; one that wants confirming is sure when a read-back left it standing."""
    sure: list[Finding] = []
    unsure: list[Finding] = []
    for finding in findings:
        if finding.detectable_at > now:
            continue
        standing = confirmed is not None and confirmed >= finding.detectable_at
        (sure if standing or not finding.confirm else unsure).append(finding)
    return sure, unsure


def _row(
    checkout_id: str, one: Folded, snapshot: OrderSnapshot, known: Known | None, owner_of: dict[str, str], now: datetime
) -> dict[str, Any]:
    customer_id = snapshot.customer_id or (known.customer_id if known else None)
    owner = customer_ref(customer_id, checkout_id) if customer_id else owner_of.get(checkout_id)
    return {
        "checkout_id": checkout_id, "customer_id": customer_id,
        "customer_ref": owner or customer_ref(None, checkout_id), "snapshot": snapshot, "events_folded": one.count,
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
    for some in chunked(sorted(checkout_ids)):
        for row in tx.execute(sa.select(events).where(events.c.checkout_id.in_(some))):
            found.setdefault(row.checkout_id, []).append(event_from(row))
    return found


def load_snapshots(tx: sa.Connection, checkout_ids: Collection[str]) -> dict[str, OrderSnapshot]:
    """Stored snapshots by checkout."""
    found: dict[str, OrderSnapshot] = {}
    for some in chunked(sorted(checkout_ids)):
        query = sa.select(checkouts.c.checkout_id, checkouts.c.snapshot)
        for checkout_id, snapshot in tx.execute(query.where(checkouts.c.checkout_id.in_(some))):
            if snapshot:
                found[checkout_id] = msgspec.convert(snapshot, OrderSnapshot)
    return found

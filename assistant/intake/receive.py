"""Intake: takes events and read-backs, each batch in one transaction; the HTTP edge, the sweep and timers call it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from assistant.intake import recording
from assistant.intake.background import Background
from assistant.intake.facts import Parts, ReadBacks, facts_from
from assistant.intake.folding import CROSS_CHECKS, DETECT, Detect, Folder, OnFindings, load_snapshots
from assistant.intake.incoming import Incoming, Refusal, prepare
from assistant.intake.masking import whole
from assistant.intake.memory import Folding
from assistant.intake.stock import STOCK_WATCH, UNHEARD, StockBook
from assistant.security.vault import Vault, customer_ref
from assistant.settings import Settings
from assistant.store.engine import Store
from assistant.store.tables import events
from assistant.store.turns import Turns
from assistant.timers.timers import Handler, Timer, cancel_timers, set_timers
from knowledge.faults.catalogue import detect_all
from knowledge.policies import Policies
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.snapshot import OrderSnapshot

log = structlog.get_logger(__name__)

MATCH_PAYMENT, REFOLD = "match_payment", "refold"  # kinds of timers: by payment, by checkout
CROSS_CHECK = CROSS_CHECKS[-1]
# After these events; a little later, so that the shop's other systems have followed and several events count as one.
CROSS_CHECKED = frozenset(
    {"checkout.submitted", "checkout.updated", "checkout.cancelled", "checkout.expired", "payment.authorized",
     "payment.captured", "order.created", "order.cancelled"}
)  # fmt: skip
PAUSE = timedelta(seconds=1)
_ATTEMPTS = 5  # at a transaction that lost against another one


class OnTouched(Protocol):
    """What wakes cases; called inside the transaction with the new (masked) events of checkouts that have one."""

    def __call__(self, tx: sa.Connection, touched: dict[str, list[Event]], now: datetime) -> None: ...


class Rejected(msgspec.Struct, frozen=True):
    """One event that was not taken: its place in the batch, its id where it had one, and why."""

    index: int
    id: str | None
    code: str
    detail: str


class Receipt(msgspec.Struct, frozen=True):
    """Contract A's answer; everything accepted is durable."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class Intake:
    """Records events once, folds them, detects on them. Each method says in whose transaction it works."""

    def __init__(
        self, store: Store, vault: Vault, policies: Policies, settings: Settings, *,
        on_findings: OnFindings, on_touched: OnTouched, nudge: Callable[[], None] = lambda: None,
        detect: Detect = detect_all, background: Background | None = None, stock: StockBook | None = None,
    ) -> None:  # fmt: skip
        self.store, self.vault, self.settings = store, vault, settings
        self._folder = Folder(policies, timedelta(seconds=settings.live_window), on_findings, detect, background)
        self._cross_checks, self._stock = background is not None, stock
        self._read_backs = ReadBacks(vault)
        self._on_touched = on_touched
        self.nudge = nudge  # told when a timer was set that is due at once
        self._pepper: bytes | None = None
        # SQLite has one writer, and Python's threads would only get in each other's way before it.
        self._turns = Turns() if store.is_sqlite else None

    # -- events -----------------------------------------------------------------------------------------------------

    def receive(self, raw_events: Sequence[Any], received_at: datetime, *, keep_rejected: bool = True) -> Receipt:
        """Takes a batch of CloudEvents (decoded JSON) in one transaction of its own; `received_at` is aware UTC.

        Raises:
            UnavailableError: the store can't take it; nothing of the batch was taken.
        """
        with self._turns.next() if self._turns else nullcontext():
            return self._receive(raw_events, received_at, keep_rejected=keep_rejected)

    def _receive(self, raw_events: Sequence[Any], received_at: datetime, *, keep_rejected: bool) -> Receipt:
        pepper = self._fingerprint_key(received_at)
        prepared = [prepare(raw, index, received_at, pepper) for index, raw in enumerate(raw_events)]
        batch = recording.in_batch([one for one in prepared if isinstance(one, Incoming)])
        refused = [one for one in prepared if isinstance(one, Refusal)] + batch.conflicts
        stored, urgent = self._take(batch.fresh, refused, received_at, keep_rejected=keep_rejected)
        if urgent:
            self.nudge()
        listed = sorted([*refused, *stored.conflicts], key=lambda r: r.index)
        return Receipt(
            accepted=len(stored.fresh), duplicates=batch.duplicates + stored.duplicates,
            rejected=[Rejected(r.index, r.id, r.code, r.detail) for r in listed],
        )  # fmt: skip

    def _fingerprint_key(self, now: datetime) -> bytes:
        if self._pepper is None:
            with self.store.begin() as tx:
                pepper = self.vault.pepper(tx, now)
            self._pepper = pepper
        return self._pepper

    def _take(
        self, incoming: list[Incoming], refused: list[Refusal], now: datetime, *, keep_rejected: bool
    ) -> tuple[recording.Sorted, bool]:
        """Records and folds. Whatever goes wrong in folding or detecting must not lose events: it is put off then."""
        put_off = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.store.begin() as tx:
                    stored, known = self._record(tx, incoming, now)
                    if keep_rejected:
                        recording.keep_refused(tx, self.vault, [*refused, *stored.conflicts], now)
                    folded, urgent = self._react(tx, stored.fresh, known, now, put_off=put_off)
            except UnavailableError as error:
                if attempt == _ATTEMPTS or not _deadlocked(error):
                    raise
            except Exception as error:
                if isinstance(error, IntegrityError) and attempt < _ATTEMPTS - 2:
                    continue  # another worker took one of these events first: compare again
                if put_off:
                    raise
                log.exception("intake.folding_put_off", events=len(incoming))
                put_off = True
            else:
                self._folder.remember(folded)
                return stored, urgent
        raise UnavailableError("store_busy", "too many writers at once")

    def _record(
        self, tx: sa.Connection, incoming: list[Incoming], now: datetime
    ) -> tuple[recording.Sorted, dict[str, recording.Known]]:
        recording.match_payments(tx, incoming)
        touched = {one.event.checkout_id for one in incoming if one.event.checkout_id}
        known = recording.lock_checkouts(tx, sorted(touched), now)
        stored = recording.against_stored(tx, incoming)
        used = {one.event.checkout_id for one in stored.fresh}
        recording.unlock_unused(tx, touched - known.keys() - used)
        recording.insert_events(tx, self.vault, stored.fresh, recording.owners(stored.fresh, known), now)
        return stored, known

    def _react(
        self, tx: sa.Connection, fresh: list[Incoming], known: dict[str, recording.Known], now: datetime, *,
        put_off: bool,
    ) -> tuple[list[Folding], bool]:  # fmt: skip
        """What new events lead to: payments matched, checkouts folded and detected on, cases woken."""
        touched: dict[str, list[Event]] = defaultdict(list)
        payments: dict[str, str] = {}
        homeless: set[str] = set()
        for one in fresh:
            if one.event.checkout_id:
                touched[one.event.checkout_id].append(one.event)
                if one.payment_id:
                    payments.setdefault(one.payment_id, one.event.checkout_id)
            elif one.payment_id:
                homeless.add(one.payment_id)
        urgent = [Timer(kind=MATCH_PAYMENT, subject=payment_id, due_at=now) for payment_id in homeless]
        set_timers(tx, urgent, keep_earlier=True)
        self._hear_stock(tx, fresh, now, put_off=put_off)
        matched = recording.index_payments(tx, payments)
        if put_off:
            payload = {"since": now.isoformat()}
            later = [Timer(kind=REFOLD, subject=c, due_at=now, payload=payload) for c in touched.keys() | matched]
            set_timers(tx, later, keep_earlier=True)
            self.check(tx, _to_check(touched) | matched, now)
            return [], True
        known |= recording.lock_checkouts(tx, sorted(matched - touched.keys()), now)
        folded = self._folder.fold_fresh(tx, touched, known, matched)
        read_back = self._read_backs.load(tx, known.keys()) if known else {}
        to_confirm = self._folder.settle(tx, folded, known, read_back, recording.owners(fresh, known), now)
        self.check(tx, _to_check(touched) | matched, now, folded)
        self._tell(tx, touched, now)
        return folded, to_confirm or bool(urgent)

    def _hear_stock(self, tx: sa.Connection, fresh: list[Incoming], now: datetime, *, put_off: bool) -> None:
        levels = [one.event for one in fresh if one.event.type == "inventory.level"]
        if not levels or self._stock is None:
            return
        if put_off:
            skus = {str(e.data["sku"]) for e in levels}
            unheard = [Timer(kind=STOCK_WATCH, subject=sku, due_at=now, payload=UNHEARD) for sku in skus]
            set_timers(tx, unheard, keep_earlier=True)
        else:
            self._stock.hear(tx, levels, now)

    def _tell(self, tx: sa.Connection, touched: dict[str, list[Event]], now: datetime) -> None:
        listening = recording.with_cases(tx, touched)
        if listening:
            self._on_touched(tx, {c: told for c, told in touched.items() if c in listening}, now)

    # -- snapshots --------------------------------------------------------------------------------------------------

    def refold(
        self, tx: sa.Connection, checkout_ids: Collection[str], now: datetime, *, open_cases: bool = True
    ) -> list[Folding]:
        """Folds these checkouts from all that is stored, stores the snapshots and detects on them.

        Without `open_cases` deadlines are set, and nothing is handed on. What it returns may be remembered once `tx`
        is committed.
        """
        known = recording.lock_checkouts(tx, sorted(checkout_ids), now)
        read_back = self._read_backs.load(tx, checkout_ids)
        return self._refold(tx, checkout_ids, known, read_back, now, open_cases=open_cases)

    def _refold(
        self, tx: sa.Connection, checkout_ids: Collection[str], known: dict[str, recording.Known],
        read_back: dict[str, Parts], now: datetime, *, open_cases: bool,
    ) -> list[Folding]:  # fmt: skip
        folded = self._folder.fold_stored(tx, checkout_ids)
        nothing = {one.checkout_id for one in folded if not one.count and one.checkout_id not in read_back}
        recording.unlock_unused(tx, nothing)
        owner_of = {checkout_id: row.customer_ref for checkout_id, row in known.items()}
        told = [one for one in folded if one.checkout_id not in nothing]
        self._folder.settle(tx, told, known, read_back, owner_of, now, open_cases=open_cases, thorough=True)
        return told

    def apply_facts(
        self, tx: sa.Connection, facts: Facts, now: datetime, *, detect: bool = True, confirms: bool = False
    ) -> list[Folding]:
        """Stores a read-back (parts that were not read keep what they had) and refolds its checkout.

        `confirms` says that everything was read, so that findings which wanted that count. Without `detect` no case is
        opened or extended; the caller looks itself. What it returns may be remembered once `tx` is committed.
        """
        checkout_id = facts.checkout_id
        known = recording.lock_checkouts(tx, [checkout_id], now)
        parts = self._read_backs.load(tx, [checkout_id]).get(checkout_id, {})
        row = known.get(checkout_id)
        customer_id = facts.customer.id if facts.customer else facts.checkout.customer_id if facts.checkout else None
        owner = row.customer_ref if row and row.customer_id else customer_ref(customer_id, checkout_id)
        parts = self._read_backs.store(tx, parts, facts, owner, now, confirms=confirms)
        read_back = {checkout_id: parts} if parts else {}
        payments = {p.id: checkout_id for p in facts.payments or []}
        others = recording.index_payments(tx, payments) - {checkout_id}
        folded = self._refold(tx, [checkout_id], known, read_back, now, open_cases=detect)
        return folded + (self.refold(tx, others, now, open_cases=detect) if others else [])

    def remember(self, folded: Sequence[Folding]) -> None:
        """After the commit: the next events of these checkouts need not fold all again."""
        self._folder.remember(folded)

    def snapshot_of(self, tx: sa.Connection, checkout_id: str) -> OrderSnapshot | None:
        """The stored snapshot, read-backs included; None for a checkout nobody told of."""
        return load_snapshots(tx, [checkout_id]).get(checkout_id)

    def facts_of(self, tx: sa.Connection, checkout_id: str, *, unmask: bool = False) -> list[Facts]:
        """What was read back, oldest first: one Facts per moment, each with the parts last read then."""
        parts = self._read_backs.load(tx, [checkout_id]).get(checkout_id, {})
        return self._read_backs.unmasked(tx, checkout_id, parts) if unmask else facts_from(checkout_id, parts)

    def events_of(self, tx: sa.Connection, checkout_id: str, unmask: bool = False) -> list[Event]:
        """The checkout's events by `(time, source, id)`; with `unmask` as they were sent, but for what was erased."""
        query = sa.select(events).where(events.c.checkout_id == checkout_id)
        rows = tx.execute(query.order_by(events.c.at, events.c.source, events.c.id)).all()
        return self._told(tx, rows, unmask=unmask)

    def payment_events(self, tx: sa.Connection, payment_id: str) -> list[Event]:
        """Masked events of a payment that has no checkout (yet), by time."""
        query = sa.select(events).where(events.c.payment_id == payment_id, events.c.checkout_id.is_(None))
        return self._told(tx, tx.execute(query.order_by(events.c.at, events.c.source, events.c.id)).all(), unmask=False)

    def checkout_of_payment(self, tx: sa.Connection, payment_id: str) -> str | None:
        """The checkout the payment is known to belong to."""
        return recording.payments_known(tx, [payment_id]).get(payment_id)

    def match_payment(self, tx: sa.Connection, payment_id: str, checkout_id: str, now: datetime) -> None:
        """Gives the payment's waiting events their checkout, and folds it."""
        matched = recording.index_payments(tx, {payment_id: checkout_id})
        self.check(tx, matched, now, self.refold(tx, matched, now))
        for one in sorted(matched):
            told = [e for e in self.events_of(tx, one) if e.data.get("payment_id") == payment_id]
            self._tell(tx, {one: told}, now)

    def _told(self, tx: sa.Connection, rows: Sequence[Any], *, unmask: bool) -> list[Event]:
        told = [recording.event_from(row) for row in rows]
        if not unmask:
            return told
        personal = self.vault.get_many(tx, [row.vault_ref for row in rows if row.vault_ref])
        return [
            msgspec.structs.replace(event, data=whole(event.data, personal.get(row.vault_ref)))
            for event, row in zip(told, rows, strict=True)
        ]

    def connect(self) -> None:
        """There is a shop: what rests on an event that did not come is from now on asked about first."""
        self._folder.connected = True

    def check(
        self, tx: sa.Connection, checkout_ids: Collection[str], now: datetime, folded: Sequence[Folding] = ()
    ) -> None:
        """Has all systems compared about these checkouts in a moment; `folded` tells whose turn comes first."""
        if not self._cross_checks:
            return
        place = {one.checkout_id: one.place for one in folded}
        due = {c: Timer(kind=CROSS_CHECKS[place.get(c, -1)], subject=c, due_at=now + PAUSE) for c in checkout_ids}
        set_timers(tx, list(due.values()), keep_earlier=True)
        for rank, kind in enumerate(CROSS_CHECKS):  # what waits at a later place has moved up
            cancel_timers(tx, kind, [c for c, timer in due.items() if timer.kind in CROSS_CHECKS[:rank]])

    # -- timers -----------------------------------------------------------------------------------------------------

    def timer_handlers(self) -> dict[str, Handler]:
        """Handlers for the timers' sweep, by kind."""
        return {DETECT: self.on_detect_timer, REFOLD: self.on_refold_timer}

    def on_detect_timer(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """A deadline passed: looks at the checkout again."""
        self.refold(tx, [timer.subject], now)

    def on_refold_timer(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Does for one checkout what was put off when its events came."""
        since = datetime.fromisoformat(timer.payload["since"])
        self.refold(tx, [timer.subject], now)
        told = [event for event in self.events_of(tx, timer.subject) if event.received_at >= since]
        self._tell(tx, {timer.subject: told}, now)


def _to_check(touched: dict[str, list[Event]]) -> set[str]:
    """Checkouts of which something was told that other systems may see differently."""
    return {c for c, told in touched.items() if any(e.type in CROSS_CHECKED for e in told)}


def _deadlocked(error: UnavailableError) -> bool:
    """Whether PostgreSQL ended the transaction so that another one could go on."""
    original = getattr(error.__cause__, "orig", None)
    return getattr(original, "sqlstate", None) in ("40P01", "40001")

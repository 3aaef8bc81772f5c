"""Finds by read-back what no event told: pages through what changed in the shop; also matches payments and confirms.

All of it runs as deferred timers, outside of any transaction, so that a shop that is down or slow holds nothing up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa
import structlog

from assistant.intake.agreement import agrees
from assistant.intake.folding import CONFIRM, load_snapshots
from assistant.intake.receive import MATCH_PAYMENT, Intake
from assistant.settings import Settings
from assistant.store.batches import upsert_rows
from assistant.store.engine import Store, utcnow
from assistant.store.tables import sweep_cursors
from assistant.timers.timers import Deferred, Timer, set_timers
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, ReservationFact
from tools.connectors.ports import Page, ShopReader
from tools.lookups.order_status import read_facts

log = structlog.get_logger(__name__)

SWEEP = "sweep"  # kind of timer; its subject is one of LISTINGS
LISTINGS = {"checkouts": "shop", "orders": "shop", "payments": "payment", "reservations": "inventory"}  # by system
FIRST_LOOK_BACK = timedelta(hours=1)  # what is older is the scan's business
OVERLAP = timedelta(minutes=1)  # looked at again each time: writes that were committed late
IN_FLIGHT = timedelta(seconds=5)  # an event about a change so fresh may still be on its way
_PAGES, _IN_ONE_GO = 20, timedelta(seconds=30)  # of one listing: well within the timer's lease
_POLL_MATCH = timedelta(seconds=2), timedelta(minutes=1)  # between looks for a payment's checkout

Change = CheckoutFact | OrderFact | PaymentFact | ReservationFact


class OnOrphanPayment(Protocol):
    """What opens a case about a payment that belongs to no checkout."""

    def __call__(self, tx: sa.Connection, payment_id: str, events: list[Event], now: datetime) -> None: ...


class Cursor(msgspec.Struct):
    """Where a listing stands: changes since `since` are being read, from page `page` on; `newest` was seen so far."""

    since: datetime
    page: str | None = None
    newest: datetime | None = None


class ReadBackSweep:
    """The deferred timers of intake: `sweep` by listing, `match_payment` by payment, `confirm` by checkout."""

    def __init__(
        self, store: Store, intake: Intake, reader: ShopReader, settings: Settings, *,
        on_orphan_payment: OnOrphanPayment, clock: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._intake, self._reader = store, intake, reader
        self._every = timedelta(seconds=settings.sweep_every)
        self._in_flight = min(IN_FLIGHT, self._every)
        self._deadlines = settings.policies.deadlines
        self._on_orphan_payment, self._clock = on_orphan_payment, clock
        if self._served():
            intake.connect()

    def deferred_handlers(self) -> dict[str, Deferred]:
        """Handlers for the timers' sweep, by kind."""
        return {SWEEP: self.on_sweep_timer, MATCH_PAYMENT: self.on_match_payment_timer, CONFIRM: self.on_confirm_timer}

    def schedule(self) -> None:
        """Makes sure that every listing the shop has is swept from now on; any number of workers may call it."""
        served = self._served()
        if not served:
            log.info("sweep.nothing_to_sweep")
            return
        now = self._clock()
        wanted = [Timer(kind=SWEEP, subject=name, due_at=now) for name, system in LISTINGS.items() if system in served]
        with self._store.begin() as tx:
            set_timers(tx, wanted, keep_earlier=True)

    def _served(self) -> frozenset[str]:
        """The systems there are to read; none where no shop is connected."""
        try:
            return self._reader.capabilities()
        except UnavailableError:
            return frozenset()

    # -- listings ---------------------------------------------------------------------------------------------------

    def on_sweep_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Reads on in one listing.

        Raises:
            UnavailableError: the shop or the store doesn't answer; the next look goes on from the same page.
        """
        name = timer.subject
        for _ in range(_PAGES):
            cursor = self._cursor(name, now)
            page = self._page(name, cursor)
            for text in page.unreadable:
                log.warning("sweep.unreadable", listing=name, detail=text)
            self._compare(page.items, now)
            self._move(name, cursor, page, now)
            if page.next is None:
                return now + self._every
            if self._clock() - now > _IN_ONE_GO:
                break
        return now  # much to read: go on at once, after what else is due

    def _page(self, name: str, cursor: Cursor) -> Page[Any]:
        listings: dict[str, Callable[[datetime, str | None], Page[Any]]] = {
            "checkouts": self._reader.checkouts_changed,
            "orders": self._reader.orders_changed,
            "payments": self._reader.payments_changed,
            "reservations": self._reader.reservations_changed,
        }
        return listings[name](cursor.since, cursor.page)

    def _compare(self, items: Iterable[Change], now: datetime) -> None:
        """Reads those checkouts whole that the events tell differently, and applies what the shop says."""
        changed: dict[str, list[Change]] = {}
        for item in items:
            checkout_id = item.id if isinstance(item, CheckoutFact) else item.checkout_id
            in_flight = item.updated_at is not None and now - self._in_flight < item.updated_at <= now
            if checkout_id and not in_flight:
                changed.setdefault(checkout_id, []).append(item)
        if not changed:
            return
        with self._store.read() as tx:
            known = load_snapshots(tx, changed.keys())
        for checkout_id, facts in changed.items():
            if not all(agrees(known.get(checkout_id), fact) for fact in facts):
                self._apply(checkout_id)

    def _apply(self, checkout_id: str, *, confirms: bool = False) -> None:
        facts = read_facts(
            self._reader, checkout_id, self._clock(), with_serviceability=confirms, with_coupon=confirms
        )
        with self._store.begin() as tx:
            folded = self._intake.apply_facts(tx, facts, self._clock(), confirms=confirms)
            if not confirms:
                self._intake.check(tx, [checkout_id], self._clock(), folded)

    def _cursor(self, name: str, now: datetime) -> Cursor:
        with self._store.read() as tx:
            row = tx.execute(sa.select(sweep_cursors).where(sweep_cursors.c.kind == name)).mappings().first()
        if row is None or row["updated_since"] is None:
            # Remembered at once: a shop that is down now is read from here on when it is back.
            cursor = Cursor(since=now - FIRST_LOOK_BACK)
            self._keep(name, cursor, now)
            return cursor
        return Cursor(since=row["updated_since"], page=row["cursor"], newest=row["newest"])

    def _move(self, name: str, cursor: Cursor, page: Page[Any], now: datetime) -> None:
        """Remembers how far it was read. At the end, the next round starts a little before the newest change."""
        began = cursor.newest or now  # what says no time of its own changed at the latest when its round began
        times = [item.updated_at or began for item in page.items]
        newest = max([*times, *([cursor.newest] if cursor.newest else [])], default=None)
        if page.next is not None:
            return self._keep(name, Cursor(cursor.since, page.next, newest), now)
        since = max(cursor.since, newest - OVERLAP) if newest else cursor.since
        return self._keep(name, Cursor(since), now)

    def _keep(self, name: str, cursor: Cursor, now: datetime) -> None:
        row = {"kind": name, "updated_since": cursor.since, "cursor": cursor.page, "newest": cursor.newest}
        row["swept_at"] = now
        with self._store.begin() as tx:
            upsert_rows(tx, sweep_cursors, ["kind"], [row], ["updated_since", "cursor", "newest", "swept_at"])

    # -- payments without a checkout --------------------------------------------------------------------------------

    def on_match_payment_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Looks for the checkout of a payment whose events named none; after its deadline, a case is opened.

        Raises:
            UnavailableError: the shop or the store doesn't answer.
        """
        payment_id = timer.subject
        with self._store.read() as tx:
            waiting = self._intake.payment_events(tx, payment_id)
            checkout_id = self._intake.checkout_of_payment(tx, payment_id)
        if not waiting:
            return None
        if checkout_id is None:
            checkout_id = self._checkout_by_shop(payment_id)
        if checkout_id is not None:
            with self._store.begin() as tx:
                self._intake.match_payment(tx, payment_id, checkout_id, self._clock())
            return None
        first = min(event.received_at for event in waiting)
        method = next((event.data["method"] for event in waiting if event.data.get("method")), None)
        deadline = first + self._deadlines.payment_for(method)
        if now >= deadline:
            with self._store.begin() as tx:
                self._on_orphan_payment(tx, payment_id, waiting, now)
            return None
        least, most = _POLL_MATCH
        return min(deadline, now + min(most, max(least, (now - first) / 2)))

    def _checkout_by_shop(self, payment_id: str) -> str | None:
        try:
            fact = self._reader.payment(payment_id)
        except UnavailableError as error:
            if error.code == "shop_not_connected":
                return None  # nobody there who could ever tell
            raise
        return fact.checkout_id if fact else None

    # -- findings that want confirming ------------------------------------------------------------------------------

    def on_confirm_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Reads everything about a checkout, so that a weak finding is confirmed or gone.

        Raises:
            UnavailableError: the shop or the store doesn't answer.
        """
        self._apply(timer.subject, confirms=True)
        return None

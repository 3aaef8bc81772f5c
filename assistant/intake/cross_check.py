"""Compares all systems about a checkout once its events say that something was decided; deferred, never in intake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import sqlalchemy as sa
import structlog

from assistant.intake.background import CustomersIndex
from assistant.intake.folding import ACROSS, CROSS_CHECKS
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.timers.timers import Deferred, Handler, Timer, drop_timer, set_timers
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.facts import Facts, ProductFact
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.connectors.ports import CatalogueReader, ShopReader
from tools.lookups.order_status import read_facts

log = structlog.get_logger(__name__)

KEEP_PRODUCTS = timedelta(minutes=10)
_MOST_PRODUCTS = 20_000


class OnRecheck(Protocol):
    """What wakes a case whose faults rest on other checkouts; called inside the transaction."""

    def __call__(self, tx: sa.Connection, checkout_id: str, now: datetime) -> None: ...


class Budget:
    """A token bucket: lets `per_second` through, after a pause a second's worth at once."""

    def __init__(
        self, per_second: float, *, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._rate, self._clock, self._sleep = per_second, clock, sleep
        self._lock = threading.Lock()
        self._tokens, self._at = max(1.0, per_second), clock()

    def wait(self) -> None:
        """Returns once it is one's turn."""
        with self._lock:
            now = self._clock()
            self._tokens = min(max(1.0, self._rate), self._tokens + (now - self._at) * self._rate) - 1
            self._at = now
            pause = -self._tokens / self._rate
        if pause > 0:
            self._sleep(pause)


class Products:
    """What products are, remembered for KEEP_PRODUCTS so that a check rarely has to ask the catalogue."""

    def __init__(self, reader: CatalogueReader) -> None:
        self._reader = reader
        self._known: dict[str, tuple[datetime, ProductFact | None]] = {}

    def learn(self, skus: Iterable[str], now: datetime) -> dict[str, ProductFact]:
        """The products of these skus; reads those it doesn't know (any more).

        Raises:
            UnavailableError: the catalogue doesn't answer.
        """
        wanted = set(skus)
        if len(self._known) > _MOST_PRODUCTS:
            self._known.clear()
        for sku in sorted(wanted):
            known = self._known.get(sku)
            if known is None or known[0] + KEEP_PRODUCTS <= now:
                self._known[sku] = (now, self._reader.product(sku))
        return {sku: product for sku in wanted if (product := self._known[sku][1]) is not None}

    def known(self, skus: set[str]) -> dict[str, str | None]:
        """The categories of those that were read, as far as the catalogue has them; reads nothing."""
        found = {sku: entry[1] for sku in skus if (entry := self._known.get(sku)) is not None}
        return {sku: product.category for sku, product in found.items() if product is not None}


class CrossCheck:
    """The timers CROSS_CHECKS (read every system back) and `across` (looks again with what is stored)."""

    def __init__(
        self, store: Store, intake: Intake, reader: ShopReader, products: Products, index: CustomersIndex,
        stock: StockBook, settings: Settings, *, on_recheck: OnRecheck, budget: Budget | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:  # fmt: skip
        self._store, self._intake, self._reader, self._products = store, intake, reader, products
        self._index, self._stock, self._on_recheck, self._clock = index, stock, on_recheck, clock
        self._live_window = timedelta(seconds=settings.live_window)
        self._connected = True
        self._budget = budget or Budget(settings.cross_checks_per_second)

    def deferred_handlers(self) -> dict[str, Deferred]:
        """Handlers of what reads outside systems, by kind."""
        return dict.fromkeys(CROSS_CHECKS, self.on_cross_check_timer)

    def timer_handlers(self) -> dict[str, Handler]:
        """Handlers that work in the sweep's transaction, by kind."""
        return {ACROSS: self.on_across_timer}

    def on_cross_check_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Reads everything about a checkout, detects with what is known beside it, and enters it in the index.

        What is older than the live window, and everything while no shop is connected, is only entered and detected on.

        Raises:
            UnavailableError: the shop or the store doesn't answer.
        """
        checkout_id = timer.subject
        with self._store.read() as tx:
            known = self._intake.snapshot_of(tx, checkout_id)
        facts = self._read(checkout_id, known)
        now = self._clock()
        with self._store.begin() as tx:
            # Entered before it is detected on, so that of two that happen at once the later one sees the other.
            others = self._enter(tx, checkout_id, facts, now)
            if facts is not None:
                folded = self._intake.apply_facts(tx, facts, now, confirms=True)
            else:
                folded = self._intake.refold(tx, [checkout_id], now)
            again = [Timer(kind=ACROSS, subject=other, due_at=now) for other in others]
            set_timers(tx, again, keep_earlier=True)
            stock = facts if facts is not None and self._stock.news(tx, facts.stock, facts.at, now) else None
            if stock is None:
                drop_timer(tx, timer)  # in one transaction with all else: SQLite's one writer is what a peak waits for
        self._intake.remember(folded)
        if stock is not None:
            with self._store.begin() as tx:
                self._stock.read(tx, stock.stock, stock.at, self._clock())
        return None

    def _enter(self, tx: sa.Connection, checkout_id: str, facts: Facts | None, now: datetime) -> list[str]:
        """Enters the checkout in the index as it will be seen; returns whom that concerns."""
        snapshot = self._intake.snapshot_of(tx, checkout_id) or OrderSnapshot(checkout_id=checkout_id)
        if facts is not None:
            snapshot = apply_read_back(snapshot, facts)
        if snapshot.customer_id is None:
            return []
        self._index.lock(tx, snapshot.customer_id)
        return self._index.keep(tx, snapshot, facts, now)

    def on_across_timer(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Another checkout of the customer changed, or the time has come: detects with what is stored."""
        self._intake.refold(tx, [timer.subject], now)
        self._on_recheck(tx, timer.subject, now)

    def _read(self, checkout_id: str, known: OrderSnapshot | None) -> Facts | None:
        newest = known.last_activity_at if known else None
        if not self._connected or (newest is not None and newest < self._clock() - self._live_window):
            return None
        self._budget.wait()
        try:
            facts = read_facts(
                self._reader, checkout_id, self._clock(), with_serviceability=True, with_coupon=True
            )
        except UnavailableError as error:
            if error.code != "shop_not_connected":
                raise
            self._connected = False  # it never will be: the shop is chosen at the start
            return None
        return msgspec.structs.replace(facts, products=self._describe(facts))

    def _describe(self, facts: Facts) -> dict[str, ProductFact]:
        """What is bought; without an answer of the catalogue the rest is compared all the same."""
        lines = [*(facts.checkout.lines if facts.checkout else ()), *(li for o in facts.orders or [] for li in o.lines)]
        try:
            return self._products.learn((line.sku for line in lines), facts.at)
        except UnavailableError as error:
            log.warning("cross_check.no_products", code=error.code, checkout_id=facts.checkout_id)
            return {}

"""The stock watch: remembers since when shop and inventory system disagree about a sku, and asks again in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import sqlalchemy as sa

from assistant.settings import Settings
from assistant.store.batches import among, insert_ignoring, upsert_rows
from assistant.store.engine import Store, utcnow
from assistant.store.tables import stock_watch
from assistant.timers.timers import Deferred, Timer, set_timers
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.context import Context
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import StockFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import Observation, StockLevel, observed
from tools.connectors.ports import InventoryReader
from tools.lookups.stock_level import stock_level

STOCK_WATCH = "stock_watch"  # kind of timer, by sku
UNHEARD = "unheard"  # its payload where an event could not be taken in: read whatever is known
_COLUMNS = ("on_hand", "available", "shop_listed", "differs_since", "at", "evidence")


class OnStock(Protocol):
    """What opens the case of a sku, and wakes it when the systems agree again; called inside the transaction."""

    def __call__(self, tx: sa.Connection, sku: str, findings: list[Finding], now: datetime) -> None: ...


class StockBook:
    """The stock_watch table; works in the caller's transaction."""

    def __init__(self, settings: Settings, on_stock: OnStock) -> None:
        self._policies, self._on_stock = settings.policies, on_stock
        self._lag = timedelta(seconds=self._policies.deadlines.stock_lag)

    def hear(self, tx: sa.Connection, events: Iterable[Event], now: datetime) -> None:
        """Takes `inventory.level` events in."""
        told: dict[str, list[Observation]] = {}
        for event in events:
            told.setdefault(event.data["sku"], []).append(observed(event))
        self.observe(tx, told, now)

    def read(self, tx: sa.Connection, stock: Mapping[str, StockFact], at: datetime, now: datetime) -> None:
        """Takes in what a read-back said at `at`; where the systems agree and did before, nothing is written."""
        self.observe(tx, self.news(tx, stock, at, now), now)

    def news(
        self, tx: sa.Connection, stock: Mapping[str, StockFact], at: datetime, now: datetime
    ) -> dict[str, list[Observation]]:
        """What `read` would write down, by sku; writes nothing."""
        told = {sku: [_as_read(fact, at, now)] for sku, fact in stock.items() if fact.shop_listed is not None}
        levels = self._levels(tx, told) if told else {}
        return {s: o for s, o in told.items() if o[0].difference or (s in levels and levels[s].differing)}

    def observe(self, tx: sa.Connection, told: Mapping[str, list[Observation]], now: datetime) -> dict[str, StockLevel]:
        """Adds observations by sku; sets the timer of each that disagrees, and says when one agrees again."""
        if not told:
            return {}
        skus = sorted(told)
        blank: dict[str, Any] = {
            "on_hand": 0, "available": 0, "shop_listed": None, "differs_since": None, "at": now, "evidence": {},
        }  # fmt: skip
        insert_ignoring(tx, stock_watch, ["sku"], [{"sku": sku, **blank} for sku in skus])
        before = self._levels(tx, skus, lock=True)
        after = {sku: before[sku].observe(*told[sku]) for sku in skus}
        changed = [sku for sku in skus if after[sku] != before[sku]]
        upsert_rows(tx, stock_watch, ["sku"], [_row(after[sku], now) for sku in changed], _COLUMNS)
        watch = []
        for sku in changed:
            since = after[sku].differs_since
            if since is not None and since != before[sku].differs_since:
                watch.append(Timer(kind=STOCK_WATCH, subject=sku, due_at=max(now, since + self._lag)))
            if since is None and before[sku].differing:
                self._on_stock(tx, sku, [], now)
        set_timers(tx, watch)
        return after

    def level(self, tx: sa.Connection, sku: str) -> StockLevel:
        """What is known of the sku."""
        return self._levels(tx, [sku]).get(sku) or StockLevel(sku=sku)

    def findings(self, level: StockLevel, now: datetime) -> list[Finding]:
        """What is wrong with the sku, deadlines that still run included."""
        context = Context(now=now, policies=self._policies, stock=level)
        return CATALOGUE[FaultCode.STOCK_INCONSISTENT].detect(OrderSnapshot(checkout_id=""), context)

    def look(self, tx: sa.Connection, sku: str, fact: StockFact | None, at: datetime, now: datetime) -> list[Finding]:
        """What is wrong with the sku now, after `fact` was read at `at`."""
        if fact is not None:
            self.observe(tx, {sku: [_as_read(fact, at, now)]}, now)
        return [f for f in self.findings(self.level(tx, sku), now) if f.detectable_at <= now]

    def report(self, tx: sa.Connection, sku: str, findings: list[Finding], now: datetime) -> None:
        """Hands findings on to whoever opens cases."""
        if findings:
            self._on_stock(tx, sku, findings, now)

    def _levels(self, tx: sa.Connection, skus: Iterable[str], *, lock: bool = False) -> dict[str, StockLevel]:
        query = sa.select(stock_watch.c.sku, stock_watch.c.evidence)
        query = query.where(among(tx, stock_watch.c.sku, skus)).order_by(stock_watch.c.sku)
        if lock and tx.dialect.name != "sqlite":
            query = query.with_for_update()
        return {row[0]: msgspec.convert({"sku": row[0], **row[1]}, StockLevel) for row in tx.execute(query)}


def _as_read(fact: StockFact, at: datetime, now: datetime) -> Observation:
    return Observation(
        at=at, heard_at=now, ref=f"stock/{fact.sku}@{at:%Y-%m-%dT%H:%M:%S.%f}", kind="read_back",
        on_hand=fact.on_hand, available=fact.available, shop_listed=fact.shop_listed,
    )  # fmt: skip


def _row(level: StockLevel, now: datetime) -> dict[str, Any]:
    known = level.latest
    kept: dict[str, Any] = msgspec.to_builtins(level)
    return {
        "sku": level.sku, "on_hand": known.on_hand if known else 0, "available": known.available if known else 0,
        "shop_listed": known.shop_listed if known else None, "differs_since": level.differs_since,
        "at": known.at if known else now, "evidence": {k: v for k, v in kept.items() if k != "sku"},
    }  # fmt: skip


class StockWatch:
    """The deferred timer: a sku about which the systems disagreed for too long is read again."""

    def __init__(
        self, store: Store, book: StockBook, reader: InventoryReader, *, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._store, self._book, self._reader, self._clock = store, book, reader, clock

    def deferred_handlers(self) -> dict[str, Deferred]:
        """Handlers for the timers' sweep, by kind."""
        return {STOCK_WATCH: self.on_timer}

    def on_timer(self, timer: Timer, now: datetime) -> datetime | None:
        """Reads the sku once the lag has passed, and opens its case if the systems still disagree.

        Without a shop to ask, the last word of the events counts.

        Raises:
            UnavailableError: the inventory system or the store doesn't answer.
        """
        sku = timer.subject
        with self._store.read() as tx:
            running = self._book.findings(self._book.level(tx, sku), now)
        if not running and timer.payload != UNHEARD:
            return None
        if running and running[0].detectable_at > now and timer.payload != UNHEARD:
            return running[0].detectable_at
        at = self._clock()
        fact = self._read(sku)
        with self._store.begin() as tx:
            self._book.report(tx, sku, self._book.look(tx, sku, fact, at, self._clock()), now)
        return None

    def _read(self, sku: str) -> StockFact | None:
        try:
            return stock_level(self._reader, sku)
        except UnavailableError as error:
            if error.code == "shop_not_connected":
                return None
            raise

"""Cross-checks of the demo shop while it plays: reads checkouts back a little after what was told of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from assistant.intake.receive import CROSS_CHECKED
from knowledge.vocabulary.facts import Facts
from tools.connectors.ports import ShopReader
from tools.lookups.order_status import read_facts

# After what was told: as the product's cross-check comes, and when its deadlines of some seconds end, to confirm.
AFTER = (timedelta(seconds=1), timedelta(seconds=3.2))
READERS = 4
TICK = 0.05  # seconds between two looks at what was told

Told = Mapping[str, list[tuple[datetime, dict[str, Any]]]]


@contextmanager
def cross_checks(told: Told, reader: ShopReader, *, wanted: bool = True) -> Iterator[dict[str, list[Facts]]]:
    """Reads in a thread until the block ends; what it yields fills with each checkout's readings, the oldest first.

    `told` are events by checkout with their times of arrival, and may grow meanwhile. Reads that would come within
    the same second count as one.
    """
    reads: dict[str, list[Facts]] = {}
    if not wanted:
        yield reads
        return
    over = threading.Event()
    thread = threading.Thread(target=_check, args=(told, reader, reads, over), name="checks", daemon=True)
    thread.start()
    try:
        yield reads
    finally:
        over.set()
        thread.join()


def _check(told: Told, reader: ShopReader, reads: dict[str, list[Facts]], over: threading.Event) -> None:
    seen: dict[str, int] = {}
    due: dict[tuple[str, int], datetime] = {}
    begun: list[Future[None]] = []

    def read(key: tuple[str, int], wanted_at: datetime) -> None:
        now = datetime.now(UTC)
        facts = read_facts(reader, key[0], now, with_stock=False, with_customer=False, with_serviceability=True)
        # A busy machine reads late: unless something was told meanwhile, it would have read the same in time.
        last = max(arrived for arrived, _ in list(told[key[0]]))
        reads.setdefault(key[0], []).append(msgspec.structs.replace(facts, at=max(wanted_at, min(last, now))))

    with ThreadPoolExecutor(READERS) as pool:
        while not over.wait(TICK):
            for checkout_id in list(told):
                events = told[checkout_id]
                for arrived, event in events[seen.get(checkout_id, 0) :]:
                    if event["type"] in CROSS_CHECKED:
                        for number, pause in enumerate(AFTER):
                            due.setdefault((checkout_id, number), arrived + pause)
                seen[checkout_id] = len(events)
            now = datetime.now(UTC)
            ready = sorted((at, key) for key, at in due.items() if at <= now)
            for at, key in ready:
                del due[key]
                begun.append(pool.submit(read, key, at))
        for one in begun:
            one.result()

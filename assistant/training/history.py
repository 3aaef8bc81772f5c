"""Stored history as training reads it: settled healthy checkouts, each as it grew; read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from assistant.intake.folding import load_events
from assistant.store.engine import Store
from assistant.store.tables import cases, checkouts
from assistant.training.fitting import Lived
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.codes import LIVE_STATUSES
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.connectors.ports import CatalogueReader

SETTLED_AFTER = timedelta(hours=24)  # without change, before a checkout is taken for what it will remain
MOST = 20_000  # checkouts, the newest
MOST_SKUS = 2_000  # products whose category is asked for
_BATCH = 500


def stored_orders(store: Store, policies: Policies, now: datetime, most: int = MOST) -> list[Lived]:
    """Submitted checkouts that have not changed for SETTLED_AFTER and show no fault; the newest `most`.

    Repaired ones count: they are what a healthy shop with this assistant looks like. Those with an open case don't.
    """
    found: list[Lived] = []
    for batch in _batches(_settled(store, now, most)):
        with store.read() as tx:
            events = load_events(tx, [s.checkout_id for s in batch])
        for last in batch:
            if any(f.detectable_at <= now for f in detect_all(last, Context(now=now, policies=policies))):
                continue
            told = sorted(events.get(last.checkout_id, []), key=lambda e: e.received_at)
            grown = [fold(last.checkout_id, told[:count]) for count in range(1, len(told) + 1)]
            found.append(Lived([*(s for s in grown if s.submitted_at is not None), last]))
    return found


def _settled(store: Store, now: datetime, most: int) -> list[OrderSnapshot]:
    busy = sa.select(cases.c.checkout_id).where(
        cases.c.status.in_(sorted(LIVE_STATUSES)), cases.c.checkout_id.is_not(None)
    )
    query = (
        sa.select(checkouts.c.snapshot)
        .where(checkouts.c.updated_at < now - SETTLED_AFTER, checkouts.c.checkout_id.not_in(busy))
        .order_by(checkouts.c.updated_at.desc())
        .limit(most)
    )
    with store.read() as tx:
        snapshots = [msgspec.convert(row[0], OrderSnapshot) for row in tx.execute(query) if row[0]]
    return [s for s in snapshots if s.submitted_at is not None]


def _batches(snapshots: list[OrderSnapshot]) -> Iterable[list[OrderSnapshot]]:
    return (snapshots[i : i + _BATCH] for i in range(0, len(snapshots), _BATCH))


def categories_of(orders: Sequence[Lived], reader: CatalogueReader) -> Mapping[str, str | None]:
    """The category of the orders' products, the first MOST_SKUS of them, as the shop's catalogue has them.

    Raises:
        UnavailableError: the catalogue doesn't answer.
    """
    skus = dict.fromkeys(line.sku for lived in orders for line in lived.last.lines or [])
    products = {sku: reader.product(sku) for sku in list(skus)[:MOST_SKUS]}
    return {sku: product.category if product else None for sku, product in products.items()}

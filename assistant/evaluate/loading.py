"""Builds the World: the rows of the database in one transaction, and the shop by its listings; called by the audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from assistant.evaluate.money_and_stock import CORRECTIONS
from assistant.evaluate.world import ENDED, WILL_LOOK, Around, Row, World
from assistant.settings import Settings
from assistant.store.batches import among
from assistant.store.engine import Store
from assistant.store.tables import cases, effects, events, messages, plan_steps, plans, timeline, timers
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.money import Money, money_of
from tools.connectors.ports import Page, ShopReader

Changed = TypeVar("Changed", CheckoutFact, OrderFact, PaymentFact, ReservationFact)
DELIVERY = timedelta(seconds=10)  # an event about a change so fresh may still be on its way
CUSTOMERS_READ = 500  # profiles read for invariant 8, newest messages first
_CASE_TIMERS = ("reply", "approval", "retry", "snooze", "batch", "message")


def load_world(store: Store, reader: ShopReader, settings: Settings, now: datetime) -> World:
    """Everything that changed within the live window, and every open case.

    Raises:
        UnavailableError: the shop or the database doesn't answer.
    """
    since = now - timedelta(seconds=settings.live_window)
    world = World(
        at=now, since=since, settle=timedelta(seconds=settings.sweep_every) + DELIVERY, near=_pipeline(settings)
    )
    world.shop = read_shop(reader, since)
    with store.read() as tx:
        _load_rows(tx, world)
    for checkout_id in sorted({c["checkout_id"] for c in world.cases if c["checkout_id"]} - world.shop.keys()):
        world.shop[checkout_id] = _read_whole(reader, checkout_id)
    _load_customers(reader, world)
    return world


def _pipeline(settings: Settings) -> timedelta:
    """The longest of the deadlines between submit and order: while one of them runs, a checkout is not at rest."""
    deadlines = settings.policies.deadlines
    longest = max(
        deadlines.payment, *deadlines.payment_by_method.values(), deadlines.reservation, deadlines.order,
        deadlines.abandoned, deadlines.retry_grace, deadlines.refund,
    )  # fmt: skip
    return timedelta(seconds=longest)


# -- the database ---------------------------------------------------------------------------------------------------


def _load_rows(tx: sa.Connection, world: World) -> None:
    recent = cases.c.status.notin_(ENDED) | (cases.c.updated_at >= world.since)
    world.cases = _rows(tx, sa.select(cases).where(recent).order_by(cases.c.id))
    known = [case["id"] for case in world.cases]
    world.plans = {(r["case_id"], r["version"]): r for r in _of_cases(tx, plans, known)}
    world.steps = {row["id"]: row for row in _of_cases(tx, plan_steps, known)}
    world.effects = sorted(_of_cases(tx, effects, known), key=lambda e: (e["created_at"], e["id"]))
    world.messages = sorted(_of_cases(tx, messages, known), key=lambda m: (m["at"], m["dedupe_key"]))
    wanted = timers.c.kind.in_((*WILL_LOOK, *_CASE_TIMERS))
    world.timers = {(t["kind"], t["subject"]): t for t in _rows(tx, sa.select(timers).where(wanted))}
    corrected = {e["case_id"] for e in world.effects_done(*CORRECTIONS)}
    world.agreed = _agreed(tx, sorted({c["checkout_id"] for c in world.cases if c["id"] in corrected}))
    world.put_off = _put_off(tx, world.since)
    world.orphans = _orphans(tx)


def _rows(tx: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in tx.execute(query).mappings()]


def _of_cases(tx: sa.Connection, table: sa.Table, case_ids: list[str]) -> list[Row]:
    return _rows(tx, sa.select(table).where(among(tx, table.c.case_id, case_ids)))


def _agreed(tx: sa.Connection, checkout_ids: list[str]) -> dict[str, list[tuple[datetime, Money]]]:
    """Totals of `checkout.submitted` events."""
    found: dict[str, list[tuple[datetime, Money]]] = {}
    query = sa.select(events.c.checkout_id, events.c.at, events.c.data).where(
        among(tx, events.c.checkout_id, checkout_ids), events.c.type == "checkout.submitted"
    )
    for checkout_id, at, data in tx.execute(query.order_by(events.c.at)):
        if total := money_of(data.get("total")):
            found.setdefault(checkout_id, []).append((at, total))
    return found


def _put_off(tx: sa.Connection, since: datetime) -> frozenset[str]:
    """Orders whose shipment was promised anew, for later than when they were created."""
    changed = sa.select(events.c.checkout_id).where(events.c.type == "order.changed", events.c.received_at >= since)
    query = sa.select(events.c.data).where(
        events.c.type.in_(("order.created", "order.changed")), events.c.checkout_id.in_(changed)
    )
    promised: dict[str, str] = {}
    later: set[str] = set()
    for data in tx.execute(query.order_by(events.c.at)).scalars():
        order_id, at = data.get("order_id"), data.get("expected_ship_at")
        if order_id and at and datetime.fromisoformat(at) > datetime.fromisoformat(promised.setdefault(order_id, at)):
            later.add(order_id)
    return frozenset(later)


def _orphans(tx: sa.Connection) -> list[tuple[str, str]]:
    """Rows that speak of a case which is not there."""
    found: list[tuple[str, str]] = []
    for table in (timeline, plans, effects, messages):
        gone = ~sa.exists().where(cases.c.id == table.c.case_id)
        query = sa.select(table.c.case_id).distinct().where(gone)
        found += [(table.name, case_id) for case_id in tx.execute(query).scalars()]
    merged = cases.alias("merged")
    lost = cases.c.merged_into.is_not(None) & ~sa.exists().where(merged.c.id == cases.c.merged_into)
    found += [("cases", case_id) for case_id in tx.execute(sa.select(cases.c.merged_into).where(lost)).scalars()]
    return found


# -- the shop -------------------------------------------------------------------------------------------------------


def read_shop(reader: ShopReader, since: datetime) -> dict[str, Around]:
    """Every checkout of which anything changed since then, whole.

    A checkout that began before `since` may have parts the listings don't show: it is read by its id.

    Raises:
        UnavailableError: the shop doesn't answer.
    """
    found: dict[str, Around] = {}
    for checkout in _listed(reader.checkouts_changed, since):
        found[checkout.id] = Around(id=checkout.id, checkout=checkout)
    reservations = _listed(reader.reservations_changed, since)
    payments, orders = _listed(reader.payments_changed, since), _listed(reader.orders_changed, since)
    for name, records in (("reservations", reservations), ("payments", payments), ("orders", orders)):
        for record in records:
            if record.checkout_id:
                around = found.setdefault(record.checkout_id, Around(id=record.checkout_id))
                getattr(around, name).append(record)
    partly = [around.id for around in found.values() if not _is_whole(around.checkout, since)]
    return found | {checkout_id: _read_whole(reader, checkout_id) for checkout_id in partly}


def _listed(listing: Callable[[datetime, str | None], Page[Changed]], since: datetime) -> list[Changed]:
    """All pages; of an item that changed while we read, the newest reading."""
    latest: dict[str, Changed] = {}
    cursor: str | None = None
    while True:
        page = listing(since, cursor)
        for item in page.items:
            latest[item.id] = item
        if page.next is None:
            return list(latest.values())
        cursor = page.next


def _is_whole(checkout: CheckoutFact | None, since: datetime) -> bool:
    """Before it was submitted, a checkout has neither payments nor orders nor reservations."""
    return checkout is not None and (checkout.submitted_at is None or checkout.submitted_at >= since)


def _read_whole(reader: ShopReader, checkout_id: str) -> Around:
    checkout = reader.checkout(checkout_id)
    reservations, payments = reader.reservations(checkout_id), reader.payments(checkout_id)
    orders = reader.orders(checkout_id)
    return Around(id=checkout_id, checkout=checkout, orders=orders, payments=payments, reservations=reservations)


def _load_customers(reader: ShopReader, world: World) -> None:
    """The profiles of customers who were written to."""
    newest = list(dict.fromkeys(m["customer_id"] for m in reversed(world.messages) if m["customer_id"]))
    world.customers_left_out = max(0, len(newest) - CUSTOMERS_READ)
    found: dict[str, CustomerFact | None] = {c: reader.customer(c) for c in newest[:CUSTOMERS_READ]}
    world.customers = {key: _without_names(fact) for key, fact in found.items() if fact is not None}


def _without_names(customer: CustomerFact) -> CustomerFact:
    """Only what the invariants ask for: nothing that names or reaches a person."""
    return msgspec.structs.replace(customer, name=None, email=None, phone=None, addresses=[], orders=[])

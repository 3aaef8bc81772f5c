"""Writes checked events down, each once, inside intake's transaction; only intake calls it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from assistant.intake.incoming import Incoming, Refusal
from assistant.security.vault import Value, Vault, customer_ref, new_ref
from assistant.store.batches import among, insert_ignoring, insert_rows
from assistant.store.tables import cases, checkouts, events, payment_index, rejected_events
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.events import Event


class Known(NamedTuple):
    """What is stored of a checkout beside its snapshot."""

    customer_id: str | None
    customer_ref: str
    version: int


class Sorted(NamedTuple):
    """A batch after comparison with what is stored and with itself."""

    fresh: list[Incoming]
    duplicates: int
    conflicts: list[Refusal]


def in_batch(incoming: Sequence[Incoming]) -> Sorted:
    """Takes out what stands in the batch twice; the first one counts."""
    first: dict[tuple[str, str], Incoming] = {}
    duplicates, conflicts = 0, []
    for one in incoming:
        known = first.setdefault(one.identity, one)
        if known is not one:
            if known.body_hash == one.body_hash:
                duplicates += 1
            else:
                conflicts.append(_conflict(one))
    return Sorted(list(first.values()), duplicates, conflicts)


def against_stored(tx: sa.Connection, incoming: Sequence[Incoming]) -> Sorted:
    """Takes out what is stored already."""
    stored = _stored_hashes(tx, incoming)
    if not stored:
        return Sorted(list(incoming), 0, [])
    fresh, duplicates, conflicts = [], 0, []
    for one in incoming:
        known = stored.get(one.identity)
        if known is None:
            fresh.append(one)
        elif known == one.body_hash:
            duplicates += 1
        else:
            conflicts.append(_conflict(one))
    return Sorted(fresh, duplicates, conflicts)


def _stored_hashes(tx: sa.Connection, incoming: Sequence[Incoming]) -> dict[tuple[str, str], str]:
    by_source: dict[str, list[str]] = defaultdict(list)
    for one in incoming:
        by_source[one.event.source].append(one.event.id)
    columns = (events.c.source, events.c.id, events.c.body_hash)
    found: dict[tuple[str, str], str] = {}
    for source, ids in by_source.items():
        query = sa.select(*columns).where(events.c.source == source, among(tx, events.c.id, ids))
        found |= {(row[0], row[1]): row[2] for row in tx.execute(query)}
    return found


def _conflict(one: Incoming) -> Refusal:
    detail = "id: an event with this source and id, but another body, was received before"
    return Refusal(one.index, "id_conflict", detail, one.body_hash, one.raw, id=one.event.id, source=one.event.source)


# -- checkouts ------------------------------------------------------------------------------------------------------


def match_payments(tx: sa.Connection, incoming: Sequence[Incoming]) -> None:
    """Gives payment events that came without a checkout the one their payment is known to belong to."""
    lacking = [one for one in incoming if one.payment_id and one.event.checkout_id is None]
    if not lacking:
        return
    index = {one.payment_id: one.event.checkout_id for one in incoming if one.payment_id and one.event.checkout_id}
    index |= payments_known(tx, {one.payment_id for one in lacking if one.payment_id})
    for one in lacking:
        if checkout_id := index.get(one.payment_id or ""):
            one.event = msgspec.structs.replace(one.event, checkout_id=checkout_id)


def payments_known(tx: sa.Connection, payment_ids: Iterable[str]) -> dict[str, str]:
    """Checkout by payment, of those that are known."""
    query = sa.select(payment_index.c.payment_id, payment_index.c.checkout_id)
    return {row[0]: row[1] for row in tx.execute(query.where(among(tx, payment_index.c.payment_id, payment_ids)))}


def index_payments(tx: sa.Connection, pairs: dict[str, str]) -> set[str]:
    """Remembers which checkout payments belong to, and gives waiting events theirs; returns checkouts that got some."""
    if not pairs:
        return set()
    rows = [{"payment_id": p, "checkout_id": c} for p, c in sorted(pairs.items())]
    insert_ignoring(tx, payment_index, ["payment_id"], rows)
    lacking = events.c.checkout_id.is_(None) & events.c.payment_id.is_not(None)
    query = sa.select(events.c.payment_id).where(lacking, among(tx, events.c.payment_id, pairs)).distinct()
    waiting = set(tx.execute(query).scalars())
    if not waiting:
        return set()
    known = payments_known(tx, waiting)
    for payment_id, checkout_id in sorted(known.items()):
        row = (events.c.payment_id == payment_id) & events.c.checkout_id.is_(None)
        tx.execute(events.update().where(row).values(checkout_id=checkout_id))
    return set(known.values())


def lock_checkouts(tx: sa.Connection, checkout_ids: Sequence[str], now: datetime) -> dict[str, Known]:
    """What is known of these checkouts, locked until the transaction's end; those nobody knows yet are missing.

    Two workers that fold one checkout at once would each miss the other's events. SQLite has one writer anyway;
    elsewhere a row is made for a new checkout, so that there is something to lock (its `version` is 0).
    """
    ordered = sorted(checkout_ids)
    postgres = tx.dialect.name != "sqlite"
    if postgres and ordered:
        blank = {"customer_ref": "", "snapshot": {}, "version": 0, "updated_at": now}
        insert_ignoring(tx, checkouts, ["checkout_id"], [{"checkout_id": c, **blank} for c in ordered])
    query = sa.select(checkouts.c.checkout_id, *(checkouts.c[name] for name in Known._fields))
    query = query.where(among(tx, checkouts.c.checkout_id, ordered)).order_by(checkouts.c.checkout_id)
    rows = tx.execute(query.with_for_update() if postgres else query)
    return {row[0]: Known(*row[1:]) for row in rows if row[2]}


def unlock_unused(tx: sa.Connection, checkout_ids: Iterable[str]) -> None:
    """Removes rows that `lock_checkouts` made for checkouts of which nothing came to be known after all."""
    unused = sorted(checkout_ids)
    if unused and tx.dialect.name != "sqlite":
        blank = among(tx, checkouts.c.checkout_id, unused) & (checkouts.c.customer_ref == "")
        tx.execute(checkouts.delete().where(blank))


def with_cases(tx: sa.Connection, checkout_ids: Iterable[str]) -> set[str]:
    """Which of these checkouts have a case that is not closed: somebody wants to hear of their events."""
    query = sa.select(cases.c.checkout_id).where(cases.c.status != CaseStatus.CLOSED)
    return set(tx.execute(query.where(among(tx, cases.c.checkout_id, checkout_ids))).scalars())


# -- rows -----------------------------------------------------------------------------------------------------------


def owners(incoming: Sequence[Incoming], known: dict[str, Known]) -> dict[str, str]:
    """Whose key the batch's events of each checkout go under: the customer's as soon as anybody told who it is."""
    found = {checkout_id: row.customer_ref for checkout_id, row in known.items() if row.customer_id}
    for one in incoming:
        if one.customer_id and one.event.checkout_id:
            found.setdefault(one.event.checkout_id, customer_ref(one.customer_id, None))
    return found


def insert_events(
    tx: sa.Connection, vault: Vault, incoming: Sequence[Incoming], owner_of: dict[str, str], now: datetime
) -> None:
    """Inserts new events, and their personal fields into the vault."""
    if not incoming:
        return
    values = [Value(one.ref, _owner(one, owner_of), "event", one.personal) for one in incoming if one.ref is not None]
    vault.put_many(tx, values, now)
    insert_rows(tx, events, [_row(one) for one in incoming])


def _owner(one: Incoming, owner_of: dict[str, str]) -> str:
    checkout_id = one.event.checkout_id
    if checkout_id is None:
        return customer_ref(one.customer_id, f"payment:{one.payment_id}" if one.payment_id else f"event:{one.ref}")
    return owner_of.get(checkout_id) or customer_ref(one.customer_id, checkout_id)


def _row(one: Incoming) -> dict[str, Any]:
    e = one.event
    return {
        "source": e.source, "id": e.id, "type": e.type, "subject": e.subject, "checkout_id": e.checkout_id,
        "payment_id": one.payment_id, "at": e.at, "received_at": e.received_at, "body_hash": one.body_hash,
        "data": e.data, "vault_ref": one.ref,
    }  # fmt: skip


def event_from(row: Any) -> Event:
    """A (masked) Event from its row."""
    return Event(
        source=row.source, id=row.id, type=row.type, at=row.at, received_at=row.received_at, data=row.data,
        subject=row.subject, checkout_id=row.checkout_id,
    )  # fmt: skip


def keep_refused(tx: sa.Connection, vault: Vault, refused: Sequence[Refusal], now: datetime) -> None:
    """Keeps what was refused, its body in the vault; the same body refused again is kept once."""
    rows: dict[str, dict[str, Any]] = {}
    bodies: dict[str, Value] = {}
    for one in refused:
        key = "rej_" + sha256(f"{one.code}\x1f{one.body_hash or new_ref()}".encode()).hexdigest()[:32]
        ref = None if one.raw is None else new_ref()
        rows[key] = {
            "id": key, "event_id": one.id, "source": one.source, "code": one.code, "detail": one.detail,
            "body_hash": one.body_hash, "vault_ref": ref, "received_at": now, "replayed_at": None,
        }  # fmt: skip
        if ref is not None:
            bodies[key] = Value(ref, _refused_owner(one.raw, key), "rejected_event", one.raw)
    if not rows:
        return
    for key in tx.execute(sa.select(rejected_events.c.id).where(among(tx, rejected_events.c.id, list(rows)))).scalars():
        rows.pop(key)
        bodies.pop(key, None)
    vault.put_many(tx, list(bodies.values()), now)
    insert_ignoring(tx, rejected_events, ["id"], [rows[key] for key in sorted(rows)])


def _refused_owner(raw: Any, key: str) -> str:
    data = raw.get("data") if isinstance(raw, dict) else None
    data = data if isinstance(data, dict) else {}
    for name, owner in (("customer_id", "c"), ("checkout_id", "g")):
        value = data.get(name)
        if isinstance(value, str) and 0 < len(value) <= 500 and "\x00" not in value:
            return f"{owner}:{value}"
    return f"g:{key}"

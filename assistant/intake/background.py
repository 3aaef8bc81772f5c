"""The customers' index: every checkout by its customer, and what else is known when one is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Protocol

import msgspec
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.batches import upsert_rows
from assistant.store.tables import purchases
from knowledge.vocabulary.background import History, Purchase, Scores, Submit, basket_of
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.snapshot import OrderSnapshot

MOST = 50  # purchases of one customer that are compared, the latest


class Models(Protocol):
    """Whoever has trained models in force."""

    def scores(self, snapshot: OrderSnapshot, categories: Mapping[str, str | None], now: datetime) -> Scores | None:
        """What they say of a snapshot; `categories` by sku where known."""
        ...


class Categories(Protocol):
    """Whoever remembers what products are."""

    def known(self, skus: set[str]) -> Mapping[str, str | None]:
        """The category of those skus that are known; reads nothing outside."""
        ...


class Background:
    """What is known beside a checkout's snapshot; `of` is asked before detecting, wherever there is time for it."""

    def __init__(self, models: Models | None = None, categories: Categories | None = None) -> None:
        self._models, self._categories = models, categories

    def of(
        self, tx: sa.Connection, snapshot: OrderSnapshot, now: datetime
    ) -> tuple[History | None, Scores | None]:
        """`(history, scores)`: the customer's other purchases (None for a guest), and what the models say."""
        history = history_of(tx, snapshot.customer_id, snapshot.checkout_id) if snapshot.customer_id else None
        if self._models is None:
            return history, None
        skus = {line.sku for line in snapshot.lines or []}
        known = self._categories.known(skus) if self._categories else {}
        return history, self._models.scores(snapshot, known, now)


def history_of(tx: sa.Connection, customer_id: str, checkout_id: str) -> History:
    """The customer's other purchases, oldest first: at most MOST, the latest."""
    query = (
        sa.select(purchases.c.checkout_id, purchases.c.purchase)
        .where(purchases.c.customer_id == customer_id, purchases.c.submitted_at.is_not(None))
        .order_by(purchases.c.submitted_at.desc()).limit(MOST + 1)
    )  # fmt: skip
    rows = {row[0]: msgspec.convert(row[1], Purchase) for row in tx.execute(query)}
    own = rows.pop(checkout_id, None)
    return History(purchases=list(rows.values())[:MOST][::-1], address=own.address if own else "")


def purchase_of(snapshot: OrderSnapshot, address: str, now: datetime) -> Purchase:
    """A checkout as the index keeps it."""
    told = snapshot.marks_of("checkout.submitted")
    if not told and snapshot.submitted_at is not None:
        told = snapshot.marks_of("read_back.checkout")[:1]
    live = snapshot.live_orders
    return Purchase(
        checkout_id=snapshot.checkout_id, basket=basket_of(snapshot.lines or []), total=snapshot.total,
        status=snapshot.status, submits=[_submit(mark.ref, mark.at, mark.type) for mark in told],
        paid_at=snapshot.paid_at(now), orders=[order.id for order in live],
        ordered_at=min((o.created_at for o in live if o.created_at), default=None), address=address,
    )  # fmt: skip


def _submit(ref: str, at: datetime, type: str) -> Submit:
    return Submit(at, ref, "read_back" if type.startswith("read_back.") else "event")


class CustomersIndex:
    """The purchases table. `keep` works in the caller's transaction, one customer at a time."""

    def __init__(self, vault: Vault, duplicate_window: timedelta) -> None:
        self._vault, self._window = vault, duplicate_window

    def lock(self, tx: sa.Connection, customer_id: str) -> None:
        """Until the transaction ends nobody else compares this customer's purchases: each of two sees the other."""
        if tx.dialect.name != "sqlite":
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"customer:{customer_id}", 0))))

    def keep(
        self, tx: sa.Connection, snapshot: OrderSnapshot, facts: Facts | None, now: datetime
    ) -> list[str]:
        """Writes the checkout's purchase down; returns the other checkouts that have to be looked at again for it.

        Those are the customer's others with the same basket at about the same time; the earlier ones only when it
        was paid, ordered or ended.
        """
        if snapshot.customer_id is None:
            return []
        query = sa.select(purchases.c.purchase).where(purchases.c.checkout_id == snapshot.checkout_id)
        stored = tx.execute(query).scalar_one_or_none()
        before = msgspec.convert(stored, Purchase) if stored else None
        address = self._address(tx, facts, now) or (before.address if before else "")
        after = purchase_of(snapshot, address, now)
        if after == before:
            return []
        row = {
            "checkout_id": after.checkout_id, "customer_id": snapshot.customer_id, "basket": after.basket,
            "purchase": after, "submitted_at": after.submits[-1].at if after.submits else None, "updated_at": now,
        }  # fmt: skip
        update = ["customer_id", "basket", "purchase", "submitted_at", "updated_at"]
        upsert_rows(tx, purchases, ["checkout_id"], [row], update)
        others = history_of(tx, snapshot.customer_id, snapshot.checkout_id).purchases
        baskets = {after.basket, before.basket if before else after.basket}
        same = (_state(before) if before else _NOTHING) == _state(after)
        return [
            p.checkout_id for p in others
            if p.basket in baskets and self._close(p, after) and (_latest(p) > _latest(after) or not same)
        ]  # fmt: skip

    def _close(self, one: Purchase, other: Purchase) -> bool:
        return abs(_latest(one) - _latest(other)) <= 2 * self._window

    def _address(self, tx: sa.Connection, facts: Facts | None, now: datetime) -> str:
        """Stands for where the goods go, under the deployment's secret; empty while unknown."""
        order, checkout = (facts.live_order, facts.checkout) if facts else (None, None)
        going = order.shipping_address if order else checkout.shipping_address if checkout else None
        told: list[str] = []
        if order is not None and order.pickup_point_id:
            told = [order.pickup_point_id]
        elif going is not None:
            told = ["".join(str(value or "").split()).lower() for value in msgspec.structs.astuple(going)]
        if not any(told):
            return ""
        return blake2b(msgspec.json.encode(told), key=self._vault.pepper(tx, now), digest_size=12).hexdigest()


_State = tuple[datetime | None, list[str], bool]
_NOTHING: _State = (None, [], False)


def _state(p: Purchase) -> _State:
    """What of a purchase changes how its neighbours look, beside its submits."""
    return p.paid_at, p.orders, p.status in ("cancelled", "expired")


def _latest(p: Purchase) -> datetime:
    """When something of it happened last."""
    times = [*(one.at for one in p.submits[-1:]), p.ordered_at, p.paid_at]
    return max((at for at in times if at is not None), default=datetime.min.replace(tzinfo=UTC))

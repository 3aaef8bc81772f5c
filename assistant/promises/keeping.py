"""Judges whether a promise was kept: by a message, by how its case ended, or by what the systems say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from assistant.store.tables import cases, checkouts, messages
from knowledge.phrases.promised import ANSWER, DELIVERY, OUTCOME, REFUND, amounts_of
from knowledge.vocabulary.codes import CaseStatus, Resolution
from knowledge.vocabulary.snapshot import OrderSnapshot

Row = dict[str, Any]
ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
_NO_FAULT = (Resolution.SELF_CLEARED, Resolution.FALSE_ALARM)
# Words that only say that somebody is at it, or ask how it was: they answer nothing.
_NO_ANSWER = ("handoff", "promises", "followup")
_ARRIVED = ("accepted", "delivered")


class Verdict(NamedTuple):
    """`kept_at` says since when it is kept; `moot` that it no longer applies. Neither: it stands."""

    kept_at: datetime | None = None
    moot: bool = False


STANDS = Verdict()


def judge(tx: sa.Connection, promise: Row, now: datetime) -> Verdict:
    """How a promise stands at `now` (aware UTC). One that a person made is kept when a person says so."""
    case = last_of(tx, promise["case_id"])
    if case is None:
        return STANDS
    if promise["kind"] == ANSWER:
        return _answered(tx, promise, case)
    if promise["kind"] == OUTCOME:
        return _ended(promise, case)
    if promise["kind"] in (REFUND, DELIVERY):
        snapshot = _snapshot(tx, promise["case_id"])
        if snapshot is None:
            return STANDS
        return _refunded(tx, promise, snapshot, now) if promise["kind"] == REFUND else _sent(promise, snapshot, now)
    return STANDS


def family_of(tx: sa.Connection, case_id: str) -> list[str]:
    """The case and all that were merged into it, however often."""
    found, new = [case_id], [case_id]
    while new:
        query = sa.select(cases.c.id).where(cases.c.merged_into.in_(new), cases.c.id.not_in(found))
        new = list(tx.scalars(query))
        found += new
    return found


def last_of(tx: sa.Connection, case_id: str) -> Row | None:
    """The case that goes on with it: itself, or what it was merged into."""
    seen: set[str] = set()
    while case_id not in seen:
        seen.add(case_id)
        row = tx.execute(sa.select(cases).where(cases.c.id == case_id)).mappings().first()
        if row is None or row["merged_into"] is None:
            return dict(row) if row else None
        case_id = row["merged_into"]
    return None


def _ended_at(promise: Row, case: Row) -> datetime | None:
    """When the case ended after the promise was made; None while it has not."""
    if case["status"] not in ENDED or case["resolution"] == Resolution.MERGED:
        return None
    at: datetime | None = case["resolved_at"]
    return at if at is not None and at >= promise["made_at"] else None


def _answered(tx: sa.Connection, promise: Row, case: Row) -> Verdict:
    said_at = sa.func.coalesce(messages.c.accepted_at, messages.c.at)
    query = sa.select(sa.func.min(said_at)).where(
        messages.c.case_id.in_(family_of(tx, case["id"])), messages.c.state.in_(_ARRIVED),
        messages.c.dedupe_key != promise["source"],
        messages.c.source.is_(None) | messages.c.source.not_in(_NO_ANSWER),
        said_at > promise["made_at"],
    )  # fmt: skip
    times = [at for at in (tx.scalar(query), _ended_at(promise, case)) if at is not None]
    return Verdict(min(times)) if times else STANDS


def _ended(promise: Row, case: Row) -> Verdict:
    at = _ended_at(promise, case)
    if at is None:
        return STANDS
    return Verdict(moot=True) if case["resolution"] in _NO_FAULT else Verdict(at)


def _refunded(tx: sa.Connection, promise: Row, s: OrderSnapshot, now: datetime) -> Verdict:
    """All refunds are through, and as much has gone back as was said."""
    gone: dict[str, int] = {}
    for p in s.payments.values():
        gone[p.currency] = gone.get(p.currency, 0) + p.refunded
    if any(p.refund_pending for p in s.payments.values()) or not any(gone.values()):
        return STANDS
    params = tx.scalar(sa.select(messages.c.params).where(messages.c.dedupe_key == promise["source"])) or {}
    if any(gone.get(currency, 0) < amount for currency, amount in amounts_of(params.get("refund")).items()):
        return STANDS
    told = [mark.at for mark in s.marks_of("refund.succeeded")]
    return Verdict(max(promise["made_at"], min(max(told, default=now), now)))


def _sent(promise: Row, s: OrderSnapshot, now: datetime) -> Verdict:
    """Every live order has been shipped; where none is left nothing has to be."""
    if s.orders and not s.live_orders:
        return Verdict(moot=True)
    if not s.live_orders or any(o.status not in ("shipped", "delivered") for o in s.live_orders):
        return STANDS
    times = [at for o in s.live_orders if (at := o.shipped_at or o.delivered_at)]
    return Verdict(max(promise["made_at"], min(max(times, default=now), now)))


def _snapshot(tx: sa.Connection, case_id: str) -> OrderSnapshot | None:
    query = (
        sa.select(checkouts.c.snapshot).join(cases, cases.c.checkout_id == checkouts.c.checkout_id)
        .where(cases.c.id == case_id)
    )  # fmt: skip
    raw = tx.scalar(query)
    return msgspec.convert(raw, OrderSnapshot) if raw is not None else None

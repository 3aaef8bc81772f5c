"""What a sentence may rest on: deeds performed, states read back, promises and timers of one purchase and its cases.

The promise guard reads it for what is said in conversations, the notifications before a message leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.promises.keeping import ENDED, family_of, last_of
from assistant.store.tables import cases, checkouts, effects, messages, plan_steps, plans, read_backs, timers
from assistant.store.tables_people import promises
from knowledge.phrases.promised import ANSWER, DELIVERY, OUTCOME, REFUND, amounts_of
from knowledge.talk import deeds as d
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

Row = dict[str, Any]

BY_ACTION: dict[str, tuple[str, ...]] = {
    "refund_payment": (d.REFUND,), "cancel_order": (d.CANCEL,), "cancel_lines": (d.CANCEL, d.PRICE),
    "expire_checkout": (d.CANCEL,), "cancel_payment": (d.CANCEL, d.NO_CHARGE), "cancel_payment_link": (d.CANCEL,),
    "create_order": (d.CREATE_ORDER,), "confirm_order": (d.CREATE_ORDER,), "hold_order": (d.HOLD,),
    "reserve_stock": (d.RESERVE,), "commit_reservation": (d.RESERVE,), "release_reservation": (d.RELEASE,),
    "substitute_line": (d.REPLACE, d.PRICE), "backorder_line": (d.REPLACE, d.RESERVE),
    "reprice_order": (d.PRICE,), "reprice_checkout": (d.PRICE,),
    "issue_coupon": (d.COUPON, d.COMPENSATE), "release_coupon": (d.COUPON,),
    "set_order_address": (d.ADDRESS,), "set_checkout_address": (d.ADDRESS,), "choose_pickup": (d.ADDRESS,),
    "capture_payment": (d.CHARGE,), "send_message": (d.CONTACT, d.NOTIFY), "add_note": (d.RECORD,),
}  # fmt: skip
"""Which deeds an action amounts to."""

_A_PERSON = (d.CONTACT, d.NOTIFY, d.CHECK, d.HANDLE, d.HAND_OVER)
BY_PROMISE: dict[str, tuple[str, ...]] = {
    ANSWER: _A_PERSON, OUTCOME: (*_A_PERSON, d.REFUND, d.CANCEL), REFUND: (d.REFUND, d.NOTIFY),
    DELIVERY: (d.SHIP, d.DELIVER), "by_hand": _A_PERSON,
}  # fmt: skip
"""What an open promise of this kind, with its timer and owner, lets be said of what will be."""

BY_TURN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "handed_over": ((d.HAND_OVER, d.RECORD), _A_PERSON), "requested": ((d.RECORD, d.HAND_OVER), _A_PERSON),
    "answered": ((d.RECORD,), (d.HANDLE,)), "address_given": ((d.RECORD,), (d.ADDRESS, d.HANDLE)),
    "address_corrected": ((d.RECORD, d.ADDRESS), (d.ADDRESS, d.HANDLE)),
}  # fmt: skip
"""What was done in the turn itself (`TurnContext.deeds`): deeds done, deeds that will be."""

_OWN_TIMERS = ("retry", "reply", "approval", "snooze", "escalate")  # of a case, by its id
_AT_WORK = ("running", "wake")


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one purchase. `refunds` and `figures` are amounts in minor units with their currency.

    `refunds` is every sum that a refund claim may name; `figures` what else may stand beside it (totals, captures);
    `given_back` how much went back altogether, by currency.
    """

    done: frozenset[str] = frozenset()
    will: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    refunds: frozenset[tuple[int, str]] = frozenset()
    figures: frozenset[tuple[int, str]] = frozenset()
    given_back: dict[str, int] = {}
    orders: list[tuple[str, str]] = []  # id and status of each, for what may be said instead
    live: bool = False  # a case of it is open
    silent: bool = False  # nothing is known of its payments


def of_case(tx: sa.Connection, case_id: str) -> Ground:
    """The ground of a case, of all that were merged into it, and of its purchase; empty for one that is not there."""
    case = last_of(tx, case_id)
    if case is None:
        return Ground()
    return _ground(tx, case["checkout_id"], family_of(tx, case["id"]))


def of_purchase(tx: sa.Connection, checkout_id: str) -> Ground:
    """The ground of a purchase and of every case about it."""
    return _ground(tx, checkout_id, [])


def purchases_of(tx: sa.Connection, customer_id: str, limit: int = 20) -> list[str]:
    """Checkout ids of a customer, newest first."""
    query = sa.select(checkouts.c.checkout_id).where(checkouts.c.customer_id == customer_id)
    return list(tx.scalars(query.order_by(checkouts.c.updated_at.desc()).limit(limit)))


def of_turn(deeds: Collection[str]) -> Ground:
    """What the turn itself has done."""
    known = [BY_TURN[deed] for deed in deeds if deed in BY_TURN]
    return Ground(
        done=frozenset(one for done, _ in known for one in done),
        will=frozenset(one for _, will in known for one in will),
    )


# -- one purchase ------------------------------------------------------------------------------------------------------


def _ground(tx: sa.Connection, checkout_id: str | None, family: list[str]) -> Ground:
    about: sa.ColumnElement[bool] = cases.c.id.in_(family)
    if checkout_id is not None:
        about |= cases.c.checkout_id == checkout_id
    rows = _rows(tx, sa.select(cases).where(about))
    ids = [row["id"] for row in rows]
    snapshot, was_read = _seen(tx, checkout_id)
    performed = _rows(tx, sa.select(effects).where(effects.c.case_id.in_(ids), effects.c.state == "ok"))
    open_promises = _rows(
        tx, sa.select(promises).where(promises.c.case_id.in_(ids), promises.c.ended_at.is_(None))
    )
    sent = _rows(tx, sa.select(messages).where(messages.c.case_id.in_(ids)))
    done = {deed for row in performed for deed in BY_ACTION.get(row["action"], ())}
    will = {deed for row in open_promises for deed in BY_PROMISE.get(row["kind"], ())}
    will |= _of_people(tx, rows, done)
    will |= _planned(tx, rows)
    done |= _told(sent) | ({d.CHECK} if was_read else set())
    refunds, back = _refunds(performed, open_promises, sent, snapshot)
    if snapshot is not None:
        _of_systems(snapshot, done, will)
    return Ground(
        done=frozenset(done), will=frozenset(will), ids=_ids(checkout_id, snapshot, rows), refunds=refunds,
        figures=_figures(snapshot), given_back=back, live=any(row["status"] not in ENDED for row in rows),
        silent=snapshot is None,
        orders=[(o.id, o.status) for o in snapshot.orders.values()] if snapshot else [],
    )  # fmt: skip


def _of_people(tx: sa.Connection, rows: list[Row], done: set[str]) -> set[str]:
    """What follows from how the cases stand: who has them, what is at them, whether they are over."""
    will: set[str] = set()
    for row in rows:
        if row["status"] in ENDED:
            done.add(d.HANDLE)
            continue
        timer = sa.select(timers.c.kind).where(timers.c.subject == row["id"], timers.c.kind.in_(_OWN_TIMERS))
        watched = {str(kind) for kind in tx.scalars(timer)}
        owned = row["status"] == CaseStatus.HANDED_OFF and row["owner_kind"] is not None
        if owned:
            done |= {d.HAND_OVER, d.ESCALATE} if row["owner_id"] == "supervisors" else {d.HAND_OVER}
            done.add(d.CHECK if row["claimed_at"] else d.HAND_OVER)
            will |= set(_A_PERSON) if "escalate" in watched else {d.HAND_OVER}
        elif row["running"] is not None or row["wake"] or watched:
            will |= {d.CHECK, d.HANDLE}
        if row["faults"] and all(fault["cleared_at"] for fault in row["faults"]):
            done.add(d.HANDLE)
    return will


def _planned(tx: sa.Connection, rows: list[Row]) -> set[str]:
    """Steps still to come of plans that are being performed."""
    will: set[str] = set()
    for row in rows:
        if row["status"] in (*ENDED, CaseStatus.HANDED_OFF) or not any(row[name] for name in _AT_WORK):
            continue
        version = row["plan_version"]
        state = sa.select(plans.c.state).where(plans.c.case_id == row["id"], plans.c.version == version)
        if tx.scalar(state) not in ("ready", "approved"):
            continue
        steps = sa.select(plan_steps.c.step).where(
            plan_steps.c.case_id == row["id"], plan_steps.c.version == version,
            plan_steps.c.status.in_(("pending", "running")),
        )  # fmt: skip
        will |= {deed for step in tx.scalars(steps) for deed in BY_ACTION.get(step["action"], ())}
    return will


def _told(sent: Iterable[Row]) -> set[str]:
    done: set[str] = set()
    for row in sent:
        if row["state"] in ("accepted", "delivered"):
            done |= {d.CONTACT, d.NOTIFY}
        if row["replied_at"] is not None:
            done.add(d.RECORD)
    return done


def _of_systems(s: OrderSnapshot, done: set[str], will: set[str]) -> None:
    """What the systems say, as last folded and read back."""
    payments, orders = list(s.payments.values()), list(s.orders.values())
    states = {o.status for o in orders}
    stopped = s.status in ("cancelled", "expired") or any(p.status in ("cancelled", "expired") for p in payments)
    shown = {
        d.REFUND: any(p.refunded or p.refund_pending for p in payments),
        d.CHARGE: any(p.captured for p in payments), d.NO_CHARGE: not any(p.kept for p in payments),
        d.CANCEL: "cancelled" in states or stopped, d.CREATE_ORDER: bool(orders),
        d.SHIP: bool(states & {"shipped", "delivered"}), d.DELIVER: "delivered" in states, d.HOLD: "on_hold" in states,
        d.RESERVE: bool(s.held), d.RELEASE: bool(s.reservations) and not s.held,
        d.ADDRESS: any(o.pickup_point_id for o in orders),
    }  # fmt: skip
    done |= {deed for deed, is_so in shown.items() if is_so}
    ahead = {
        d.REFUND: any(p.refund_pending for p in payments),
        d.NO_CHARGE: True,  # what is taken beyond the total opens a case at once, always
        d.SHIP: "confirmed" in states, d.DELIVER: bool(states & {"confirmed", "shipped"}),  # a deadline is watched
    }  # fmt: skip
    will |= {deed for deed, is_so in ahead.items() if is_so}


# -- amounts and names -------------------------------------------------------------------------------------------------


def _refunds(
    performed: Iterable[Row], open_promises: Iterable[Row], sent: Iterable[Row], s: OrderSnapshot | None
) -> tuple[frozenset[tuple[int, str]], dict[str, int]]:
    """Every sum that may be named as refunded or to be refunded, and what went back altogether."""
    found: set[tuple[int, str]] = set()
    ours: dict[str, int] = {}
    for row in performed:
        if row["action"] != "refund_payment":
            continue
        for currency, amount in amounts_of(row["arguments"].get("amount")).items():
            found.add((amount, currency))
            ours[currency] = ours.get(currency, 0) + amount
    theirs: dict[str, int] = {}
    for p in s.payments.values() if s is not None else ():
        gone = p.refunded + p.refund_pending
        found |= {(p.refunded, p.currency), (p.refund_pending, p.currency), (gone, p.currency)}
        theirs[p.currency] = theirs.get(p.currency, 0) + gone
    back = {currency: max(ours.get(currency, 0), theirs.get(currency, 0)) for currency in ours | theirs}
    found |= {(amount, currency) for sums in (ours, theirs) for currency, amount in sums.items()}
    promised = {row["source"] for row in open_promises if row["kind"] == REFUND}
    for row in sent:
        if row["dedupe_key"] in promised:
            found |= {(a, c) for c, a in amounts_of((row["params"] or {}).get("refund")).items()}
    return frozenset(one for one in found if one[0] > 0), back


def _figures(s: OrderSnapshot | None) -> frozenset[tuple[int, str]]:
    if s is None:
        return frozenset()
    sums = [s.total, s.shipping_fee, s.discount, *(o.total for o in s.orders.values())]
    found = {(one.amount, one.currency) for one in sums if isinstance(one, Money)}
    for p in s.payments.values():
        found |= {(p.amount, p.currency), (p.captured, p.currency), (p.authorized, p.currency)}
    return frozenset(found)


def _ids(checkout_id: str | None, s: OrderSnapshot | None, rows: Iterable[Row]) -> frozenset[str]:
    known: set[str | None] = {checkout_id}
    for row in rows:
        known |= {row["id"], row["order_id"], row["subject_id"]}
    if s is not None:
        known |= {*s.orders, *s.payments, *s.reservations, *(r.sku for r in s.reservations.values())}
        known |= {line.sku for line in s.lines or []}
    return frozenset(one.lower() for one in known if one)


def _seen(tx: sa.Connection, checkout_id: str | None) -> tuple[OrderSnapshot | None, bool]:
    if checkout_id is None:
        return None, False
    raw = tx.scalar(sa.select(checkouts.c.snapshot).where(checkouts.c.checkout_id == checkout_id))
    read = tx.scalar(sa.select(read_backs.c.at).where(read_backs.c.checkout_id == checkout_id))
    return (msgspec.convert(raw, OrderSnapshot) if raw is not None else None), read is not None


def _rows(tx: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in tx.execute(query).mappings()]

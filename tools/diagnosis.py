"""Walks the pipeline from submit to fulfilment and names the step that broke, the cause and the evidence. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from knowledge.vocabulary.codes import Step
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.snapshot import OrderSnapshot


class StepState(msgspec.Struct, frozen=True):
    """How far one step of the pipeline got: done, broken, waiting or not_reached, and what shows it."""

    step: Step
    state: str
    evidence: list[Evidence]


class RootCause(msgspec.Struct, frozen=True):
    """Where and why it broke: the earliest broken step, its cause, the evidence, and the whole walk."""

    step: Step
    cause: str
    evidence: list[Evidence]
    pipeline: list[StepState]


def diagnose(snapshot: OrderSnapshot, facts: Facts | None, findings: list[Finding], now: datetime) -> RootCause | None:
    """The root cause of the findings: the one at the earliest step; None when nothing is wrong.

    `snapshot` is corrected by read-back; `facts` are the read-back itself (None when the shop could not be read).
    """
    if not findings:
        return None
    order = list(Step)
    first = min(findings, key=lambda f: order.index(f.step))
    broken = {f.step for f in findings}
    pipeline = [
        StepState(step, "broken" if step in broken else state, evidence)
        for step, state, evidence in _walk(snapshot, facts, now)
    ]
    return RootCause(first.step, first.cause, [*first.evidence, *_read_back(facts, first.step)], pipeline)


def _walk(s: OrderSnapshot, facts: Facts | None, now: datetime) -> list[tuple[Step, str, list[Evidence]]]:
    paid = s.paid_at(now) is not None
    open_payment = any(p.open for p in s.payments.values())
    shipped = any(o.status in ("shipped", "delivered") for o in s.orders.values())
    states = {
        Step.SUBMIT: "done" if s.submitted_at else "waiting",
        Step.PAYMENT: "done" if paid else "waiting" if open_payment else "not_reached",
        Step.RESERVATION: "done" if s.held else "not_reached",
        Step.ORDER: "done" if s.live_orders else "not_reached",
        Step.FULFILMENT: "done" if shipped else "not_reached",
    }
    return [(step, state, [*_told(s, step), *_read_back(facts, step)]) for step, state in states.items()]


_TYPES = {
    Step.SUBMIT: ("checkout.submitted",),
    Step.PAYMENT: ("payment.", "refund."),
    Step.RESERVATION: ("inventory.",),
    Step.ORDER: ("order.created", "order.confirmed", "order.cancelled", "order.held"),
    Step.FULFILMENT: ("order.shipped", "order.delivered", "shipment."),
}


def _told(s: OrderSnapshot, step: Step) -> list[Evidence]:
    return [mark.evidence() for mark in s.marks_of(*_TYPES[step])]


def _read_back(facts: Facts | None, step: Step) -> list[Evidence]:
    """What each system answered about a step when it was asked."""
    if facts is None:
        return []
    at, ref = facts.at, facts.checkout_id
    if step is Step.SUBMIT and facts.checkout:
        c = facts.checkout
        return [Evidence("read_back", f"checkout/{ref}", at, {"status": c.status, "total": _json(c.total)})]
    if step is Step.PAYMENT:
        return [
            Evidence("read_back", f"payment/{p.id}", at, {"status": str(p.status), "captured": _json(p.captured)})
            for p in facts.payments or []
        ]
    if step is Step.RESERVATION:
        held = [
            Evidence("read_back", f"reservation/{r.id}", at, {"sku": r.sku, "quantity": r.quantity, "status": r.status})
            for r in facts.reservations or []
        ]
        stock = [
            Evidence("read_back", f"stock/{sku}", at, {"available": stock.available})
            for sku, stock in facts.stock.items()
        ]
        return held + stock
    if step is Step.ORDER:
        return [
            Evidence("read_back", f"order/{o.id}", at, {"status": o.status, "total": _json(o.total)})
            for o in facts.orders or []
        ] or [Evidence("read_back", f"orders/{ref}", at, "none")]
    return []


def _json(money: object) -> object:
    return msgspec.to_builtins(money) if money is not None else None

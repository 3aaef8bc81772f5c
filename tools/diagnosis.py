"""Walks the pipeline from submit to fulfilment and names the step that broke, the cause and the evidence. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from knowledge.vocabulary.codes import Step
from knowledge.vocabulary.facts import Facts, OrderFact, PaymentFact, ReservationFact
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.snapshot import OrderSnapshot
from tools.rivals import RIVALS


class StepState(msgspec.Struct, frozen=True):
    """How far one step of the pipeline got: done, broken, waiting or not_reached, and what shows it."""

    step: Step
    state: str
    evidence: list[Evidence]


class RuledOut(msgspec.Struct, frozen=True):
    """Another explanation (zh-CN and en), and the read-backs that contradict it."""

    explanation: dict[str, str]
    by: list[Evidence]


class RootCause(msgspec.Struct, frozen=True):
    """Where and why it broke: the earliest broken step, its cause, the evidence, and the whole walk.

    `ruled_out` are explanations that were looked into; `certainty` (0 to 1) says how well events and read-backs agree.
    """

    step: Step
    cause: str
    evidence: list[Evidence]
    pipeline: list[StepState]
    ruled_out: list[RuledOut] = []
    certainty: float = 0.0


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
    evidence = [*first.evidence, *_read_back(facts, first.step)]
    ruled_out = _ruled_out(snapshot, facts, first)
    certainty = _certainty(snapshot, facts, first, len(ruled_out))
    return RootCause(first.step, first.cause, evidence, pipeline, ruled_out, certainty)


# -- how sure it is -------------------------------------------------------------------------------------------------

AGREED, ONLY_READ, ONLY_TOLD, CONTRADICTED = 0.95, 0.9, 0.6, 0.4
"""Certainty before rivals: events and read-backs agree; only one of them speaks; they contradict each other."""
OPEN_RIVALS = 0.2
"""By so much the certainty falls when no other explanation could be ruled out."""
# What an event says of a record, and the states that a read-back may show without contradicting it.
_AGREES: dict[str, tuple[str, ...]] = {
    "payment.captured": ("captured",), "payment.failed": ("failed", "cancelled", "expired"),
    "payment.authorized": ("authorized", "captured", "cancelled", "expired"),
    "payment.cancelled": ("cancelled",), "payment.expired": ("expired", "cancelled"),
    "order.cancelled": ("cancelled",), "order.shipped": ("shipped", "delivered"), "order.delivered": ("delivered",),
    "inventory.released": ("released", "expired"), "inventory.expired": ("expired", "released"),
    "inventory.committed": ("committed",),
}  # fmt: skip


def _ruled_out(s: OrderSnapshot, facts: Facts | None, finding: Finding) -> list[RuledOut]:
    if facts is None:
        return []
    tried = ((rival, rival.contradicted_by(s, facts)) for rival in RIVALS.get(finding.code, ()))
    return [RuledOut(rival.words, by) for rival, by in tried if by]


def _certainty(s: OrderSnapshot, facts: Facts | None, finding: Finding, ruled_out: int) -> float:
    told = any(e.kind == "event" for e in finding.evidence)
    read = facts is not None and bool(
        _read_back(facts, finding.step) or any(e.kind == "read_back" for e in finding.evidence)
    )
    if facts is not None and contradictions(s, facts):
        base = CONTRADICTED
    else:
        base = AGREED if told and read else ONLY_READ if read else ONLY_TOLD
    rivals = len(RIVALS.get(finding.code, ()))
    left = 1 - ruled_out / rivals if rivals else 0.0
    return round(base * finding.confidence * (1 - OPEN_RIVALS * left), 2)


def contradictions(s: OrderSnapshot, facts: Facts) -> list[Evidence]:
    """What the last event about a payment, order or reservation says and its read-back denies."""
    states = {record.id: str(record.status) for record in _records(facts)}
    last = {mark.entity: mark for mark in s.marks if mark.type in _AGREES and mark.at <= facts.at}
    return [
        Evidence("read_back", entity, facts.at, states[entity]) for entity, mark in last.items()
        if entity in states and states[entity] not in _AGREES[mark.type]
    ]  # fmt: skip


def _records(facts: Facts) -> list[PaymentFact | OrderFact | ReservationFact]:
    return [*(facts.payments or []), *(facts.orders or []), *(facts.reservations or [])]


# -- the walk -------------------------------------------------------------------------------------------------------


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

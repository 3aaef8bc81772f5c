"""Finds a basket that a customer ordered and paid twice, unless it looks meant."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise

from knowledge.faults.context import Context
from knowledge.faults.reading import evidence, iso, said
from knowledge.vocabulary.background import Purchase, basket_of
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.ORDER
SEVERITY = Severity.MEDIUM
HABIT = 2  # earlier repeats at such short intervals, after which one more is the customer's way


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """The later of two checkouts with the same basket, both paid, both with a live order, close to each other.

    Goods for another address, and customers who often buy the same again at once, are left alone.
    """
    paid = ctx.paid_at(s)
    if ctx.history is None or not s.lines or not s.live_orders or paid is None:
        return []
    ordered = min((o.created_at for o in s.live_orders if o.created_at), default=None) or paid
    basket = basket_of(s.lines)
    bought = [
        (p.ordered_at or p.paid_at, p) for p in ctx.history.purchases if p.basket == basket and p.orders and p.paid_at
    ]
    near = [
        (at, p.checkout_id, p) for at, p in bought
        if ordered - ctx.duplicate_window <= at and (at, p.checkout_id) < (ordered, s.checkout_id)
        and not (p.address and ctx.history.address and p.address != ctx.history.address)
    ]  # fmt: skip
    if not near or _is_habit([at for at, _ in bought], ordered, ctx):
        return []
    before, _, other = max(near, key=lambda row: row[:2])
    return [_finding(s, other, before, ordered)]


def _finding(s: OrderSnapshot, other: Purchase, before: datetime, ordered: datetime) -> Finding:
    order = s.live_orders[-1]
    marks = [*said(s, "checkout.submitted")[-1:], *said(s, "order.created", entity=order.id, read_back="order")[-1:]]
    first = [one.evidence() for one in other.submits[-1:]]
    return Finding(
        code=FaultCode.DUPLICATE_ORDER,
        severity=SEVERITY,
        step=STEP,
        cause="same_basket_twice",
        detectable_at=heard_at(marks, max(ordered, other.paid_at or ordered)),
        evidence=[*first, *evidence(marks)],
        at_risk=s.total,
        details={
            "order_id": order.id, "other_checkout_id": other.checkout_id, "other_order_id": other.orders[-1],
            "minutes": max(1, math.ceil((ordered - before).total_seconds() / 60)), "other_ordered_at": iso(before),
        },
    )  # fmt: skip


def _is_habit(bought: list[datetime], ordered: datetime, ctx: Context) -> bool:
    """Whether the customer bought this basket again at such short intervals before, on other occasions."""
    past = sorted(at for at in bought if at < ordered - ctx.duplicate_window)
    return sum(later - earlier <= ctx.duplicate_window for earlier, later in pairwise(past)) >= HABIT

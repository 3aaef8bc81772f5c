"""Who tried to pay, what is held, and whether there is an order: for each situation its one fault, or none."""

from __future__ import annotations

from itertools import product

import pytest

from tests.knowledge.checkouts import Story

LOOKED_AT = 65.0  # minutes after submit: all deadlines but that of the latest payment have passed


def situation(payments: str, stock: str, order: bool, end: bool) -> Story:
    """A checkout submitted at 0, with payments, stock, order and end as named, all within the first minutes."""
    story = Story().submit()
    if stock in ("held", "released"):
        story.reserve()
    if payments in ("failed", "failed twice", "retried"):
        story.pay("requested", 0.5).pay("failed", 1)
    if payments == "failed twice":
        story.pay("failed", 2, pid="p2")
    if payments == "retried":
        story.pay("captured", 2, pid="p2")
    if payments == "open":
        story.pay("requested", 55, method="card")
    if payments == "paid":
        story.pay("captured", 1)
    if payments == "part":
        story.pay("captured", 1, 4_000)
    if stock == "released":
        story.stock("released", 3, reservation_id="r1")
    if order:
        story.order("created", 2.5, total=10_000)
    return story.end("expired", 5) if end else story


def expected(payments: str, stock: str, order: bool, end: bool) -> list[str]:
    """What is found an hour after submit. Only paid checkouts that lack both order and stock have two faults."""
    paid, held = payments in ("paid", "retried"), stock == "held"
    if end:
        kept = ["refund_missing"] if paid or payments == "part" else []
        return kept or (["payment_failed_stock_held"] if held else [])
    if paid:
        short = {"held": [], "released": ["paid_out_of_stock"], "none": ["reservation_timeout"]}[stock]
        missing = [] if order else ["paid_order_missing"]
        return short + missing if stock == "released" else missing + short
    if payments == "part":
        return ["partial_payment"]
    if payments == "open":
        return ["reservation_timeout"] if stock == "none" else []
    if order:
        return ["unpaid_order_live"]
    if payments == "nothing":
        return [] if held else ["abandoned_checkout"]
    return ["payment_failed_stock_held"] if held else ["payment_failed"]


SITUATIONS = [
    row
    for row in product(
        ["nothing", "failed", "failed twice", "retried", "open", "paid", "part"],
        ["none", "held", "released"],
        [False, True],
        [False, True],
    )
    if not (row[2] and row[3])
]


@pytest.mark.parametrize(("payments", "stock", "order", "end"), SITUATIONS)
def test_one_situation_has_one_fault(payments: str, stock: str, order: bool, end: bool) -> None:
    assert situation(payments, stock, order, end).codes(LOOKED_AT) == expected(payments, stock, order, end)

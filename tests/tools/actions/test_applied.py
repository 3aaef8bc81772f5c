"""Reading back: every action tells its effect from its absence, and says so where reading can't tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    OrderFact,
    PaymentFact,
    PaymentLinkFact,
    ReservationFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from tests.tools.actions.examples import ADDRESS, EXAMPLES
from tests.tools.fake_reader import Fact, FakeReader
from tools.actions import ACTIONS


def cny(amount: int) -> Money:
    return Money(amount, "CNY")


def line(line_id: str, sku: str, quantity: int, price: int = 1999) -> Line:
    return Line(line_id, sku, quantity, cny(price))


def order(status: str = "created", *lines: Line, **more: Any) -> OrderFact:
    return OrderFact(id="o-1", checkout_id="c-1", status=status, lines=list(lines), **more)


def checkout(status: str = "submitted", *lines: Line, **more: Any) -> CheckoutFact:
    return CheckoutFact(id="c-1", status=status, lines=list(lines), **more)


def payment(status: str = "captured", captured: int = 1999, refunded: int = 0, pending: int = 0) -> PaymentFact:
    return PaymentFact(
        id="p-1",
        status=PaymentStatus(status),
        amount=cny(1999),
        captured=cny(captured),
        refunded=cny(refunded),
        refund_pending=cny(pending),
    )


def held(quantity: int, status: str = "held", sku: str = "A") -> ReservationFact:
    return ReservationFact(id="r-1", checkout_id="c-1", sku=sku, quantity=quantity, status=status)


HOME = Address(**ADDRESS)
ELSEWHERE = Address(recipient="王芳", phone="13800000000", province="上海市", street="淮海中路2号")
AT = datetime(2026, 3, 9, 8, tzinfo=UTC)

CASES: list[tuple[str, list[Fact], bool | None]] = [
    ("create_order", [order()], True),
    ("create_order", [], False),
    ("create_order", [order("cancelled")], None),
    ("confirm_order", [order("confirmed")], True),
    ("confirm_order", [order("shipped")], True),
    ("confirm_order", [order("created")], False),
    ("confirm_order", [order("cancelled")], False),
    ("confirm_order", [order("on_hold")], None),
    ("confirm_order", [], False),
    ("hold_order", [order("on_hold")], True),
    ("hold_order", [order("confirmed")], False),
    ("unhold_order", [order("confirmed")], True),
    ("unhold_order", [order("on_hold")], False),
    ("unhold_order", [order("cancelled")], False),
    ("cancel_order", [order("cancelled")], True),
    ("cancel_order", [order("created")], False),
    ("cancel_lines", [order("created", line("L1", "A", 1))], True),
    ("cancel_lines", [order("created", line("L1", "A", 3))], False),
    ("cancel_lines", [order("created", line("L1", "A", 2))], None),
    ("cancel_lines", [order("created")], None),
    ("backorder_line", [order(expected_ship_at=AT)], None),  # another line's date reads the same
    ("substitute_line", [order("created", line("L1", "B", 1))], True),
    ("substitute_line", [order("created", line("L1-2", "B", 1))], True),
    ("substitute_line", [order("created", line("L1", "A", 1))], False),
    ("substitute_line", [order("created", line("L1", "A", 1), line("L2", "B", 1))], False),
    ("substitute_line", [order("created", line("L1", "A", 2), line("L2", "B", 1))], None),
    ("substitute_line", [order("created", line("L2", "B", 1, price=5))], None),
    ("set_order_address", [order(shipping_address=HOME)], True),
    ("set_order_address", [order(shipping_address=ELSEWHERE)], False),
    ("set_order_address", [order()], False),
    ("choose_pickup", [order(pickup_point_id="pp-1")], True),
    ("choose_pickup", [order(pickup_point_id="pp-2")], False),
    ("reprice_order", [order("created", line("L1", "A", 1))], True),
    ("reprice_order", [order("created", line("L1", "A", 1), discount=cny(0))], True),
    ("reprice_order", [order("created", line("L1", "A", 1), discount=cny(5))], False),
    ("reprice_order", [order("created", line("L1", "A", 1, price=2500))], False),
    ("add_note", [order()], None),
    ("reprice_checkout", [checkout("open", line("L1", "A", 1), discount=cny(7))], True),
    ("reprice_checkout", [checkout("open", line("L1", "A", 1, price=2000))], False),
    ("set_checkout_address", [checkout(shipping_address=HOME)], True),
    ("set_checkout_address", [checkout()], False),
    ("expire_checkout", [checkout("expired")], True),
    ("expire_checkout", [checkout("submitted")], False),
    ("expire_checkout", [checkout("completed")], False),
    ("expire_checkout", [checkout("cancelled")], None),
    ("capture_payment", [payment()], True),
    ("capture_payment", [payment("authorized", captured=0)], False),
    ("capture_payment", [payment("captured", captured=500)], None),
    ("cancel_payment", [payment("cancelled", captured=0)], True),
    ("cancel_payment", [payment("captured")], False),
    ("refund_payment", [payment(refunded=1999)], True),
    ("refund_payment", [payment(pending=1999)], True),
    ("refund_payment", [payment(refunded=999, pending=1000)], True),
    ("refund_payment", [payment()], False),
    ("refund_payment", [payment(refunded=500)], None),
    ("create_payment_link", [checkout()], None),
    ("cancel_payment_link", [PaymentLinkFact(id="l-1", status="cancelled")], True),
    ("cancel_payment_link", [PaymentLinkFact(id="l-1", status="expired")], True),
    ("cancel_payment_link", [PaymentLinkFact(id="l-1", status="open")], False),
    ("cancel_payment_link", [PaymentLinkFact(id="l-1", status="paid")], False),
    ("reserve_stock", [held(3)], True),
    ("reserve_stock", [held(1), held(2, "committed")], True),
    ("reserve_stock", [held(1)], False),
    ("reserve_stock", [held(2)], None),
    ("reserve_stock", [held(1), held(2, "released"), held(2, "expired"), held(2, sku="B")], False),
    ("release_reservation", [held(2, "released")], True),
    ("release_reservation", [held(2, "expired")], True),
    ("release_reservation", [held(2)], False),
    ("release_reservation", [held(2, "committed")], False),
    ("release_reservation", [], None),
    ("commit_reservation", [held(2, "committed")], None),  # the example doesn't say where to look
    ("resync_stock", [StockFact(sku="A", available=3, shop_listed=3)], True),
    ("resync_stock", [StockFact(sku="A", available=-1, shop_listed=0)], True),
    ("resync_stock", [StockFact(sku="A", available=3, shop_listed=5)], False),
    ("resync_stock", [StockFact(sku="A", available=3)], False),
    ("release_coupon", [CouponFact(code="WELCOME", status="valid")], True),
    ("release_coupon", [CouponFact(code="WELCOME", status="used", used_by_checkout_id="c-2")], True),
    ("release_coupon", [CouponFact(code="WELCOME", status="used", used_by_checkout_id="c-1")], False),
    ("release_coupon", [CouponFact(code="WELCOME", status="unknown")], None),
    ("release_coupon", [], None),
    ("issue_coupon", [], None),
    ("send_message", [], None),
]  # fmt: skip


def test_every_action_is_read_back_here() -> None:
    assert {name for name, _, _ in CASES} == set(ACTIONS)


@pytest.mark.parametrize(("name", "facts", "expected"), CASES)
def test_the_effect_is_told_from_its_absence(name: str, facts: list[Fact], expected: bool | None) -> None:
    assert ACTIONS[name].applied(EXAMPLES[name][0], FakeReader(*facts)) is expected


@pytest.mark.parametrize(
    ("status", "expected"), [("committed", True), ("held", False), ("released", False), ("expired", False)]
)
def test_a_commit_is_seen_where_one_knows_the_checkout(status: str, expected: bool) -> None:
    arguments = {"reservation_id": "r-1", "checkout_id": "c-1"}
    assert ACTIONS["commit_reservation"].applied(arguments, FakeReader(held(1, status))) is expected


def test_a_second_capture_is_told_from_the_first() -> None:
    arguments = {
        "payment_id": "p-1",
        "amount": {"amount": 500, "currency": "CNY"},
        "expected_captured": {"amount": 1000, "currency": "CNY"},
    }
    capture = ACTIONS["capture_payment"]
    seen = [capture.applied(arguments, FakeReader(payment(captured=n))) for n in (1000, 1500, 1200)]
    assert seen == [False, True, None]
    del arguments["expected_captured"]
    seen = [capture.applied(arguments, FakeReader(payment(captured=n))) for n in (0, 500, 1999)]
    assert seen == [False, None, True]


def test_what_was_held_before_does_not_pass_for_ours() -> None:
    arguments = {"checkout_id": "c-1", "lines": [{"sku": "A", "quantity": 2}]}
    reserve = ACTIONS["reserve_stock"]
    assert reserve.applied(arguments, FakeReader()) is False
    assert reserve.applied(arguments, FakeReader(held(2))) is None
    assert reserve.applied({**arguments, "held_before": {}}, FakeReader(held(2))) is True


def test_a_part_of_a_line_is_substituted() -> None:
    arguments = {**EXAMPLES["substitute_line"][0], "expect": {"L1": 2}}
    part = order("created", line("L1", "A", 2), line("L1-2", "B", 1))
    untouched = order("created", line("L1", "A", 3), line("L2", "B", 1))
    substitute = ACTIONS["substitute_line"]
    assert substitute.applied(arguments, FakeReader(part)) is True
    assert substitute.applied(arguments, FakeReader(untouched)) is False


@given(
    before=st.integers(0, 5_000),
    ours=st.integers(1, 5_000),
    theirs=st.integers(0, 5_000),
    applied=st.booleans(),
    settled=st.booleans(),
)
def test_a_refund_is_never_read_back_wrongly_unless_somebody_refunded_meanwhile(
    before: int, ours: int, theirs: int, applied: bool, settled: bool
) -> None:
    """With another's refund in between ours is refused, so that both are never there together."""
    arguments = {
        "payment_id": "p-1",
        "amount": {"amount": ours, "currency": "CNY"},
        "reason": "x",
        "expected_refunded": {"amount": before, "currency": "CNY"},
    }
    gained = ours if applied else theirs
    total = before + gained
    fact = payment(refunded=total if settled else before, pending=0 if settled else gained)
    said = ACTIONS["refund_payment"].applied(arguments, FakeReader(fact))
    if applied or theirs == ours:
        assert said is True
    elif theirs == 0:
        assert said is False
    else:
        assert said is None


@given(remaining=st.integers(0, 9), taken=st.integers(1, 9), found=st.integers(0, 20))
def test_cancelled_lines_are_never_guessed(remaining: int, taken: int, found: int) -> None:
    arguments = {
        "order_id": "o-1",
        "lines": [{"line_id": "L1", "quantity": taken}],
        "reason": "x",
        "expect": {"L1": remaining},
    }
    lines = [line("L1", "A", found)] if found else []
    said = ACTIONS["cancel_lines"].applied(arguments, FakeReader(order("created", *lines)))
    assert said is {remaining: True, remaining + taken: False}.get(found)


def test_codes_that_may_mean_already_are_given() -> None:
    expected = {
        "create_order": "order_exists",
        "confirm_order": "already_confirmed",
        "cancel_order": "already_cancelled",
        "release_reservation": "already_released",
        "capture_payment": "already_captured",
        "refund_payment": "refunded_changed",
    }
    assert all(code in ACTIONS[name].means_already for name, code in expected.items())

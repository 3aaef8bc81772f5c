"""What playbooks plan, actions accept: the arguments of every planned step become a request."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from knowledge.faults import steps
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, PaymentLinkFact, ReservationFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tests.tools.fake_reader import FakeReader
from tools.actions import ACTIONS

CNY = Money(1999, "CNY")
LINE = Line("L1", "A", 2, CNY)
ORDER = OrderFact(id="o-1", checkout_id="c-1", lines=[LINE], total=CNY * 2, discount=Money(0, "CNY"))
CHECKOUT = CheckoutFact(id="c-1", lines=[LINE], total=CNY * 2)
PAYMENT = PaymentFact(id="p-1", checkout_id="c-1", status=PaymentStatus.CAPTURED, amount=CNY, captured=CNY)
RESERVATION = ReservationFact(id="r-1", checkout_id="c-1", sku="A", quantity=2)

PLANNED = [
    steps.create_order("c-1"),
    steps.confirm_order(ORDER, "c-1"),
    steps.cancel_order(ORDER, "out of stock"),
    steps.cancel_lines(ORDER, {"L1": 1}, "out of stock", CNY),
    steps.backorder_line(ORDER, LINE, datetime(2026, 3, 9, tzinfo=UTC)),
    steps.substitute_line(ORDER, LINE, "B", CNY, 0),
    steps.reprice_order(ORDER, {"L1": Money(1000, "CNY")}, Money(2000, "CNY")),
    steps.reprice_checkout(CHECKOUT, {"L1": Money(1000, "CNY")}, Money(2000, "CNY")),
    steps.expire_checkout("c-1", "payment failed"),
    steps.cancel_payment(PAYMENT),
    steps.refund_payment(PAYMENT, 500, "out of stock"),
    steps.create_payment_link("c-1", CNY),
    steps.cancel_payment_link(PaymentLinkFact(id="l-1")),
    steps.reserve_stock("c-1", [{"sku": "A", "quantity": 2}], {"A": 2}),
    steps.release_reservation(RESERVATION),
    steps.commit_reservation(RESERVATION),
]


@pytest.mark.parametrize("step", PLANNED, ids=lambda step: step.action)
def test_a_planned_step_becomes_a_request(step: PlanStep) -> None:
    assert ACTIONS[step.action].request(step.arguments).path


@pytest.mark.parametrize("step", PLANNED, ids=lambda step: step.action)
def test_nothing_planned_reads_as_done_before_it_is(step: PlanStep) -> None:
    before = FakeReader(CHECKOUT, PAYMENT, RESERVATION, PaymentLinkFact(id="l-1"))
    if step.action != "create_order":
        before.facts += (ORDER,)
    assert ACTIONS[step.action].applied(step.arguments, before) is not True

"""What rests on an event that did not come is asked about first, once, and never for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from assistant.intake.doubt import PATIENCE, sort_due
from assistant.intake.sweep import ReadBackSweep
from assistant.timers.timers import Sweep
from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Severity
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, ServiceabilityFact
from knowledge.vocabulary.findings import Evidence
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import AddressState, Mark, OrderSnapshot, OrderView
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import ADDRESS, House, event, finding, payment, submitted
from tests.assistant.intake.shop import Shop
from tools.connectors.absent import AbsentShop

SECOND = timedelta(seconds=1)
TOTAL = Money(10_000, "CNY")
CALM = {"deadline_reservation": 90_000, "deadline_abandoned": 90_000, "deadline_payment": 90_000}


class Desk:
    """A house with an order deadline of two seconds, its timers and a clock."""

    def __init__(self, house: House, reader: Any) -> None:
        self.house, self.now = house, NOW
        self.sweep = ReadBackSweep(
            house.store, house.intake, reader, house.settings,
            on_orphan_payment=self._on_orphan, clock=lambda: self.now,
        )  # fmt: skip
        kinds = {"confirm": self.sweep.deferred_handlers()["confirm"]}
        self.timers = Sweep(house.store, house.intake.timer_handlers(), kinds)

    def _on_orphan(self, tx: sa.Connection, payment_id: str, events: list[Event], now: Any) -> None:
        raise AssertionError

    def at(self, seconds: float) -> None:
        self.now = NOW + seconds * SECOND
        while self.timers.run_once(self.now):
            pass


@pytest.fixture
def shop() -> Shop:
    """A checkout that was paid, ordered or not."""
    one = Shop()
    one.checkout_facts["ck-1"] = CheckoutFact(id="ck-1", total=TOTAL, status="completed", submitted_at=NOW)
    one.payment_facts.append(
        PaymentFact(id="pay-1", checkout_id="ck-1", status=PaymentStatus.CAPTURED, amount=TOTAL, captured=TOTAL)
    )
    return one


@pytest.fixture
def short(store: Any, vault: Any) -> House:
    return House(store, vault, deadline_order=2, sweep_every=60, **CALM)


def reads(shop: Shop) -> int:
    return sum(name == "checkout" for name, _ in shop.asked)


def paid(house: House) -> None:
    house.receive(submitted(), payment("captured"))


def test_a_lost_event_opens_nothing_where_the_shop_has_the_order(short: House, shop: Shop) -> None:
    shop.order_facts.append(OrderFact(id="or-1", checkout_id="ck-1", total=TOTAL, created_at=NOW))
    desk = Desk(short, shop)
    paid(short)
    for seconds in (1, 2, 3, 4, 5, 6, 10, 60):
        desk.at(seconds)
    assert "paid_order_missing" not in short.codes
    assert reads(shop) == 1


def test_what_the_shop_confirms_is_found_at_once_with_one_read(short: House, shop: Shop) -> None:
    desk = Desk(short, shop)
    paid(short)
    desk.at(2)
    assert short.codes == ["paid_order_missing"]
    desk.at(30)
    assert reads(shop) == 1


def test_a_shop_that_is_down_holds_nothing_up_for_long(short: House, shop: Shop) -> None:
    shop.down = {"everything"}
    desk = Desk(short, shop)
    paid(short)
    desk.at(2)
    assert short.codes == []
    desk.at(2 + PATIENCE.total_seconds())
    assert short.codes == ["paid_order_missing"]


def test_a_gateway_that_never_said_a_word_is_the_fault_itself() -> None:
    mark = Mark("payment.requested", "r", NOW, NOW, "pay-1")
    found = msgspec.structs.replace(
        finding(FaultCode.PAYMENT_UNCONFIRMED, NOW + SECOND), evidence=[Evidence("event", "r", NOW, "")]
    )
    s = OrderSnapshot(checkout_id="ck", marks=[mark])
    assert sort_due(s, [found], NOW + SECOND, None, connected=True).sure == [found]
    ordered = msgspec.structs.replace(s, orders={"o": OrderView(id="o")})
    assert sort_due(ordered, [found], NOW + SECOND, None, connected=True).ask


def test_without_a_shop_a_deadline_counts_when_it_passes(short: House) -> None:
    desk = Desk(short, AbsentShop().reader)
    paid(short)
    desk.at(2)
    assert short.codes == ["paid_order_missing"]


def test_a_payment_no_event_told_of_is_due_at_one_time_however_often_it_is_read(short: House, shop: Shop) -> None:
    """The shop gives no `updated_at`: when it was first read stands for it."""
    desk = Desk(short, shop)
    short.receive(submitted())
    for seconds in (3, 5.1, 7.2):
        desk.at(seconds)
        desk.sweep._apply("ck-1")
    snapshot = short.snapshot()
    assert snapshot is not None
    assert snapshot.payments["pay-1"].captured_at == NOW + 3 * SECOND
    desk.at(8)
    assert set(short.codes) == {"paid_order_missing"}
    assert {f.detectable_at for _, f, _ in short.found} <= {NOW + seconds * SECOND for seconds in (5.1, 7.2)}


def test_a_status_that_changed_between_readings_counts_from_the_later_one(short: House, shop: Shop) -> None:
    desk = Desk(short, shop)
    shop.payment_facts[0] = msgspec.structs.replace(shop.payment_facts[0], status=PaymentStatus.PENDING, captured=None)
    for seconds, status in ((1, "pending"), (2, "captured"), (3, "captured")):
        shop.payment_facts[0] = msgspec.structs.replace(shop.payment_facts[0], status=PaymentStatus(status))
        desk.at(seconds)
        desk.sweep._apply("ck-1")
    snapshot = short.snapshot()
    assert snapshot is not None
    assert snapshot.payments["pay-1"].captured_at == NOW + 2 * SECOND


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [True, False])
def test_a_weak_word_on_an_address_wants_the_carriers(asked: bool) -> None:
    weak = msgspec.structs.replace(
        finding(FaultCode.INCOMPLETE_INFORMATION, NOW, confirm=True), confidence=0.6
    )
    address = AddressState(present=["street"], at=NOW, verdict="incomplete" if asked else None)
    sorted_ = sort_due(OrderSnapshot(checkout_id="ck", address=address), [weak], NOW, NOW, connected=True)
    assert (sorted_.sure, sorted_.ask) == ([weak] if asked else [], False)


def test_what_is_grave_or_plain_counts_without_a_shop() -> None:
    lost = msgspec.structs.replace(finding(FaultCode.PAID_OUT_OF_STOCK, NOW, confirm=True), severity=Severity.HIGH)
    plain = finding(FaultCode.INCOMPLETE_INFORMATION, NOW, confirm=True)
    s = OrderSnapshot(checkout_id="ck")
    assert sort_due(s, [lost, plain], NOW, None, connected=False).sure == [lost, plain]
    first = sort_due(s, [lost, plain], NOW, None, connected=True)
    assert (first.sure, first.ask, first.look_at) == ([], True, NOW + PATIENCE)
    assert sort_due(s, [lost, plain], NOW + PATIENCE, None, connected=True).sure == [lost]


def test_a_verdict_from_before_the_address_was_told_again_is_asked_about() -> None:
    mark = Mark("address.rejected", "r", NOW, NOW)
    found = msgspec.structs.replace(
        finding(FaultCode.ADDRESS_UNDELIVERABLE, NOW), evidence=[Evidence("event", "r", NOW, "")]
    )
    for given, sure in ((NOW + SECOND, False), (NOW - SECOND, True)):
        s = OrderSnapshot(checkout_id="ck", marks=[mark], address=AddressState(at=given, verdict="no_carrier"))
        assert bool(sort_due(s, [found], NOW, None, connected=True).sure) is sure


def test_a_carriers_word_from_before_the_submit_is_confirmed_or_gone(short: House, shop: Shop) -> None:
    desk = Desk(short, shop)
    shop.deliverable = ServiceabilityFact(deliverable=True)
    shop.checkout_facts["ck-1"] = msgspec.structs.replace(shop.checkout_facts["ck-1"], shipping_address=None)
    updated = event("checkout.updated", {"shipping_address": ADDRESS})
    short.receive(updated, event("address.rejected", {"reason": "no_carrier"}, at=NOW + SECOND / 2))
    short.receive(submitted(at=NOW + SECOND), at=NOW + SECOND)
    assert "address_undeliverable" not in short.codes
    desk.at(1)
    assert "address_undeliverable" in short.codes, "nothing the shop says contradicts it"

"""What was read back is kept by part, masked, and corrects the snapshot on every later fold as it did at first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Address, Contact, Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    Facts,
    OrderFact,
    PaymentFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.read_back import apply_read_back
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import ADDRESS, CONTACT, House, event, life, submitted, without_refs

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(hours=1)
TOTAL = Money(10_000, "CNY")


def read(at: datetime = LATER, **parts: Any) -> Facts:
    return Facts(checkout_id="ck-1", at=at, **parts)


def whole(at: datetime = LATER) -> Facts:
    """Every part, with everything personal a shop may tell."""
    address = Address(**(ADDRESS | {"street": "  ", "text": "翠苑路 77 弄"}))
    return read(
        at,
        checkout=CheckoutFact(
            id="ck-1", version=3, customer_id="cu-1", contact=Contact(**CONTACT), total=TOTAL, status="submitted",
            lines=[Line("1", "TEA", 2, Money(5_000, "CNY"))], shipping_address=address, submitted_at=NOW,
        ),
        orders=[OrderFact(id="or-1", checkout_id="ck-1", status="confirmed", total=TOTAL, shipping_address=address)],
        payments=[PaymentFact(id="pay-1", status=PaymentStatus.CAPTURED, amount=TOTAL, captured=TOTAL)],
        reservations=[ReservationFact(id="re-1", sku="TEA", quantity=2)],
        stock={"TEA": StockFact(sku="TEA", on_hand=5)},
        customer=CustomerFact(
            id="cu-1", name="欧阳小明", email=CONTACT["email"], language="zh-CN", addresses=[address]
        ),
        serviceability=ServiceabilityFact(
            deliverable=False, reason="incomplete", missing=["street"], normalised=address
        ),
    )  # fmt: skip


def test_a_stored_read_back_corrects_the_snapshot_as_the_shops_own_words_do(house: House) -> None:
    house.receive(*life()[:4], at=NOW + 10 * MINUTE)
    told = house.snapshot()
    assert told is not None
    house.apply(whole(), LATER)
    assert without_refs(house.snapshot()) == without_refs(apply_read_back(told, whole()))
    with house.store.begin() as tx:
        house.intake.refold(tx, ["ck-1"], LATER)
    assert without_refs(house.snapshot()) == without_refs(apply_read_back(told, whole()))


def test_it_can_be_read_again_masked_and_whole(house: House) -> None:
    house.apply(whole(), LATER)
    with house.store.read() as tx:
        assert house.intake.facts_of(tx, "ck-1", unmask=True) == [whole()]
        (masked,) = house.intake.facts_of(tx, "ck-1")
        assert house.intake.facts_of(tx, "ck-2") == []
    assert masked.payments == whole().payments
    assert masked.customer is not None
    assert masked.customer.name not in (None, "欧阳小明")


def test_a_checkout_no_event_told_of_becomes_known(house: House) -> None:
    house.apply(whole(), LATER)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert (snapshot.due, snapshot.captured_net(), snapshot.customer_id) == (10_000, 10_000, "cu-1")


def test_a_partial_read_back_keeps_what_other_parts_said(house: House) -> None:
    house.apply(whole(), LATER)
    house.apply(read(LATER + MINUTE, orders=[OrderFact(id="or-1", status="cancelled", total=TOTAL)]), LATER + MINUTE)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.orders["or-1"].status == "cancelled"
    assert snapshot.captured_net() == 10_000
    with house.store.read() as tx:
        assert [facts.at for facts in house.intake.facts_of(tx, "ck-1")] == [LATER, LATER + MINUTE]
        earlier = house.intake.facts_of(tx, "ck-1", unmask=True)[0]
    assert earlier.customer == whole().customer, "and its personal values"


def test_an_older_read_back_changes_nothing(house: House) -> None:
    house.apply(whole(), LATER)
    before = without_refs(house.snapshot())
    house.apply(read(LATER - MINUTE, orders=[], payments=[]), LATER)
    assert without_refs(house.snapshot()) == before


@pytest.mark.parametrize("event_at", [LATER - MINUTE, LATER + MINUTE])
def test_the_later_of_event_and_read_back_counts(house: House, event_at: datetime) -> None:
    house.receive(*life()[:8], at=NOW + 10 * MINUTE)
    house.apply(read(orders=[OrderFact(id="or-ck-1", status="on_hold", total=TOTAL)]), LATER)
    house.receive(event("order.cancelled", {"order_id": "or-ck-1"}, at=event_at), at=LATER + 2 * MINUTE)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.orders["or-ck-1"].status == ("cancelled" if event_at > LATER else "on_hold")


def test_a_verdict_on_an_address_that_was_replaced_is_forgotten(house: House) -> None:
    house.receive(submitted())
    house.apply(read(serviceability=ServiceabilityFact(deliverable=False, reason="incomplete")), LATER)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.address is not None
    assert snapshot.address.verdict == "incomplete"
    corrected = event("checkout.updated", {"shipping_address": ADDRESS}, at=LATER + MINUTE)
    house.receive(corrected, at=LATER + MINUTE)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.address is not None
    assert snapshot.address.verdict is None


def test_empty_facts_store_nothing(house: House) -> None:
    house.apply(read())
    assert house.snapshot() is None


@pytest.mark.parametrize(
    ("status", "holder", "left"),
    [("expired", None, "valid"), ("not_eligible", None, "valid"), ("used", None, "valid"), ("used", "other", "used")],
)
def test_a_coupon_that_counted_once_counts_in_every_later_fold(
    house: House, status: str, holder: str | None, left: str
) -> None:
    house.receive(submitted(coupon_code="SPRING"))
    house.apply(read(NOW + MINUTE, coupon=CouponFact(code="SPRING", status="valid")), NOW + MINUTE)
    later = CouponFact(code="spring", status=status, used_by_checkout_id=holder)
    house.apply(read(LATER, coupon=later), LATER)
    house.receive(event("checkout.telemetry", {}, at=LATER + MINUTE), at=LATER + MINUTE)
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.coupon is not None
    assert snapshot.coupon.status == left

"""read_facts: everything about one checkout, in the right order, and nothing more than was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    ProductFact,
    ReservationFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from tests.tools.fake_reader import FakeReader
from tools.lookups import read_facts

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SHANGHAI, BEIJING = Address(city="上海"), Address(city="北京")


def line(sku: str, requires_shipping: bool = True) -> Line:
    return Line(f"L-{sku}", sku, 1, Money(1999, "CNY"), requires_shipping)


CHECKOUT = CheckoutFact(
    id="c-1", customer_id="u-1", status="submitted", lines=[line("A"), line("B")], shipping_address=SHANGHAI
)
PAYMENT = PaymentFact(id="p-1", checkout_id="c-1", status=PaymentStatus.CAPTURED, amount=Money(1999, "CNY"))
RESERVATION = ReservationFact(id="r-1", checkout_id="c-1", sku="A", quantity=1)
CUSTOMER = CustomerFact(id="u-1", tier="vip")


def order(status: str = "created", *lines: Line, **more: Any) -> OrderFact:
    return OrderFact(
        id=f"o-{status}",
        checkout_id="c-1",
        status=status,
        lines=list(lines),
        shipping_address=BEIJING,
        **more,
    )


def test_it_reads_everything_that_belongs_to_the_checkout() -> None:
    stock = [
        StockFact(sku="A", available=1),
        StockFact(sku="B", available=0),
        StockFact(sku="Z", available=9),
    ]
    facts = read_facts(FakeReader(CHECKOUT, PAYMENT, RESERVATION, CUSTOMER, *stock), "c-1", NOW)
    assert facts.at == NOW
    assert (facts.checkout, facts.payments, facts.reservations) == (CHECKOUT, [PAYMENT], [RESERVATION])
    assert facts.orders == []
    assert set(facts.stock) == {"A", "B"}
    assert facts.customer == CUSTOMER
    assert facts.serviceability is None


def test_orders_are_looked_for_after_the_money() -> None:
    reader = FakeReader(CHECKOUT, PAYMENT)
    read_facts(reader, "c-1", NOW)
    assert reader.asked.index("orders c-1") > reader.asked.index("payments c-1")
    assert reader.asked.index("orders c-1") > reader.asked.index("reservations c-1")


def test_stock_is_read_for_the_lines_of_checkout_and_live_orders_once_each() -> None:
    reader = FakeReader(CHECKOUT, order("cancelled", line("X")), order("created", line("B"), line("C")))
    read_facts(reader, "c-1", NOW)
    assert "stock A B C" in reader.asked


def test_what_is_not_wanted_is_not_asked() -> None:
    reader = FakeReader(CHECKOUT, CUSTOMER)
    facts = read_facts(reader, "c-1", NOW, with_stock=False, with_customer=False)
    assert (facts.stock, facts.customer) == ({}, None)
    assert reader.asked == ["checkout c-1", "payments c-1", "reservations c-1", "orders c-1"]


def test_a_checkout_that_does_not_exist_has_no_facts_but_was_read() -> None:
    facts = read_facts(FakeReader(), "c-9", NOW, with_serviceability=True)
    assert facts.checkout is None
    assert (facts.orders, facts.payments, facts.reservations) == ([], [], [])
    assert (facts.stock, facts.customer, facts.serviceability) == ({}, None, None)


def test_a_guest_checkout_borrows_the_customer_of_its_order() -> None:
    guest = CheckoutFact(id="c-1", status="completed")
    facts = read_facts(FakeReader(guest, order("created", customer_id="u-1"), CUSTOMER), "c-1", NOW)
    assert facts.customer == CUSTOMER


@pytest.mark.parametrize(
    ("facts", "asked"),
    [
        ([CHECKOUT], "serviceability 上海"),
        ([CHECKOUT, order("created", line("A"))], "serviceability 北京"),
        ([CHECKOUT, order("cancelled", line("A"))], "serviceability 上海"),
        ([CHECKOUT, order("created", line("A"), pickup_point_id="pp-1")], None),
        ([CHECKOUT, order("created", line("A", requires_shipping=False))], None),
        ([CheckoutFact(id="c-1", lines=[line("A")])], None),
        ([CheckoutFact(id="c-1", lines=[line("A")], shipping_address=Address(city=" "))], None),
    ],
)
def test_the_carrier_is_asked_only_where_something_goes_somewhere(
    facts: list[CheckoutFact | OrderFact], asked: str | None
) -> None:
    reader = FakeReader(*facts)
    read = read_facts(reader, "c-1", NOW, with_serviceability=True)
    assert [one for one in reader.asked if one.startswith("serviceability")] == ([asked] if asked else [])
    assert (read.serviceability is not None) is (asked is not None)


def test_there_are_no_half_facts() -> None:
    class Sick(FakeReader):
        def payments(self, checkout_id: str) -> list[PaymentFact]:
            raise UnavailableError("shop_timeout", "payment: no answer")

    with pytest.raises(UnavailableError, match="shop_timeout"):
        read_facts(Sick(CHECKOUT), "c-1", NOW)


def test_the_coupon_is_asked_for_its_customer_and_checkout_only_where_there_is_one() -> None:
    named = msgspec.structs.replace(CHECKOUT, coupon_code="SAVE")
    coupon = CouponFact(code="SAVE", status="expired")
    assert read_facts(FakeReader(named, coupon), "c-1", NOW).coupon is None
    assert read_facts(FakeReader(named, coupon), "c-1", NOW, with_coupon=True).coupon == coupon
    assert read_facts(FakeReader(CHECKOUT, coupon), "c-1", NOW, with_coupon=True).coupon is None


def test_products_are_read_when_asked_for() -> None:
    product = ProductFact(sku="A", category="drinks")
    reader = FakeReader(CHECKOUT, product)
    assert read_facts(reader, "c-1", NOW).products == {}
    facts = read_facts(reader, "c-1", NOW, with_products=True, with_stock=False)
    assert (facts.products, facts.stock) == ({"A": product}, {})

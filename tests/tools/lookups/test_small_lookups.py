"""The small READ verbs: each one question, one answer, None for what nobody knows."""

from __future__ import annotations

from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import (
    CouponFact,
    CustomerFact,
    PaymentLinkFact,
    PickupPointFact,
    ProductFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from tests.tools.fake_reader import FakeReader
from tools.lookups import coupon, customer_history, payment_link, pickup_points, similar_products, stock_level


def tea(sku: str, price: int = 1000, category: str | None = "tea", active: bool = True) -> ProductFact:
    return ProductFact(sku=sku, title="龙井", category=category, unit_price=Money(price, "CNY"), active=active)


def test_what_exists_is_found_and_what_does_not_is_none() -> None:
    stock = StockFact(sku="A", available=2)
    customer = CustomerFact(id="u", tier="vip")
    link = PaymentLinkFact(id="l", status="paid", payment_id="p")
    code = CouponFact(code="X", status="used", used_by_checkout_id="c")
    reader = FakeReader(stock, customer, link, code)
    assert stock_level(reader, "A") == stock
    assert customer_history(reader, "u") == customer
    assert payment_link(reader, "l") == link
    assert coupon(reader, "X", checkout_id="c") == code
    nobody = FakeReader()
    assert stock_level(nobody, "A") is None
    assert customer_history(nobody, "u") is None
    assert payment_link(nobody, "l") is None
    assert coupon(nobody, "X") is None


def test_pickup_points_come_nearest_first_and_no_more_than_wanted() -> None:
    reader = FakeReader()
    distances = {"far": 900.0, "near": 100.0, "unknown": None, "middle": 300.0}
    reader.points = [PickupPointFact(id=key, distance_m=metres) for key, metres in distances.items()]
    found = pickup_points(reader, Address(city="上海"), 4)
    assert [point.id for point in found] == ["near", "middle", "far", "unknown"]
    assert len(pickup_points(reader, Address(city="上海"), 2)) == 2


def test_similar_products_are_looked_for_in_the_category_and_in_stock() -> None:
    facts = [tea("A"), tea("B"), tea("C", category="coffee"), tea("D"), tea("E", active=False)]
    stock = [StockFact(sku=sku, available=5) for sku in "ABCE"] + [StockFact(sku="D", available=0)]
    reader = FakeReader(*facts, *stock)
    assert [product.sku for product, _ in similar_products(reader, "A")] == ["B"]
    assert reader.asked == ["products tea ", "stock B D"]


def test_without_a_category_the_title_is_looked_for() -> None:
    reader = FakeReader(tea("A", category=None), tea("B", category=None), StockFact(sku="B", available=1))
    assert [product.sku for product, _ in similar_products(reader, "A")] == ["B"]
    assert reader.asked[0] == "products  龙井"


def test_what_was_paid_counts_and_not_what_it_costs_today() -> None:
    reader = FakeReader(tea("A", 2000), tea("B", 1500), StockFact(sku="B", available=1))
    assert similar_products(reader, "A", paid=Money(1000, "CNY")) == []
    assert len(similar_products(reader, "A")) == 1


def test_nothing_replaces_what_nobody_knows() -> None:
    assert similar_products(FakeReader(), "A") == []

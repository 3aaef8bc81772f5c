"""Reads over real HTTP: every call of the contract's table, what is missing, and a shop that can't answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.money import Money
from tests.tools.connectors.conftest import QUICK
from tests.tools.connectors.scripted import Reply, ScriptedShop, free_port, problem, says
from tools.connectors.http import HttpReader, HttpShop
from tools.connectors.ports import SYSTEMS, ShopReader, ShopWriter

CNY = {"amount": 1999, "currency": "CNY"}
LINE = {"line_id": "1", "sku": "A", "quantity": 2, "unit_price": CNY, "requires_shipping": True}
CHECKOUT = {"id": "c 1", "version": 4, "status": "submitted", "lines": [LINE], "total": CNY}
ORDER = {"id": "o-1", "version": 2, "checkout_id": "c 1", "status": "created", "lines": [LINE], "total": CNY}
PAYMENT = {
    "id": "p-1",
    "checkout_id": "c 1",
    "status": "captured",
    "kind": "money",
    "amount": CNY,
    "captured": CNY,
}
RESERVATION = {"id": "r-1", "checkout_id": "c 1", "sku": "A", "quantity": 2, "status": "held"}
STOCK = {"sku": "A", "on_hand": 5, "reserved": 2, "available": 3, "shop_listed": 3}
PRODUCT = {
    "sku": "A",
    "title": "茶",
    "category": "tea",
    "attributes": {"g": 100},
    "unit_price": CNY,
    "active": True,
}
SINCE = datetime(2026, 3, 1, 8, tzinfo=UTC)
SHANGHAI = Address(country="CN", city="上海")

Read = Callable[[HttpReader], Any]


@pytest.mark.parametrize(
    ("read", "path", "answer"),
    [
        (lambda r: r.checkout("c 1").version, "/checkouts/c%201", CHECKOUT),
        (lambda r: r.order("o-1").total, "/orders/o-1", ORDER),
        (lambda r: r.orders("c 1")[0].id, "/orders?checkout_id=c+1", [ORDER]),
        (lambda r: r.payment("p-1").status, "/payments/p-1", PAYMENT),
        (lambda r: r.payments("c&1")[0].id, "/payments?checkout_id=c%261", [PAYMENT]),
        (
            lambda r: r.refunds("p-1")[0].status,
            "/payments/p-1/refunds",
            [{"id": "f", "status": "pending", "amount": CNY}],
        ),
        (
            lambda r: r.payment_link("l").status,
            "/payment-links/l",
            {"id": "l", "url": "https://pay.example/l", "status": "open"},
        ),
        (lambda r: r.stock(["A", "B"])["A"].available, "/stock?sku=A&sku=B", [STOCK]),
        (lambda r: r.reservations("c")[0].status, "/reservations?checkout_id=c", [RESERVATION]),
        (lambda r: r.product("A").attributes, "/products/A", PRODUCT),
        (
            lambda r: r.products(category="tea", query="绿", limit=5)[0].sku,
            "/products?category=tea&query=%E7%BB%BF&limit=5",
            [PRODUCT],
        ),
        (lambda r: r.customer("u").tier, "/customers/u", {"id": "u", "tier": "vip", "status": "active"}),
        (
            lambda r: r.coupon("X", customer_id="u", checkout_id="c").status,
            "/coupons/X?customer_id=u&checkout_id=c",
            {"code": "X", "status": "valid", "discount": CNY},
        ),
        (lambda r: r.coupon("X").status, "/coupons/X", {"code": "X", "status": "unknown"}),
        (
            lambda r: r.orders_changed(SINCE).items[0].id,
            "/orders?updated_since=2026-03-01T08%3A00%3A00Z",
            {"items": [ORDER], "next": None},
        ),
        (
            lambda r: r.checkouts_changed(SINCE, "abc=").next,
            "/checkouts?updated_since=2026-03-01T08%3A00%3A00Z&cursor=abc%3D",
            {"items": [CHECKOUT], "next": "def"},
        ),
        (
            lambda r: r.payments_changed(SINCE).items[0].id,
            "/payments?updated_since=2026-03-01T08%3A00%3A00Z",
            {"items": [PAYMENT], "next": None},
        ),
        (
            lambda r: r.reservations_changed(SINCE).items[0].id,
            "/reservations?updated_since=2026-03-01T08%3A00%3A00Z",
            {"items": [RESERVATION], "next": None},
        ),
    ],
)
def test_each_read_of_the_table(
    scripted: ScriptedShop, connected: HttpShop, read: Read, path: str, answer: Any
) -> None:
    scripted.on("GET", path.split("?")[0], says(answer))
    assert read(connected.reader) is not None
    (seen,) = scripted.seen
    assert (seen.method, seen.path, seen.body) == ("GET", path, b"")
    assert seen.headers["authorization"] == "Bearer secret-token"
    assert "idempotency-key" not in seen.headers


def test_values_arrive_typed(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("GET", "/payments/p-1", says({**PAYMENT, "created_at": "2026-03-01T16:00:00+08:00"}))
    payment = connected.reader.payment("p-1")
    assert payment is not None
    assert payment.status is PaymentStatus.CAPTURED
    assert payment.captured == Money(1999, "CNY")
    assert payment.created_at == SINCE


def test_questions_about_an_address_are_posted_without_a_key(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("POST", "/serviceability", says({"deliverable": False, "reason": "incomplete", "missing": ["phone"]}))
    scripted.on("POST", "/pickup-points", says([{"id": "pp", "name": "驿站", "distance_m": 120}]))
    assert connected.reader.serviceability(SHANGHAI).missing == ["phone"]
    assert connected.reader.pickup_points(SHANGHAI, 2)[0].distance_m == 120
    asked = [json.loads(seen.body) for seen in scripted.seen]
    address = {"country": "CN", "city": "上海"}
    assert asked == [{"address": address}, {"address": address, "limit": 2}]
    assert all("idempotency-key" not in seen.headers for seen in scripted.seen)


def test_orders_come_oldest_first(scripted: ScriptedShop, connected: HttpShop) -> None:
    times = {"new": "2026-03-02T00:00:00Z", "old": "2026-03-01T00:00:00Z"}
    scripted.on("GET", "/orders", says([{**ORDER, "id": key, "created_at": at} for key, at in times.items()]))
    assert [order.id for order in connected.reader.orders("c 1")] == ["old", "new"]


def test_what_does_not_exist_is_none_or_empty(connected: HttpShop) -> None:
    reader = connected.reader
    assert reader.checkout("x") is None
    assert reader.order("x") is None
    assert reader.payment("x") is None
    assert reader.payment_link("x") is None
    assert reader.product("x") is None
    assert reader.customer("x") is None
    assert reader.coupon("x") is None
    assert reader.orders("x") == []
    assert reader.stock(["x"]) == {}


@pytest.mark.parametrize("body", [b"", b"<html>404</html>", b"[]"])
def test_somebody_elses_404_is_no_evidence(scripted: ScriptedShop, connected: HttpShop, body: bytes) -> None:
    scripted.on("GET", "/orders/o-1", Reply(404, body))
    with pytest.raises(UnavailableError, match="HELLOWORD_SHOP_URL"):
        connected.reader.order("o-1")


def test_a_shop_without_listings_is_no_shop_without_changes(connected: HttpShop) -> None:
    with pytest.raises(UnavailableError, match="shop_bad_answer"):
        connected.reader.orders_changed(SINCE)


def test_a_sku_nobody_knows_does_not_hide_the_others(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("GET", "/stock", problem(404, "not_found"), says([STOCK]), problem(404, "not_found"))
    assert list(connected.reader.stock(["A", "nope"])) == ["A"]
    assert [seen.path for seen in scripted.seen] == [
        "/stock?sku=A&sku=nope",
        "/stock?sku=A",
        "/stock?sku=nope",
    ]


def test_many_skus_are_asked_in_parts_and_none_not_at_all(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("GET", "/stock", says([]))
    connected.reader.stock([f"S{number}" for number in range(120)] * 2)
    assert [seen.path.count("sku=") for seen in scripted.seen] == [50, 50, 20]
    scripted.seen.clear()
    assert connected.reader.stock([]) == {}
    assert scripted.seen == []


@pytest.mark.parametrize(
    "bad",
    [Reply(fate="drop"), Reply(200, b'{"id": 1}', fate="cut"), Reply(delay=0.6), problem(500, "boom"),
     problem(503, "down"), Reply(429, b"{}", {"Retry-After": "0"})],
    ids=["dropped", "cut", "slow", "500", "503", "429"],
)  # fmt: skip
def test_a_read_gets_over_a_bad_moment(scripted: ScriptedShop, connected: HttpShop, bad: Reply) -> None:
    scripted.on("GET", "/orders/o-1", bad, says(ORDER))
    order = connected.reader.order("o-1")
    assert order is not None
    assert order.id == "o-1"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (problem(401, "unauthorized"), "shop_unauthorised"),
        (problem(403, "forbidden"), "shop_unauthorised"),
        (Reply(429, b"{}", {"Retry-After": "60"}), "shop_rate_limited"),
        (problem(503, "maintenance"), "shop_unavailable"),
        (Reply(delay=0.6), "shop_timeout"),
        (Reply(fate="drop"), "shop_unavailable"),
        (Reply(200, b"<html>"), "shop_bad_answer"),
        (Reply(200, b"[]"), "shop_bad_answer"),
        (problem(422, "invalid_input"), "shop_refused_read"),
    ],
)
def test_a_shop_that_cannot_answer_is_not_a_shop_without_orders(
    scripted: ScriptedShop, connected: HttpShop, reply: Reply, code: str
) -> None:
    scripted.on("GET", "/orders/o-1", reply)
    with pytest.raises(UnavailableError) as caught:
        connected.reader.order("o-1")
    assert caught.value.code == code


def test_a_wrong_token_is_named_and_never_shown(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("GET", "/orders", problem(401, "unauthorized"))
    with pytest.raises(UnavailableError) as caught:
        connected.reader.ping()
    assert "HELLOWORD_SHOP_TOKEN" in caught.value.detail
    assert "secret-token" not in str(caught.value)


def test_a_ping_asks_for_next_to_nothing(scripted: ScriptedShop, connected: HttpShop) -> None:
    scripted.on("GET", "/orders", says({"items": [], "next": None}))
    connected.reader.ping()
    assert len(scripted.seen) == 1


def test_a_shop_that_is_down_says_so_at_once() -> None:
    with (
        HttpShop(f"http://127.0.0.1:{free_port()}", "t", policy=QUICK) as shop,
        pytest.raises(UnavailableError, match="shop_unavailable"),
    ):
        shop.reader.checkout("c")


def test_health_is_told_by_system(scripted: ScriptedShop) -> None:
    told: list[tuple[str, bool]] = []
    scripted.on("GET", "/stock", says([STOCK]))
    scripted.on("GET", "/payments/p-1", says(PAYMENT))
    with HttpShop(scripted.url, "t", policy=QUICK, on_health=lambda s, ok, ms: told.append((s, ok))) as shop:
        shop.reader.stock(["A"])
        shop.reader.payment("p-1")
    assert told == [("inventory", True), ("payment", True)]


def test_an_id_cannot_leave_its_place_in_the_path(scripted: ScriptedShop, connected: HttpShop) -> None:
    connected.reader.order("../payments/p-1?x=#y")
    assert scripted.seen[0].path == "/orders/..%2Fpayments%2Fp-1%3Fx%3D%23y"


def test_reader_and_writer_fit_their_ports(connected: HttpShop) -> None:
    reader: ShopReader = connected.reader
    writer: ShopWriter = connected.writer
    assert reader.capabilities() == writer.capabilities() == SYSTEMS
    assert not hasattr(reader, "send")

"""What the shop says now corrects what events told, and never what happened since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.knowledge.checkouts import ADDRESS, START, Story, cny

MASKED = {k: v if k in ("country", "province", "city") else "‹masked›" for k, v in ADDRESS.items()}


def checkout(address: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"id": "ck", "status": "submitted", "shipping_address": address, "total": cny(10_000), **more}


def test_a_coupon_read_back_is_what_the_promotion_system_says_now() -> None:
    story = Story().submit(coupon_code="SPRING").coupon("rejected", 1)
    coupon = {"code": "SPRING", "status": "used", "used_by_checkout_id": "other", "discount": cny(500)}
    seen = story.read(2, coupon=coupon).seen().coupon
    assert seen is not None
    assert (seen.status, seen.used_by_checkout_id, seen.discount and seen.discount.amount) == ("used", "other", 500)


def test_a_coupon_event_after_the_read_back_stands() -> None:
    story = Story().submit().read(1, coupon={"code": "SPRING", "status": "valid"}).coupon("rejected", 2)
    seen = story.seen().coupon
    assert seen is not None
    assert seen.status == "rejected"


def test_a_read_back_without_a_discount_keeps_what_was_told() -> None:
    story = Story().submit().coupon("applied", 1, 500).read(2, coupon={"code": "SPRING", "status": "expired"})
    seen = story.seen().coupon
    assert seen is not None
    assert seen.discount is not None


def test_past_totals_are_those_of_other_orders_that_were_not_cancelled_newest_last() -> None:
    def order(number: int, **more: Any) -> dict[str, Any]:
        at = START - timedelta(days=100 - number)
        return {"id": f"past-{number}", "total": cny(number), "at": at.isoformat(), "status": "delivered", **more}

    orders = [order(3), order(1), order(2, status="cancelled"), order(4, id="o1"), order(5, total="?")]
    story = Story().healthy().read(5, customer={"id": "c1", "status": "active", "tier": "vip", "orders": orders})
    seen = story.seen()
    assert seen.customer is not None
    assert [t.amount for t in seen.customer.past_totals] == [1, 3]
    assert seen.customer.tier == "vip"
    assert seen.marks_of("read_back.customer")
    many = Story().healthy().read(5, customer={"id": "c1", "orders": [order(n) for n in range(1, 80)]}).seen()
    assert many.customer is not None
    assert [t.amount for t in many.customer.past_totals] == list(range(30, 80))


@pytest.mark.parametrize(
    ("asked", "normalised", "reason", "differing"),
    [
        (ADDRESS, {**ADDRESS, "postcode": "310013"}, "postcode_mismatch", ["postcode"]),
        (ADDRESS, {**ADDRESS, "street": "文三路100号", "phone": "+86 13800000000"}, None, ["phone", "street"]),
        (ADDRESS, ADDRESS, None, []),
        ({k: v for k, v in ADDRESS.items() if k != "district"}, ADDRESS, None, ["district"]),
        (MASKED, MASKED, "phone_format", ["phone"]),
        (MASKED, MASKED, "fields_swapped", ["recipient", "phone"]),
        ({**MASKED, "city": "杭州"}, MASKED, None, ["city"]),
        (ADDRESS, None, "postcode_format", ["postcode"]),
    ],
)
def test_fields_the_carrier_writes_otherwise_where_they_can_be_compared(
    asked: dict[str, str], normalised: dict[str, str] | None, reason: str | None, differing: list[str]
) -> None:
    verdict = {"deliverable": True, "reason": reason, "normalised": normalised}
    seen = Story().submit().read(1, checkout=checkout(asked), serviceability=verdict).seen().address
    assert seen is not None
    assert (seen.normalised, seen.deliverable, seen.verdict) == (differing, True, reason or "accepted")


def test_a_verdict_told_after_the_read_back_stands() -> None:
    story = Story().submit().read(1, serviceability={"deliverable": True}).add("address.rejected", 2)
    seen = story.seen().address
    assert seen is not None
    assert seen.verdict == "no_carrier"


def test_another_city_drops_the_verdict_about_the_former_address() -> None:
    story = Story().submit().add("address.rejected", 1, reason="no_carrier")
    same = story.read(2, checkout=checkout(ADDRESS)).seen().address
    other = story.read(3, checkout=checkout({**ADDRESS, "city": "宁波市"})).seen().address
    assert same is not None
    assert other is not None
    assert (same.verdict, other.verdict) == ("no_carrier", None)


def test_an_orders_pickup_point_and_discount_are_known_from_its_read_back() -> None:
    order = {"id": "o1", "pickup_point_id": "pp-1", "discount": cny(300), "total": cny(9_700)}
    seen = Story().healthy().read(5, orders=[order]).seen().orders["o1"]
    assert (seen.pickup_point_id, seen.discount and seen.discount.amount) == ("pp-1", 300)


def test_since_when_stock_is_released_is_known_from_the_event_where_the_shop_does_not_say() -> None:
    story = Story().submit().reserve().stock("released", 3, reservation_id="r1")
    reservation = {"id": "r1", "sku": "TEA", "quantity": 2, "status": "released"}
    seen = story.read(60, reservations=[reservation]).seen().reservations["r1/TEA"]
    assert seen.at == story.snapshot.reservations["r1/TEA"].at


def test_telemetry_makes_no_reading_out_of_date() -> None:
    story = Story().submit().read(1, checkout=checkout(ADDRESS, status="cancelled"))
    assert story.add("checkout.telemetry", 2, page="pay").seen().status == "cancelled"
    assert story.add("checkout.updated", 3).seen().status == "submitted"


def test_the_carriers_word_counts_where_only_the_order_tells_the_address() -> None:
    order = {"id": "o1", "total": cny(10_000), "shipping_address": MASKED}
    story = Story().submit(address=None).read(1, orders=[order], serviceability={"deliverable": True})
    seen = story.seen().address
    assert seen is not None
    assert (seen.verdict, seen.deliverable, seen.city) == ("accepted", True, "杭州市")
    assert seen.present == list(ADDRESS)


@pytest.mark.parametrize(
    ("available", "held", "order", "failed"),
    [
        (0, 0, {}, True),
        (0, 1, {}, True),
        (1, 1, {}, False),
        (2, 0, {}, False),
        (0, 0, {"expected_ship_at": (START + timedelta(days=5)).isoformat()}, False),
        (0, 0, {"status": "cancelled"}, False),
        (0, 0, {"status": "shipped"}, False),
    ],
)
def test_what_a_paid_order_lacks_and_nobody_has_was_refused(
    available: int, held: int, order: dict[str, Any], failed: bool
) -> None:
    story = Story().submit().pay("captured", 0.5)
    told = {"id": "o1", "total": cny(10_000), "created_at": START.isoformat(), **order}
    reservations = [{"id": "r1", "sku": "TEA", "quantity": held}] if held else []
    stock = {"TEA": {"sku": "TEA", "available": available}}
    story.read(5, orders=[told], reservations=reservations, stock=stock)
    assert (story.seen().reservation_failed_at is not None) is failed
    assert ("paid_out_of_stock" in story.codes()) is failed


def test_stock_that_got_lost_was_not_refused() -> None:
    story = Story().submit().pay("captured", 0.5)
    lost = {"id": "r1", "sku": "TEA", "quantity": 2, "status": "released"}
    stock = {"TEA": {"sku": "TEA", "available": 0}}
    story.read(5, orders=[{"id": "o1", "total": cny(10_000)}], reservations=[lost], stock=stock)
    assert story.seen().reservation_failed_at is None

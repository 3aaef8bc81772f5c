"""Each fault leaves the shop broken in exactly its way, and each healthy story ends well by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.harness import Running, running_sandbox
from tools.sandbox.storyboards import FAULTS

BROKEN = [
    ("paid_order_missing", "captured", "paid_no_order"),
    ("paid_order_missing", "authorized", "paid_no_order"),
    ("paid_order_missing", "late", "paid_no_order"),
    ("paid_out_of_stock", "whole", "paid_short_stock"),
    ("paid_out_of_stock", "part", "paid_short_stock"),
    ("payment_failed_stock_held", "card_declined", "unpaid_held"),
    ("price_mismatch", "paid", "total_differs"),
    ("price_mismatch", "before_payment", "unpaid_released"),
    ("incomplete_information", "implied", "undeliverable"),
    ("incomplete_information", "phone", "undeliverable"),
    ("incomplete_information", "recipient", "undeliverable"),
    ("incomplete_information", "street", "undeliverable"),
    ("partial_payment", "second_failed", "underpaid"),
    ("partial_payment", "never_asked", "underpaid"),
    ("payment_unconfirmed", "captured", "paid_no_order"),
    ("payment_unconfirmed", "failed", "unpaid_held"),
    ("payment_unconfirmed", "pending", "payment_pending"),
    ("abandoned_checkout", "open", "unpaid_released"),
    ("abandoned_checkout", "submitted", "unpaid_released"),
    ("amount_mismatch", "captured_more", "overpaid"),
    ("amount_mismatch", "order_total", "total_differs"),
    ("duplicate_charge", None, "overpaid"),
    ("refund_missing", "order_cancelled", "kept_money"),
    ("refund_missing", "late_capture", "kept_money"),
    ("timeline_contradiction", None, "contradictory_times"),
]


@pytest.fixture(scope="module")
def slow() -> Iterator[Running]:
    """Customers and clerks that take their time, so that each fault can be looked at as it was injected."""
    with running_sandbox(time_scale=5, seed=3) as running:
        yield running


def test_the_list_covers_every_fault() -> None:
    assert {fault for fault, _, _ in BROKEN} == set(FAULTS)


@pytest.mark.parametrize(("fault", "variant", "state"), BROKEN)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_fault_is_broken_in_its_own_way(
    slow: Running, fault: str, variant: str | None, state: str, language: str
) -> None:
    ids = slow.scenario(fault, variant=variant, language=language)
    verdict = slow.judge_one(ids["checkout_id"]).rows[0]
    assert verdict.state == state
    row = slow.sandbox.crew.truth.rows[ids["checkout_id"]]
    assert (row["fault"], row["injected_at"] is not None) == (fault, True)
    assert not {"fault", "truth", "acceptable"} & set(ids)


def test_every_hard_negative_and_the_ordinary_order_end_well_by_themselves() -> None:
    with running_sandbox(time_scale=0.01, order_deadline=0.5) as demo:
        for name in [None, *HARD_NEGATIVES]:
            for language in ("zh-CN", "en"):
                demo.scenario(None, name, language=language)
        demo.wait_idle(seconds=2)
        verdicts = demo.judge()
        assert verdicts.green, verdicts.report()
        assert {row.hard_negative for row in verdicts.rows} == {None, *HARD_NEGATIVES}
        assert {order["status"] for order in demo.state()["orders"]} == {"delivered"}


def test_a_missing_order_lacks_nothing_but_the_order(slow: Running) -> None:
    checkout_id = slow.scenario("paid_order_missing", variant="captured")["checkout_id"]
    payments = slow.shop.get("/payments", params={"checkout_id": checkout_id}).json()
    checkout = slow.shop.get(f"/checkouts/{checkout_id}").json()
    assert payments[0]["captured"] == checkout["total"]
    assert checkout["status"] == "submitted"
    assert slow.shop.get("/orders", params={"checkout_id": checkout_id}).json() == []
    held = slow.shop.get("/reservations", params={"checkout_id": checkout_id}).json()
    assert {one["status"] for one in held} == {"held"}


def test_a_late_order_appears_by_itself_unless_a_repair_was_there_first() -> None:
    with running_sandbox(time_scale=0.01, order_deadline=0.2) as demo:
        alone, repaired, ended = (demo.scenario("paid_order_missing", variant="late")["checkout_id"] for _ in "abc")
        ours = demo.write("/orders", {"checkout_id": repaired}).json()["id"]
        demo.write(f"/checkouts/{ended}/expire", {"reason": "refund"})
        demo.wait_until(lambda: demo.ids(alone)["order_ids"])
        demo.wait_idle(seconds=0.5)
        assert demo.ids(repaired)["order_ids"] == [ours]
        assert demo.ids(ended)["order_ids"] == []


def test_out_of_stock_leaves_similar_goods_to_offer(slow: Running) -> None:
    order_id = slow.scenario("paid_out_of_stock", variant="whole", language="zh-CN")["order_ids"][0]
    sku = slow.shop.get(f"/orders/{order_id}").json()["lines"][0]["sku"]
    product = slow.shop.get(f"/products/{sku}").json()
    similar = slow.shop.get("/products", params={"category": product["category"]}).json()
    stock = slow.shop.get("/stock", params=[("sku", one["sku"]) for one in similar]).json()
    same_currency = {one["sku"] for one in similar if one["unit_price"]["currency"] == "CNY"}
    assert any(one["available"] > 0 and one["sku"] in same_currency for one in stock)


def test_an_incomplete_address_says_what_is_missing_and_what_is_implied(slow: Running) -> None:
    def asked(variant: str) -> dict[str, Any]:
        order_id = slow.scenario("incomplete_information", variant=variant, language="zh-CN")["order_ids"][0]
        address = slow.shop.get(f"/orders/{order_id}").json()["shipping_address"]
        answer: dict[str, Any] = slow.shop.post("/serviceability", json={"address": address}).json()
        return answer

    phone = asked("phone")
    assert (phone["deliverable"], phone["reason"], phone["missing"]) == (False, "incomplete", ["phone"])
    assert "normalised" not in phone
    implied = asked("implied")
    assert set(implied["missing"]) == {"province", "city", "district"}
    again = slow.shop.post("/serviceability", json={"address": implied["normalised"]}).json()
    assert again["deliverable"]


def test_events_of_a_story_set_back_lie_in_the_past(slow: Running) -> None:
    checkout_id = slow.scenario("paid_order_missing", set_back=3600)["checkout_id"]
    event = slow.events(checkout_id=checkout_id)[-1]
    checkout = slow.shop.get(f"/checkouts/{checkout_id}").json()
    assert event["time"] < checkout["updated_at"]
    assert checkout["created_at"] < event["time"]


def test_unknown_names_are_refused(slow: Running) -> None:
    for body in (
        {"fault": "nonsense"},
        {"hard_negative": "x"},
        {"fault": "price_mismatch", "options": {"variant": "x"}},
    ):
        response = slow.admin.post("/_sandbox/scenario", json=body)
        assert (response.status_code, response.json()["code"]) == (422, "scenario")


def test_the_same_seed_tells_the_same_stories() -> None:
    def told() -> list[Any]:
        with running_sandbox(seed=11, run="same", fault_share=0.5) as demo:
            traffic, books = demo.sandbox.crew.traffic, demo.sandbox.crew.books
            with books.lock:
                stories = [traffic.next_order() for _ in range(60)]
                checkouts = [books.checkouts.get(story.checkout_id) for story in stories]
                return [
                    (s.checkout_id, s.fault, s.hard_negative, s.plot.variant, s.attitude, c.total, c.customer_id)
                    for s, c in zip(stories, checkouts, strict=True)
                ]

    first = told()
    assert first == told()
    assert len({story[1] for story in first}) > 6

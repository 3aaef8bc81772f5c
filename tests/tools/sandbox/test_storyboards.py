"""Each fault leaves the shop broken in exactly its way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from knowledge.vocabulary.codes import FaultCode
from tools.sandbox.clock import rfc3339
from tools.sandbox.harness import Running, running_sandbox, still_sandbox
from tools.sandbox.storyboards import FAULTS

BROKEN = [
    ("paid_order_missing", "captured", "paid_no_order"),
    ("paid_order_missing", "authorized", "paid_no_order"),
    ("paid_order_missing", "late", "paid_no_order"),
    ("paid_out_of_stock", "whole", "paid_short_stock"),
    ("paid_out_of_stock", "part", "paid_short_stock"),
    ("payment_failed_stock_held", "card_declined", "unpaid_held"),
    ("payment_failed_stock_held", "insufficient_funds", "unpaid_held"),
    ("payment_failed_stock_held", "authentication_failed", "unpaid_held"),
    ("payment_failed", "card_declined", "unpaid_released"),
    ("payment_failed", "insufficient_funds", "unpaid_released"),
    ("payment_failed", "authentication_failed", "unpaid_released"),
    ("price_mismatch", "paid", "total_differs"),
    ("price_mismatch", "before_payment", "unpaid_released"),
    ("price_mismatch", "checkout_lower", "fulfilled"),
    ("coupon_misapplied", "discount_missing", "unpaid_released"),
    ("coupon_misapplied", "discount_too_small", "total_differs"),
    ("coupon_misapplied", "expired_after_shown", "total_differs"),
    ("coupon_misapplied", "used_by_dead_checkout", "total_differs"),
    ("coupon_misapplied", "not_eligible", "fulfilled"),
    ("incomplete_information", "implied", "undeliverable"),
    ("incomplete_information", "phone", "undeliverable"),
    ("incomplete_information", "recipient", "undeliverable"),
    ("incomplete_information", "street", "undeliverable"),
    ("minor_information_error", "postcode_format", "undeliverable"),
    ("minor_information_error", "phone_format", "undeliverable"),
    ("minor_information_error", "fields_swapped", "undeliverable"),
    ("address_inaccurate", "postcode_mismatch", "fulfilled"),
    ("address_inaccurate", "street_unclear", "fulfilled"),
    ("address_undeliverable", "pickup_nearby", "undeliverable"),
    ("address_undeliverable", "nothing_nearby", "undeliverable"),
    ("account_blocked", "suspended", "account_blocked"),
    ("account_blocked", "closed", "account_blocked"),
    ("partial_payment", "second_failed", "underpaid"),
    ("partial_payment", "never_asked", "underpaid"),
    ("payment_unconfirmed", "captured", "paid_no_order"),
    ("payment_unconfirmed", "failed", "unpaid_held"),
    ("payment_unconfirmed", "pending", "payment_pending"),
    ("unpaid_order_live", "failed", "underpaid"),
    ("unpaid_order_live", "never_requested", "underpaid"),
    ("payment_disputed", "before_shipping", "disputed"),
    ("payment_disputed", "after_delivery", "disputed"),
    ("payment_disputed", "part", "disputed"),
    ("abandoned_checkout", "open", "unpaid_released"),
    ("abandoned_checkout", "submitted", "unpaid_released"),
    ("amount_mismatch", "captured_more", "overpaid"),
    ("amount_mismatch", "order_total", "total_differs"),
    ("duplicate_charge", None, "overpaid"),
    ("refund_missing", "order_cancelled", "kept_money"),
    ("refund_missing", "late_capture", "kept_money"),
    ("reservation_timeout", "unpaid", "payment_pending"),
    ("reservation_timeout", "paid", "paid_short_stock"),
    ("reservation_timeout", "answer_lost", "paid_short_stock"),
    ("stock_inconsistent", "shows_more", "out_of_step"),
    ("stock_inconsistent", "shows_less", "out_of_step"),
    ("fulfilment_stalled", "not_confirmed", "stalled"),
    ("fulfilment_stalled", "shipment_exception", "stalled"),
    ("fulfilment_stalled", "late", "stalled"),
    ("timeline_contradiction", None, "contradictory_times"),
    ("unusual_amount", None, "fulfilled"),
    ("repeated_submission", "one_checkout", "unpaid_released"),
    ("repeated_submission", "several_checkouts", "unpaid_released"),
    ("duplicate_order", "twice", "fulfilled"),
    ("unknown_anomaly", "stray_payment", "stray_payment"),
    ("unknown_anomaly", "odd_combination", "fulfilled"),
]


HOUR = 3_600.0


@pytest.fixture(scope="module")
def slow() -> Iterator[Running]:
    """A shop in which nothing happens by itself, so that each fault can be looked at as it was injected."""
    with still_sandbox(seed=3) as running:
        yield running


def test_the_list_covers_every_fault_in_every_variant() -> None:
    every = {(code, variant) for code, board in FAULTS.items() for variant in board.variants or (None,)}
    assert {(fault, variant) for fault, variant, _ in BROKEN} == every


def test_every_code_of_the_vocabulary_can_be_produced() -> None:
    assert set(FAULTS) == set(FaultCode)


@pytest.mark.parametrize(("fault", "variant", "state"), BROKEN)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_fault_is_broken_in_its_own_way(
    slow: Running, fault: str, variant: str | None, state: str, language: str
) -> None:
    refused = len(slow.sandbox.crew.stage.refused)
    ids = slow.sandbox.scenario(fault, variant=variant, language=language, set_back=HOUR)
    subject = ids["subject"]["id"]
    assert slow.judge_one(subject).rows[0].state == state
    row = slow.sandbox.crew.truth.rows[subject]
    assert (row["fault"], row["injected_at"] is not None) == (fault, True)
    assert not {"fault", "truth", "acceptable"} & set(ids)
    assert slow.sandbox.crew.stage.refused[refused:] == []
    told = slow.sandbox.told(subject)
    assert told
    an_hour_ago = rfc3339(datetime.now(UTC) - timedelta(seconds=HOUR - 60))
    assert all(event["time"] < an_hour_ago for event in told)


@pytest.mark.parametrize("customer", ["answers", "silent"])
def test_nothing_that_is_broken_is_well_by_itself_where_a_machine_could_mend_it(slow: Running, customer: str) -> None:
    quiet = {"unpaid_released", "fulfilled"}  # nobody is harmed while nothing is done
    for fault, variant, state in BROKEN:
        story = slow.sandbox.scenario(fault, variant=variant, customer=customer, set_back=HOUR)
        if state not in quiet:
            assert slow.judge_one(story["subject"]["id"], set()).rows[0].acceptable is False, (fault, variant)


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
        with still_sandbox(seed=11, run="same", fault_share=0.5) as demo:
            traffic, truth = demo.sandbox.crew.traffic, demo.sandbox.crew.truth
            stories = [traffic.next_order() for _ in range(80)]
            plots = [(s.checkout_id, s.fault, s.hard_negative, s.plot.variant, s.attitude, s.wish) for s in stories]
            return [plots, [(row["customer_id"], row["agreed_total"]) for row in truth.rows.values()]]

    first = told()
    assert first == told()
    assert len({story[1] for story in first[0]}) > 12

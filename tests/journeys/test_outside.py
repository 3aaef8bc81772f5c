"""The outside world misbehaves: no answer, late answers, lost events, a shop that is down, the kill switch."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.journeys.house import House, running_house

WRITES = {
    "paid_order_missing": ("/orders", "/orders/*/confirm"),
    "payment_failed_stock_held": ("/reservations/*/release",),
    "partial_payment": ("/payment-links",),
    "price_mismatch": ("/orders/*/reprice", "/payments/*/refund"),
    "payment_unconfirmed": ("/payments/*/cancel", "/reservations/*/release"),
}


@pytest.mark.parametrize("effect", ["drop_after", "drop_before", "error", "throttle"])
@pytest.mark.parametrize("fault", WRITES)
def test_a_write_without_a_clear_answer_happens_exactly_once(house: House, fault: str, effect: str) -> None:
    variant = {"payment_unconfirmed": "pending", "price_mismatch": "paid", "partial_payment": "never_asked"}.get(fault)
    house.shop.chaos(*({"method": "POST", "path": path, "effect": effect, "times": 1} for path in WRITES[fault]))
    options = {"variant": variant} if variant else {}
    checkout_id = house.shop.scenario(fault, customer="answers", **options)["checkout_id"]
    case = house.wait_case(checkout_id, timeout=40)
    assert case["resolution"] in ("repaired", "cancelled_refunded")
    house.shop.wait_idle(20)
    assert house.shop.judge_one(checkout_id).green
    applied = Counter(w["key"] for w in house.shop.writes() if w["outcome"] == "applied")
    assert set(applied.values()) == {1}


def test_a_lost_event_never_leads_to_a_repair_of_a_healthy_order(house: House) -> None:
    checkout_id = house.shop.scenario(None, hard_negative="lost_event")["checkout_id"]
    time.sleep(3)
    case = house.case_of(checkout_id)
    if case is not None:
        case = house.wait_case(checkout_id)
        assert case["resolution"] in ("false_alarm", "self_cleared")
    assert house.shop.writes() == []


def test_the_queue_fills_while_the_shop_is_down_and_drains_when_it_is_back(house: House) -> None:
    house.shop.chaos(down=True)
    checkout_id = house.shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
    waiting = house.wait_case(checkout_id, lambda c: c["status"] in ("open", "diagnosing"))
    assert any("does not answer" in line["what"] for line in house.wait_case(
        checkout_id, lambda c: len(c["timeline"]) > 1)["timeline"])  # fmt: skip
    house.shop.calm()
    house.wait_case(checkout_id, timeout=40)
    assert waiting["resolution"] is None
    assert house.shop.judge_one(checkout_id).green


def test_the_kill_switch_plans_and_writes_nothing(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, writes="off") as house:
        checkout_id = house.shop.scenario("paid_order_missing", variant="captured")["checkout_id"]
        case = house.wait_case(checkout_id, lambda c: c["plan"])
        time.sleep(1)
        assert case["plan"][0]["action"] == "create_order"
        assert house.shop.writes() == []
        assert house.wait_case(checkout_id, lambda c: c["status"] == "open")["first_action_at"] is None


def test_a_fault_that_clears_by_itself_closes_without_a_write(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, writes="off") as house:
        ids = house.shop.scenario("paid_order_missing", variant="captured")
        house.wait_case(ids["checkout_id"], lambda c: c["plan"])
        house.shop.admin.post(f"/_sandbox/orders/{ids['checkout_id']}").raise_for_status()
        case = house.wait_case(ids["checkout_id"])
        assert case["resolution"] == "self_cleared"
        assert house.shop.writes() == []


def test_old_events_are_detected_and_nothing_is_done(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, live_window=0.001) as house:
        checkout_id = house.shop.scenario("payment_failed_stock_held")["checkout_id"]
        case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
        assert case["faults"][0]["code"] == "payment_failed_stock_held"
        assert house.shop.writes() == []


def test_one_cause_that_breaks_many_orders_becomes_an_incident(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, incident_budget=1) as house:
        lines = [{"sku": "US-TEA-6", "quantity": 1}]
        story = {"lines": lines, "customer": "silent"}
        ids = [house.shop.scenario("paid_out_of_stock", **story)["checkout_id"] for _ in range(2)]
        ended = [house.wait_case(i, lambda c: c["status"] in ("awaiting_customer", "handed_off")) for i in ids]
        assert sorted(c["status"] for c in ended) == ["awaiting_customer", "handed_off"]

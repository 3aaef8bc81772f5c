"""Chaos on the wire: what was cut off before and after the deed, slowness, refusals, and an absent shop."""

import time

import httpx
import pytest

from tools.sandbox.harness import Running

ORDERS = {"method": "POST", "path": "/orders"}


def test_dropped_before_nothing_was_applied(demo: Running) -> None:
    checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
    demo.chaos({**ORDERS, "effect": "drop_before"})
    with pytest.raises(httpx.TransportError):
        demo.write("/orders", {"checkout_id": checkout_id}, key="before")
    assert demo.shop.get("/orders", params={"checkout_id": checkout_id}).json() == []
    assert demo.writes(key="before") == []
    assert demo.write("/orders", {"checkout_id": checkout_id}, key="before").status_code == 201


def test_dropped_after_it_was_applied_and_the_retry_only_repeats_the_answer(demo: Running) -> None:
    checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
    demo.chaos({**ORDERS, "effect": "drop_after"})
    with pytest.raises(httpx.TransportError):
        demo.write("/orders", {"checkout_id": checkout_id}, key="after")
    there = demo.shop.get("/orders", params={"checkout_id": checkout_id}).json()
    assert len(there) == 1
    retried = demo.write("/orders", {"checkout_id": checkout_id}, key="after")
    assert (retried.status_code, retried.json()["id"]) == (201, there[0]["id"])
    seen = demo.writes(key="after")
    assert [(one["outcome"], one["chaos"]) for one in seen] == [("applied", "drop_after"), ("replayed", None)]


def test_answered_later_than_the_caller_waits(demo: Running) -> None:
    payment_id = demo.scenario("refund_missing")["payment_ids"][0]
    captured = demo.shop.get(f"/payments/{payment_id}").json()["captured"]
    nothing = {**captured, "amount": 0}
    body = {"amount": captured, "reason": "late", "expected_refunded": nothing}
    demo.chaos({"method": "POST", "path": "/payments/*/refund", "effect": "stall_after", "seconds": 1})
    headers = {"Idempotency-Key": "stalled"}
    with pytest.raises(httpx.ReadTimeout):
        demo.shop.post(f"/payments/{payment_id}/refund", json=body, headers=headers, timeout=0.2)
    assert demo.shop.get(f"/payments/{payment_id}").json()["refunded"] == captured


def test_a_rule_holds_for_its_number_of_calls_only(demo: Running) -> None:
    demo.chaos({"method": "GET", "path": "/products*", "effect": "error", "times": 2, "status": 500})
    codes = [demo.shop.get("/products", params={"limit": 1}).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    assert demo.admin.get("/_sandbox/chaos").json()["rules"] == []


def test_throttling_says_when_to_come_back(demo: Running) -> None:
    demo.chaos({"effect": "throttle"}, retry_after=2)
    response = demo.shop.get("/orders")
    assert (response.status_code, response.headers["retry-after"], response.json()["code"]) == (
        429,
        "2",
        "rate_limited",
    )


def test_slow_and_down_and_back_again(demo: Running) -> None:
    demo.chaos(latency=0.15)
    started = time.monotonic()
    demo.shop.get("/orders")
    assert time.monotonic() - started > 0.15
    demo.chaos(down=True, latency=0)
    with pytest.raises(httpx.TransportError):
        demo.shop.get("/orders")
    assert demo.admin.get("/_sandbox/stats").status_code == 200
    demo.calm()
    assert demo.shop.get("/orders").status_code == 200


def test_shares_hit_about_their_share(demo: Running) -> None:
    demo.chaos(errors=0.5)
    codes = [demo.shop.get("/products/CN-TEA-1").status_code for _ in range(100)]
    assert 25 < codes.count(503) < 75


def test_unknown_settings_are_refused(demo: Running) -> None:
    response = demo.admin.post("/_sandbox/chaos", json={"settings": {"gremlins": 1}})
    assert (response.status_code, response.json()["code"]) == (422, "chaos")

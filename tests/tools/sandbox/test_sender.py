"""Events out: at least once, through outages and overload, and to the letter of contract A."""

from datetime import datetime
from typing import Any

from tests.tools.sandbox.ear import Ear, listening
from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.harness import running_sandbox
from tools.sandbox.storyboards import FAULTS

CHECKOUT = {"customer_id", "contact", "lines"}
SUBMITTED = CHECKOUT | {
    "cart_lines", "shipping_fee", "tax", "fees", "discount", "coupon_code", "total", "shipping_address"
}  # fmt: skip
PAYMENT = {"payment_id", "amount", "method", "kind", "capture_id", "surcharge", "failure_code"}
ALLOWED = {
    "checkout.started": CHECKOUT,
    "checkout.updated": {"lines", "coupon_code", "shipping_address", "contact"},
    "checkout.submitted": SUBMITTED,
    "checkout.": {"reason"},
    "payment.": PAYMENT,
    "refund.": {"payment_id", "refund_id", "amount", "reason"},
    "inventory.level": {"sku", "on_hand", "available", "shop_listed"},
    "inventory.": {"reservation_id", "lines", "reason"},
    "order.": {"total", "expected_ship_at", "reason", "order_id"},
    "coupon.": {"coupon_code", "discount", "reason"},
    "address.": {"reason", "missing"},
    "customer.replied": {"customer_id", "in_reply_to", "choice", "text"},
}
NEEDED = {
    "checkout.submitted": {"lines", "shipping_fee", "tax", "fees", "discount", "total"},
    "payment.": {"payment_id", "amount", "method", "kind"},
    "refund.": {"payment_id", "refund_id", "amount"},
    "inventory.reserved": {"lines"},
    "order.": {"order_id"},
}


def rule(table: dict[str, set[str]], kind: str) -> set[str]:
    fits = [name for name in table if kind == name or (name.endswith(".") and kind.startswith(name))]
    return table[max(fits, key=len)] if fits else set()


def assert_valid(event: dict[str, Any]) -> None:
    assert event["specversion"] == "1.0"
    assert event["source"] in ("sandbox/shop", "sandbox/gateway", "sandbox/inventory")
    assert event["time"].endswith("Z")
    assert len(event["time"]) == len("2026-01-01T00:00:00.000000Z")
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    kind, data = event["type"], event["data"]
    assert any(kind == name or kind.startswith(name) for name in ALLOWED), kind
    assert set(data) - {"checkout_id"} <= rule(ALLOWED, kind), (kind, data)
    assert rule(NEEDED, kind) <= set(data), (kind, data)
    if kind.startswith("inventory.level"):
        assert event["subject"] == data["sku"]
    elif "checkout_id" in data:
        assert event["subject"] == data["checkout_id"]
    else:
        assert kind.startswith(("payment.", "refund."))
        assert "subject" not in event
    for name in ("amount", "total", "surcharge", "discount"):
        if name in data:
            assert set(data[name]) == {"amount", "currency"}
            assert type(data[name]["amount"]) is int


def test_every_story_tells_valid_events_with_unique_ids() -> None:
    with (
        listening(Ear()) as ear,
        running_sandbox(time_scale=0.01, order_deadline=0.3, assistant_url=ear.url, assistant_key="k") as demo,
    ):
        for fault in [None, *FAULTS]:
            demo.scenario(fault)
        for name in HARD_NEGATIVES:
            demo.scenario(None, name)
        demo.wait_idle(seconds=0.5)
        assert ear.seen_headers["content-type"] == "application/cloudevents-batch+json"
        assert ear.seen_headers["authorization"] == "Bearer k"
        for event in ear.events:
            assert_valid(event)
        told = demo.events()
        assert len({(event["source"], event["id"]) for event in told}) == len(told)
        unsent = {event["id"] for event in told} - {event["id"] for event in ear.events}
        assert len(unsent) == demo.admin.get("/_sandbox/stats").json()["events"]["lost_on_purpose"] > 0


def test_a_healthy_order_tells_its_whole_life() -> None:
    with listening(Ear()) as ear, running_sandbox(time_scale=0.01, assistant_url=ear.url) as demo:
        checkout_id = demo.scenario(None)["checkout_id"]
        demo.wait_until(lambda: any(e["type"] == "order.delivered" for e in ear.of(checkout_id)))
        told = [event["type"] for event in ear.of(checkout_id)]
        order = [
            "checkout.started",
            "checkout.submitted",
            "payment.requested",
            "inventory.reserved",
            "payment.captured",
            "order.created",
            "order.confirmed",
            "order.shipped",
            "order.delivered",
        ]
        assert [kind for kind in told if kind in order and kind != "inventory.reserved"] == [
            kind for kind in order if kind != "inventory.reserved"
        ]
        times = [event["time"] for event in ear.of(checkout_id)]
        assert times == sorted(times)


def test_duplicates_disorder_and_losses_are_as_the_story_says() -> None:
    with listening(Ear()) as ear, running_sandbox(time_scale=0.02, assistant_url=ear.url) as demo:
        twice = demo.scenario(None, "duplicate_events")["checkout_id"]
        lost = demo.scenario(None, "lost_event", variant="order.created")["checkout_id"]
        anonymous = demo.scenario(None, "gateway_without_checkout")
        demo.wait_until(lambda: any(e["type"] == "order.delivered" for e in ear.of(lost)))
        demo.wait_idle()
        ids = [event["id"] for event in ear.of(twice)]
        assert sorted(ids) == sorted([*set(ids), *set(ids)])
        assert "order.created" not in {event["type"] for event in ear.of(lost)}
        assert not any(event["type"].startswith("payment.") for event in ear.of(anonymous["checkout_id"]))
        payment_id = anonymous["payment_ids"][0]
        assert any(e["data"].get("payment_id") == payment_id and "subject" not in e for e in ear.events)


def test_nothing_is_lost_while_the_assistant_is_away_or_overloaded() -> None:
    ear = Ear()
    with listening(ear) as first:
        port = first.port
    with running_sandbox(time_scale=0.01, assistant_url=f"http://127.0.0.1:{port}") as demo:
        checkout_id = demo.scenario(None)["checkout_id"]
        demo.wait_until(lambda: len(demo.events(type="order.delivered")) == 1)
        assert ear.events == []
        ear.answers = [(429, {"retry-after": "0.3"}, {}), (500, {}, {})]
        with listening(ear, port):
            demo.wait_idle()
            assert next(event["type"] for event in ear.of(checkout_id)) == "checkout.started"
            assert len(ear.events) == len(demo.events())


def test_a_refused_event_does_not_take_its_neighbours_with_it() -> None:
    ear = Ear()
    with listening(ear), running_sandbox(time_scale=0.01, assistant_url=ear.url) as demo:
        ear.answers = [(413, {}, {})]
        demo.scenario("paid_order_missing", variant="captured")
        demo.wait_idle()
        assert len(ear.events) == len(demo.events())
        refusal = {"index": 0, "id": "x", "code": "id_conflict", "detail": ""}
        ear.answers = [(202, {}, {"accepted": 0, "duplicates": 0, "rejected": [refusal]})]
        demo.scenario("abandoned_checkout")
        demo.wait_idle()
        assert demo.admin.get("/_sandbox/rejected").json()[0]["answer"]["code"] == "id_conflict"

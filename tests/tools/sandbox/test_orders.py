"""Orders and checkouts: a write changes only what it names, and the state forbids what it must."""

from typing import Any

import pytest

from tools.sandbox.harness import Running


def snapshot(demo: Running, checkout_id: str) -> tuple[Any, ...]:
    """Money and stock of a checkout, without the records' stamps."""
    state = demo.state(checkout_id)
    money = [(p["id"], p["status"], p["captured"], p["refunded"], p["refund_pending"]) for p in state["payments"]]
    return money, [(r["id"], r["status"], r["shipped"]) for r in state["reservations"]]


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("cancel", {"reason": "test"}),
        ("hold", {"reason": "test"}),
        ("backorder", {"line_id": "L1", "expected_at": "2030-01-01T00:00:00Z"}),
        ("address", {"address": {"city": "杭州市"}}),
        ("notes", {"text": "hello"}),
    ],
)
def test_order_writes_move_neither_money_nor_stock(
    demo: Running, monkeypatch: pytest.MonkeyPatch, deed: str, body: dict[str, Any]
) -> None:
    # the shop's own clerk would confirm an order that is no longer short, and commit what is held
    monkeypatch.setattr(demo.sandbox.crew.clerks, "_carry_on", lambda order, forgotten: None)
    ids = demo.scenario("paid_out_of_stock", variant="part")
    before = snapshot(demo, ids["checkout_id"])
    assert demo.write(f"/orders/{ids['order_ids'][0]}/{deed}", body).is_success
    assert snapshot(demo, ids["checkout_id"]) == before


def test_an_order_is_created_once_and_reserves_nothing(demo: Running) -> None:
    ids = demo.scenario("paid_order_missing", variant="captured")
    created = demo.write("/orders", {"checkout_id": ids["checkout_id"]})
    assert (created.status_code, created.json()["status"]) == (201, "created")
    again = demo.write("/orders", {"checkout_id": ids["checkout_id"]})
    assert (again.status_code, again.json()["code"]) == (409, "order_exists")
    assert again.json()["order_id"] == created.json()["id"]
    assert demo.ids(ids["checkout_id"])["reservation_ids"] == ids["reservation_ids"]


def test_after_expire_no_order_can_appear_and_with_an_order_nothing_expires(demo: Running) -> None:
    checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
    assert demo.write(f"/checkouts/{checkout_id}/expire", {"reason": "refund"}).json()["status"] == "expired"
    assert demo.write("/orders", {"checkout_id": checkout_id}).json()["code"] == "checkout_expired"
    assert demo.admin.post(f"/_sandbox/orders/{checkout_id}").json()["code"] == "checkout_expired"
    ordered = demo.scenario("paid_out_of_stock")
    refused = demo.write(f"/checkouts/{ordered['checkout_id']}/expire", {"reason": "x"})
    assert (refused.json()["code"], refused.json()["order_id"]) == ("order_exists", ordered["order_ids"][0])


def test_confirm_commits_what_is_held_and_only_once(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="part")
    order_id = ids["order_ids"][0]
    assert demo.write(f"/orders/{order_id}/confirm").json()["status"] == "confirmed"
    held = demo.shop.get("/reservations", params={"checkout_id": ids["checkout_id"]}).json()
    assert [one["status"] for one in held] == ["committed"]
    assert demo.write(f"/orders/{order_id}/confirm").json()["code"] == "already_confirmed"


def test_cancelling_lines_recomputes_the_total(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="part", language="zh-CN")
    order = demo.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    gone = order["lines"][0]
    body = {"lines": [{"line_id": "L1", "quantity": gone["quantity"]}], "reason": "out of stock"}
    changed = demo.write(f"/orders/{order['id']}/cancel-lines", body).json()
    assert [line["line_id"] for line in changed["lines"]] == ["L2"]
    assert changed["total"]["amount"] == order["total"]["amount"] - gone["quantity"] * gone["unit_price"]["amount"]
    rest = {"lines": [{"line_id": "L2", "quantity": 1}], "reason": "too"}
    assert demo.write(f"/orders/{order['id']}/cancel-lines", rest).json()["code"] == "nothing_left"


def test_substituting_changes_sku_price_and_total(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="whole", language="en")
    order = demo.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    scarce = demo.shop.get(f"/products/{order['lines'][0]['sku']}").json()
    similar = demo.shop.get("/products", params={"category": scarce["category"]}).json()
    other = next(p for p in similar if p["sku"].startswith("US-") and p["sku"] != scarce["sku"])
    body = {"line_id": "L1", "to_sku": other["sku"], "quantity": 1, "unit_price": other["unit_price"]}
    changed = demo.write(f"/orders/{order['id']}/substitute", body).json()
    assert changed["lines"][0]["sku"] == other["sku"]
    parts = ("shipping_fee", "tax", "fees")
    expected = other["unit_price"]["amount"] + sum(changed[part]["amount"] for part in parts)
    assert changed["total"]["amount"] == expected - changed["discount"]["amount"]
    wrong = {**body, "to_sku": "CN-TEA-1"}
    assert demo.write(f"/orders/{order['id']}/substitute", wrong).json()["code"] == "currency"


def test_repricing_a_checkout_makes_cart_and_checkout_agree(demo: Running) -> None:
    checkout_id = demo.scenario("price_mismatch", variant="before_payment")["checkout_id"]
    checkout = demo.shop.get(f"/checkouts/{checkout_id}").json()
    cart = checkout["cart_lines"][0]
    assert cart["unit_price"] != checkout["lines"][0]["unit_price"]
    body = {"lines": [{"line_id": cart["line_id"], "unit_price": cart["unit_price"]}]}
    changed = demo.write(f"/checkouts/{checkout_id}/reprice", body).json()
    assert changed["lines"] == changed["cart_lines"]
    assert changed["total"]["amount"] < checkout["total"]["amount"]


def test_hold_remembers_where_the_order_stood(demo: Running) -> None:
    order_id = demo.scenario("paid_out_of_stock")["order_ids"][0]
    assert demo.write(f"/orders/{order_id}/unhold").json()["code"] == "not_on_hold"
    assert demo.write(f"/orders/{order_id}/hold", {"reason": "wait"}).json()["status"] == "on_hold"
    assert demo.write(f"/orders/{order_id}/unhold").json()["status"] == "created"


def test_pickup_points_are_near_and_known(demo: Running) -> None:
    order_id = demo.scenario("paid_out_of_stock", language="zh-CN")["order_ids"][0]
    address = demo.shop.get(f"/orders/{order_id}").json()["shipping_address"]
    points = demo.shop.post("/pickup-points", json={"address": address, "limit": 2}).json()
    assert len(points) == 2
    assert points[0]["distance_m"] <= points[1]["distance_m"]
    chosen = {"pickup_point_id": points[0]["id"]}
    assert demo.write(f"/orders/{order_id}/pickup", chosen).json()["pickup_point_id"] == points[0]["id"]
    assert demo.write(f"/orders/{order_id}/pickup", {"pickup_point_id": "PP-0"}).status_code == 422


def test_every_change_of_an_order_is_told_and_raises_its_version(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="whole")
    order_id = ids["order_ids"][0]
    before = demo.shop.get(f"/orders/{order_id}").json()
    demo.write(f"/orders/{order_id}/hold", {"reason": "x"})
    demo.write(f"/orders/{order_id}/unhold")
    demo.write(f"/orders/{order_id}/cancel", {"reason": "x"})
    after = demo.shop.get(f"/orders/{order_id}").json()
    assert after["version"] == before["version"] + 3
    assert after["updated_at"] > before["updated_at"]
    told = [event["type"] for event in demo.events(checkout_id=ids["checkout_id"])]
    assert told[-3:] == ["order.held", "order.changed", "order.cancelled"]

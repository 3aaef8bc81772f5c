"""Idempotency keys, versions, tokens and input checks, over real HTTP."""

import httpx
import pytest

from tools.sandbox.harness import Running


def cny(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "CNY"}


def test_the_same_key_and_body_gives_the_first_answer_again(demo: Running) -> None:
    checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
    first = demo.write("/orders", {"checkout_id": checkout_id}, key="create-once")
    again = demo.write("/orders", {"checkout_id": checkout_id}, key="create-once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert [write["outcome"] for write in demo.writes(key="create-once")] == ["applied", "replayed"]


def test_the_same_key_with_another_body_or_path_is_refused(demo: Running) -> None:
    order_id = demo.scenario()["order_ids"][0]
    assert demo.write(f"/orders/{order_id}/notes", {"text": "one"}, key="noted").status_code == 204
    other_body = demo.write(f"/orders/{order_id}/notes", {"text": "two"}, key="noted")
    other_path = demo.write(f"/orders/{order_id}/hold", {"reason": "x"}, key="noted")
    assert [r.status_code for r in (other_body, other_path)] == [409, 409]
    assert other_body.json()["code"] == other_path.json()["code"] == "key_reused"


def test_a_refusal_binds_nothing(demo: Running) -> None:
    order_id = demo.scenario("paid_out_of_stock")["order_ids"][0]
    assert demo.write(f"/orders/{order_id}/unhold", key="early").json()["code"] == "not_on_hold"
    assert demo.write(f"/orders/{order_id}/hold", {"reason": "look"}).status_code == 200
    assert demo.write(f"/orders/{order_id}/unhold", key="early").status_code == 200


def test_a_write_without_a_key_is_refused(demo: Running) -> None:
    response = demo.shop.post("/orders", json={"checkout_id": "x"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "idempotency_key_required"


def test_a_stale_version_is_refused(demo: Running) -> None:
    order_id = demo.scenario("paid_out_of_stock")["order_ids"][0]
    version = demo.shop.get(f"/orders/{order_id}").json()["version"]
    fresh = demo.write(f"/orders/{order_id}/hold", {"reason": "look"}, If_Match=f'"{version}"')
    stale = demo.write(f"/orders/{order_id}/unhold", If_Match=str(version))
    assert (fresh.status_code, stale.status_code) == (200, 412)
    assert stale.json()["code"] == "stale_version"


def test_an_unchanged_checkout_keeps_its_version_in_the_etag(demo: Running) -> None:
    checkout_id = demo.scenario("abandoned_checkout", customer="silent")["checkout_id"]
    response = demo.shop.get(f"/checkouts/{checkout_id}")
    assert response.headers["etag"] == f'"{response.json()["version"]}"'
    expired = demo.write(f"/checkouts/{checkout_id}/expire", {"reason": "over"}, If_Match=response.headers["etag"])
    assert expired.json()["status"] == "expired"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/orders", {"checkout_id": "nowhere"}, 404, "not_found"),
        ("/orders", {}, 422, "invalid_body"),
        ("/orders", {"checkout_id": "x", "surprise": 1}, 422, "invalid_body"),
        ("/orders/nowhere/confirm", None, 404, "not_found"),
        ("/reservations", {"checkout_id": "nowhere", "lines": []}, 422, "invalid_body"),
        (
            "/coupons",
            {"customer_id": "CU-0000", "reason": "x", "expires_at": "2030-01-01T00:00:00Z"},
            422,
            "invalid_body",
        ),
        ("/stock/NO-SUCH/resync", None, 404, "not_found"),
        (
            "/payments/nowhere/refund",
            {"amount": cny(0), "reason": "x", "expected_refunded": cny(0)},
            422,
            "invalid_body",
        ),
    ],
)
def test_wrong_input_gets_a_stable_code(demo: Running, path: str, body: object, status: int, code: str) -> None:
    response = demo.write(path, body)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_broken_json_is_an_input_error(demo: Running) -> None:
    response = demo.shop.post("/orders", content=b"{nope", headers={"Idempotency-Key": "broken"})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_json")


def test_wrong_and_missing_tokens_are_refused_and_the_contract_token_opens_no_back_door(
    demo: Running,
) -> None:
    assert httpx.get(f"{demo.base_url}/orders", trust_env=False).status_code == 401
    assert demo.shop.get("/_sandbox/state").status_code == 401
    assert demo.admin.get("/orders").status_code == 401
    assert demo.shop.get("/nowhere").json()["code"] == "not_found"

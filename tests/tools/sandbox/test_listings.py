"""The listings that are swept: bare arrays by checkout, pages by last change, nothing skipped and nothing
twice."""

from tools.sandbox.harness import Running


def test_pages_hold_every_record_once_oldest_change_first(demo: Running) -> None:
    for _ in range(12):
        demo.scenario(None)
    seen: list[dict[str, str]] = []
    cursor: str | None = None
    while True:
        params = {"limit": "5"} | ({"cursor": cursor} if cursor else {})
        page = demo.shop.get("/payments", params=params).json()
        assert len(page["items"]) <= 5
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len({one["id"] for one in seen}) == len(seen) >= 12
    stamps = [one["updated_at"] for one in seen]
    assert stamps == sorted(stamps)


def test_what_changed_since_is_found_and_nothing_older(demo: Running) -> None:
    quiet = demo.scenario("abandoned_checkout", customer="silent")["checkout_id"]
    moving = demo.scenario("abandoned_checkout", customer="silent")["checkout_id"]
    since = demo.shop.get(f"/checkouts/{moving}").json()["updated_at"]
    demo.write(f"/checkouts/{moving}/expire", {"reason": "over"})
    page = demo.shop.get("/checkouts", params={"updated_since": since}).json()
    found = {one["id"]: one["status"] for one in page["items"]}
    assert found[moving] == "expired"
    assert quiet not in found


def test_by_checkout_the_answer_is_a_bare_array(demo: Running) -> None:
    ids = demo.scenario(None)
    for path in ("/orders", "/payments", "/reservations"):
        answer = demo.shop.get(path, params={"checkout_id": ids["checkout_id"]}).json()
        assert isinstance(answer, list)
        assert all(one["checkout_id"] == ids["checkout_id"] for one in answer)
    assert demo.shop.get("/orders", params={"checkout_id": "nowhere"}).json() == []


def test_a_wrong_cursor_or_time_is_an_input_error(demo: Running) -> None:
    assert demo.shop.get("/orders", params={"cursor": "§"}).json()["code"] == "cursor"
    assert demo.shop.get("/orders", params={"updated_since": "yesterday"}).json()["code"] == "updated_since"
    assert demo.shop.get("/orders", params={"limit": 0}).json()["code"] == "invalid_input"


def test_coupons_and_customers(demo: Running) -> None:
    body = {"customer_id": "CU-0001", "percent": 15, "expires_at": "2099-01-01T00:00:00Z", "reason": "sorry"}
    made = demo.write("/coupons", body)
    assert (made.status_code, made.json()["status"]) == (201, "valid")
    code = made.json()["code"]
    assert demo.shop.get(f"/coupons/{code}", params={"customer_id": "CU-0002"}).json()["status"] == "not_eligible"
    assert demo.shop.get("/coupons/NOPE").json()["status"] == "unknown"
    assert demo.write(f"/coupons/{code}/release", {"checkout_id": "x"}).json()["code"] == "not_used_by_checkout"
    customer = demo.shop.get("/customers/CU-0001").json()
    assert customer["language"] == "en"
    assert customer["preferred_channel"] in customer["allowed_channels"]
    assert customer["email"].endswith("@example.com")


def test_a_person_can_pay_by_the_links_page(demo: Running) -> None:
    ids = demo.scenario("partial_payment", customer="silent")
    total = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()["total"]
    link = demo.write("/payment-links", {"checkout_id": ids["checkout_id"], "amount": total}).json()
    assert link["url"].startswith(demo.base_url)
    assert "Pay" in demo.shop.get(link["url"]).text
    assert "Paid" in demo.shop.post(link["url"]).text
    assert demo.shop.get(f"/payment-links/{link['id']}").json()["status"] == "paid"

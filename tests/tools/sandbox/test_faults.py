"""What contract A tells and contract B answers about each fault, and that its cure cures it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tools.sandbox.clock import parse
from tools.sandbox.harness import Running, still_sandbox
from tools.sandbox.judge import BAD, NEEDS_OWNER, OK

Json = dict[str, Any]


@pytest.fixture(scope="module")
def shop() -> Iterator[Running]:
    with still_sandbox(seed=9) as running:
        yield running


def read(shop: Running, path: str, **params: Any) -> Any:
    return shop.shop.get(path, params=params).raise_for_status().json()


def done(shop: Running, path: str, body: Json | None = None) -> Any:
    answer = shop.write(path, body)
    assert answer.is_success, answer.text
    return answer.json()


def state_of(shop: Running, ids: Json) -> tuple[str, str]:
    row = shop.judge_one(ids["subject"]["id"]).rows[0]
    return row.state, row.verdict


def last_order(shop: Running, ids: Json) -> Json:
    order: Json = read(shop, f"/orders/{ids['order_ids'][-1]}")
    return order


def refund(shop: Running, payment_id: str, amount: int) -> None:
    payment = read(shop, f"/payments/{payment_id}")
    currency = payment["amount"]["currency"]
    given = payment["refunded"]["amount"] + payment["refund_pending"]["amount"]
    body = {"amount": {"amount": amount, "currency": currency}, "reason": "overpaid"}
    done(shop, f"/payments/{payment_id}/refund", body | {"expected_refunded": {"amount": given, "currency": currency}})


def test_an_unpaid_order_goes_ahead_and_is_not_sent_before_it_is_paid(shop: Running) -> None:
    for variant, statuses in (("failed", ["failed"]), ("never_requested", [])):
        ids = shop.scenario("unpaid_order_live", variant=variant)
        assert last_order(shop, ids)["status"] == "confirmed"
        assert [p["status"] for p in read(shop, "/payments", checkout_id=ids["checkout_id"])] == statuses
        clerks = shop.sandbox.crew.clerks
        clerks._look(ids["checkout_id"])
        assert last_order(shop, ids)["status"] == "confirmed"
        asked = {"checkout_id": ids["checkout_id"], "amount": last_order(shop, ids)["total"]}
        link = done(shop, "/payment-links", asked)
        shop.customer("pay_link", link_id=link["id"])
        assert state_of(shop, ids) == ("fulfilled", OK)
        clerks._look(ids["checkout_id"])
        assert last_order(shop, ids)["status"] == "shipped"


def test_an_unpaid_order_may_be_cancelled_instead(shop: Running) -> None:
    ids = shop.scenario("unpaid_order_live")
    done(shop, f"/orders/{ids['order_ids'][0]}/cancel", {"reason": "not paid"})
    assert state_of(shop, ids)[0] == "unpaid_held"
    for held in ids["reservation_ids"]:
        done(shop, f"/reservations/{held}/release")
    assert state_of(shop, ids) == ("unpaid_released", OK)


def test_a_charge_back_takes_money_that_no_refund_may_give_twice(shop: Running) -> None:
    for variant in ("before_shipping", "after_delivery", "part"):
        ids = shop.scenario("payment_disputed", variant=variant)
        payment = read(shop, f"/payments/{ids['payment_ids'][0]}")
        disputed = payment["disputed"]["amount"]
        assert (0 < disputed < payment["captured"]["amount"]) == (variant == "part")
        told = shop.sandbox.told(ids["checkout_id"], "payment.disputed")
        assert [event["data"]["amount"]["amount"] for event in told] == [disputed]
        body = {"amount": payment["captured"], "reason": "x", "expected_refunded": payment["refunded"]}
        assert shop.write(f"/payments/{payment['id']}/refund", body).json()["code"] == "exceeds_captured"
        assert (last_order(shop, ids)["status"] == "delivered") == (variant == "after_delivery")
        assert state_of(shop, ids) == ("disputed", NEEDS_OWNER)


def test_a_second_charge_back_tells_its_own_amount(shop: Running) -> None:
    ids = shop.scenario("payment_disputed", variant="part")
    shop.admin.post("/_sandbox/gateway", json={"deed": "dispute", "payment_id": ids["payment_ids"][0], "amount": 7})
    told = shop.sandbox.told(ids["checkout_id"], "payment.disputed")
    assert told[-1]["data"]["amount"]["amount"] == 7


def test_a_failed_payment_holds_nothing(shop: Running) -> None:
    ids = shop.scenario("payment_failed", variant="card_declined")
    assert read(shop, "/reservations", checkout_id=ids["checkout_id"]) == []
    assert [p["failure_code"] for p in read(shop, "/payments", checkout_id=ids["checkout_id"])] == ["card_declined"]
    assert read(shop, f"/checkouts/{ids['checkout_id']}")["status"] == "submitted"


def test_nobody_reserved_although_the_goods_are_there(shop: Running) -> None:
    for variant in ("unpaid", "paid", "answer_lost"):
        ids = shop.scenario("reservation_timeout", variant=variant)
        assert ids["reservation_ids"] == []
        lines = read(shop, f"/checkouts/{ids['checkout_id']}")["lines"]
        for line in lines:
            assert read(shop, "/stock", sku=line["sku"])[0]["available"] >= line["quantity"]
        told = shop.sandbox.told(ids["checkout_id"])
        assert not [event for event in told if event["type"].startswith("inventory.")]
        wanted = [{"sku": line["sku"], "quantity": line["quantity"]} for line in lines]
        done(shop, "/reservations", {"checkout_id": ids["checkout_id"], "lines": wanted})
        assert state_of(shop, ids)[0] == ("payment_pending" if variant == "unpaid" else "fulfilled")


def test_a_shop_that_asks_again_does_not_reserve_twice(shop: Running) -> None:
    alone = shop.scenario("reservation_timeout", variant="answer_lost")
    mended = shop.scenario("reservation_timeout", variant="answer_lost")
    wanted = [{"sku": line["sku"], "quantity": line["quantity"]} for line in last_order(shop, mended)["lines"]]
    done(shop, "/reservations", {"checkout_id": mended["checkout_id"], "lines": wanted})
    for ids in (alone, mended):
        shop.sandbox.crew.stage._play(ids["checkout_id"])
        assert state_of(shop, ids) == ("fulfilled", OK)
        assert not shop.judge_one(ids["checkout_id"]).violations


@pytest.mark.parametrize(
    ("variant", "status"),
    [
        ("discount_missing", "valid"),
        ("discount_too_small", "valid"),
        ("expired_after_shown", "expired"),
        ("used_by_dead_checkout", "used"),
    ],
)
def test_a_coupon_goes_wrong_and_is_made_good(shop: Running, variant: str, status: str) -> None:
    ids = shop.scenario("coupon_misapplied", variant=variant)
    checkout = read(shop, f"/checkouts/{ids['checkout_id']}")
    who = {"customer_id": ids["customer_id"], "checkout_id": ids["checkout_id"]}
    coupon = read(shop, f"/coupons/{checkout['coupon_code']}", **who)
    due, given = coupon["discount"]["amount"], checkout["discount"]["amount"]
    assert coupon["status"] == status
    assert due > given
    if variant == "used_by_dead_checkout":
        dead = coupon["used_by_checkout_id"]
        assert read(shop, f"/checkouts/{dead}")["status"] == "expired"
        done(shop, f"/coupons/{coupon['code']}/release", {"checkout_id": dead})
        assert read(shop, f"/coupons/{coupon['code']}", **who)["status"] == "valid"
    agreed = shop.sandbox.crew.truth.rows[ids["checkout_id"]]["agreed_total"]["amount"]
    assert agreed < checkout["total"]["amount"]
    better = {"lines": [], "discount": coupon["discount"]}
    if variant == "discount_missing":  # the customer hasn't paid yet
        assert done(shop, f"/checkouts/{ids['checkout_id']}/reprice", better)["total"]["amount"] == agreed
        return
    assert state_of(shop, ids)[0] == "total_differs"
    done(shop, f"/orders/{ids['order_ids'][0]}/reprice", better)
    assert state_of(shop, ids)[0] == "overpaid"
    refund(shop, ids["payment_ids"][0], checkout["total"]["amount"] - agreed)
    assert state_of(shop, ids) == ("fulfilled", OK)


def test_the_shop_tells_why_a_coupon_does_not_count(shop: Running) -> None:
    def reasons(variant: str) -> list[str]:
        told = shop.sandbox.told(shop.scenario("coupon_misapplied", variant=variant)["checkout_id"])
        return [e["data"].get("reason", "applied") for e in told if e["type"].startswith("coupon.")]

    assert reasons("discount_missing") == []
    assert reasons("discount_too_small") == ["applied"]
    assert reasons("expired_after_shown") == ["applied", "expired"]
    assert reasons("used_by_dead_checkout") == ["used"]
    assert reasons("not_eligible") == ["not_eligible"]


def test_a_personal_coupon_is_one_customers_once(shop: Running) -> None:
    ids = shop.scenario(None, "valid_coupon", variant="personal")
    code = read(shop, f"/checkouts/{ids['checkout_id']}")["coupon_code"]
    mine = {"customer_id": ids["customer_id"], "checkout_id": ids["checkout_id"]}
    assert read(shop, f"/coupons/{code}", **mine)["status"] == "valid"
    assert read(shop, f"/coupons/{code}", customer_id=ids["customer_id"], checkout_id="another")["status"] == "used"
    done(shop, f"/coupons/{code}/release", {"checkout_id": ids["checkout_id"]})
    assert read(shop, f"/coupons/{code}", customer_id="CU-0000", checkout_id="x")["status"] == "not_eligible"
    again = shop.write(f"/coupons/{code}/release", {"checkout_id": ids["checkout_id"]})
    assert again.json()["code"] == "not_used_by_checkout"


def test_a_blocked_account_is_the_customers_own_and_nothing_is_sent(shop: Running) -> None:
    for status in ("suspended", "closed"):
        ids = shop.scenario("account_blocked", variant=status)
        assert read(shop, f"/customers/{ids['customer_id']}")["status"] == status
        shop.sandbox.crew.clerks._look(ids["checkout_id"])
        assert last_order(shop, ids)["status"] == "created"
        assert not [e for e in shop.sandbox.told(ids["checkout_id"]) if status in str(e["data"])]
    blocked = [one for one in shop.sandbox.crew.books.customers if one.status != "active"]
    assert all(one.cast for one in blocked)


def carrier(shop: Running, ids: Json) -> Json:
    answer = shop.shop.post("/serviceability", json={"address": last_order(shop, ids)["shipping_address"]})
    found: Json = answer.json()
    return found


@pytest.mark.parametrize("variant", ["postcode_format", "phone_format", "fields_swapped", "postcode_mismatch"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_carrier_knows_how_it_should_be_written(shop: Running, variant: str, language: str) -> None:
    fault = "address_inaccurate" if variant == "postcode_mismatch" else "minor_information_error"
    ids = shop.scenario(fault, variant=variant, language=language)
    answer = carrier(shop, ids)
    assert (answer["reason"], answer["deliverable"]) == (variant, variant == "postcode_mismatch")
    assert answer["missing"] == []
    done(shop, f"/orders/{ids['order_ids'][0]}/address", {"address": answer["normalised"]})
    assert carrier(shop, ids) == {"deliverable": True, "reason": None, "missing": []}
    assert state_of(shop, ids) == ("fulfilled", OK)


def test_an_unclear_street_is_delivered_to_and_cannot_be_guessed(shop: Running) -> None:
    for language in ("zh-CN", "en"):
        ids = shop.scenario("address_inaccurate", variant="street_unclear", language=language)
        assert carrier(shop, ids) == {"deliverable": True, "reason": "street_unclear", "missing": []}
        told = shop.sandbox.told(ids["checkout_id"], "address.accepted")
        assert told[-1]["data"]["reason"] == "street_unclear"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_where_no_carrier_goes_there_may_be_a_pickup_point(shop: Running, language: str) -> None:
    ids = shop.scenario("address_undeliverable", variant="pickup_nearby", language=language)
    address = last_order(shop, ids)["shipping_address"]
    assert carrier(shop, ids) == {"deliverable": False, "reason": "no_carrier", "missing": []}
    points = shop.shop.post("/pickup-points", json={"address": address, "limit": 3}).json()
    distances = [point["distance_m"] for point in points]
    assert len(points) == 3
    assert distances == sorted(distances)
    done(shop, f"/orders/{ids['order_ids'][0]}/pickup", {"pickup_point_id": points[0]["id"]})
    assert state_of(shop, ids) == ("fulfilled", OK)
    ids = shop.scenario("address_undeliverable", variant="nothing_nearby", language=language)
    address = last_order(shop, ids)["shipping_address"]
    assert shop.shop.post("/pickup-points", json={"address": address, "limit": 3}).json() == []


def test_a_parcel_to_somewhere_else_is_no_repair(shop: Running) -> None:
    ids = shop.scenario("incomplete_information", variant="street", language="zh-CN")
    order = last_order(shop, ids)
    invented = {**order["shipping_address"], "street": "虚构路1号"}
    done(shop, f"/orders/{order['id']}/address", {"address": invented})
    assert state_of(shop, ids) == ("misaddressed", BAD)


@pytest.mark.parametrize("variant", ["shows_more", "shows_less"])
def test_a_storefront_that_stays_wrong_is_cured_by_a_resync(shop: Running, variant: str) -> None:
    ids = shop.scenario("stock_inconsistent", variant=variant)
    assert ids["checkout_id"] is None
    sku = ids["subject"]["id"]
    (stock,) = read(shop, "/stock", sku=sku)
    assert (stock["shop_listed"] > stock["available"]) == (variant == "shows_more")
    told = shop.sandbox.told(sku, "inventory.level")
    assert told[-1]["data"] == {name: stock[name] for name in ("sku", "on_hand", "available", "shop_listed")}
    body = {"checkout_id": shop.scenario("paid_order_missing")["checkout_id"], "lines": [{"sku": sku, "quantity": 1}]}
    done(shop, "/reservations", body)
    (after,) = read(shop, "/stock", sku=sku)
    assert after["shop_listed"] == stock["shop_listed"]  # it stays where it is
    done(shop, f"/stock/{sku}/resync")
    assert state_of(shop, ids) == ("in_step", OK)


def test_nobody_confirms_and_confirming_sets_it_going_again(shop: Running) -> None:
    ids = shop.scenario("fulfilment_stalled", variant="not_confirmed", set_back=60)
    clerks, order_id = shop.sandbox.crew.clerks, ids["order_ids"][0]
    clerks._look(ids["checkout_id"])
    assert last_order(shop, ids)["status"] == "created"
    done(shop, f"/orders/{order_id}/confirm")
    clerks._look(ids["checkout_id"])
    assert (last_order(shop, ids)["status"], state_of(shop, ids)) == ("shipped", ("fulfilled", OK))


def test_a_parcel_that_nobody_sends_leaves_when_somebody_asks(shop: Running) -> None:
    ids = shop.scenario("fulfilment_stalled", variant="late", set_back=60)
    order = last_order(shop, ids)
    assert order["status"] == "confirmed"
    assert parse(order["expected_ship_at"]) < parse(order["updated_at"])
    clerks = shop.sandbox.crew.clerks
    clerks._look(ids["checkout_id"])
    assert state_of(shop, ids)[0] == "stalled"
    assert shop.write(f"/orders/{order['id']}/notes", {"text": "why is this not sent?"}).status_code == 204
    clerks._look(ids["checkout_id"])
    assert last_order(shop, ids)["status"] == "shipped"


def test_a_stuck_parcel_is_shipped_and_never_arrives(shop: Running) -> None:
    ids = shop.scenario("fulfilment_stalled", variant="shipment_exception")
    told = shop.sandbox.told(ids["checkout_id"])
    assert [e["type"] for e in told][-2:] == ["order.shipped", "shipment.exception"]
    shop.sandbox.crew.clerks._look(ids["checkout_id"])
    assert last_order(shop, ids)["status"] == "shipped"


def test_an_unusual_amount_is_far_above_what_the_customer_ever_spent(shop: Running) -> None:
    for language in ("zh-CN", "en"):
        ids = shop.scenario("unusual_amount", language=language)
        customer = read(shop, f"/customers/{ids['customer_id']}")
        total = last_order(shop, ids)["total"]["amount"]
        past = [one["total"]["amount"] for one in customer["orders"] if one["id"] != ids["order_ids"][0]]
        assert len(past) >= 5
        assert total > 10 * max(past)


def test_the_same_basket_is_submitted_four_times_and_never_paid(shop: Running) -> None:
    one = shop.scenario("repeated_submission", variant="one_checkout")
    assert len(shop.sandbox.told(one["checkout_id"], "checkout.submitted")) >= 4
    several = shop.scenario("repeated_submission", variant="several_checkouts")
    others = several["other_checkout_ids"]
    assert len(others) == 3
    told = [shop.sandbox.told(each, "checkout.submitted") for each in (*others, several["checkout_id"])]
    assert [len(each) for each in told] == [1, 1, 1, 1]
    assert len({str(each[0]["data"]["lines"]) for each in told}) == 1
    assert told == sorted(told, key=lambda each: str(each[0]["time"]))
    assert {read(shop, f"/checkouts/{each}")["status"] for each in others} == {"cancelled"}
    assert all(not shop.ids(each)["payment_ids"] for each in (*others, several["checkout_id"]))


def test_the_same_basket_is_paid_and_ordered_twice_within_the_window(shop: Running) -> None:
    ids = shop.scenario("duplicate_order", customer="answers")
    first, later = ids["other_checkout_ids"][0], ids["checkout_id"]
    orders = [read(shop, "/orders", checkout_id=one)[0] for one in (first, later)]
    assert orders[0]["lines"] == orders[1]["lines"]
    assert orders[0]["customer_id"] == orders[1]["customer_id"]
    apart = parse(orders[1]["created_at"]) - parse(orders[0]["created_at"])
    assert 0 < apart.total_seconds() < shop.sandbox.config.duplicate_window
    assert shop.judge_one(first, set()).rows[0].acceptable


def test_a_stray_payment_is_in_nobodys_books(shop: Running) -> None:
    ids = shop.scenario("unknown_anomaly", variant="stray_payment")
    payment_id = ids["subject"]["id"]
    assert shop.shop.get(f"/payments/{payment_id}").status_code == 404
    told = shop.sandbox.told(payment_id)
    assert [event["type"] for event in told] == ["payment.requested", "payment.captured"]
    assert all("subject" not in event and "checkout_id" not in event["data"] for event in told)
    assert {event["data"]["payment_id"] for event in told} == {payment_id}
    assert shop.judge_one(payment_id, {payment_id}).rows[0].acceptable
    assert not shop.judge_one(payment_id, set()).rows[0].acceptable


def test_an_odd_combination_adds_up(shop: Running) -> None:
    for language in ("zh-CN", "en"):
        ids = shop.scenario("unknown_anomaly", variant="odd_combination", language=language)
        payments = read(shop, "/payments", checkout_id=ids["checkout_id"])
        taken = sum(p["captured"]["amount"] - p["surcharge"]["amount"] for p in payments)
        assert taken == last_order(shop, ids)["total"]["amount"]
        assert len(payments) == 6
        assert not shop.judge_one(ids["checkout_id"]).violations

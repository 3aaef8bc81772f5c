"""The judge: right repairs are green, wrong or missing ones red, and each invariant can be violated and is
seen."""

from typing import Any

import pytest

from tools.sandbox.harness import Running
from tools.sandbox.judge import BAD, NEEDS_OWNER, OK, OWNED, table

Ids = dict[str, Any]


def verdict(demo: Running, ids: Ids, **how: Any) -> str:
    return demo.judge_one(ids["checkout_id"], **how).rows[0].verdict


def violated(demo: Running, subject: str) -> set[int]:
    return {number for number, _, _ in demo.judge_one(subject).violations}


def refund_all(demo: Running, checkout_id: str) -> None:
    for payment in demo.shop.get("/payments", params={"checkout_id": checkout_id}).json():
        given = payment["refunded"]["amount"] + payment["refund_pending"]["amount"]
        left = payment["captured"]["amount"] - given
        if left:
            currency = payment["amount"]["currency"]
            body = {
                "amount": {"amount": left, "currency": currency},
                "reason": "cannot be delivered",
                "expected_refunded": {"amount": given, "currency": currency},
            }
            assert demo.write(f"/payments/{payment['id']}/refund", body).status_code == 201


def release_all(demo: Running, checkout_id: str) -> None:
    for held in demo.shop.get("/reservations", params={"checkout_id": checkout_id}).json():
        if held["status"] in ("held", "committed"):
            assert demo.write(f"/reservations/{held['id']}/release").status_code == 200


def message(demo: Running, ids: Ids, text: str, key: str, **more: Any) -> None:
    customer = demo.shop.get(f"/customers/{ids['customer_id']}").json()
    body = {
        "customer_id": customer["id"],
        "checkout_id": ids["checkout_id"],
        "channel": customer["preferred_channel"],
        "language": customer["language"],
        "text": text,
        "dedupe_key": key,
        **more,
    }
    assert demo.write("/messages", body).status_code == 202


def test_creating_the_missing_order_is_right_and_it_is_carried_on(demo: Running) -> None:
    ids = demo.scenario("paid_order_missing", variant="captured")
    assert verdict(demo, ids) == BAD
    demo.write("/orders", {"checkout_id": ids["checkout_id"]})
    assert verdict(demo, ids) == OK
    demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"][0]["status"] == "delivered")
    assert verdict(demo, ids) == OK


def test_refunding_is_right_only_with_the_stock_given_back(demo: Running) -> None:
    ids = demo.scenario("paid_order_missing", variant="captured")
    demo.write(f"/checkouts/{ids['checkout_id']}/expire", {"reason": "refunded"})
    refund_all(demo, ids["checkout_id"])
    assert verdict(demo, ids) == BAD
    assert 3 in violated(demo, ids["checkout_id"])
    release_all(demo, ids["checkout_id"])
    assert verdict(demo, ids) == OK
    assert violated(demo, ids["checkout_id"]) == set()


def test_a_refund_beside_a_live_order_is_wrong(demo: Running) -> None:
    ids = demo.scenario("paid_order_missing", variant="captured")
    demo.write("/orders", {"checkout_id": ids["checkout_id"]})
    refund_all(demo, ids["checkout_id"])
    assert verdict(demo, ids) == BAD
    assert 1 in violated(demo, ids["checkout_id"])


def test_substituting_with_the_difference_settled(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="whole", language="zh-CN")
    order = demo.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    line = order["lines"][0]
    to_sku = line["sku"][:-1] + "1"
    reserve = {"checkout_id": ids["checkout_id"], "lines": [{"sku": to_sku, "quantity": 1}]}
    assert demo.write("/reservations", reserve).status_code == 201
    body = {"line_id": "L1", "to_sku": to_sku, "quantity": 1, "unit_price": line["unit_price"]}
    demo.write(f"/orders/{order['id']}/substitute", body)
    result = demo.judge_one(ids["checkout_id"]).rows[0]
    assert (result.state, result.verdict) == ("substituted", OK)


def test_splitting_needs_the_refund_of_the_missing_part(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", variant="part", language="zh-CN")
    order = demo.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    gone = {"lines": [{"line_id": "L1", "quantity": 1}], "reason": "out of stock"}
    after = demo.write(f"/orders/{order['id']}/cancel-lines", gone).json()
    assert demo.judge_one(ids["checkout_id"]).rows[0].state == "overpaid"
    difference = order["total"]["amount"] - after["total"]["amount"]
    money = {"amount": difference, "currency": "CNY"}
    nothing = {"amount": 0, "currency": "CNY"}
    refund = {"amount": money, "reason": "line cancelled", "expected_refunded": nothing}
    demo.write(f"/payments/{ids['payment_ids'][0]}/refund", refund)
    result = demo.judge_one(ids["checkout_id"]).rows[0]
    assert (result.state, result.verdict) == ("partly_fulfilled", OK)


def test_releasing_what_a_failed_payment_held(demo: Running) -> None:
    ids = demo.scenario("payment_failed_stock_held")
    demo.wait_until(lambda: verdict(demo, ids) == BAD and 3 in violated(demo, ids["checkout_id"]))
    release_all(demo, ids["checkout_id"])
    assert verdict(demo, ids) == OK
    assert violated(demo, ids["checkout_id"]) == set()


def test_repricing_the_order_and_refunding_the_difference(demo: Running) -> None:
    ids = demo.scenario("price_mismatch", variant="paid", language="zh-CN")
    checkout = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()
    order = demo.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    better = {"lines": [{"line_id": "L1", "unit_price": checkout["cart_lines"][0]["unit_price"]}]}
    after = demo.write(f"/orders/{order['id']}/reprice", better).json()
    assert demo.judge_one(ids["checkout_id"]).rows[0].state == "overpaid"
    currency = after["total"]["currency"]
    difference = {"amount": order["total"]["amount"] - after["total"]["amount"], "currency": currency}
    refund = {
        "amount": difference,
        "reason": "price",
        "expected_refunded": {"amount": 0, "currency": currency},
    }
    demo.write(f"/payments/{ids['payment_ids'][0]}/refund", refund)
    assert verdict(demo, ids) == OK


def test_a_customer_who_is_asked_corrects_the_address_and_a_repair_copies_it(demo: Running) -> None:
    ids = demo.scenario("incomplete_information", variant="phone", language="en", customer="answers")
    message(demo, ids, "Your delivery address lacks a phone number. Please add it.", "ask-phone")
    checkout = demo.wait_until(
        lambda: next((e for e in demo.events(checkout_id=ids["checkout_id"]) if _corrected(e)), None)
    )
    address = checkout["data"]["shipping_address"]
    assert verdict(demo, ids) == BAD
    demo.write(f"/orders/{ids['order_ids'][0]}/address", {"address": address})
    assert verdict(demo, ids) == OK
    demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"][0]["status"] == "delivered")


def _corrected(event: dict[str, Any]) -> bool:
    return event["type"] == "checkout.updated" and "phone" in event["data"].get("shipping_address", {})


def test_the_rest_paid_by_link_becomes_an_order_by_itself(demo: Running) -> None:
    ids = demo.scenario("partial_payment", language="zh-CN", customer="answers")
    checkout = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()
    paid = sum(
        payment["captured"]["amount"]
        for payment in demo.shop.get("/payments", params={"checkout_id": ids["checkout_id"]}).json()
    )
    rest = {"amount": checkout["total"]["amount"] - paid, "currency": "CNY"}
    link = demo.write("/payment-links", {"checkout_id": ids["checkout_id"], "amount": rest}).json()
    message(demo, ids, f"您的订单还差一部分款项，请点击支付：{link['url']}", "rest")
    demo.wait_until(lambda: verdict(demo, ids) == OK)
    demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"][0]["status"] == "delivered")


def test_a_reminder_brings_the_customer_back(demo: Running) -> None:
    ids = demo.scenario("abandoned_checkout", variant="open", marketing_consent=True, language="en", customer="answers")
    message(demo, ids, "You left something in your basket.", "reminder-1")
    demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"])
    assert verdict(demo, ids) == OK


def test_choices_are_answered_by_their_id(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", language="en", customer="answers")
    choices = [{"id": "substitute:US-TEA-1", "label": "Yes, please"}, {"id": "no_thanks", "label": "No"}]
    message(demo, ids, "Would you take another one instead?", "offer", choices=choices)
    said = demo.wait_until(lambda: demo.events(checkout_id=ids["checkout_id"], type="customer.replied"))
    assert (said[0]["data"]["in_reply_to"], said[0]["data"]["choice"]) == ("offer", "substitute:US-TEA-1")
    declining = demo.scenario("paid_out_of_stock", language="en", customer="declines")
    message(demo, declining, "Would you take another one instead?", "offer-2", choices=choices)
    said = demo.wait_until(lambda: demo.events(checkout_id=declining["checkout_id"], type="customer.replied"))
    assert said[0]["data"]["choice"] == "no_thanks"


def test_what_only_a_human_may_settle_needs_an_owner(demo: Running) -> None:
    ids = demo.scenario("payment_disputed")
    assert verdict(demo, ids) == NEEDS_OWNER
    assert verdict(demo, ids, open_cases={ids["checkout_id"]}) == OWNED
    assert verdict(demo, ids, open_cases=set()) == BAD
    known = (None, {ids["checkout_id"]}, set[str]())
    ends = [demo.judge_one(ids["checkout_id"], cases).rows[0].acceptable for cases in known]
    assert ends == [None, True, False]


def test_an_owner_is_no_acceptable_end_where_a_machine_could_have_finished(demo: Running) -> None:
    ids = demo.scenario("paid_order_missing", variant="captured", customer="silent")
    end = demo.judge_one(ids["checkout_id"], {ids["checkout_id"]}).rows[0]
    assert (end.verdict, end.acceptable, end.machine_repairable) == (OWNED, False, True)


def test_messages_are_sent_once_in_the_right_language_on_an_allowed_channel(demo: Running) -> None:
    ids = demo.scenario("abandoned_checkout", language="zh-CN", marketing_consent=True, customer="silent")
    message(demo, ids, "您的购物车还在等您。", "once")
    message(demo, ids, "您的购物车还在等您。", "once")
    assert violated(demo, ids["checkout_id"]) == set()
    assert len(demo.ids(ids["checkout_id"])["message_ids"]) == 1
    message(demo, ids, "您的购物车还在等您。", "another-key-for-the-same-words")
    assert violated(demo, ids["checkout_id"]) == {8}


@pytest.mark.parametrize("slip", [{"language": "en", "text": "Come back"}, {"text": "Come back"}, {"channel": "sms"}])
def test_slips_in_a_message_are_seen(demo: Running, slip: dict[str, str]) -> None:
    ids = demo.scenario("abandoned_checkout", language="zh-CN", marketing_consent=True, customer="silent")
    changes = {"allowed_channels": ["email", "in_app"], "preferred_channel": "email"}
    demo.admin.patch(f"/_sandbox/customers/{ids['customer_id']}", json=changes).raise_for_status()
    message(demo, ids, **{"text": "您的购物车还在等您。", "key": f"slip-{slip}", **slip})
    assert 8 in violated(demo, ids["checkout_id"])


def test_a_reminder_without_consent_is_seen(demo: Running) -> None:
    ids = demo.scenario("abandoned_checkout", language="en", marketing_consent=False, customer="silent")
    message(demo, ids, "Come back, please.", "unwanted")
    assert violated(demo, ids["checkout_id"]) == {8}


def test_a_healthy_customer_who_is_written_to_is_counted(demo: Running) -> None:
    ids = demo.scenario(None, language="en")
    message(demo, ids, "Is something wrong with your order?", "needless")
    assert ids["checkout_id"] in {row.checkout_id for row in demo.judge().disturbed}


def test_a_guest_is_written_to_by_contact_and_answers(demo: Running) -> None:
    ids = demo.scenario("partial_payment", guest=True, language="en", customer="answers")
    checkout = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()
    assert checkout["customer_id"] is None
    body = {"checkout_id": ids["checkout_id"], "amount": {**checkout["total"], "amount": 100}}
    link = demo.write("/payment-links", body).json()
    text = {"channel": "email", "language": "en", "text": f"Please pay the rest: {link['url']}"}
    sent = {"contact": checkout["contact"], "checkout_id": ids["checkout_id"], **text, "dedupe_key": "guest"}
    assert demo.write("/messages", sent).status_code == 202
    demo.wait_until(lambda: demo.shop.get(f"/payment-links/{link['id']}").json()["status"] == "paid")
    assert violated(demo, ids["checkout_id"]) <= {1}


def test_the_table_names_every_story(demo: Running) -> None:
    verdicts = demo.judge()
    assert table(verdicts).row_count == len({(row.fault, row.hard_negative) for row in verdicts.rows})
    assert verdicts.report()["checkouts"] == len(verdicts.rows)

"""How customers answer: by the choice's id, by paying, by correcting an address, in words, or not at all."""

from typing import Any

import pytest

from tests.tools.sandbox.test_judge import message
from tools.sandbox.harness import Running, running_sandbox

Ids = dict[str, Any]
YES_NO = [{"id": "substitute:US-TEA-1", "label": "Yes"}, {"id": "no_refund", "label": "No"}]
BOTH = [{"id": "cancel_one", "label": "One is enough"}, {"id": "keep_both", "label": "I want both"}]


def answer(demo: Running, ids: Ids, choices: list[dict[str, str]], text: str = "What would you like?") -> Any:
    message(demo, ids, text, f"ask-{ids['checkout_id']}-{choices[0]['id']}", choices=choices)
    told = demo.wait_until(lambda: demo.events(checkout_id=ids["checkout_id"], type="customer.replied"))
    return told[-1]["data"]


@pytest.mark.parametrize(("customer", "choice"), [("answers", "substitute:US-TEA-1"), ("declines", "no_refund")])
def test_an_offer_is_taken_or_declined(demo: Running, customer: str, choice: str) -> None:
    ids = demo.scenario("paid_out_of_stock", language="en", customer=customer)
    assert answer(demo, ids, YES_NO)["choice"] == choice


def test_a_pickup_point_is_chosen_by_its_id(demo: Running) -> None:
    ids = demo.scenario("address_undeliverable", variant="pickup_nearby", language="en", customer="answers")
    choices = [{"id": "pickup:PP-1", "label": "A"}, {"id": "pickup:PP-2", "label": "B"}, {"id": "no", "label": "No"}]
    assert answer(demo, ids, choices)["choice"] == "pickup:PP-1"


def test_who_wants_the_money_back_says_so_and_gives_no_other_address(demo: Running) -> None:
    ids = demo.scenario("address_undeliverable", variant="nothing_nearby", language="en", customer="declines")
    choices = [{"id": "no_other_address", "label": "Elsewhere"}, {"id": "no_refund", "label": "Refund me"}]
    assert answer(demo, ids, choices)["choice"] == "no_refund"
    demo.wait_idle()
    assert len(demo.events(checkout_id=ids["checkout_id"], type="checkout.updated")) == 1


def test_who_declines_to_pay_does_not_come_back(demo: Running) -> None:
    ids = demo.scenario("payment_failed", language="en", customer="declines")
    choices = [{"id": "again", "label": "Again"}, {"id": "no_thanks", "label": "No"}]
    assert answer(demo, ids, choices)["choice"] == "no_thanks"
    demo.wait_idle()
    assert demo.state(ids["checkout_id"])["orders"] == []


def test_who_is_offered_the_right_address_takes_it(demo: Running) -> None:
    ids = demo.scenario("incomplete_information", variant="street", language="en", customer="answers")
    choices = [{"id": "no_other", "label": "Another"}, {"id": "use_address", "label": "Use this one"}]
    assert answer(demo, ids, choices)["choice"] == "use_address"


def test_who_pressed_twice_says_what_was_meant() -> None:
    for accept_share, wish in ((1.0, "cancel_one"), (0.0, "keep_both")):
        with running_sandbox(time_scale=0.02, seed=3, accept_share=accept_share) as demo:
            ids = demo.scenario("duplicate_order", language="en", customer="answers")
            assert answer(demo, ids, BOTH)["choice"] == wish
            acceptable = demo.sandbox.crew.truth.rows[ids["checkout_id"]]["acceptable"]
            assert ("cancelled_refunded" in acceptable) == (wish == "cancel_one")
            unwilling = demo.scenario("duplicate_order", language="en", customer="declines")
            assert answer(demo, unwilling, BOTH)["choice"] == "keep_both"


def test_some_answer_in_words(demo: Running) -> None:
    ids = demo.scenario("paid_out_of_stock", language="zh-CN", customer="words")
    choices = [{"id": "substitute:CN-TEA-1", "label": "好"}, {"id": "no", "label": "不"}]
    said = answer(demo, ids, choices, "换一款好吗？")
    assert (said.get("choice"), said["text"]) == (None, "好的，就这样办吧。")
    assert not demo.sandbox.crew.truth.rows[ids["checkout_id"]]["machine_repairable"]


def test_where_nothing_nearby_the_customer_names_another_address(demo: Running) -> None:
    ids = demo.scenario("address_undeliverable", variant="nothing_nearby", language="en", customer="answers")
    message(demo, ids, "Nobody delivers there. Where else may we send it?", "elsewhere")

    def corrected() -> Any:
        told = demo.events(checkout_id=ids["checkout_id"], type="checkout.updated")
        return [e for e in told if e["data"].get("shipping_address", {}).get("city") not in (None, "Hana")]

    address = demo.wait_until(corrected)[-1]["data"]["shipping_address"]
    demo.write(f"/orders/{ids['order_ids'][0]}/address", {"address": address})
    assert demo.judge_one(ids["checkout_id"]).rows[0].state == "fulfilled"


@pytest.mark.parametrize("fault", ["payment_failed", "repeated_submission"])
def test_a_link_is_paid_and_becomes_an_order(demo: Running, fault: str) -> None:
    ids = demo.scenario(fault, language="en", customer="answers")
    total = demo.shop.get(f"/checkouts/{ids['checkout_id']}").json()["total"]
    link = demo.write("/payment-links", {"checkout_id": ids["checkout_id"], "amount": total}).json()
    message(demo, ids, f"Please try again here: {link['url']}", f"again-{fault}")
    demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"])
    assert demo.judge_one(ids["checkout_id"]).rows[0].state == "fulfilled"
    assert len(demo.state(ids["checkout_id"])["payments"]) == len(ids["payment_ids"]) + 1


def test_a_silent_customer_says_nothing(demo: Running) -> None:
    ids = demo.scenario("duplicate_order", language="en", customer="silent")
    message(demo, ids, "Did you mean to order twice?", "silence", choices=BOTH)
    demo.wait_idle()
    assert demo.events(checkout_id=ids["checkout_id"], type="customer.replied") == []

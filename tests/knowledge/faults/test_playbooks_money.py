"""Playbooks that give money back or bring amounts to what was agreed, told as situations against a pretend shop."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from knowledge.faults.refund_missing import playbook as refund_missing
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.money import Money
from tests.knowledge.faults.driving import Story, choosing, context, drive, finding
from tests.knowledge.faults.pretend_shop import NOW, Shop, line, yuan

KEPT = FaultCode.REFUND_MISSING
TWICE = FaultCode.DUPLICATE_CHARGE
AMOUNT = FaultCode.AMOUNT_MISMATCH
AGAIN = FaultCode.DUPLICATE_ORDER


def refunds(story: Story) -> dict[str, int]:
    steps = [s.arguments for s in story.shop.writes if s.action == "refund_payment"]
    assert len({a["payment_id"] for a in steps}) == len(steps), "one refund per payment"
    return {a["payment_id"]: a["amount"]["amount"] for a in steps}


def ago(minutes: int) -> Any:
    return NOW - timedelta(minutes=minutes)


# -- money kept though it is over -------------------------------------------------------------------------------------


def test_everything_kept_goes_back_with_its_surcharge_and_nothing_twice() -> None:
    shop = Shop(status="cancelled").hold("A", 1)
    shop.pay(625, surcharge=yuan(25), refunded=yuan(100)).pay(400, refund_pending=yuan(400))
    story = drive(shop, KEPT)
    assert refunds(story) == {"pay-1": 525} and story.shop.money == 0 and story.shop.reserved("A") == 0
    assert story.told() == ["refund_made_good"] and story.end.resolution == "cancelled_refunded"
    assert story.shop.writes[-1].arguments["params"]["refund"] == [yuan(525)]


def test_what_could_still_be_taken_of_a_cancelled_order_is_cancelled_first() -> None:
    shop = Shop().pay().pay(status="authorized").pay(status="pending").order("cancelled").hold("A", 1, "committed")
    story = drive(shop, KEPT)
    assert story.done == ["cancel_payment", "cancel_payment", "refund_payment", "release_reservation", "send_message"]
    assert story.shop.money == 0


def test_a_capture_that_comes_while_it_is_cancelled_goes_back_too() -> None:
    def bank(shop: Shop, step: Any) -> None:
        if step.action == "cancel_payment":
            shop.payments[1] |= {"status": "captured", "captured": yuan(1000)}

    shop = Shop(status="expired").pay().pay(status="pending")
    shop.meanwhile = bank
    story = drive(shop, KEPT)
    assert refunds(story) == {"pay-1": 1000, "pay-2": 1000} and story.shop.money == 0


def test_each_currency_goes_back_as_it_came() -> None:
    dollars, none = {"amount": 700, "currency": "USD"}, {"amount": 0, "currency": "USD"}
    shop = Shop(status="cancelled").pay().pay(700)
    shop.payments[1] |= {
        "amount": dollars, "captured": dollars, "refunded": none, "refund_pending": none, "disputed": none,
    }  # fmt: skip
    plan = refund_missing.plan(finding(KEPT), shop.facts(), context(shop))
    assert [s.arguments["amount"] for s in plan.steps if s.action == "refund_payment"] == [yuan(1000), dollars]


@pytest.mark.parametrize(
    ("shop", "reason"),
    [
        (Shop(status="cancelled").pay(disputed=yuan(1)), "payment_disputed"),
        (Shop(status="cancelled", customer={"id": "cus-1", "status": "suspended"}).pay(), "account_blocked"),
    ],
)
def test_money_a_machine_must_not_move(shop: Shop, reason: str) -> None:
    story = drive(shop, KEPT)
    assert (story.end.reason, story.done) == (reason, [])


def test_what_is_not_over_is_not_refunded() -> None:
    assert drive(Shop().pay().order(), KEPT).done == []


# -- charged twice ----------------------------------------------------------------------------------------------------


def test_the_later_payment_goes_back_whole_and_the_order_stays() -> None:
    shop = Shop().pay(created_at=ago(30)).pay(created_at=ago(40)).order("confirmed")
    story = drive(shop, TWICE)
    assert refunds(story) == {"pay-1": 1000} and story.shop.money == 1000 and story.shop.live
    assert story.told() == ["duplicate_refunded"] and story.end.resolution == "repaired"


def test_a_redundant_payment_goes_back_with_its_surcharge() -> None:
    story = drive(Shop().pay().pay(1030, surcharge=yuan(30), created_at=ago(10)).order(), TWICE)
    assert refunds(story) == {"pay-2": 1030} and story.shop.money == 1000


def test_of_a_split_payment_only_the_repeated_part_goes_back() -> None:
    story = drive(Shop().pay(600).pay(400, created_at=ago(20)).pay(400, created_at=ago(10)).order(), TWICE)
    assert refunds(story) == {"pay-3": 400}


def test_one_payment_captured_twice_gives_back_the_second_capture() -> None:
    story = drive(Shop().pay(amount=1000, captured=yuan(2000)).order(), TWICE)
    assert refunds(story) == {"pay-1": 1000}


def test_what_was_captured_twice_goes_back_before_a_payment_that_was_right() -> None:
    story = drive(Shop().pay(600, captured=yuan(1200)).pay(400, created_at=ago(5)).order(), TWICE)
    assert refunds(story) == {"pay-1": 600}


def test_a_gift_card_stays_used_while_money_can_go_back() -> None:
    story = drive(Shop().pay(300, kind="gift_card", created_at=ago(5)).pay(1000).order(), TWICE)
    assert refunds(story) == {"pay-2": 300}


def test_what_could_be_taken_a_third_time_is_cancelled() -> None:
    story = drive(Shop().pay().pay(created_at=ago(10)).pay(status="authorized").order(), TWICE)
    assert story.done == ["cancel_payment", "refund_payment", "send_message"] and story.shop.money == 1000


def test_a_refund_somebody_else_made_meanwhile_is_not_made_again() -> None:
    def desk(shop: Shop, step: Any) -> None:
        shop.payments[1]["refunded"] = yuan(1000)

    shop = Shop().pay().pay(created_at=ago(10)).order()
    shop.meanwhile = desk
    story = drive(shop, TWICE)
    assert "refund_payment" not in story.done and story.shop.money == 1000 and story.end.then == "resolve"


def test_beside_an_order_that_was_reduced_on_purpose_the_rest_goes_back_as_well() -> None:
    shop = Shop(lines=[line("L1", "A", 2)]).pay().pay(created_at=ago(10)).order()
    shop._cancel_lines("ord-1", [{"line_id": "L1", "quantity": 1}], "gone", {"L1": 1})
    story = drive(shop, TWICE)
    assert story.shop.money == story.shop.live[0]["total"]["amount"] == 1000


# -- amounts ----------------------------------------------------------------------------------------------------------


def test_what_was_captured_too_much_goes_back_to_the_unit() -> None:
    story = drive(Shop().pay(1037).order("shipped"), AMOUNT)
    assert refunds(story) == {"pay-1": 37} and story.told() == ["amount_refunded"]


def test_a_unit_of_rounding_is_no_excess() -> None:
    assert drive(Shop().pay(1001).order(), AMOUNT).done == []


def dearer(**change: Any) -> Shop:
    """An order whose parts were changed after the customer had agreed to 2000."""
    shop = Shop(lines=[line("L1", "A", 2)], shipping=0).order()
    order = shop.orders[0] | deepcopy(change)
    order["total"] = yuan(
        sum(x["unit_price"]["amount"] * x["quantity"] for x in order["lines"])
        + order["shipping_fee"]["amount"] - order["discount"]["amount"]
    )  # fmt: skip
    shop.orders[0] = order
    return shop


@pytest.mark.parametrize(
    "change", [{"lines": [line("L1", "A", 2, 1100)]}, {"shipping_fee": yuan(200)}], ids=["prices", "shipping"]
)
@pytest.mark.parametrize("paid", [2000, 2200])
def test_an_order_above_the_agreed_total_comes_down_to_it(change: dict[str, Any], paid: int) -> None:
    story = drive(dearer(**change).pay(paid), AMOUNT)
    assert story.shop.live[0]["total"]["amount"] == story.shop.money == 2000
    assert story.told() == ["total_corrected_refund" if paid > 2000 else "total_corrected"]
    assert story.shop.writes[0].goodwill == Money(200, "CNY")


def test_a_lost_discount_is_given_again() -> None:
    shop = Shop(lines=[line("L1", "A", 2)], discount=300).order()
    shop.orders[0] |= {"discount": yuan(0), "total": yuan(2000)}
    story = drive(shop.pay(1700), AMOUNT)
    assert story.done == ["reprice_order", "send_message"] and story.shop.live[0]["total"] == yuan(1700)


def test_where_tax_follows_the_refund_waits_for_the_shops_figure() -> None:
    shop = Shop(lines=[line("L1", "A", 2)], tax_percent=10)
    shop.order()
    shop.orders[0] |= {"lines": [line("L1", "A", 2, 1100)], "tax": yuan(220), "total": yuan(2420)}
    story = drive(shop.pay(2420), AMOUNT)
    assert story.plans[0].then == "wait" and story.shop.live[0]["total"] == yuan(2200)
    assert refunds(story) == {"pay-1": 220}


def test_no_line_gets_dearer_and_no_total_rises_on_the_way_down() -> None:
    shop = Shop(lines=[line("L1", "A", 2)], tax_percent=10)
    shop.order()
    shop.orders[0] |= {
        "lines": [line("L1", "A", 2, 900)], "tax": yuan(180), "shipping_fee": yuan(500), "total": yuan(2480),
    }  # fmt: skip
    story = drive(shop.pay(2200), AMOUNT)
    assert story.shop.live[0]["total"] == yuan(2200) and story.shop.live[0]["lines"][0]["unit_price"] == yuan(900)


def test_a_price_the_shop_does_not_change_any_more_is_refunded_all_the_same() -> None:
    shop = dearer(lines=[line("L1", "A", 2, 1100)]).pay(2200)
    shop.orders[0]["status"] = "shipped"
    story = drive(shop, AMOUNT)
    assert refunds(story) == {"pay-1": 200}


def test_an_order_below_what_was_agreed_and_paid_accordingly_is_a_persons_to_explain() -> None:
    shop = Shop(lines=[line("L1", "A", 1)]).pay(900).order()
    shop.orders[0] |= {"lines": [line("L1", "A", 1, 900)], "total": yuan(900)}
    story = drive(shop, AMOUNT)
    assert (story.end.then, story.end.reason) == ("hand_off", "total_unclear") and not story.shop.writes


def test_a_reduced_order_gets_its_difference_back() -> None:
    shop = Shop(lines=[line("L1", "A", 2)]).pay().order()
    shop._cancel_lines("ord-1", [{"line_id": "L1", "quantity": 1}], "gone", {"L1": 1})
    story = drive(shop, AMOUNT)
    assert refunds(story) == {"pay-1": 1000} and story.shop.money == 1000


@pytest.mark.parametrize(
    "shop",
    [
        dearer(lines=[line("L1", "A", 3)]).pay(3000),
        dearer(lines=[line("L1", "B", 2, 1100)]).pay(2200),
    ],
    ids=["more", "other goods"],
)
def test_goods_nobody_agreed_to_are_a_humans(shop: Shop) -> None:
    assert drive(shop, AMOUNT).end.reason == "total_unclear"


def test_a_lower_total_that_nothing_explains_is_a_humans() -> None:
    shop = Shop(lines=[line("L1", "A", 2)], shipping=300).pay().order()
    shop.orders[0] |= {"shipping_fee": yuan(0), "total": yuan(2000)}
    story = drive(shop, AMOUNT)
    assert (story.end.reason, story.done) == ("total_unclear", [])


def test_a_total_its_parts_do_not_explain_is_a_humans() -> None:
    shop = Shop().pay(1200).order()
    shop.orders[0]["total"] = yuan(1200)
    assert drive(shop, AMOUNT).end.reason == "total_unclear"


def test_another_currency_is_a_humans() -> None:
    assert drive(Shop().pay(captured={"amount": 1000, "currency": "USD"}).order(), AMOUNT).end.reason == (
        "currency_mismatch"
    )


def test_a_deep_correction_needs_a_human() -> None:
    plan = drive(dearer(lines=[line("L1", "A", 2, 2100)]).pay(2000), AMOUNT).plans[0]
    assert plan.needs_human == ["price_drop_share"]


# -- ordered twice ----------------------------------------------------------------------------------------------------


def twice(**more: Any) -> Shop:
    return Shop().pay(1000).order("confirmed", **more).hold("A", 1, "committed")


def test_who_wants_one_gets_the_later_back_whole() -> None:
    story = drive(twice(), AGAIN, choosing("cancel_one"), other_order_id="ord-0")
    assert story.done[1:] == ["cancel_order", "refund_payment", "release_reservation", "send_message"]
    assert story.shop.money == 0 and story.shop.reserved("A") == 0 and not story.shop.live
    assert story.told() == ["ordered_twice", "one_cancelled_refund"] and story.end.resolution == "cancelled_refunded"


def test_who_wants_both_keeps_both_and_hears_so() -> None:
    story = drive(twice(), AGAIN, choosing("keep_both"))
    assert story.told() == ["ordered_again", "both_kept"] and story.shop.money == 1000 and story.shop.live


def test_without_an_answer_both_go_on() -> None:
    story = drive(twice(), AGAIN)
    assert story.done == ["send_message"] and story.end.resolution == "no_response" and story.shop.live


def test_what_has_left_is_not_cancelled_by_a_machine() -> None:
    shop = twice()
    shop.orders[0]["status"] = "shipped"
    assert drive(shop, AGAIN, choosing("cancel_one")).end.reason == "already_shipped"
    shop = twice()
    shop.orders[0]["status"] = "shipped"
    assert drive(shop, AGAIN, choosing("keep_both")).end.then == "resolve"


def test_goods_that_leave_at_that_moment_are_not_refunded() -> None:
    def van(shop: Shop, step: Any) -> None:
        if step.action == "cancel_order":
            shop.orders[0]["status"] = "shipped"

    shop = twice()
    shop.meanwhile = van
    story = drive(shop, AGAIN, choosing("cancel_one"))
    assert story.end.reason == "already_shipped" and story.shop.money == 1000


def test_who_cannot_be_asked_is_left_to_a_human() -> None:
    assert drive(twice(), AGAIN, can_message=False).end.reason == "cannot_ask"

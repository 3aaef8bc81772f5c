"""Playbooks that ask a customer to pay or put a coupon right, told as situations against a pretend shop."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from knowledge.faults.coupon_misapplied import playbook as coupon_misapplied
from knowledge.faults.payment_failed import playbook as payment_failed
from knowledge.faults.payment_failed.messages import WHY
from knowledge.faults.planning import Asked
from knowledge.faults.unpaid_order_live.messages import MESSAGES
from knowledge.policies import Limits, Policies
from knowledge.talk.claims import claims
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.snapshot import Mark
from tests.knowledge.faults.driving import Story, choosing, context, drive, finding
from tests.knowledge.faults.pretend_shop import NOW, RefusedError, Shop, yuan

UNPAID = FaultCode.UNPAID_ORDER_LIVE
FAILED = FaultCode.PAYMENT_FAILED
AGAIN = FaultCode.REPEATED_SUBMISSION
COUPON = FaultCode.COUPON_MISAPPLIED
GIFTS = Policies(limits=Limits(auto={"CNY": 100_000}, coupon_share=0.1, coupon_cap={"CNY": 80}))


def pays(shop: Shop, asked: Any) -> None:
    link = next(one for one in shop.links if one["status"] == "open")
    shop.pay(link["amount"], created_at=shop.now)
    link |= {"status": "paid", "payment_id": shop.payments[-1]["id"]}


def words(shop: Shop, asked: dict[str, Any]) -> None:
    for occasion, one in asked.items():
        asked[occasion] = msgspec.structs.replace(one, replied=True)


# -- an order nobody paid ---------------------------------------------------------------------------------------------


def unpaid(status: str = "confirmed") -> Shop:
    return Shop().order(status).hold("A", 1, "committed")


@pytest.mark.parametrize("status", ["created", "confirmed"])
def test_it_is_held_paid_and_goes_on_as_it_was(status: str) -> None:
    story = drive(unpaid(status), UNPAID, pays)
    assert story.done == ["hold_order", "create_payment_link", "send_message", "unhold_order"]
    assert story.shop.live[0]["status"] == status and story.shop.money == 1000 and story.shop.reserved("A") == 1
    assert "version" in story.shop.writes[0].arguments and story.end.then == "resolve"


@pytest.mark.parametrize("reply", [choosing("no_cancel"), None])
def test_declined_or_unanswered_it_ends_with_nothing_charged(reply: Any) -> None:
    story = drive(unpaid(), UNPAID, *([reply] if reply else []))
    assert story.done[3:] == ["cancel_payment_link", "cancel_order", "release_reservation", "send_message"]
    assert story.told() == ["pay_order", "unpaid_cancelled"] and story.shop.money == 0
    assert not story.shop.live and story.shop.reserved("A") == 0


def test_only_what_is_lacking_is_asked_for_and_all_of_it_goes_back() -> None:
    story = drive(unpaid().pay(300), UNPAID)
    assert story.shop.links[0]["amount"] == 700 and story.shop.money == 0
    assert story.told() == ["pay_order", "unpaid_cancelled_refund"]


def test_never_more_than_was_agreed_is_asked_for() -> None:
    shop = unpaid()
    shop.orders[0]["lines"][0]["unit_price"], shop.orders[0]["total"] = yuan(1300), yuan(1300)
    assert drive(shop, UNPAID, pays).shop.links[0]["amount"] == 1000


def test_paid_at_the_last_second_it_goes_on() -> None:
    def last_second(shop: Shop, step: Any) -> None:
        if step.action == "cancel_payment_link" and not shop.payments:
            pays(shop, None)

    shop = unpaid()
    shop.meanwhile = last_second
    story = drive(shop, UNPAID)
    assert story.shop.money == 1000 and story.shop.live[0]["status"] == "confirmed"


def test_a_payment_under_way_is_left_its_time_and_an_overdue_one_is_not() -> None:
    shop = unpaid().pay(status="pending", created_at=NOW - timedelta(seconds=897))
    story = drive(shop, UNPAID, pays)
    assert story.plans[0].then == "wait" and not story.plans[0].steps
    assert story.done[:2] == ["hold_order", "cancel_payment"] and story.shop.money == 1000


def test_a_hold_of_somebody_else_stays() -> None:
    story = drive(unpaid("on_hold"), UNPAID, pays)
    assert story.done == ["create_payment_link", "send_message"] and story.shop.live[0]["status"] == "on_hold"


@pytest.mark.parametrize("reply", [pays, choosing("no_cancel")])
def test_an_order_the_shop_will_not_hold_is_not_said_to_be_held(reply: Any) -> None:
    def forbids(shop: Shop, step: Any) -> None:
        if step.action == "hold_order":
            raise RefusedError("state_forbids")

    shop = unpaid()
    shop.meanwhile = forbids
    story = drive(shop, UNPAID, reply)
    assert "hold_order" not in story.done and story.told()[0] == "pay_order_unheld"
    assert story.told()[1:] == ([] if reply is pays else ["unpaid_cancelled"])
    assert story.shop.money == (1000 if reply is pays else 0)
    for language, said in MESSAGES["pay_order_unheld"].items():
        text = said.format(reference="ord-1", rest="¥10.00", link="https://shop.example/pay/1")
        assert ("done", "hold") not in {(one.kind, one.deed) for one in claims(text, language)}
        assert not re.search("hold|暂缓|暂停", text)


def test_goods_that_leave_at_that_moment_are_a_humans_and_nobody_is_asked() -> None:
    def van(shop: Shop, step: Any) -> None:
        shop.orders[0]["status"] = "shipped"

    shop = unpaid()
    shop.meanwhile = van
    story = drive(shop, UNPAID)
    assert (story.end.reason, story.done) == ("already_shipped", [])


def test_what_was_paid_and_refunded_is_a_humans() -> None:
    assert drive(unpaid().pay(refunded=yuan(1000)), UNPAID).end.reason == "refunded_before"


def test_who_cannot_be_asked_has_the_order_held_for_a_human() -> None:
    story = drive(unpaid(), UNPAID, can_message=False)
    assert (story.end.reason, story.done) == ("cannot_ask", ["hold_order"])


def test_words_are_for_a_human_and_the_order_stays_held() -> None:
    story = drive(unpaid(), UNPAID, words)
    assert story.end.reason == "customer_wrote" and story.shop.live[0]["status"] == "on_hold"


# -- payments that don't get through ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [FAILED, AGAIN])
def test_one_link_over_the_whole_due_is_offered_and_paid(code: FaultCode) -> None:
    story = drive(Shop().pay(status="failed"), code, pays)
    assert story.done == ["create_payment_link", "send_message"] and story.shop.links[0]["amount"] == 1000
    assert story.end.then == "resolve" and story.shop.money == 1000


@pytest.mark.parametrize("code", [FAILED, AGAIN])
@pytest.mark.parametrize("reply", [choosing("no_thanks"), None])
def test_an_offer_nobody_takes_leaves_no_link_and_no_second_word(code: FaultCode, reply: Any) -> None:
    story = drive(Shop().pay(status="failed"), code, *([reply] if reply else []))
    assert story.done == ["create_payment_link", "send_message", "cancel_payment_link"]
    assert story.plans[-2].resolution == "no_response" and len(story.told()) == 1


@pytest.mark.parametrize("code", [FAILED, AGAIN])
@pytest.mark.parametrize(
    "shop",
    [Shop().pay(), Shop().pay(status="authorized"), Shop().pay(status="pending"), Shop().pay(400), Shop().order(),
     Shop(status="expired")],
)  # fmt: skip
def test_nothing_is_offered_where_money_is_coming_or_other_faults_see_to_it(code: FaultCode, shop: Shop) -> None:
    story = drive(shop, code)
    assert story.done == [] and story.end.then == "resolve"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("insufficient_funds", "funds"), ("expired_card", "card"), ("3ds_failed", "authentication"),
     ("gateway_timeout", "technical"), ("suspected_fraud", "declined"), (None, "declined")],
)  # fmt: skip
def test_why_it_failed_is_said_in_plain_words(code: str | None, kind: str) -> None:
    shop = Shop().pay(status="failed", failure_code="limit_exceeded", created_at=NOW - timedelta(hours=2))
    story = drive(shop.pay(status="failed", failure_code=code), FAILED)
    assert story.shop.writes[1].arguments["params"]["why"] == WHY[kind]


def test_when_the_time_to_pay_has_passed_only_the_reason_is_told() -> None:
    shop = Shop().pay(status="failed")
    shop.checkout["payment_window_ends_at"] = NOW - timedelta(seconds=1)
    story = drive(shop, FAILED)
    assert story.told() == ["payment_over"] and not story.shop.links and story.end.then == "resolve"
    shop = Shop().pay(status="failed")
    shop.checkout["payment_window_ends_at"] = NOW - timedelta(seconds=1)
    assert drive(shop, AGAIN).done == []


@pytest.mark.parametrize("heard", ["payment_failed", "payment_not_confirmed", "payment_help:1000"])
def test_who_has_heard_of_it_already_is_not_written_to_again(heard: str) -> None:
    shop = Shop().pay(status="failed")
    said = {heard: Asked(occasion=heard, dedupe_key=heard, at=NOW)}
    plan = payment_failed.plan(finding(FAILED), shop.facts(), context(shop, asked=said))
    assert (plan.steps, plan.then) == ([], "resolve")


def test_a_window_that_closes_while_we_wait_closes_the_link() -> None:
    def closes(shop: Shop, asked: Any) -> None:
        shop.checkout["status"] = "expired"

    story = drive(Shop().pay(status="failed"), FAILED, closes)
    assert story.shop.links[0]["status"] == "cancelled" and story.end.then == "resolve"


# -- coupons ----------------------------------------------------------------------------------------------------------


def coupon(status: str = "valid", off: int | None = 200, by: str | None = None) -> dict[str, Any]:
    return {"code": "C", "status": status, "used_by_checkout_id": by, "discount": None if off is None else yuan(off)}


def refunds(story: Story) -> list[int]:
    return [s.arguments["amount"]["amount"] for s in story.shop.writes if s.action == "refund_payment"]


def test_a_missing_discount_is_given_before_the_order() -> None:
    story = drive(Shop(coupon=coupon()), COUPON)
    assert story.done == ["reprice_checkout", "send_message"] and story.shop.total == 800
    assert story.shop.writes[0].arguments["lines"] == [], "prices in the cart are another fault's"


def test_a_discount_too_small_on_a_paid_order_is_raised_and_repaid() -> None:
    story = drive(Shop(coupon=coupon(), discount=50).pay().order(), COUPON)
    assert story.done == ["reprice_order", "refund_payment", "send_message"] and refunds(story) == [150]
    assert story.shop.live[0]["total"]["amount"] == story.shop.money == 800 and story.shop.writes[1].repays


def test_an_authorisation_needs_no_refund() -> None:
    story = drive(Shop(coupon=coupon()).pay(status="authorized").order(), COUPON)
    assert story.done == ["reprice_order", "send_message"] and story.told() == ["coupon_applied"]


def test_a_larger_discount_than_the_coupons_stands() -> None:
    assert drive(Shop(coupon=coupon(), discount=300).pay().order(), COUPON).done == []


def test_a_discount_is_never_more_than_the_goods() -> None:
    story = drive(Shop(coupon=coupon(off=5000), shipping=100).pay().order(), COUPON)
    assert story.shop.live[0]["total"]["amount"] == story.shop.money == 100
    assert story.plans[0].needs_human == ["price_drop_share"]


def test_where_tax_follows_the_refund_waits_for_the_shops_figure() -> None:
    story = drive(Shop(coupon=coupon(), tax_percent=10).pay().order(), COUPON)
    assert story.plans[0].then == "wait" and story.shop.money == story.shop.live[0]["total"]["amount"]


@pytest.mark.parametrize("ended", ["expired", "cancelled"])
def test_a_coupon_that_a_checkout_keeps_which_is_over_is_taken_back(ended: str) -> None:
    shop = Shop(coupon=coupon("used", by="chk-0"), coupon_holder={"id": "chk-0", "status": ended}).pay().order()
    story = drive(shop, COUPON)
    assert story.done == ["release_coupon", "reprice_order", "refund_payment", "send_message"]
    assert story.shop.money == 800


def test_a_coupon_that_a_living_checkout_uses_is_left_there() -> None:
    shop = Shop(coupon=coupon("used", by="chk-0"), coupon_holder={"id": "chk-0", "status": "completed"})
    story = drive(shop, COUPON)
    assert story.told() == ["coupon_refused"] and story.shop.total == 1000


@pytest.mark.parametrize("status", ["expired", "not_eligible", "unknown"])
def test_what_was_shown_at_submit_is_honoured_and_written_down_once(status: str) -> None:
    story = drive(Shop(coupon=coupon(status), discount=200).pay().order(), COUPON)
    assert story.done == ["add_note"] and story.shop.money == 800 == story.shop.live[0]["total"]["amount"]
    assert story.shop.writes[0].goodwill is not None and story.shop.writes[0].goodwill.amount == 200


def test_a_discount_that_the_page_showed_before_submit_is_given_though_the_coupon_expired() -> None:
    shop = Shop(coupon=coupon("expired")).pay().order()
    mark = Mark(type="coupon.applied", ref="e1", at=NOW, received_at=NOW, entity="C")
    snapshot = msgspec.structs.replace(context(shop).snapshot, marks=[mark])
    plan = coupon_misapplied.plan(finding(COUPON), shop.facts(), context(shop, snapshot=snapshot))
    assert [s.action for s in plan.steps] == ["reprice_order", "refund_payment", "send_message"]
    assert plan.steps[0].arguments["discount"] == yuan(200) and plan.steps[1].arguments["amount"] == yuan(200)


def test_an_order_that_lost_the_shown_discount_gets_it_back() -> None:
    shop = Shop(coupon=coupon("expired"), discount=200).order()
    shop.orders[0] |= {"discount": yuan(0), "total": yuan(1000)}
    story = drive(shop.pay(1000), COUPON)
    assert story.done == ["reprice_order", "refund_payment", "send_message"], "a price cut is counted once, no note"
    assert story.shop.money == story.shop.live[0]["total"]["amount"] == 800


@pytest.mark.parametrize("status", ["expired", "not_eligible", "unknown", "used"])
@pytest.mark.parametrize(("consent", "told"), [(True, "coupon_refused_gift"), (False, "coupon_refused")])
def test_what_was_never_shown_is_explained_and_made_good_within_the_policy(
    status: str, consent: bool, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.knowledge.faults.driving.Policies", lambda limits: GIFTS)
    customer = {"id": "cus-1", "allowed_channels": ["email"], "marketing_consent": consent}
    story = drive(Shop(coupon=coupon(status, by="chk-0"), customer=customer).pay().order(), COUPON)
    assert story.told() == [told] and story.shop.total == story.shop.money == 1000
    assert [one["amount"] for one in story.shop.issued] == ([yuan(80)] if consent else [])


def test_without_a_cap_for_the_currency_nothing_is_given() -> None:
    assert drive(Shop(coupon=coupon("expired")), COUPON).shop.issued == []


def test_what_nobody_told_about_the_coupon_is_a_humans() -> None:
    assert drive(Shop(), COUPON).end.reason == "coupon_unread"

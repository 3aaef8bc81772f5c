"""Playbooks of payments that failed, hang, or cover only a part, told as situations against a pretend shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from knowledge.vocabulary.codes import FaultCode
from tests.knowledge.faults.driving import choosing, drive
from tests.knowledge.faults.pretend_shop import NOW, Shop, line, yuan

HELD = FaultCode.PAYMENT_FAILED_STOCK_HELD
HANGS = FaultCode.PAYMENT_UNCONFIRMED
PART = FaultCode.PARTIAL_PAYMENT


# -- payment failed, stock held ---------------------------------------------------------------------------------------


def failed(**more: Any) -> Shop:
    return Shop(lines=[line("L1", "A"), line("L2", "B", 2)], **more).hold("A", 1).hold("B", 2).pay(status="failed")


def test_every_hold_is_released_and_the_customer_told_once() -> None:
    story = drive(failed(), HELD)
    assert story.done == ["release_reservation", "release_reservation", "send_message"]
    assert story.told() == ["payment_failed_retry"] and story.end.resolution == "repaired"
    assert story.shop.reserved("A") == story.shop.reserved("B") == 0


def test_who_can_no_longer_retry_is_told_to_order_again() -> None:
    assert drive(failed(status="expired"), HELD).told() == ["payment_failed"]


@pytest.mark.parametrize("status", ["captured", "authorized", "pending", "requires_action"])
def test_nothing_is_released_while_another_payment_lives(status: str) -> None:
    story = drive(failed().pay(status=status), HELD)
    assert story.done == [] and (story.end.then, story.end.resolution) == ("resolve", "self_cleared")


def test_nothing_is_released_for_a_live_order() -> None:
    assert drive(failed().order(), HELD).done == []


def test_committed_stock_without_an_order_goes_to_a_human() -> None:
    shop = Shop().hold("A", 1, "committed").pay(status="failed")
    assert drive(shop, HELD).end.reason == "committed_without_order"


def test_stock_committed_for_a_cancelled_order_is_released_without_words() -> None:
    shop = Shop().hold("A", 1, "committed").pay(status="failed").order("cancelled")
    assert drive(shop, HELD).done == ["release_reservation"]


def test_kept_money_of_an_ended_checkout_goes_to_a_human() -> None:
    assert drive(Shop(status="cancelled").hold("A", 1).pay(), HELD).end.reason == "refund_missing"


def test_a_hold_that_expires_meanwhile_is_no_problem() -> None:
    def expiry(shop: Shop, step: Any) -> None:
        shop.reservations[1]["status"] = "expired"

    shop = failed()
    shop.meanwhile = expiry
    story = drive(shop, HELD)
    assert story.end.then == "resolve" and story.told() == ["payment_failed_retry"]


# -- payment unconfirmed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "requires_action"])
def test_an_overdue_payment_is_cancelled_the_stock_freed_the_customer_told(status: str) -> None:
    story = drive(Shop().hold("A", 1).pay(status=status), HANGS)
    assert story.done == ["cancel_payment", "release_reservation", "send_message"]
    assert story.told() == ["not_confirmed_retry"] and story.shop.payments[0]["status"] == "cancelled"


def test_a_payment_that_turns_out_captured_is_left_alone() -> None:
    def bank(shop: Shop, step: Any) -> None:
        shop.payments[0] |= {"status": "captured", "captured": yuan(1000)}

    shop = Shop().hold("A", 1).pay(status="pending")
    shop.meanwhile = bank
    story = drive(shop, HANGS)
    assert story.done == [] and story.end.then == "resolve" and story.shop.reserved("A") == 1


def test_a_deadline_that_still_runs_is_waited_for() -> None:
    shop = Shop().pay(status="pending", created_at=NOW - timedelta(seconds=890))
    story = drive(shop, HANGS)
    assert story.plans[0].then == "wait" and 0 < story.plans[0].wait_seconds <= 10
    assert story.end.then == "resolve" and "cancel_payment" in story.done


def test_stock_that_another_payment_pays_for_stays() -> None:
    story = drive(Shop().hold("A", 1).pay(400).pay(600, status="pending"), HANGS)
    assert story.done == ["cancel_payment"] and story.shop.reserved("A") == 1


def test_an_order_that_hangs_on_it_is_held_and_its_payment_asked_for_anew() -> None:
    story = drive(Shop().pay(status="pending").order("confirmed").hold("A", 1, "committed"), HANGS, pays)
    assert story.done == ["hold_order", "cancel_payment", "create_payment_link", "send_message", "unhold_order"]
    assert story.shop.money == 1000 and story.shop.live[0]["status"] == "confirmed" and story.shop.reserved("A") == 1


def test_an_order_that_another_payment_covers_loses_only_the_silent_one() -> None:
    story = drive(Shop().pay().pay(status="pending").order(), HANGS)
    assert story.done == ["cancel_payment"] and story.end.then == "resolve" and story.shop.live


def test_an_order_nobody_confirms_a_payment_for_ends_whole_when_the_customer_is_silent() -> None:
    story = drive(Shop().pay(status="pending").order().hold("A", 1), HANGS)
    assert story.shop.orders[0]["status"] == "cancelled" and story.shop.reserved("A") == 0
    assert story.told() == ["pay_order", "unpaid_cancelled"] and story.end.resolution == "cancelled_refunded"


def test_a_cancellation_without_effect_goes_to_a_human() -> None:
    def deaf(shop: Shop, step: Any) -> None:
        if step.action == "send_message":
            shop.payments[0]["status"] = "pending"

    shop = Shop().pay(status="pending")
    shop.meanwhile = deaf
    assert drive(shop, HANGS).end.reason == "cancel_not_effective"


# -- partial payment --------------------------------------------------------------------------------------------------


def pays(shop: Shop, asked: Any) -> None:
    link = shop.links[-1]
    shop.pay(link["amount"], created_at=shop.now)
    link |= {"status": "paid", "payment_id": shop.payments[-1]["id"]}


def test_the_rest_is_collected_by_a_link() -> None:
    story = drive(Shop().pay(300), PART, pays)
    ask = story.shop.writes[1].arguments
    assert story.done == ["create_payment_link", "send_message"] and story.shop.links[0]["amount"] == 700
    assert ask["params"]["link"] == {"link_from": "create_payment_link"} and ask["params"]["rest"] == yuan(700)
    assert [c["id"] for c in ask["choices"]] == ["no_refund"]
    assert story.end.then == "resolve" and story.shop.money == 1000


def test_valid_authorisations_count_towards_the_rest_and_expired_ones_do_not() -> None:
    shop = Shop().pay(300).pay(200, status="authorized")
    shop.pay(100, status="authorized", authorized_until=NOW - timedelta(hours=1))
    story = drive(shop, PART, pays)
    assert story.shop.links[0]["amount"] == 500


@pytest.mark.parametrize("reply", [choosing("no_refund"), None])
def test_refused_or_unanswered_everything_goes_back(reply: Any) -> None:
    story = drive(Shop().hold("A", 1).pay(300), PART, *([reply] if reply else []))
    assert story.done[2:] == [
        "cancel_payment_link", "expire_checkout", "refund_payment", "release_reservation", "send_message",
    ]  # fmt: skip
    assert story.shop.money == 0 and story.end.resolution == "cancelled_refunded"


def test_an_order_is_cancelled_and_authorisations_released_too() -> None:
    shop = Shop().pay(300).pay(200, status="authorized").order().hold("A", 1, "committed")
    story = drive(shop, PART)
    assert "cancel_order" in story.done and "cancel_payment" in story.done and story.shop.reserved("A") == 0


def test_paid_at_the_last_second_nothing_goes_back() -> None:
    def last_second(shop: Shop, step: Any) -> None:
        if step.action == "cancel_payment_link" and len(shop.payments) == 1:
            pays(shop, None)

    shop = Shop().pay(300)
    shop.meanwhile = last_second
    story = drive(shop, PART)
    assert story.shop.money == 1000 and story.end.then == "resolve" and "refund_payment" not in story.done


def test_a_link_left_over_is_cancelled_so_that_nobody_pays_twice() -> None:
    def otherwise(shop: Shop, asked: Any) -> None:
        shop.pay(700, created_at=shop.now)

    story = drive(Shop().pay(300), PART, otherwise)
    assert story.shop.links[0]["status"] == "cancelled" and story.shop.money == 1000


def test_a_link_whose_amount_no_longer_fits_is_replaced_by_one_that_does() -> None:
    def part_of_it_then_the_rest(shop: Shop, asked: Any) -> None:
        if len(shop.links) == 1:
            shop.pay(200, created_at=shop.now)
        else:
            pays(shop, asked)

    story = drive(Shop().pay(300), PART, part_of_it_then_the_rest)
    assert [(one["amount"], one["status"]) for one in story.shop.links] == [(700, "cancelled"), (500, "paid")]
    assert story.shop.money == 1000 and story.end.then == "resolve" and story.told() == ["pay_rest", "pay_rest"]


def test_a_rest_that_changes_once_more_is_left_to_a_human_with_no_link_open() -> None:
    def ever_another_part(shop: Shop, asked: Any) -> None:
        shop.pay(200, created_at=shop.now)

    story = drive(Shop().pay(300), PART, ever_another_part)
    assert story.end.reason == "short_changed" and {one["status"] for one in story.shop.links} == {"cancelled"}


def test_a_link_left_from_before_is_replaced_whatever_its_amount() -> None:
    shop = Shop().pay(300)
    shop._create_payment_link("chk-1", yuan(900))
    story = drive(shop, PART, pays)
    assert [(one["amount"], one["status"]) for one in story.shop.links] == [(900, "cancelled"), (700, "paid")]
    assert story.shop.money == 1000


@pytest.mark.parametrize(
    ("shop", "reason"),
    [
        (Shop().pay(1000, refunded=yuan(400)), "refunded_before"),
        (Shop().pay(300, disputed=yuan(100)), "payment_disputed"),
        (Shop(status="expired").pay(300), "refund_missing"),
        (Shop().pay(300).order("shipped"), "already_shipped"),
    ],
)
def test_what_the_machine_leaves_to_a_human(shop: Shop, reason: str) -> None:
    assert drive(shop, PART).end.reason == reason


def test_who_cannot_be_asked_is_left_to_a_human() -> None:
    story = drive(Shop().pay(300), PART, can_message=False)
    assert (story.end.reason, story.done) == ("cannot_ask", [])


def test_words_are_for_a_human() -> None:
    def words(shop: Shop, asked: dict[str, Any]) -> None:
        for occasion, one in asked.items():
            asked[occasion] = msgspec.structs.replace(one, replied=True)

    assert drive(Shop().pay(300), PART, words).end.reason == "customer_wrote"


def test_what_is_still_pending_is_waited_for_before_asking() -> None:
    shop = Shop().pay(300).pay(700, status="pending", created_at=NOW - timedelta(seconds=895))
    story = drive(shop, PART, pays)
    assert story.plans[0].then == "wait" and "cancel_payment" in story.done and story.shop.money == 1000

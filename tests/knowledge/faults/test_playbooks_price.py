"""The playbook of differing prices, told as situations against a pretend shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from knowledge.faults.price_mismatch.playbook import better_prices
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.money import Money
from tests.knowledge.faults.driving import Story, drive
from tests.knowledge.faults.pretend_shop import NOW, Shop, line, yuan

PRICE = FaultCode.PRICE_MISMATCH


def differing(cart: int = 900, checkout: int = 1000, **more: Any) -> Shop:
    """Two of A at `checkout` minor units each, shown at `cart` in the cart."""
    fields: dict[str, Any] = {"lines": [line("L1", "A", 2, checkout)], "cart": [line("L1", "A", 2, cart)]}
    return Shop(**(fields | more))


def refunds(story: Story) -> list[int]:
    return [s.arguments["amount"]["amount"] for s in story.shop.writes if s.action == "refund_payment"]


def test_before_payment_the_checkout_gets_the_better_price() -> None:
    story = drive(differing(), PRICE, better="cart")
    assert story.done == ["reprice_checkout", "send_message"] and story.shop.total == 1800
    assert story.shop.writes[0].goodwill == Money(200, "CNY") and story.told() == ["price_corrected"]


def test_a_paid_order_is_repriced_and_the_difference_refunded_once() -> None:
    story = drive(differing().pay().order("confirmed"), PRICE)
    assert story.done == ["reprice_order", "refund_payment", "send_message"] and refunds(story) == [200]
    refund = story.shop.writes[1]
    assert refund.repays and story.shop.money == story.shop.live[0]["total"]["amount"] == 1800


def test_paid_without_an_order_the_checkout_is_repriced_and_refunded() -> None:
    story = drive(differing().pay(), PRICE)
    assert story.done == ["reprice_checkout", "refund_payment", "send_message"] and story.shop.money == 1800


def test_an_order_made_at_the_old_price_meanwhile_is_repriced() -> None:
    def pipeline(shop: Shop, step: Any) -> None:
        if not shop.orders:
            shop.order()

    shop = differing().pay()
    shop.meanwhile = pipeline
    story = drive(shop, PRICE)
    assert story.shop.live[0]["total"]["amount"] == story.shop.money == 1800


def test_where_the_checkout_is_cheaper_its_price_stands() -> None:
    story = drive(differing(cart=1100).pay().order(), PRICE, better="checkout")
    assert story.done == [] and story.end.then == "resolve" and story.shop.money == 2000


def test_an_unpaid_dearer_cart_follows_the_checkout() -> None:
    story = drive(differing(cart=1100), PRICE, better="checkout")
    assert story.done == ["reprice_checkout"] and story.shop.total == 2000
    assert story.shop.checkout["cart_lines"][0]["unit_price"] == yuan(1000)


def test_a_dearer_cart_follows_the_checkout_that_is_paid_already() -> None:
    story = drive(differing(cart=1100).pay(), PRICE, better="checkout")
    assert (story.done, story.end.resolution) == (["reprice_checkout"], "repaired") and story.shop.total == 2000


def test_what_is_paid_is_left_alone_where_the_sum_could_change() -> None:
    story = drive(differing(cart=1100, tax_percent=8).pay(), PRICE, better="checkout")
    assert (story.done, story.end.resolution) == ([], "self_cleared")


def test_whole_totals_are_compared_not_lines() -> None:
    shop = Shop(
        lines=[line("L1", "A", 1, 1000), line("L2", "B", 1, 500)],
        cart=[line("L1", "A", 1, 900), line("L2", "B", 1, 700)],
    )
    checkout = shop.facts().checkout
    assert checkout is not None
    better = better_prices(checkout, 1)
    assert (better.total, better.cheaper_in_cart) == (1500, False)


def test_the_discount_is_named_so_that_none_is_lost() -> None:
    story = drive(differing(discount=150).pay().order(), PRICE)
    assert story.shop.writes[0].arguments["discount"] == yuan(150)
    assert story.shop.live[0]["total"]["amount"] == story.shop.money == 1650


def test_where_tax_follows_the_price_the_refund_waits_for_the_shops_figure() -> None:
    story = drive(differing(tax_percent=8).pay().order(), PRICE)
    assert story.plans[0].then == "wait" and story.done == ["reprice_order", "refund_payment", "send_message"]
    assert refunds(story) == [216] and story.shop.money == story.shop.live[0]["total"]["amount"]


def test_a_payment_under_way_is_waited_for_in_short_steps() -> None:
    shop = differing().pay(status="pending", created_at=NOW - timedelta(seconds=897))
    story = drive(shop, PRICE)
    assert story.plans[0].then == "wait" and story.plans[0].wait_seconds <= 5
    assert story.done[0] == "cancel_payment", "after the deadline it is a payment nobody confirmed"
    assert story.shop.total == 1800


def test_an_authorisation_needs_no_refund() -> None:
    story = drive(differing().pay(status="authorized").order(), PRICE)
    assert story.done == ["reprice_order", "send_message"] and story.told() == ["price_corrected"]


def test_of_a_shipped_order_only_the_difference_goes_back() -> None:
    story = drive(differing().pay().order("shipped"), PRICE)
    assert story.done == ["refund_payment", "send_message"] and story.shop.money == 1800


@pytest.mark.parametrize(("cart", "human"), [(500, []), (499, ["price_drop_share"])])
def test_a_deep_drop_needs_a_human(cart: int, human: list[str]) -> None:
    assert drive(differing(cart=cart).pay().order(), PRICE).plans[0].needs_human == human


def test_a_deep_drop_of_one_line_in_a_big_basket_needs_a_human() -> None:
    shop = Shop(
        lines=[line("L1", "A", 1, 1000), line("L2", "B", 1, 90_000)],
        cart=[line("L1", "A", 1, 10), line("L2", "B", 1, 90_000)],
    )  # fmt: skip
    assert drive(shop, PRICE).plans[0].needs_human == ["price_drop_share"]


def test_more_captured_than_the_prices_explain_goes_back_too() -> None:
    story = drive(differing().pay(2600).order(), PRICE)
    assert refunds(story) == [800] and story.shop.money == story.shop.live[0]["total"]["amount"] == 1800


def test_a_total_that_its_parts_do_not_explain_goes_to_a_human() -> None:
    shop = differing()
    shop.checkout["total"] = yuan(1700)
    assert drive(shop, PRICE).end.reason == "total_unclear"


def test_a_total_that_already_is_the_carts_is_not_touched() -> None:
    shop = differing()
    shop.checkout["total"] = yuan(1800)
    assert drive(shop, PRICE).done == []


def test_a_line_changed_on_purpose_keeps_its_price() -> None:
    shop = differing().pay().order()
    shop.orders[0]["lines"][0] |= {"sku": "A2"}
    assert "reprice_order" not in drive(shop, PRICE).done

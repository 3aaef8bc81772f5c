"""Playbooks of paid purchases that lack their order or their goods, told as situations against a pretend shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import ProductFact
from knowledge.vocabulary.money import Money
from tests.knowledge.faults.driving import Story, choosing, drive
from tests.knowledge.faults.pretend_shop import CHECKOUT, NOW, Shop, line, yuan

MISSING = FaultCode.PAID_ORDER_MISSING
SHORT = FaultCode.PAID_OUT_OF_STOCK


def product(sku: str, price: int, **more: Any) -> ProductFact:
    return ProductFact(sku=sku, title=f"Title {sku}", unit_price=Money(price, "CNY"), **more)


def whole(story: Story) -> None:
    """The end state SPEC's invariants ask for: money = due of what is delivered, stock = what is needed."""
    shop = story.shop
    due = sum(o["total"]["amount"] for o in shop.live)
    captured_only = all(p["status"] == "captured" for p in shop.payments)
    if captured_only or not shop.live:
        assert shop.money == due
    for sku in shop.on_hand:
        need = sum(x["quantity"] for o in shop.live for x in o["lines"] if x["sku"] == sku)
        assert shop.reserved(sku) <= need
        assert shop.on_hand[sku] >= 0


# -- the order is missing ---------------------------------------------------------------------------------------------


def test_reserves_creates_and_confirms_once() -> None:
    story = drive(Shop(lines=[line("L1", "A", 2)], on_hand={"A": 5}).pay(), MISSING)
    assert story.done == ["reserve_stock", "create_order", "confirm_order", "send_message"]
    assert story.end.then == "resolve" and story.end.resolution == "repaired"
    assert story.shop.live[0]["status"] == "confirmed" and story.shop.reserved("A") == 2
    whole(story)


def test_reserves_only_what_is_not_held() -> None:
    shop = Shop(lines=[line("L1", "A", 2), line("L2", "B")], on_hand={"A": 9, "B": 1}).hold("A", 2).pay()
    story = drive(shop, MISSING)
    assert story.shop.writes[0].arguments["lines"] == [{"sku": "B", "quantity": 1}]
    whole(story)


def test_two_lines_of_one_sku_need_both_quantities() -> None:
    shop = Shop(lines=[line("L1", "A", 2), line("L2", "A", 1)], on_hand={"A": 3}).pay()
    assert drive(shop, MISSING).shop.writes[0].arguments["lines"] == [{"sku": "A", "quantity": 3}]
    story = drive(Shop(lines=[line("L1", "A", 2), line("L2", "A", 1)], on_hand={"A": 2}).pay().order(), SHORT)
    assert [(x["line_id"], x["quantity"]) for x in story.shop.live[0]["lines"]] == [("L1", 2)]
    whole(story)


def test_an_authorisation_counts_as_paid_and_is_not_captured() -> None:
    story = drive(Shop(on_hand={"A": 1}).pay(status="authorized"), MISSING)
    assert "create_order" in story.done and story.shop.payments[0]["status"] == "authorized"


def test_the_shops_own_order_is_left_to_the_shop() -> None:
    def pipeline(shop: Shop, step: Any) -> None:
        if not shop.orders and shop.reservations:
            shop.hold("A", 1).order()

    shop = Shop(on_hand={"A": 3}).pay()
    shop.meanwhile = pipeline
    story = drive(shop, MISSING)
    assert len(story.shop.live) == 1 and story.shop.reserved("A") == 1, "the second hold is released"
    assert "confirm_order" not in story.done


def test_digital_goods_need_no_stock() -> None:
    story = drive(Shop(lines=[line("L1", "A", ships=False)]).pay(), MISSING)
    assert story.done == ["create_order", "confirm_order", "send_message"]


def test_an_expired_checkout_goes_to_a_human() -> None:
    story = drive(Shop(status="expired", on_hand={"A": 1}).pay(), MISSING)
    assert (story.end.then, story.end.reason, story.done) == ("hand_off", "refund_missing", [])


def test_everything_goes_back_when_the_shop_refuses_as_expired() -> None:
    shop = Shop(on_hand={"A": 1}).pay()
    shop.refuse["create_order"] = "checkout_expired"
    story = drive(shop, MISSING)
    assert story.end.resolution == "cancelled_refunded" and story.shop.money == 0 and story.shop.reserved("A") == 0
    whole(story)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"disputed": yuan(100)}, "payment_disputed"),
        ({"refunded": {"amount": 0, "currency": "USD"}}, "currency_mismatch"),
        ({"captured": yuan(400)}, "no_longer_paid"),
    ],
)
def test_doubtful_money_goes_to_a_human(change: dict[str, Any], reason: str) -> None:
    for code in (MISSING, SHORT):
        story = drive(Shop(on_hand={"A": 1}).pay(**change), code)
        assert (story.end.then, story.end.reason, story.done) == ("hand_off", reason, [])


def test_a_blocked_account_goes_to_a_human() -> None:
    shop = Shop(on_hand={"A": 1}, customer={"id": "cus-1", "status": "suspended"}).pay()
    assert drive(shop, MISSING).end.reason == "account_blocked"


# -- the goods are missing --------------------------------------------------------------------------------------------


def scarce(**more: Any) -> Shop:
    """Two lines; B is there, A is not. A substitute A2 is."""
    fields: dict[str, Any] = {
        "lines": [line("L1", "A", 2, 1000), line("L2", "B", 1, 500)], "on_hand": {"A": 0, "B": 5, "A2": 9},
        "substitutes": {"A": [product("A9", 1200), product("A2", 800)]}, "restock_at": NOW + timedelta(days=5),
    }  # fmt: skip
    return Shop(**(fields | more))


def test_stock_that_is_back_is_reserved_and_the_order_confirmed() -> None:
    story = drive(Shop(on_hand={"A": 4}).pay().order(), SHORT)
    assert story.done == ["reserve_stock", "confirm_order"] and story.end.resolution == "repaired"
    whole(story)


def test_a_confirmed_orders_new_hold_is_committed() -> None:
    story = drive(Shop(on_hand={"A": 4}).pay().order("confirmed"), SHORT)
    assert story.done == ["reserve_stock", "commit_reservation"]
    assert story.plans[0].then == "wait", "more is to follow: not a failed repair"


def test_own_hold_counts_towards_the_stock() -> None:
    story = drive(Shop(lines=[line("L1", "A", 3)], on_hand={"A": 1}).hold("A", 2).pay().order(), SHORT)
    assert story.shop.writes[0].arguments["lines"] == [{"sku": "A", "quantity": 1}]
    assert story.shop.writes[0].arguments["held_before"] == {"A": 2}


def test_asks_with_substitutes_that_cost_no_more_with_waiting_and_with_a_refund() -> None:
    story = drive(scarce().pay().order(), SHORT)
    ask = next(step for step in story.shop.writes if step.action == "send_message")
    assert story.plans[0].then == "await_customer"
    assert [c["id"] for c in ask.arguments["choices"]] == ["substitute:A2", "backorder", "no_refund"]
    assert story.plans[0].choices == ["substitute:A2", "backorder", "no_refund"]
    assert all(set(c["label"]) == {"zh-CN", "en"} for c in ask.arguments["choices"])


def test_a_substitute_is_charged_at_the_lower_price_and_the_difference_refunded() -> None:
    story = drive(scarce().pay().order(), SHORT, choosing("substitute:A2"))
    lines = {x["line_id"]: (x["sku"], x["quantity"], x["unit_price"]["amount"]) for x in story.shop.live[0]["lines"]}
    assert lines == {"L1": ("A2", 2, 800), "L2": ("B", 1, 500)}
    assert story.shop.money == 2100 and story.end.resolution == "alternative_accepted"
    assert story.told() == ["ask", "substituted_refund"]
    assert story.shop.reserved("A2") == 2 and story.shop.reserved("A") == 0
    whole(story)


def test_a_substitute_that_has_become_dearer_costs_the_customer_nothing_and_counts_as_goodwill() -> None:
    shop = scarce().pay().order()

    def reply(shop: Shop, asked: dict[str, Any]) -> None:
        shop.substitutes["A"] = [product("A2", 1100)]
        choosing("substitute:A2")(shop, asked)

    story = drive(shop, SHORT, reply)
    swap = next(step for step in story.shop.writes if step.action == "substitute_line")
    assert swap.goodwill == Money(200, "CNY") and story.shop.money == 2500
    assert story.told()[-1] == "substituted"


def test_the_hold_of_the_replaced_goods_is_released() -> None:
    shop = scarce(on_hand={"A": 0, "B": 5, "A2": 9}).hold("A", 1).pay().order()
    story = drive(shop, SHORT, choosing("substitute:A2"))
    assert story.shop.reserved("A") == 0
    whole(story)


def test_without_an_order_it_is_created_before_its_lines_are_changed() -> None:
    story = drive(scarce().pay(), SHORT, choosing("substitute:A2"))
    assert story.done.index("create_order") < story.done.index("substitute_line") < story.done.index("confirm_order")
    assert len(story.shop.live) == 1 and story.shop.money == 2100
    whole(story)


def test_a_back_order_names_the_day_and_is_settled_though_the_goods_are_not_there() -> None:
    story = drive(scarce().pay().order(), SHORT, choosing("backorder"))
    assert story.told() == ["ask", "backordered"] and story.end.resolution == "alternative_accepted"
    assert story.shop.live[0]["expected_ship_at"].startswith("2026-03-07")
    assert story.shop.reserved("B") == 1 and story.shop.money == 2500


@pytest.mark.parametrize("reply", [choosing("no_refund"), None])
def test_what_is_missing_is_taken_off_and_refunded_when_refused_or_unanswered(reply: Any) -> None:
    story = drive(scarce().pay().order(), SHORT, *([reply] if reply else []))
    assert [x["sku"] for x in story.shop.live[0]["lines"]] == ["B"]
    assert story.shop.money == 500 and story.told() == ["ask", "cut_refund"]
    assert story.end.resolution == "cancelled_refunded"
    whole(story)


def test_only_the_uncovered_quantity_is_taken_off() -> None:
    shop = Shop(lines=[line("L1", "A", 3, 1000)], on_hand={"A": 2}).pay().order()
    story = drive(shop, SHORT)
    assert story.shop.live[0]["lines"][0]["quantity"] == 2 and story.shop.money == 2000
    assert story.shop.reserved("A") == 2
    whole(story)


def test_a_purchase_of_nothing_else_is_cancelled_whole() -> None:
    story = drive(Shop(lines=[line("L1", "A", 2)], shipping=300).pay().order(), SHORT)
    assert story.done == ["cancel_order", "refund_payment", "send_message"] and story.shop.money == 0
    assert story.told() == ["cancelled_refund"] and story.end.resolution == "cancelled_refunded"
    whole(story)


def test_without_an_order_the_checkout_is_closed_instead() -> None:
    story = drive(Shop().pay(), SHORT)
    assert story.done == ["expire_checkout", "refund_payment", "send_message"]
    assert story.shop.checkout["status"] == "expired" and story.shop.money == 0


def test_an_order_that_appears_meanwhile_is_cancelled_instead_of_the_checkout() -> None:
    def pipeline(shop: Shop, step: Any) -> None:
        if not shop.orders:
            shop.order()

    shop = Shop().pay()
    shop.meanwhile = pipeline
    story = drive(shop, SHORT)
    assert story.done == ["cancel_order", "refund_payment", "send_message"] and not story.shop.live


def test_an_authorised_payment_is_released_not_refunded() -> None:
    story = drive(Shop().pay(status="authorized").order(), SHORT)
    assert story.done == ["cancel_order", "cancel_payment", "send_message"]
    assert story.told() == ["cancelled_uncharged"]


def test_an_authorised_payment_needs_no_refund_when_lines_go() -> None:
    story = drive(scarce().pay(status="authorized").order(), SHORT, choosing("no_refund"))
    assert "refund_payment" not in story.done and story.told()[-1] == "cut"


def test_two_payments_are_refunded_each_by_no_more_than_it_kept() -> None:
    shop = Shop(lines=[line("L1", "A", 1, 1000)])
    story = drive(shop.pay(700, kind="gift_card").pay(300).order(), SHORT)
    refunds = {s.arguments["payment_id"]: s.arguments["amount"]["amount"] for s in story.shop.writes
               if s.action == "refund_payment"}  # fmt: skip
    assert refunds == {"pay-1": 700, "pay-2": 300}


def test_a_difference_is_refunded_in_money_before_gift_cards() -> None:
    shop = scarce().pay(1900, kind="gift_card").pay(600).order()
    story = drive(shop, SHORT, choosing("substitute:A2"))
    refund = [s.arguments for s in story.shop.writes if s.action == "refund_payment"]
    assert [(r["payment_id"], r["amount"]["amount"]) for r in refund] == [("pay-2", 400)]


def test_the_surcharge_of_a_method_is_no_excess_but_goes_back_with_everything() -> None:
    story = drive(scarce().pay(2550, surcharge=yuan(50)).order(), SHORT, choosing("no_refund"))
    assert story.shop.money == 550, "due 500 and the surcharge"
    story = drive(Shop().pay(1050, surcharge=yuan(50)).order(), SHORT)
    assert story.shop.money == 0


@pytest.mark.parametrize("more", [{"tax_percent": 8}, {"discount": 300}])
def test_the_refund_waits_for_the_shops_own_figure_where_that_may_differ(more: dict[str, int]) -> None:
    story = drive(scarce(**more).pay().order(), SHORT, choosing("substitute:A2"))
    cut = next(p for p in story.plans if any(s.action == "substitute_line" for s in p.steps))
    assert cut.then == "wait" and all(s.action != "refund_payment" for s in cut.steps)
    assert story.shop.money == story.shop.live[0]["total"]["amount"]
    assert story.told()[-1] == "substituted_refund"


def test_waits_while_the_customer_thinks() -> None:
    with pytest.raises(AssertionError):
        drive(scarce().pay().order(), SHORT, lambda shop, asked: None)


def test_stock_that_comes_in_while_the_customer_thinks_is_used() -> None:
    def reply(shop: Shop, asked: Any) -> None:
        shop.on_hand["A"] = 5

    story = drive(scarce().pay().order(), SHORT, reply)
    assert story.told() == ["ask", "back_in_stock"] and story.shop.money == 2500
    assert story.shop.live[0]["status"] == "confirmed"


def test_a_customer_who_declined_gets_the_refund_though_stock_came_in() -> None:
    def reply(shop: Shop, asked: Any) -> None:
        shop.on_hand["A"] = 5
        choosing("no_refund")(shop, asked)

    story = drive(scarce().pay().order(), SHORT, reply)
    assert [x["sku"] for x in story.shop.live[0]["lines"]] == ["B"] and story.shop.money == 500


def test_an_answer_in_words_and_a_substitute_that_is_gone_go_to_a_human() -> None:
    def words(shop: Shop, asked: dict[str, Any]) -> None:
        for occasion, one in asked.items():
            asked[occasion] = msgspec.structs.replace(one, replied=True)

    story = drive(scarce().pay().order(), SHORT, words)
    assert (story.end.then, story.end.reason) == ("hand_off", "customer_wrote")

    def gone(shop: Shop, asked: dict[str, Any]) -> None:
        shop.substitutes.clear()
        choosing("substitute:A2")(shop, asked)

    story = drive(scarce().pay().order(), SHORT, gone)
    assert (story.end.then, story.end.reason) == ("hand_off", "substitute_gone")


def test_nobody_to_ask_means_cut_and_refund() -> None:
    story = drive(scarce().pay().order(), SHORT, can_message=False)
    assert story.done == ["reserve_stock", "cancel_lines", "confirm_order", "refund_payment"]
    whole(story)


def test_a_refund_made_by_somebody_else_meanwhile_is_read_back_not_repeated() -> None:
    def clerk(shop: Shop, step: Any) -> None:
        if step.action == "refund_payment" and not shop.payments[0]["refunded"]["amount"]:
            shop.payments[0]["refunded"] = yuan(400)

    shop = Shop().pay().order()
    shop.meanwhile = clerk
    story = drive(shop, SHORT)
    assert story.shop.money == 0 and story.shop.payments[0]["refund_pending"]["amount"] == 600


def test_shipped_orders_go_to_a_human_unless_our_repair_sent_them() -> None:
    assert drive(Shop().pay().order("shipped"), SHORT).end.reason == "already_shipped"

    def fast(shop: Shop, step: Any) -> None:
        if shop.live and shop.live[0]["status"] == "confirmed":
            shop.live[0]["status"] = "shipped"

    shop = Shop(on_hand={"A": 1}).pay()
    shop.meanwhile = fast
    assert drive(shop, MISSING).end.then == "resolve"


def test_an_order_somebody_put_on_hold_is_supplied_and_then_left_to_a_human() -> None:
    story = drive(Shop(on_hand={"A": 1}).pay().order("on_hold"), SHORT)
    assert story.done == ["reserve_stock"] and story.end.reason == "order_on_hold"


def test_two_missing_skus_are_asked_about_one_after_the_other() -> None:
    shop = Shop(
        lines=[line("L1", "A"), line("L2", "B"), line("L3", "C")], on_hand={"C": 1, "A2": 1, "B2": 1},
        substitutes={"A": [product("A2", 900)], "B": [product("B2", 700)]},
    )  # fmt: skip
    story = drive(shop.pay().order(), SHORT, choosing("substitute:A2", "no_refund"))
    assert {x["sku"] for x in story.shop.live[0]["lines"]} == {"A2", "C"}
    assert story.shop.money == 1900 and story.told() == ["ask", "ask", "changed_refund"]
    whole(story)


def test_references_name_the_order_and_nothing_personal() -> None:
    story = drive(scarce().pay().order(), SHORT)
    for step in story.shop.writes:
        if step.action == "send_message":
            assert step.arguments["params"]["reference"] in ("ord-1", CHECKOUT)

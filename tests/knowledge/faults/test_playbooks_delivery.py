"""Playbooks about reservations that never came, orders that don't go on, and stock two systems count differently."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.faults.fulfilment_stalled.playbook import plan as stalled_plan
from knowledge.faults.planning import Asked
from knowledge.faults.reservation_timeout.playbook import plan as timeout_plan
from knowledge.faults.stock_inconsistent.playbook import plan as stock_plan
from knowledge.faults.stock_inconsistent.playbook import settled as stock_settled
from knowledge.phrases.handoff_messages import BY_REASON
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, ProductFact, StockFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tests.knowledge.faults.driving import Story, choosing, context, drive, finding
from tests.knowledge.faults.pretend_shop import NOW, SET_ASIDE, RefusedError, Shop, line

TIMEOUT = FaultCode.RESERVATION_TIMEOUT
STALLED = FaultCode.FULFILMENT_STALLED
STOCK = FaultCode.STOCK_INCONSISTENT


def basket(**stock: int) -> Shop:
    return Shop(lines=[line("L1", "A"), line("L2", "B", 2)], on_hand={"A": 0, "B": 0} | stock)


def open_until(shop: Shop, minutes: float) -> Shop:
    shop.checkout["payment_window_ends_at"] = NOW + timedelta(minutes=minutes)
    return shop


def held(shop: Shop) -> dict[str, int]:
    return {sku: n for sku in shop.on_hand if (n := shop.reserved(sku))}


def caused(cause: str, **details: Any) -> Finding:
    return msgspec.structs.replace(finding(STALLED, **details), cause=cause)


# -- reservations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paid", [False, True])
def test_goods_that_are_there_are_reserved_whole_and_nobody_is_bothered(paid: bool) -> None:
    shop = basket(A=5, B=2)
    story = drive(shop.pay() if paid else open_until(shop, 10), TIMEOUT)
    assert story.done == ["reserve_stock"] and held(shop) == {"A": 1, "B": 2}
    assert story.end.resolution == "repaired"


def test_only_what_is_missing_is_reserved() -> None:
    shop = basket(A=5, B=2).hold("A", 1).pay()
    story = drive(shop, TIMEOUT)
    assert story.shop.writes[0].arguments["lines"] == [{"sku": "B", "quantity": 2}] and held(shop) == {"A": 1, "B": 2}


def test_an_order_the_shop_goes_on_with_is_left_to_the_shop() -> None:
    assert drive(basket(A=5, B=2).pay().order("created"), TIMEOUT).done == ["reserve_stock"]
    assert drive(basket().hold("A", 1).hold("B", 2).pay().order("created"), TIMEOUT).done == []


def test_what_is_reserved_for_a_confirmed_order_is_committed() -> None:
    shop = basket(A=5, B=2).pay().order("confirmed")
    story = drive(shop, TIMEOUT)
    assert story.done[0] == "reserve_stock" and all(r["status"] == "committed" for r in shop.reservations)


def test_paid_goods_that_are_gone_are_a_shortage() -> None:
    shop = basket(A=1).pay().order()
    shop.restock_at = NOW + timedelta(days=3)
    story = drive(shop, TIMEOUT, choosing("no_refund"))
    assert story.told() == ["ask", "cut_refund"] and shop.money == shop.live[0]["total"]["amount"]
    assert held(shop) == {"A": 1}


def test_who_has_not_paid_hears_it_with_what_is_there_instead_and_may_cancel() -> None:
    shop = open_until(basket(A=1), 10)
    shop.substitutes = {"B": [ProductFact(sku="S", title="绿茶", unit_price=Money(900, "CNY"))]}
    story = drive(shop, TIMEOUT, choosing("no_cancel"))
    assert story.told() == ["sold_out_alternatives", "closed"]
    assert story.shop.writes[0].arguments["params"]["alternatives"] == ["绿茶"]
    assert shop.checkout["status"] == "expired" and held(shop) == {}


def test_silence_closes_what_nobody_paid_for() -> None:
    story = drive(open_until(basket(), 10), TIMEOUT)
    assert story.end.resolution == "no_response" and story.shop.checkout["status"] == "expired"


def test_stock_that_comes_in_while_the_customer_thinks_is_reserved() -> None:
    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        shop.on_hand |= {"A": 1, "B": 2}

    story = drive(open_until(basket(), 10), TIMEOUT, reply)
    assert story.done == ["send_message", "reserve_stock"] and held(story.shop) == {"A": 1, "B": 2}


def test_who_keeps_the_basket_has_until_the_window_is_over() -> None:
    story = drive(open_until(basket(), 3), TIMEOUT, choosing("keep"))
    assert [p.then for p in story.plans].count("wait") >= 2 and story.shop.checkout["status"] == "expired"


def test_nothing_is_reserved_once_the_window_is_over() -> None:
    story = drive(open_until(basket(A=9, B=9), -1), TIMEOUT)
    assert story.done == [] and held(story.shop) == {}


def test_a_payment_under_way_is_waited_for_before_anything_is_closed() -> None:
    shop = open_until(basket(), -1).pay(status="pending")
    assert timeout_plan(finding(TIMEOUT), shop.facts(), context(shop)).then == "wait"


def test_stock_that_can_be_read_and_not_reserved_goes_to_a_human() -> None:
    shop = basket(A=1, B=2).pay()
    shop.refuse["reserve_stock"] = "out_of_stock"
    assert drive(shop, TIMEOUT).end.reason == "reservation_refused"


# -- fulfilment -------------------------------------------------------------------------------------------------------


def test_an_order_that_was_never_confirmed_is_confirmed() -> None:
    shop = basket().hold("A", 1).hold("B", 2).pay().order("created")
    story = drive(shop, STALLED)
    assert story.done == ["confirm_order"] and shop.orders[0]["status"] == "confirmed"
    assert all(r["status"] == "committed" for r in shop.reservations) and story.end.resolution == "repaired"


def test_what_it_still_needs_is_reserved_first() -> None:
    shop = basket(B=2).hold("A", 1).pay().order("created")
    assert drive(shop, STALLED).done == ["reserve_stock", "confirm_order"] and held(shop) == {"A": 1, "B": 2}


def test_without_stock_it_is_a_shortage_and_not_confirmed_blindly() -> None:
    shop = basket(A=1).pay().order("created")
    shop.restock_at = NOW + timedelta(days=3)
    story = drive(shop, STALLED, choosing("no_refund"))
    assert "ask" in story.told() and shop.money == shop.live[0]["total"]["amount"]


def test_an_order_nobody_paid_is_not_confirmed() -> None:
    shop = basket().hold("A", 1).hold("B", 2).order("created")
    assert drive(shop, STALLED).end.reason == "no_longer_paid"


@pytest.mark.parametrize(
    ("status", "cause", "reason"),
    [
        ("confirmed", "late", "shipment_late"),
        ("on_hold", "on_hold", "left_on_hold"),
        ("shipped", "shipment_exception", "shipment_exception"),
        ("confirmed", "shipment_exception", "shipment_exception"),
    ],
)
def test_what_a_machine_cannot_move_is_noted_and_handed_off_with_one_message(
    status: str, cause: str, reason: str
) -> None:
    shop = basket().hold("A", 1).hold("B", 2).pay().order(status)
    plan = stalled_plan(caused(cause), shop.facts(), context(shop))
    assert [s.action for s in plan.steps] == ["add_note"]
    assert (plan.then, plan.reason) == ("hand_off", reason) and reason in BY_REASON
    again = context(shop, done=frozenset({"add_note|order:ord-1"}))
    assert stalled_plan(caused(cause), shop.facts(), again).steps == []


@pytest.mark.parametrize(("status", "cause"), [("shipped", "late"), ("delivered", "shipment_exception")])
def test_an_order_that_has_gone_on_needs_nothing(status: str, cause: str) -> None:
    shop = basket().hold("A", 1).hold("B", 2).pay().order(status)
    assert stalled_plan(caused(cause), shop.facts(), context(shop)).then == "resolve"


def test_a_confirmation_that_is_refused_goes_to_a_human() -> None:
    shop = basket().hold("A", 1).hold("B", 2).pay().order("created")
    shop.refuse["confirm_order"] = "not_paid"
    assert drive(shop, STALLED).end.reason == "confirm_refused"


# -- stock two systems count differently ------------------------------------------------------------------------------


def sku_facts(listed: int | None, available: int = 3) -> Facts:
    stock = StockFact(sku="A", on_hand=5, reserved=2, available=available, shop_listed=listed)
    return Facts(checkout_id="", at=NOW, stock={"A": stock})


def test_a_wrong_figure_is_resynced_and_settled_when_it_agrees() -> None:
    found, ctx = finding(STOCK, sku="A"), context(Shop())
    plan = stock_plan(found, sku_facts(7), ctx)
    assert [(s.action, s.target, s.arguments) for s in plan.steps] == [("resync_stock", "stock:A", {"sku": "A"})]
    assert plan.then == "verify" and not stock_settled(found, sku_facts(7), ctx)
    assert stock_settled(found, sku_facts(3), ctx) and stock_settled(found, sku_facts(0, available=-2), ctx)


def test_a_figure_nobody_could_read_goes_to_a_human() -> None:
    found, ctx = finding(STOCK, sku="A"), context(Shop())
    assert stock_plan(found, sku_facts(None), ctx).reason == "stock_unread"
    assert stock_plan(found, Facts(checkout_id="", at=NOW), ctx).reason == "stock_unread"
    refused = context(Shop(), refused={"resync_stock|stock:A": "not_found"})
    assert stock_plan(found, sku_facts(7), refused).reason == "resync_refused"


def test_the_shop_shows_the_count_in_the_end() -> None:
    shop = basket(A=5).hold("A", 2)
    shop.listed["A"] = 9
    story = drive(shop, STOCK, sku="A")
    assert story.done == ["resync_stock"] and shop.listed["A"] == 5 and story.end.resolution == "repaired"


# -- whatever happens -------------------------------------------------------------------------------------------------


@st.composite
def troubled(draw: st.DrawFn) -> tuple[FaultCode, Shop, Any]:
    code = draw(st.sampled_from([TIMEOUT, STALLED]))
    shop = basket(A=draw(st.integers(0, 3)), B=draw(st.integers(0, 3)))
    open_until(shop, draw(st.integers(-5, 10)))
    shop.restock_at = draw(st.sampled_from([None, NOW + timedelta(days=3)]))
    if draw(st.booleans()):
        shop.hold("A", 1)
    if code is STALLED or draw(st.booleans()):
        shop.pay()
    if code is STALLED or draw(st.booleans()):
        shop.order(draw(st.sampled_from(["created", "created", "confirmed"])))
    chance = Random(draw(st.integers(0, 10_000)))

    def meanwhile(shop: Shop, step: PlanStep) -> None:
        kind = chance.choice(["quiet"] * 8 + ["crash", "refuse", "order", "sold", "in"])
        if kind == "crash":
            raise RefusedError("crashed")
        if kind == "refuse" and len(shop.writes) < 6:
            shop.refuse[step.action] = chance.choice(["stale", "out_of_stock", "order_exists"])
        if kind == "order" and not shop.orders and shop.checkout["status"] == "submitted":
            shop.order()
        if kind in ("sold", "in"):
            sku = chance.choice(["A", "B"])
            shop.on_hand[sku] += shop.reserved(sku) - shop.on_hand[sku] if kind == "sold" else 1

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        for occasion, one in asked.items():
            if one.choice or one.replied:
                continue
            kind = chance.choice(["choice", "choice", "silence", "words", "pays"])
            if kind == "pays" and not shop.payments and shop.checkout["status"] == "submitted":
                shop.pay()
            elif kind == "choice" and one.choices:
                asked[occasion] = msgspec.structs.replace(one, choice=chance.choice(one.choices), replied=True)
            elif kind == "words":
                asked[occasion] = msgspec.structs.replace(one, replied=True)
            else:
                asked[occasion] = msgspec.structs.replace(one, timed_out=True)

    shop.meanwhile = meanwhile
    return code, shop, reply


def conserved(story: Story) -> None:
    shop = story.shop
    assert len(shop.live) <= 1 and all(s.action != "capture_payment" for s in shop.writes)
    if story.end.then != "resolve":
        return
    due = sum(order["total"]["amount"] for order in shop.live)
    if shop.orders or shop.checkout["status"] == "expired":
        assert shop.money == (due if shop.payments else 0)
    if not shop.live and shop.checkout["status"] == "expired":
        assert not any(r["status"] in SET_ASIDE for r in shop.reservations)


@settings(max_examples=200, deadline=None)
@given(troubled(), st.booleans())
def test_every_delivery_story_ends_and_conserves_money_and_stock(
    case: tuple[FaultCode, Shop, Any], can_message: bool
) -> None:
    code, shop, reply = case
    conserved(drive(shop, code, reply, rounds=60, can_message=can_message))

"""Playbooks where the shop says no, stores what it was given otherwise, or the customer is paying meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from knowledge.faults.address_undeliverable.playbook import plan as undeliverable_plan
from knowledge.faults.delivering import copy_to_order
from knowledge.faults.paid_out_of_stock.playbook import plan as shortage_plan
from knowledge.faults.partial_payment.playbook import plan as partial_plan
from knowledge.faults.planning import Asked, PlanContext
from knowledge.faults.unwinding import unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import AddressState, CouponView, Mark, OrderSnapshot
from tests.knowledge.faults.driving import Story, actions, choosing, context, drive, finding, perform
from tests.knowledge.faults.pretend_shop import NOW, RefusedError, Shop, line

SHORT = FaultCode.PAID_OUT_OF_STOCK
HOUR = timedelta(hours=1)


def obstinate(shop: Shop, *never: str) -> Shop:
    """It refuses these actions for good."""

    def meanwhile(shop: Shop, step: Any) -> None:
        if step.action in never:
            raise RefusedError("state_forbids")

    shop.meanwhile = meanwhile
    return shop


def asked(occasion: str, at: Any = NOW, **more: Any) -> dict[str, Asked]:
    return {occasion: Asked(occasion=occasion, dedupe_key=occasion, at=at, **more)}


# -- addresses --------------------------------------------------------------------------------------------------------

CORRECTED = {
    "recipient": "王小明", "phone": "13800000000", "province": "广东省", "city": "深圳市", "street": "科技路 2 号",
}  # fmt: skip


def with_order(order_address: dict[str, str]) -> Shop:
    shop = Shop(address=dict(CORRECTED)).pay().order(created_at=NOW - HOUR)
    shop.orders[0]["shipping_address"] = order_address
    return shop


def told_at(shop: Shop, at: Any, **more: Any) -> PlanContext:
    """What is known once the customer has given the address at this moment."""
    mark = Mark("checkout.updated", f"shop:{at}", at, at, "")
    snapshot = OrderSnapshot(checkout_id="chk-1", marks=[mark], address=AddressState(at=at))
    return context(shop, snapshot=snapshot, **more)


def copied(shop: Shop, ctx: PlanContext) -> bool:
    return copy_to_order(finding(FaultCode.ADDRESS_UNDELIVERABLE), shop.facts(), ctx) is not None


def test_an_address_the_shop_stores_otherwise_is_set_once() -> None:
    shop = with_order({**CORRECTED, "phone": "+8613800000000"})
    assert copied(shop, told_at(shop, NOW))
    done = frozenset({"set_order_address|order:ord-1"})
    said = asked("address_completed", NOW + timedelta(seconds=1))
    assert not copied(shop, told_at(shop, NOW, done=done, asked=said))
    assert not copied(shop, told_at(shop, NOW, done=done)), "nobody knows when it was set"
    assert copied(shop, told_at(shop, NOW + timedelta(seconds=2), done=done, asked=said))


def test_what_is_only_read_back_does_not_undo_what_staff_put_right_on_the_order() -> None:
    shop = with_order({**CORRECTED, "street": "科技路 3 号"})
    read_now = OrderSnapshot(checkout_id="chk-1", address=AddressState(at=NOW))
    assert not copied(shop, context(shop, snapshot=read_now))
    assert copied(shop, told_at(shop, NOW))


# -- somebody is paying at this moment --------------------------------------------------------------------------------


def test_the_rest_that_is_being_paid_is_waited_for_though_the_reply_timed_out() -> None:
    shop = Shop().pay(400).order().pay(600, "pending", created_at=NOW)
    silent = asked("pay_rest:600", NOW - HOUR, timed_out=True)
    assert partial_plan(finding(FaultCode.PARTIAL_PAYMENT), shop.facts(), context(shop, asked=silent)).then == "wait"
    shop.now += timedelta(minutes=16)
    late = partial_plan(finding(FaultCode.PARTIAL_PAYMENT), shop.facts(), context(shop, asked=silent))
    assert "cancel_order" in actions(late.steps)


def test_an_undeliverable_checkout_that_is_being_paid_is_not_closed() -> None:
    shop = Shop(address=dict(CORRECTED), serviceability={"deliverable": False, "reason": "no_carrier"})
    shop.pay(status="pending", created_at=NOW)
    silent = asked("undeliverable", NOW - HOUR, timed_out=True)
    ctx = context(shop, asked=silent)
    assert undeliverable_plan(finding(FaultCode.ADDRESS_UNDELIVERABLE), shop.facts(), ctx).then == "wait"


def test_a_payment_that_came_through_stops_the_unwinding_while_the_order_lives() -> None:
    shop = Shop().pay(400).pay(600, "pending").order()
    plan = Plan(fault="x", summary={}, steps=unwind(shop.facts(), context(shop), "test"))
    shop.payments[1]["status"] = "captured"
    assert not perform(shop, plan, set(), {}, {}) and shop.live


def test_an_authorisation_stays_until_the_order_is_cancelled() -> None:
    shop = Shop().pay(status="authorized").order()
    assert actions(unwind(shop.facts(), context(shop), "test")) == ["cancel_order", "cancel_payment"]


# -- the shop says no -------------------------------------------------------------------------------------------------


def dear(**more: Any) -> Shop:
    return Shop(lines=[line("L1", "A", 2)], cart=[line("L1", "A", 2, 900)], **more)


def overcharged(extra: int = 200, **more: Any) -> Shop:
    shop = Shop(**more)
    shop.pay(1000 + extra).order("confirmed")
    shop.orders[0]["lines"][0]["unit_price"]["amount"] += extra
    shop.orders[0]["total"]["amount"] += extra
    return shop


OFF = {"amount": 200, "currency": "CNY"}
COUPON = {"code": "SPRING", "status": "valid", "used_by_checkout_id": None, "discount": OFF}


@pytest.mark.parametrize(
    ("code", "shop"),
    [
        (FaultCode.PRICE_MISMATCH, dear().pay().order("confirmed")),
        (FaultCode.COUPON_MISAPPLIED, Shop(coupon=COUPON).pay().order("confirmed")),
        (FaultCode.AMOUNT_MISMATCH, overcharged()),
    ],
)
def test_a_price_the_shop_does_not_change_is_refunded_all_the_same(code: FaultCode, shop: Shop) -> None:
    story = drive(obstinate(shop, "reprice_order"), code)
    refunds = [step for step in shop.writes if step.action == "refund_payment"]
    assert [step.arguments["amount"]["amount"] for step in refunds] == [200] and story.end.then == "resolve"
    assert len(story.plans) <= 3


@pytest.mark.parametrize(
    ("code", "shop"),
    [
        (FaultCode.PRICE_MISMATCH, dear().pay(status="authorized").order("confirmed")),
        (FaultCode.PRICE_MISMATCH, dear()),
        (FaultCode.COUPON_MISAPPLIED, Shop(coupon=COUPON).pay(status="authorized").order("confirmed")),
        (FaultCode.COUPON_MISAPPLIED, Shop(coupon=COUPON)),
        (FaultCode.AMOUNT_MISMATCH, overcharged()),
    ],
)
def test_where_the_wrong_price_may_still_be_charged_a_refusal_brings_a_human(code: FaultCode, shop: Shop) -> None:
    if code is FaultCode.AMOUNT_MISMATCH:
        shop.payments[0] |= {"status": "authorized", "captured": {"amount": 0, "currency": "CNY"}}
    story = drive(obstinate(shop, "reprice_order", "reprice_checkout"), code)
    assert story.end.reason == "change_refused" and len(story.plans) == 2 and story.done == []


def test_a_rest_no_link_can_be_had_for_is_given_back() -> None:
    story = drive(obstinate(Shop().pay(400).order(), "create_payment_link"), FaultCode.PARTIAL_PAYMENT)
    assert story.shop.money == 0 and not story.shop.live and len(story.plans) <= 3


def test_a_rest_after_the_payment_window_is_given_back_without_asking() -> None:
    shop = Shop().pay(400)
    shop.checkout["payment_window_ends_at"] = NOW - HOUR
    story = drive(shop, FaultCode.PARTIAL_PAYMENT)
    assert "create_payment_link" not in story.done and shop.money == 0 and shop.checkout["status"] == "expired"


@pytest.mark.parametrize("code", [FaultCode.UNPAID_ORDER_LIVE, FaultCode.PAYMENT_FAILED])
def test_a_refused_link_brings_a_human_at_once(code: FaultCode) -> None:
    shop = Shop().pay(status="failed")
    story = drive(obstinate(shop.order() if code is FaultCode.UNPAID_ORDER_LIVE else shop, "create_payment_link"), code)
    assert story.end.reason == "link_refused" and len(story.plans) == 2


def test_lines_the_shop_does_not_take_off_bring_a_human_at_once() -> None:
    shop = Shop(lines=[line("L1", "A"), line("L2", "B")], on_hand={"B": 1})
    story = drive(obstinate(shop.pay().order(), "cancel_lines"), SHORT)
    assert story.end.reason == "change_refused" and len(story.plans) == 2


# -- shortages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paid", "phrase"), [((2000, 2000), "duplicate_refunded"), ((2300,), "amount_refunded")]
)
def test_goods_missing_and_paid_too_much_are_both_repaired(paid: tuple[int, ...], phrase: str) -> None:
    shop = Shop(lines=[line("L1", "A"), line("L2", "B")], on_hand={"B": 1})
    for amount in paid:
        shop.pay(amount)
    story = drive(shop.order(), SHORT)
    assert shop.money == shop.live[0]["total"]["amount"] == 1000 and story.told() == [phrase, "cut_refund"]
    assert shop.writes[-1].arguments["params"]["refund"]["amount"] == 1000, "what is told of each is not added up"
    assert story.end.resolution == "cancelled_refunded"


def test_money_nobody_can_explain_is_still_a_humans() -> None:
    shop = Shop(lines=[line("L1", "A"), line("L2", "B")], on_hand={"B": 1}, shipping=500).pay().order()
    shop.orders[0]["shipping_fee"]["amount"] -= 500
    shop.orders[0]["total"]["amount"] -= 500
    assert drive(shop, SHORT).end.reason == "overpaid"


def test_two_back_orders_are_entered_once_each_though_no_message_gets_through() -> None:
    shop = Shop(lines=[line("L1", "A"), line("L2", "B"), line("L3", "C")], on_hand={"C": 1})
    shop.restock_at = NOW + timedelta(days=3)
    chosen = {**asked("out_of_stock:A", choice="backorder"), **asked("out_of_stock:B", choice="backorder")}
    story = _muted(shop.pay().order(), chosen)
    assert story.done.count("backorder_line") == 2 and story.done.count("add_note") == 2
    assert story.end.resolution == "alternative_accepted"


def _muted(shop: Shop, chosen: dict[str, Asked]) -> Story:
    """As `drive`, with answers given; nothing more is delivered: such steps count as skipped."""
    done: set[str] = set()
    plans: list[Plan] = []
    for _ in range(6):
        ctx = context(shop, asked=dict(chosen), done=frozenset(done))
        plans.append(shortage_plan(finding(SHORT), shop.facts(), ctx))
        steps = [step for step in plans[-1].steps if step.action != "send_message"]
        perform(shop, msgspec.structs.replace(plans[-1], steps=steps), done, {}, {})
        if plans[-1].then == "resolve":
            return Story(shop, plans, ctx)
    raise AssertionError([actions(p.steps) for p in plans])


# -- who keeps the basket ---------------------------------------------------------------------------------------------


def test_a_kept_basket_without_a_payment_window_is_closed_when_it_is_left_alone() -> None:
    shop = Shop(on_hand={"A": 0})
    story = drive(shop, FaultCode.RESERVATION_TIMEOUT, choosing("keep"), rounds=80)
    assert shop.checkout["status"] == "expired" and timedelta(minutes=50) < shop.now - NOW < timedelta(minutes=70)
    assert story.told() == ["sold_out", "closed"]


# -- split orders and partly captured authorisations ------------------------------------------------------------------


def split(*, whole: bool = True) -> Shop:
    """Two orders for the two lines of one checkout; with `whole` False they ask for more than was agreed."""
    shop = Shop(lines=[line("L1", "A"), line("L2", "B", 1, 500)]).order().order()
    for order, kept in zip(shop.orders, ("L1", "L2"), strict=True):
        order["lines"] = [one for one in order["lines"] if one["line_id"] == kept or not whole]
        order["total"]["amount"] = sum(one["unit_price"]["amount"] for one in order["lines"])
    return shop


@pytest.mark.parametrize(
    ("code", "second"), [(FaultCode.DUPLICATE_CHARGE, 1500), (FaultCode.AMOUNT_MISMATCH, 30)]
)
def test_money_taken_too_much_for_a_split_order_goes_back(code: FaultCode, second: int) -> None:
    story = drive(split().pay().pay(second), code)
    assert story.shop.money == 1500 and story.end.then == "resolve" and len(story.shop.live) == 2
    assert drive(split(whole=False).pay().pay(second), code).end.reason == "several_orders"


def test_a_partly_captured_authorisation_pays_its_surcharge_once() -> None:
    money = {name: {"amount": n, "currency": "CNY"} for name, n in (("surcharge", 50), ("captured", 500))}
    shop = Shop().pay(1050, "authorized", **money).order()
    story = drive(shop, FaultCode.PARTIAL_PAYMENT)
    assert story.done == [] and story.end.then == "resolve"


# -- coupons ----------------------------------------------------------------------------------------------------------


def test_a_coupon_spelled_otherwise_is_the_same_coupon() -> None:
    shop = Shop(coupon={**COUPON, "status": "expired"}).pay().order()
    shop.tell("coupon.applied", "spring ")
    story = drive(shop, FaultCode.COUPON_MISAPPLIED)
    assert shop.money == 800 and story.told() == ["coupon_applied_refund"]


def test_what_an_event_said_of_a_coupon_spelled_otherwise_is_kept() -> None:
    view = CouponView(code="spring", status="valid", discount=Money(200, "CNY"))
    told = OrderSnapshot(checkout_id="chk-1", coupon=view)
    shop = Shop(coupon={**COUPON, "discount": None})
    coupon = apply_read_back(told, shop.facts()).coupon
    assert coupon is not None and coupon.discount == Money(200, "CNY")

"""Several money faults on one checkout, found by the real detectors: repairs never undo or double each other."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.faults.figures import captured_net
from knowledge.faults.planning import Asked
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.plans import PlanStep
from tests.knowledge.faults.driving import drive, silence
from tests.knowledge.faults.driving_cases import Case, crashing
from tests.knowledge.faults.pretend_shop import SET_ASIDE, Shop, line, yuan

PROFILE = settings(max_examples=120, deadline=None)
PAYMENTS = ["nothing", "failed", "part", "whole", "split", "twice", "over", "thrice", "authorized", "pending"]
ASKING = [
    FaultCode.UNPAID_ORDER_LIVE, FaultCode.PAYMENT_FAILED, FaultCode.REPEATED_SUBMISSION, FaultCode.DUPLICATE_ORDER,
    FaultCode.PARTIAL_PAYMENT,
]  # fmt: skip
ORDERS = [None, "created", "confirmed", "on_hold", "shipped", "cancelled"]
ADDRESS = {
    "recipient": "王小明", "phone": "13800000000", "country": "CN", "province": "广东省", "city": "深圳市",
    "district": "南山区", "street": "科技路 1 号", "postcode": "518000",
}  # fmt: skip


@st.composite
def scenes(draw: st.DrawFn) -> Shop:
    """A checkout on which any of the money faults may lie, alone or together."""
    prices = [draw(st.integers(20, 60)) * 10 for _ in range(draw(st.integers(1, 2)))]
    lines = [line(f"L{i}", "AB"[i], draw(st.integers(1, 3)), price) for i, price in enumerate(prices)]
    steps = [draw(st.sampled_from([-30, 0, 0, 40])) for _ in lines]
    cart = [{**x, "unit_price": yuan(x["unit_price"]["amount"] + step)} for x, step in zip(lines, steps, strict=True)]
    off = draw(st.sampled_from([None, None, 60, 130]))
    status = draw(st.sampled_from(["valid", "valid", "expired", "used"]))
    coupon = None if off is None else {
        "code": "C", "status": status, "used_by_checkout_id": "chk-0" if status == "used" else None,
        "discount": yuan(off),
    }  # fmt: skip
    holder = {"id": "chk-0", "status": draw(st.sampled_from(["expired", "completed"]))} if status == "used" else None
    shop = Shop(
        lines=lines, cart=draw(st.sampled_from([None, cart])), shipping=draw(st.sampled_from([0, 50])),
        discount=draw(st.sampled_from([0, 0, 60])), tax_percent=draw(st.sampled_from([0, 0, 0, 8])), coupon=coupon,
        coupon_holder=holder, on_hand={"A": 9, "B": 9}, address=ADDRESS, serviceability={"deliverable": True},
    )  # fmt: skip
    shop.checkout["coupon_code"] = "C" if coupon else None
    _pay(draw, shop)
    _order(draw, shop)
    return shop


def _pay(draw: st.DrawFn, shop: Shop) -> None:
    kind, total = draw(st.sampled_from(PAYMENTS)), shop.total
    extra = draw(st.sampled_from([0, 0, 15]))
    parts: dict[str, list[int]] = {
        "part": [total // 3], "whole": [total], "split": [total // 2, total - total // 2], "twice": [total, total],
        "over": [total + 37], "thrice": [total, total, total], "authorized": [], "failed": [], "nothing": [],
        "pending": [],
    }  # fmt: skip
    for i, part in enumerate(parts[kind]):
        shop.pay(part + extra, surcharge=yuan(extra), created_at=shop.now.replace(minute=0, second=i, hour=11))
    if kind in ("failed", "authorized", "pending"):
        shop.pay(total, status=kind)
    if draw(st.integers(0, 5)) == 0:
        shop.pay(total, status="authorized")


def _order(draw: st.DrawFn, shop: Shop) -> None:
    status = draw(st.sampled_from(ORDERS))
    if status is None:
        if draw(st.integers(0, 4)) == 0:
            shop.checkout["status"] = "expired"
        return
    shop.order(status)
    if status != "cancelled":
        for x in shop.lines:
            shop.hold(x["sku"], x["quantity"], "held" if status == "created" else "committed")
    dearer = draw(st.sampled_from([0, 0, 0, 45]))
    if dearer and not shop.tax_percent:
        order = shop.orders[0]
        order["shipping_fee"] = yuan(order["shipping_fee"]["amount"] + dearer)
        order["total"] = yuan(order["total"]["amount"] + dearer)


def fair_total(shop: Shop) -> int:
    """The least whole total the customer was shown, less what the coupon should have taken off."""
    def payable(lines: list[dict[str, Any]]) -> int:
        return sum(x["unit_price"]["amount"] * x["quantity"] for x in lines) + shop.shipping

    usable = shop.coupon and (shop.coupon["status"] == "valid" or (shop.coupon_holder or {}).get("status") == "expired")
    off = max(shop.discount, shop.coupon["discount"]["amount"] if shop.coupon and usable else 0)
    return min(payable(shop.lines), payable(shop.cart or shop.lines)) - off


def customers(chance: Random) -> Any:
    """Pays by the link, chooses, declines, writes, or says nothing."""

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        kind = chance.choice(["pays", "pays", "chooses", "silence", "words"])
        link = next((one for one in shop.links if one["status"] == "open"), None)
        if kind == "pays" and link is not None:
            shop.pay(link["amount"], created_at=shop.now)
            link |= {"status": "paid", "payment_id": shop.payments[-1]["id"]}
            return
        if kind not in ("chooses", "words"):
            silence(shop, asked)
            return
        for occasion, one in asked.items():
            if one.choices and not one.choice:
                choice = chance.choice(one.choices) if kind == "chooses" else None
                asked[occasion] = msgspec.structs.replace(one, choice=choice, replied=True)

    return reply


def unruly(chance: Random) -> Any:
    """Now and then the shop refuses, another desk refunds, or the bank takes an authorisation."""

    def meanwhile(shop: Shop, step: PlanStep) -> None:
        kind = chance.choice(["quiet"] * 10 + ["refuse", "desk", "bank"])
        if kind == "refuse" and len(shop.writes) < 8:
            shop.refuse[step.action] = "stale" if step.action != "refund_payment" else "refunded_changed"
        elif kind == "bank":
            for p in shop.payments:
                if p["status"] in ("authorized", "pending"):
                    p |= {"status": "captured", "captured": p["amount"]}

    return meanwhile


def sound(case: Case, agreed: int, fair: int, held_before: bool) -> None:
    """SPEC's invariants 1, 2, 3 and 5, whatever happened; money at rest where the case was resolved."""
    shop = case.shop
    given = {p["id"]: 0 for p in shop.payments}
    for step in shop.writes:
        if step.action == "refund_payment":
            given[step.arguments["payment_id"]] += step.arguments["amount"]["amount"]
    for p in shop.payments:
        assert 0 <= shop.kept(p) == p["captured"]["amount"] - given[p["id"]], "every refund is one of ours"
    assert all(one["amount"] <= agreed for one in shop.links)
    assert len([one for one in shop.links if one["status"] == "open"]) <= 1
    if case.ending != "resolved":
        return
    assert not any(one["status"] == "open" for one in shop.links)
    net = captured_net(shop.facts())
    if not shop.live:
        assert shop.money == 0 or shop.checkout["status"] == "submitted"
        if shop.orders or shop.checkout["status"] == "expired":
            assert not any(r["status"] in SET_ASIDE for r in shop.reservations) or not shop.writes
        return
    order = shop.live[0]
    alive = sum(p["amount"]["amount"] for p in shop.payments if p["status"] == "authorized")
    if order["status"] != "shipped":  # its price may be past changing: then the refund alone makes it right
        assert net + alive >= order["total"]["amount"] - 1, "it is paid"
        goods = sum(one["unit_price"]["amount"] * one["quantity"] for one in order["lines"])
        better = order["total"]["amount"] <= (agreed if shop.tax_percent else fair)
        assert better or order["discount"]["amount"] == goods, "the better price, or all that a discount can take off"
    assert net <= min(order["total"]["amount"], agreed) + 1, "nothing above it is kept"
    assert order["status"] != "on_hold" or held_before


@PROFILE
@given(shop=scenes(), seed=st.integers(0, 100_000))
def test_whatever_is_wrong_at_once_the_money_comes_right(shop: Shop, seed: int) -> None:
    chance = Random(seed)
    agreed, fair, held = shop.total, fair_total(shop), bool(shop.live) and shop.live[0]["status"] == "on_hold"
    case = Case(shop, customers(chance), crashing(chance)).run()
    sound(case, agreed, fair, held)


@PROFILE
@given(shop=scenes(), seed=st.integers(0, 100_000))
def test_in_an_unruly_shop_nothing_is_given_back_twice(shop: Shop, seed: int) -> None:
    chance = Random(seed)
    agreed, fair, held = shop.total, fair_total(shop), bool(shop.live) and shop.live[0]["status"] == "on_hold"
    shop.meanwhile = unruly(chance)
    case = Case(shop, customers(chance), crashing(chance)).run(120)
    sound(case, agreed, fair, held)


@PROFILE
@given(shop=scenes(), code=st.sampled_from(ASKING), seed=st.integers(0, 100_000), can_message=st.booleans())
def test_who_is_asked_is_never_charged_more_than_agreed_and_no_link_stays(
    shop: Shop, code: FaultCode, seed: int, can_message: bool
) -> None:
    chance = Random(seed)
    before, agreed = captured_net(shop.facts()), shop.total
    shop.meanwhile = unruly(chance)
    story = drive(shop, code, customers(chance), rounds=60, can_message=can_message)
    paid = sum(one["amount"] for one in shop.links if one["status"] == "paid")
    assert paid + before <= max(before, agreed), "a link only ever asks for what is lacking"
    assert len([one for one in shop.links if one["status"] == "open"]) <= (story.end.then == "hand_off")
    if "cancel_order" in story.done and story.end.then == "resolve":
        assert shop.money == 0 and not any(r["status"] in SET_ASIDE for r in shop.reservations)
    if story.end.then == "resolve":
        assert "hold_order" not in story.done or not shop.live or shop.live[0]["status"] != "on_hold"

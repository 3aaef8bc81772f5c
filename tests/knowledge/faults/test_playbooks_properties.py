"""Properties of all playbooks on generated purchases: they end, never charge, and conserve money and stock."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from knowledge.faults.figures import captured_net, surplus, total_after, with_price
from knowledge.faults.planning import Asked
from knowledge.faults.unwinding import refund_excess
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, ProductFact, ReservationFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep
from tests.knowledge.faults.driving import Story, drive
from tests.knowledge.faults.pretend_shop import NOW, SET_ASIDE, Shop, line, recompute, yuan

PAID = [FaultCode.PAID_OUT_OF_STOCK, FaultCode.PAID_ORDER_MISSING]
REFUSALS = ["refunded_changed", "out_of_stock", "stale", "order_exists"]
PROFILE = settings(max_examples=150, deadline=None)


@st.composite
def shops(draw: st.DrawFn, *, paid: bool = True) -> Shop:
    skus = ["A", "B", "C"][: draw(st.integers(1, 3))]
    prices = {sku: draw(st.integers(1, 50)) * 10 for sku in skus}
    lines = [line(f"L{i}", sku, draw(st.integers(1, 3)), prices[sku]) for i, sku in enumerate(skus)]
    cart = [line(f"L{i}", sku, x["quantity"], draw(st.integers(1, 60)) * 10)
            for i, (sku, x) in enumerate(zip(skus, lines, strict=True))]  # fmt: skip
    shop = Shop(
        lines=lines, cart=draw(st.sampled_from([None, cart])), shipping=draw(st.sampled_from([0, 300])),
        discount=draw(st.sampled_from([0, 0, 50])), tax_percent=draw(st.sampled_from([0, 0, 8])),
        on_hand={sku: draw(st.integers(0, 4)) for sku in skus} | {"S": draw(st.integers(0, 5))},
        restock_at=draw(st.sampled_from([None, NOW + timedelta(days=3)])),
    )  # fmt: skip
    price = draw(st.integers(1, 60)) * 10
    shop.substitutes = {sku: [ProductFact(sku="S", title="S", unit_price=Money(price, "CNY"))] for sku in skus}
    for x in lines:
        if draw(st.booleans()):
            shop.hold(x["sku"], draw(st.integers(1, x["quantity"])))
    split = draw(st.integers(1, 3))
    assume(paid or shop.total >= 10)
    whole = shop.total if paid else draw(st.integers(1, shop.total - 2))
    status = draw(st.sampled_from(["captured", "captured", "authorized"])) if paid else "captured"
    for i in range(split):
        part = whole // split + (whole % split if i == 0 else 0)
        extra = draw(st.sampled_from([0, 0, 25]))
        if part:
            shop.pay(part + extra, status=status, surcharge=yuan(extra))
    return shop


def replies(seed: int) -> Any:
    """A customer who answers anything, nothing, or in words."""
    chance = Random(seed)

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        for occasion, one in asked.items():
            if one.choice or one.replied:
                continue
            kind = chance.choice(["choice", "choice", "choice", "silence", "words"])
            if kind == "choice" and one.choices:
                asked[occasion] = msgspec.structs.replace(one, choice=chance.choice(one.choices), replied=True)
            elif kind == "words":
                asked[occasion] = msgspec.structs.replace(one, replied=True)
            else:
                asked[occasion] = msgspec.structs.replace(one, timed_out=True)

    return reply


def troubles(seed: int) -> Any:
    """A shop that now and then refuses, sells to others, or makes the order itself."""
    chance = Random(seed)

    def meanwhile(shop: Shop, step: PlanStep) -> None:
        kind = chance.choice(["quiet"] * 8 + ["refuse", "sold", "order", "in"])
        if kind == "refuse" and len(shop.writes) < 6:
            shop.refuse[step.action] = chance.choice(REFUSALS)
        elif kind in ("sold", "in"):
            sku = chance.choice(sorted(shop.on_hand))
            free = shop.on_hand[sku] - shop.reserved(sku)
            shop.on_hand[sku] += -free if kind == "sold" else 1
        elif kind == "order" and not shop.orders and shop.checkout["status"] == "submitted":
            shop.order()

    return meanwhile


def conserved(story: Story) -> None:
    """SPEC's invariants 1 to 4, for what was resolved; a human's case may be in any state that harms nobody."""
    shop = story.shop
    for payment in shop.payments:
        assert 0 <= shop.kept(payment) <= payment["captured"]["amount"]
    assert len(shop.live) <= 1
    assert all(step.action != "capture_payment" for step in shop.writes)
    if story.end.then != "resolve":
        return
    due = sum(order["total"]["amount"] for order in shop.live)
    alive = [p for p in shop.payments if p["status"] == "authorized"]
    net = captured_net(shop.facts())
    if not shop.live and shop.checkout["status"] in ("expired", "completed"):
        assert shop.money == 0 and not alive and not any(r["status"] in SET_ASIDE for r in shop.reservations)
    elif shop.live and not alive:
        assert net == due, (net, due)
    elif shop.live:
        assert net <= due


def stocked(story: Story) -> None:
    shop = story.shop
    if story.end.then != "resolve" or not shop.live:
        return
    backordered = any(step.action == "backorder_line" for step in shop.writes)
    for sku in shop.on_hand:
        need = sum(x["quantity"] for x in shop.live[0]["lines"] if x["sku"] == sku)
        assert shop.reserved(sku) <= need
        assert backordered or shop.reserved(sku) == need


@PROFILE
@given(shop=shops(), code=st.sampled_from(PAID), ordered=st.sampled_from([None, "created", "confirmed"]),
       seed=st.integers(0, 10_000), can_message=st.booleans())  # fmt: skip
def test_paid_purchases_end_whole(
    shop: Shop, code: FaultCode, ordered: str | None, seed: int, can_message: bool
) -> None:
    if ordered and code is FaultCode.PAID_OUT_OF_STOCK:
        shop.order(ordered)
    story = drive(shop, code, replies(seed), rounds=14, can_message=can_message)
    conserved(story)
    stocked(story)


@PROFILE
@given(shop=shops(), ordered=st.booleans(), seed=st.integers(0, 10_000))
def test_paid_purchases_stay_conserved_in_an_unruly_shop(shop: Shop, ordered: bool, seed: int) -> None:
    if ordered:
        shop.order()
    shop.meanwhile = troubles(seed)
    conserved(drive(shop, FaultCode.PAID_OUT_OF_STOCK, replies(seed), rounds=40))


@PROFILE
@given(shop=shops(), ordered=st.sampled_from([None, "created", "confirmed", "shipped"]), seed=st.integers(0, 10_000))
def test_price_corrections_never_cost_the_customer(shop: Shop, ordered: str | None, seed: int) -> None:
    if ordered:
        shop.order(ordered)
    before = shop.total
    shop.meanwhile = troubles(seed)
    story = drive(shop, FaultCode.PRICE_MISMATCH, rounds=40)
    asked = (shop.live[0] if shop.live else shop.checkout)["total"]["amount"]
    assert asked <= before
    if story.end.then == "resolve":
        net = captured_net(shop.facts())
        assert net <= before and (ordered == "shipped" or net <= asked)
        # where the shop no longer changes the price, the excess goes back all the same: less is kept than is asked
        refused = any(key.startswith("reprice_order|") for key in story.context.refused)
        if ordered != "shipped" and not refused and all(p["status"] == "captured" for p in shop.payments):
            assert net == asked


@PROFILE
@given(shop=shops(paid=False), ordered=st.booleans(), pays=st.booleans(), seed=st.integers(0, 10_000))
def test_partial_payments_are_completed_or_given_back(shop: Shop, ordered: bool, pays: bool, seed: int) -> None:
    if ordered:
        shop.order()
    shop.meanwhile = None if pays else troubles(seed)

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        if not pays:
            replies(seed)(shop, asked)
            return
        for link in [one for one in shop.links if one["status"] == "open"]:
            shop.pay(link["amount"], created_at=shop.now)
            link |= {"status": "paid", "payment_id": shop.payments[-1]["id"]}

    story = drive(shop, FaultCode.PARTIAL_PAYMENT, reply, rounds=40)
    assert captured_net(shop.facts()) <= shop.total, "never more than agreed"
    assert not any(one["status"] == "open" for one in shop.links) or story.end.then == "hand_off"
    if not pays:
        conserved(story)


@PROFILE
@given(
    kept=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 50)), min_size=1, max_size=4), new=st.integers(0, 2000)
)
def test_refunds_of_an_excess_are_exact_and_within_each_payment(kept: list[tuple[int, int]], new: int) -> None:
    rows = [
        {"id": f"p{i}", "status": "captured", "captured": yuan(c), "surcharge": yuan(min(s, c))}
        for i, (c, s) in enumerate(kept)
    ]
    facts = msgspec.convert({"checkout_id": "c", "at": NOW, "payments": rows}, Facts)
    refunds = {s.arguments["payment_id"]: s.arguments["amount"]["amount"] for s in refund_excess(facts, new, "r")}
    net = captured_net(facts)
    assert sum(refunds.values()) == max(0, net - new)
    for row, (captured, extra) in zip(rows, kept, strict=True):
        assert refunds.get(row["id"], 0) <= captured - min(extra, captured)


@PROFILE
@given(shop=shops(), price=st.integers(0, 600))
def test_the_predicted_total_is_the_shops_where_nothing_else_follows(shop: Shop, price: int) -> None:
    checkout = shop.facts().checkout
    assert checkout is not None
    lines = [with_price(x, Money(price, "CNY")) for x in checkout.lines]
    predicted = total_after(checkout, lines, discount=0)
    for x in shop.checkout["lines"]:
        x["unit_price"] = yuan(price)
    shop.checkout["discount"] = yuan(0)
    taxed = shop.checkout["tax"]["amount"]
    recompute(shop.checkout, shop.tax_percent)
    assert predicted == shop.total - shop.checkout["tax"]["amount"] + taxed


@PROFILE
@given(quantities=st.lists(st.integers(1, 5), min_size=1, max_size=5), need=st.integers(0, 12))
def test_releasing_a_surplus_never_leaves_too_little(quantities: list[int], need: int) -> None:
    rows = [ReservationFact(id=f"r{i}", sku="A", quantity=n) for i, n in enumerate(quantities)]
    whole, split = surplus(Facts(checkout_id="c", at=NOW, reservations=rows), {"A": need})
    left = sum(quantities) - sum(r.quantity for r in whole)
    assert left >= min(need, sum(quantities)) and len(split) <= 1
    if not split:
        assert left == min(need, sum(quantities))
    else:
        assert left - split[0].quantity < need < left

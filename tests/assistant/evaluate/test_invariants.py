"""Each invariant is seen to be violated by a world that violates it, and by no sound one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.evaluate.invariants import INVARIANTS, judge, wording
from assistant.evaluate.world import Around, World
from knowledge.vocabulary.codes import CaseStatus, PaymentKind, PaymentStatus
from tests.assistant.evaluate import worlds as w


def broken(world: World) -> dict[int, list[str]]:
    """Details of the violations by invariant."""
    return {v.invariant: [found.detail for found in v.violations] for v in judge(world) if v.violations}


def test_a_sound_world_violates_nothing_and_everything_was_looked_at() -> None:
    world = w.world(messages=[w.message()])
    world.steps["m"] = w.step("send_message", id="m", arguments={"occasion": "told", "fault": "paid_order_missing"})
    world.effects.append(
        w.effect(id="m:1", key="m:1", step_id="m", action="send_message", target="m", path="/messages", body_hash="bb",
                 arguments={"dedupe_key": f"{w.CASE}:1:told"})
    )  # fmt: skip
    assert broken(world) == {}
    assert [v.checked for v in judge(world)] == [1, 1, 1, 1, 0, 2, 1, 1]


def test_every_invariant_has_its_wording_and_number() -> None:
    assert [one.number for one in INVARIANTS] == list(range(1, 9))
    assert all(wording(one.check).endswith(".") for one in INVARIANTS)


def test_what_cannot_be_checked_is_said() -> None:
    said = {v.invariant: v.not_checkable for v in judge(w.world())}
    assert said[6] and said[3]
    assert any("profiles of 3" in text for text in judge(w.world(customers_left_out=3))[7].not_checkable)


# -- 1 --------------------------------------------------------------------------------------------------------------

KEPT_MONEY = w.around(orders=[w.order(status="cancelled")], reservations=[], checkout=w.checkout(status="cancelled"))
MONEY = {
    "kept though cancelled": KEPT_MONEY,
    "captured twice": w.around(payments=[w.payment(), w.payment(id="pay-2")]),
    "paid and never ordered": w.around(orders=[], reservations=[]),
    "order goes ahead half paid": w.around(payments=[w.payment(amount=w.cny(400), captured=w.cny(400))]),
    "order dearer than paid": w.around(orders=[w.order(total=w.cny(1400))]),
    "refunded and delivered": w.around(payments=[w.payment(refund_pending=w.cny(1000))]),
    "disputed": w.around(payments=[w.payment(disputed=w.cny(1000))]),
}


@pytest.mark.parametrize("name", MONEY)
def test_money_that_rests_in_the_wrong_place(name: str) -> None:
    assert list(broken(w.world(MONEY[name]))) == [1]


@pytest.mark.parametrize("name", MONEY)
def test_a_case_that_somebody_owns_excuses_a_difference_in_money(name: str) -> None:
    assert broken(w.world(MONEY[name], cases=[w.owned("refund_missing")])) == {}


def test_a_case_excuses_only_what_it_names_and_only_while_somebody_has_it() -> None:
    shop = MONEY["captured twice"]
    assert 1 in broken(w.world(shop, cases=[w.owned("timeline_contradiction")]))
    cleared = w.owned("duplicate_charge")
    cleared["faults"][0]["cleared_at"] = w.NOW
    assert 1 in broken(w.world(shop, cases=[cleared]))
    waiting = w.case(status=CaseStatus.AWAITING_APPROVAL, resolution=None, faults=[w.fault("duplicate_charge")])
    assert 1 in broken(w.world(shop, cases=[waiting]))
    assert broken(w.world(shop, cases=[waiting], timers={("approval", w.CASE): w.timer()})) == {}
    overdue = {("approval", w.CASE): w.timer(w.NOW - timedelta(hours=1))}
    assert 1 in broken(w.world(shop, cases=[waiting], timers=overdue))


SETTLED = {
    "one unit of rounding": w.around(orders=[w.order(total=w.cny(1001))]),
    "a surcharge on top": w.around(payments=[w.payment(amount=w.cny(1030), captured=w.cny(1030), surcharge=w.cny(30))]),
    "a voucher and a card": w.around(
        payments=[w.payment(amount=w.cny(300), captured=w.cny(300), kind=PaymentKind.VOUCHER),
                  w.payment(id="pay-2", amount=w.cny(700), captured=w.cny(700))]
    ),
    "authorised until it ships": w.around(
        payments=[w.payment(status=PaymentStatus.AUTHORIZED, captured=None, authorized_until=w.NOW + timedelta(days=1))]
    ),
    "cash on delivery": w.around(
        payments=[w.payment(status=PaymentStatus.AUTHORIZED, captured=None, kind=PaymentKind.ON_DELIVERY)]
    ),
    "cancelled and refunded": w.around(
        orders=[w.order(status="cancelled")], reservations=[], payments=[w.payment(refunded=w.cny(1000))]
    ),
    "never paid": w.around(
        orders=[], reservations=[], payments=[w.payment(status=PaymentStatus.FAILED, captured=None)],
        checkout=w.checkout(status="expired"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTLED)
def test_money_that_rests_where_it_should(name: str) -> None:
    assert broken(w.world(SETTLED[name])) == {}


def test_an_authorisation_that_ran_out_is_no_money() -> None:
    gone = w.payment(status=PaymentStatus.AUTHORIZED, captured=None, authorized_until=w.NOW - timedelta(hours=1))
    assert 1 in broken(w.world(w.around(payments=[gone])))


def test_recorded_goodwill_explains_what_is_missing() -> None:
    shop = w.around(payments=[w.payment(refunded=w.cny(200))])
    given = {"amount": {"amount": 200, "currency": "CNY"}, "reason": "goodwill: late parcel"}
    refund = w.effect(action="refund_payment", path="/payments/pay-1/refund", arguments=given)
    assert 1 in broken(w.world(shop))
    assert broken(w.world(shop, effects=[refund], steps={w.STEP: w.step("refund_payment")})) == {}


@pytest.mark.parametrize(
    "moving",
    [
        {"shop": w.around(orders=[], reservations=[], payments=[w.payment(updated_at=w.NOW)])},
        {"timers": {("detect", w.CHECKOUT): w.timer()}},
        {"cases": [w.case(status=CaseStatus.REPAIRING, resolution=None, running=1, updated_at=w.NOW)]},
        {"timers": {("retry", w.CASE): w.timer()}},
    ],
)
def test_what_moves_is_not_at_rest(moving: dict[str, object]) -> None:
    still = {"shop": MONEY["paid and never ordered"]}
    assert 1 in broken(w.world(**still))
    assert 1 not in broken(w.world(**{**still, **moving}))


def test_a_deadline_that_nobody_watches_any_more_is_no_movement() -> None:
    stale = {("detect", w.CHECKOUT): w.timer(w.NOW - timedelta(minutes=30))}
    assert 1 in broken(w.world(MONEY["paid and never ordered"], timers=stale))


# -- 2 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payment",
    [
        w.payment(refunded=w.cny(600), refund_pending=w.cny(600)),
        w.payment(refunded=w.cny(600), disputed=w.cny(600)),
        w.payment(amount=w.cny(900)),
    ],
)
def test_more_given_back_than_taken_or_more_taken_than_agreed(payment: object) -> None:
    assert 2 in broken(w.world(w.around(payments=[payment])))


def test_more_taken_by_us_than_the_customer_agreed_to() -> None:
    taken = {"amount": {"amount": 800, "currency": "CNY"}}
    ours = [
        w.effect(id=key, key=key, action="capture_payment", target="payment:pay-1", arguments=taken, path=f"/{key}")
        for key in ("a", "b")
    ]
    assert "we took 1600" in broken(w.world(effects=ours))[2][0]


# -- 3 --------------------------------------------------------------------------------------------------------------

STOCK = {
    "held for a cancelled order": w.around(
        orders=[w.order(status="cancelled")], payments=[], reservations=[w.reservation(status="held")]
    ),
    "held for an expired checkout": w.around(
        orders=[], payments=[], checkout=w.checkout(status="expired"), reservations=[w.reservation(status="held")]
    ),
    "held beyond the window": w.around(
        orders=[], payments=[], checkout=w.checkout(status="submitted"), reservations=[w.reservation(status="held")]
    ),
    "more than was ordered": w.around(reservations=[w.reservation(3)]),
    "something else than was ordered": w.around(reservations=[w.reservation(), w.reservation(1, sku="cup", id="r2")]),
    "paid and not set aside": w.around(reservations=[]),
    "paid and given back": w.around(reservations=[w.reservation(status="released")]),
}


@pytest.mark.parametrize("name", STOCK)
def test_stock_that_is_set_aside_for_no_reason_or_not_at_all(name: str) -> None:
    assert list(broken(w.world(STOCK[name]))) == [3]
    assert broken(w.world(STOCK[name], cases=[w.owned("paid_out_of_stock")])) == {}


RESERVED = {
    "inside the payment window": w.around(
        orders=[], payments=[], reservations=[w.reservation(status="held")],
        checkout=w.checkout(status="submitted", payment_window_ends_at=w.NOW + timedelta(minutes=2)),
    ),
    "already sent": w.around(orders=[w.order(status="delivered")], reservations=[w.reservation(status="committed")]),
    "nothing to send": w.around(orders=[w.order(lines=[w.line(shipped=False)])], reservations=[]),
    "held in an open cart": w.around(
        orders=[], payments=[], checkout=w.checkout(status="open", submitted_at=None),
        reservations=[w.reservation(status="held", expires_at=w.NOW + timedelta(minutes=2))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RESERVED)
def test_stock_that_is_set_aside_rightly(name: str) -> None:
    assert broken(w.world(RESERVED[name])) == {}


def test_a_back_ordered_line_needs_no_stock_yet() -> None:
    later = w.effect(action="backorder_line", path="/orders/ord-1/backorder", arguments={"line_id": "l-1"})
    assert (
        broken(w.world(STOCK["paid and not set aside"], effects=[later], steps={w.STEP: w.step("backorder_line")}))
        == {}
    )


# -- 4 --------------------------------------------------------------------------------------------------------------


def two_orders(second: object) -> Around:
    return w.around(
        orders=[w.order(), second], reservations=[w.reservation(4)],
        payments=[w.payment(amount=w.cny(2000), captured=w.cny(2000))],
    )  # fmt: skip


def test_a_line_that_two_live_orders_cover() -> None:
    assert list(broken(w.world(two_orders(w.order(id="ord-2"))))) == [4]
    substitute = w.order(id="ord-2", lines=[w.line(line_id="new")])
    assert list(broken(w.world(two_orders(substitute)))) == [4]


def test_a_cancelled_order_covers_nothing() -> None:
    assert broken(w.world(w.around(orders=[w.order(), w.order(id="ord-0", status="cancelled")]))) == {}


def test_a_split_order_covers_each_piece_once() -> None:
    halves = [w.order(lines=[w.line(1)], total=w.cny(500)), w.order(id="ord-2", lines=[w.line(1)], total=w.cny(500))]
    assert broken(w.world(w.around(orders=halves))) == {}


# -- 5 --------------------------------------------------------------------------------------------------------------


def repriced(answer: int | None, now: int = 1000) -> World:
    result = {"total": w.cny(answer).json()} if answer is not None else None
    shop = w.around(orders=[w.order(total=w.cny(now))], payments=[w.payment(amount=w.cny(now), captured=w.cny(now))])
    fix = w.effect(action="reprice_order", path="/orders/ord-1/reprice")
    return w.world(shop, effects=[fix], steps={w.STEP: w.step("reprice_order", result=result)})


def test_a_correction_that_costs_the_customer_more() -> None:
    assert list(broken(repriced(1200))) == [5]
    assert list(broken(repriced(None, now=1200))) == [5]
    assert broken(repriced(900, now=900)) == {}
    assert broken(repriced(1000)) == {}


def test_what_counts_is_what_was_agreed_last_before_the_correction() -> None:
    world = repriced(1200, now=1200)
    world.agreed[w.CHECKOUT].append((w.LONG_AGO - timedelta(seconds=1), w.cny(1200)))
    assert broken(world) == {}
    world.agreed[w.CHECKOUT][-1] = (w.LONG_AGO + timedelta(minutes=1), w.cny(1200))
    assert list(broken(world)) == [5]


def test_a_correction_of_an_untold_total_is_said_to_be_unchecked() -> None:
    world = repriced(1200, now=1200)
    world.agreed.clear()
    assert broken(world) == {}
    assert any("1 corrections" in gap for gap in judge(world)[4].not_checkable)

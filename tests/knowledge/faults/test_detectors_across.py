"""Faults that show only beside other checkouts, or on a sku: repeated submission, duplicate order, stock figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.context import Context
from knowledge.phrases import LANGUAGES, describe
from knowledge.policies import Deadlines, Policies
from knowledge.vocabulary.background import History, Purchase, Submit, basket_of
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import Observation, StockLevel
from tests.knowledge.checkouts import START, Story, line

POLICIES = Policies(deadlines=Deadlines(retry_grace=600, duplicate_window=3600, submits=4))
BASKET = basket_of([Line("1", "TEA", 2, Money(5000, "CNY"))])


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def other(name: str, *submits: float, ordered: float | None = None, **more: Any) -> Purchase:
    """Another checkout of the customer, by default with the same basket; paid half a minute before it was ordered."""
    tries = [Submit(at(minute), f"shop#{name}-{minute:g}") for minute in submits]
    if ordered is not None:
        more = {"paid_at": at(ordered - 0.5), "ordered_at": at(ordered), "orders": [f"o-{name}"]} | more
    return Purchase(**{"checkout_id": name, "basket": BASKET, "submits": tries, **more})


def find(code: FaultCode, story: Story, *purchases: Purchase, minute: float = 10_000, **more: Any) -> list[Finding]:
    history = History(purchases=list(purchases), address=more.pop("address", ""))
    context = Context(at(minute), POLICIES, history=history)
    return CATALOGUE[code].detect(story.snapshot, context)


def repeated(story: Story, *purchases: Purchase) -> list[Finding]:
    return find(FaultCode.REPEATED_SUBMISSION, story, *purchases)


def submits(*minutes: float, **more: Any) -> Story:
    story = Story()
    for minute in minutes:
        story.submit(minute, **more)
    return story


# -- repeated submission --------------------------------------------------------------------------------------------


def test_four_submits_of_one_checkout_are_too_many() -> None:
    (found,) = repeated(submits(0, 1, 2, 3))
    assert (found.cause, found.details["submits"], found.at_risk) == ("never_paid", 4, Money(10_000, "CNY"))
    assert found.detectable_at == at(3 + 10)
    assert len(found.evidence) == 4
    for language in LANGUAGES:
        assert describe(found, language)


def test_three_are_not() -> None:
    assert repeated(submits(0, 1, 2)) == []
    assert repeated(submits(5), other("a", 0, 1)) == []


def test_submits_of_several_checkouts_count_together_and_belong_to_the_last() -> None:
    (found,) = repeated(submits(9), other("a", 0), other("b", 3), other("c", 6))
    assert found.details["checkout_ids"] == ["a", "b", "c", "ck"]
    assert repeated(submits(6), other("a", 0), other("b", 3), other("d", 9)) == []


def test_one_more_submit_elsewhere_is_the_same_fault() -> None:
    four = repeated(submits(9), other("a", 0), other("b", 3), other("c", 6))
    five = repeated(submits(9, 14), other("a", 0), other("b", 3), other("c", 6), other("e", 12))
    assert [f.fingerprint for f in four] == [f.fingerprint for f in five]
    assert repeated(submits(12), other("a", 0), other("b", 3), other("c", 6), other("d", 9)) == []


@pytest.mark.parametrize(
    "purchases",
    [
        (other("a", 0), other("b", 3), other("c", 6, ordered=12)),
        (other("a", 0), other("b", 3), other("c", 6), other("d", 20, ordered=21)),
        (other("a", -70), other("b", 3), other("c", 6)),
        (other("a", 0, basket="another"), other("b", 3), other("c", 6)),
    ],
)
def test_paid_later_too_far_apart_or_something_else(purchases: tuple[Purchase, ...]) -> None:
    assert repeated(submits(9), *purchases) == []


def test_what_was_paid_before_says_nothing_about_now() -> None:
    earlier = [other("a", 0), other("b", 1, ordered=2)]
    assert len(repeated(submits(3, 4, 5, 6), *earlier)) == 1
    assert repeated(submits(3, 4, 5), *earlier) == []


@pytest.mark.parametrize("status", ["authorized", "captured"])
def test_an_accepted_payment_ends_it(status: str) -> None:
    assert repeated(submits(0, 1, 2, 3).pay(status, 4, 4_000)) == []


def test_failing_payments_are_named_as_the_cause() -> None:
    (found,) = repeated(submits(0, 1, 2, 3).pay("failed", 0.5))
    assert found.cause == "payments_fail"


def test_a_free_basket_and_a_cancelled_checkout_are_no_fault() -> None:
    assert repeated(submits(0, 1, 2, 3, total=0)) == []
    assert repeated(submits(0, 1, 2, 3).end("cancelled", 4)) == []


def test_a_guest_is_judged_by_the_checkout_alone_and_a_customer_by_the_whole_picture() -> None:
    detect = CATALOGUE[FaultCode.REPEATED_SUBMISSION].detect
    without = Context(at(100), POLICIES)
    assert len(detect(submits(0, 1, 2, 3, customer_id=None).snapshot, without)) == 1
    assert detect(submits(0, 1, 2, 3).snapshot, without) == []


@given(st.lists(st.integers(0, 200), min_size=1, max_size=12, unique=True), st.integers(2, 3))
def test_it_is_found_exactly_when_so_many_lie_in_one_window(minutes: list[int], checkouts: int) -> None:
    ordered = sorted(minutes)
    owners = [n % checkouts for n in range(len(ordered))]
    names = ["ck", "a", "b"][:checkouts]
    crowded = any(ordered[i + 3] - ordered[i] <= 60 for i in range(len(ordered) - 3))
    found = []
    for own in range(checkouts):
        mine = [m for m, owner in zip(ordered, owners, strict=True) if owner == own]
        if mine:
            others = [
                other(names[n], *(m for m, owner in zip(ordered, owners, strict=True) if owner == n))
                for n in range(checkouts) if n != own
            ]  # fmt: skip
            found += repeated(submits(*mine), *others)
    assert bool(found) == crowded


# -- duplicate order ------------------------------------------------------------------------------------------------


def ordered(start: float, oid: str = "o2") -> Story:
    story = Story().submit(start).reserve(start + 0.1).pay("captured", start + 0.5)
    return story.order("created", start + 1, total=10_000, oid=oid)


def duplicates(story: Story, *purchases: Purchase, **more: Any) -> list[Finding]:
    return find(FaultCode.DUPLICATE_ORDER, story, *purchases, **more)


def test_the_later_of_two_is_the_duplicate() -> None:
    (found,) = duplicates(ordered(5), other("a", 0, ordered=1))
    assert found.details["other_order_id"] == "o-a"
    assert (found.details["order_id"], found.details["other_checkout_id"]) == ("o2", "a")
    assert found.detectable_at == at(6)
    assert {e.ref for e in found.evidence} >= {"shop#a-0"}
    assert duplicates(ordered(5), other("a", 8, ordered=9)) == []
    for language in LANGUAGES:
        assert "o-a" in describe(found, language)


def test_of_several_the_nearest_is_named() -> None:
    (found,) = duplicates(ordered(30), other("a", 0, ordered=1), other("b", 20, ordered=21))
    assert found.details["other_checkout_id"] == "b"


@pytest.mark.parametrize(
    "purchase",
    [
        other("a", -70, ordered=-69),
        other("a", 0, ordered=1, basket="another"),
        other("a", 0, ordered=1, paid_at=None),
        other("a", 0, ordered=1, orders=[]),
    ],
)
def test_long_ago_something_else_unpaid_or_cancelled_is_no_duplicate(purchase: Purchase) -> None:
    assert duplicates(ordered(5), purchase) == []


def test_neither_is_one_that_is_not_paid_or_has_no_order_itself() -> None:
    first = other("a", 0, ordered=1)
    assert duplicates(Story().submit(5).order("created", 6, total=10_000), first) == []
    assert duplicates(Story().submit(5).pay("captured", 6), first) == []
    assert duplicates(ordered(5).order("cancelled", 7, oid="o2"), first) == []


@pytest.mark.parametrize(("mine", "theirs", "count"), [("x", "y", 0), ("x", "x", 1), ("", "y", 1), ("x", "", 1)])
def test_another_address_makes_it_a_purchase_of_its_own(mine: str, theirs: str, count: int) -> None:
    assert len(duplicates(ordered(5), other("a", 0, ordered=1, address=theirs), address=mine)) == count


def test_a_customer_who_often_buys_the_same_again_at_once_is_left_alone() -> None:
    habit = [other(f"h{n}", -1440 * day, ordered=-1440 * day + n) for n, day in enumerate((3, 3, 2, 2))]
    assert duplicates(ordered(5), other("a", 0, ordered=1), *habit) == []
    assert len(duplicates(ordered(5), other("a", 0, ordered=1), *habit[:2])) == 1


def test_three_at_once_are_two_duplicates_and_no_habit() -> None:
    assert len(duplicates(ordered(9), other("a", 0, ordered=1), other("b", 4, ordered=5))) == 1


# -- stock figures --------------------------------------------------------------------------------------------------


def seen(minute: float, listed: int | None, available: int = 5, **more: Any) -> Observation:
    return Observation(
        at=at(minute), heard_at=at(minute), ref=f"stock#{minute:g}", on_hand=9, available=available,
        shop_listed=listed, **more,
    )  # fmt: skip


def stock(*observations: Observation, minute: float = 100) -> list[Finding]:
    level = StockLevel(sku="TEA").observe(*observations)
    context = Context(at(minute), POLICIES, stock=level)
    return CATALOGUE[FaultCode.STOCK_INCONSISTENT].detect(OrderSnapshot(checkout_id=""), context)


def test_a_difference_is_due_after_the_lag_since_its_beginning() -> None:
    (found,) = stock(seen(0, 5), seen(1, 8), seen(3, 9, kind="read_back"))
    assert found.detectable_at == at(6)
    assert (found.cause, found.details["difference"], found.details["sku"]) == ("shop_shows_more", 4, "TEA")
    assert [e.kind for e in found.evidence] == ["event", "read_back"]
    for language in LANGUAGES:
        assert "TEA" in describe(found, language)
        assert describe(found, language, "cause")


def test_a_shop_that_shows_less_is_another_cause() -> None:
    (found,) = stock(seen(1, 2))
    assert (found.cause, found.details["difference"]) == ("shop_shows_less", 3)


def test_agreeing_silent_and_oversold_are_no_fault() -> None:
    assert stock(seen(0, 8), seen(1, 5)) == stock(seen(0, None)) == stock(seen(0, 0, available=-2)) == []


def test_a_checkout_has_no_stock_of_its_own() -> None:
    assert find(FaultCode.STOCK_INCONSISTENT, Story().healthy()) == []


def test_the_same_difference_keeps_its_fingerprint_and_a_new_one_gets_another() -> None:
    (first,), (still,) = stock(seen(1, 8)), stock(seen(1, 8), seen(4, 7), seen(5, 7, kind="read_back"))
    (again,) = stock(seen(1, 8), seen(6, 5), seen(7, 8, kind="read_back"))
    assert first.fingerprint == still.fingerprint != again.fingerprint


def test_the_line_order_and_split_of_a_basket_do_not_matter() -> None:
    one = Story().submit(lines=[line("TEA", 1), line("CUP", 1, line_id="2"), line("TEA", 1, line_id="3")])
    assert basket_of(one.snapshot.lines or []) == basket_of(
        [Line("9", "CUP", 1, Money(1, "CNY")), Line("8", "TEA", 2, Money(2, "CNY"))]
    )

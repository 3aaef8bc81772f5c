"""The stock watch: shop and inventory system may disagree about a sku for a while, and no longer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intake.stock import STOCK_WATCH, StockWatch
from assistant.timers.timers import Sweep
from knowledge.vocabulary.facts import StockFact
from knowledge.vocabulary.stock import Observation, StockLevel
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import House, event
from tests.assistant.intake.shop import Shop
from tools.connectors.absent import AbsentShop

MINUTE = timedelta(minutes=1)
LAG = timedelta(seconds=300)


class Watched:
    """A house, a shop and the watch between them."""

    def __init__(self, house: House, reader: Any) -> None:
        self.house, self.now = house, NOW
        watch = StockWatch(house.store, house.stock, reader, clock=lambda: self.now)
        self.sweep = Sweep(house.store, {}, watch.deferred_handlers())

    def at(self, now: datetime) -> None:
        self.now = now
        while self.sweep.run_once(now):
            pass

    @property
    def level(self) -> StockLevel:
        with self.house.store.read() as tx:
            return self.house.stock.level(tx, "TEA")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def watched(house: House, shop: Shop) -> Watched:
    return Watched(house, shop)


def level(shop_listed: int, available: int = 5, *, at: datetime = NOW, id: str | None = None) -> dict[str, Any]:
    data = {"sku": "TEA", "on_hand": 9, "available": available, "shop_listed": shop_listed}
    return event("inventory.level", data, checkout=None, at=at, id=id or f"{at:%M%S}-{shop_listed}", subject="TEA")


def test_a_lasting_difference_is_read_again_and_reported_with_what_each_system_said(
    watched: Watched, shop: Shop
) -> None:
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, available=5, shop_listed=8)
    watched.house.receive(level(8))
    watched.at(NOW + LAG - MINUTE)
    assert shop.asked == []
    watched.at(NOW + LAG)
    assert shop.asked == [("stock", ("TEA",))]
    [(sku, [found])] = watched.house.stock_found
    assert (sku, found.cause, found.details["difference"]) == ("TEA", "shop_shows_more", 3)
    assert found.detectable_at == NOW + LAG
    assert [(e.kind, e.value["shop"], e.value["inventory"]["available"]) for e in found.evidence] == [
        ("event", {"shop_listed": 8}, 5), ("read_back", {"shop_listed": 8}, 5),
    ]  # fmt: skip
    watched.at(NOW + 2 * LAG)
    assert len(watched.house.stock_found) == 1


def test_a_difference_that_is_gone_when_read_is_forgotten(watched: Watched, shop: Shop) -> None:
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, available=5, shop_listed=5)
    watched.house.receive(level(8))
    watched.at(NOW + LAG)
    assert watched.house.stock_found == [("TEA", [])]
    assert watched.level.differs_since is None
    assert watched.house.timer(STOCK_WATCH, "TEA") is None


def test_an_agreeing_event_starts_the_clock_anew(watched: Watched, shop: Shop) -> None:
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, available=5, shop_listed=8)
    later = NOW + 4 * MINUTE
    watched.house.receive(level(8), level(5, at=later), level(8, at=later + MINUTE), at=later + MINUTE)
    watched.at(NOW + LAG)
    assert shop.asked == []
    watched.at(later + MINUTE + LAG)
    assert [sku for sku, found in watched.house.stock_found if found] == ["TEA"]


def test_an_oversold_sku_is_shown_as_none(watched: Watched) -> None:
    watched.house.receive(level(0, -3))
    assert watched.level.differs_since is None


def test_a_silent_inventory_system_is_asked_again(watched: Watched, shop: Shop) -> None:
    shop.down = {"stock"}
    watched.house.receive(level(8))
    watched.at(NOW + LAG)
    timer = watched.house.timer(STOCK_WATCH, "TEA")
    assert timer is not None
    assert timer.due_at > NOW + LAG


def test_without_a_shop_the_events_decide(house: House) -> None:
    watched = Watched(house, AbsentShop().reader)
    house.receive(level(8), level(7, at=NOW + MINUTE))
    watched.at(NOW + LAG)
    [(_, [found])] = house.stock_found
    assert found.details["shop_listed"] == 7


def test_the_same_event_twice_changes_nothing(watched: Watched) -> None:
    watched.house.receive(level(8))
    known = watched.level
    watched.house.receive(level(8), level(8), at=NOW + MINUTE)
    assert watched.level == known


def test_a_trouble_in_folding_loses_no_observation(watched: Watched, shop: Shop) -> None:
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, available=5, shop_listed=8)
    hear, watched.house.stock.hear = watched.house.stock.hear, None  # type: ignore[method-assign,assignment]
    watched.house.receive(level(8))
    watched.house.stock.hear = hear  # type: ignore[method-assign]
    watched.at(NOW)
    assert watched.level.differs_since == NOW
    watched.at(NOW + LAG)
    assert [sku for sku, found in watched.house.stock_found if found] == ["TEA"]


observations = st.lists(
    st.builds(
        lambda minute, listed: Observation(
            at=NOW + minute * MINUTE, heard_at=NOW + minute * MINUTE, ref=f"e{minute}-{listed}", on_hand=9, available=5,
            shop_listed=listed,
        ),
        st.integers(0, 12), st.sampled_from([4, 5, 8, None]),
    ),
    max_size=12,
)  # fmt: skip


@given(observations, st.randoms(), st.lists(st.integers(1, 4), max_size=8))
def test_neither_order_nor_repetition_nor_batches_matter(
    told: list[Observation], random: Any, sizes: list[int]
) -> None:
    expected = StockLevel(sku="TEA").observe(*told)
    again = [*told, *random.sample(told, len(told) // 2)]
    random.shuffle(again)
    known = StockLevel(sku="TEA")
    for size in [*sizes, len(again)]:
        known = known.observe(*again[:size])
        again = again[size:]
    assert known.observe(*again) == expected


@given(observations)
def test_it_differs_since_the_first_word_after_the_last_agreement(told: list[Observation]) -> None:
    agreed = [o.at for o in told if o.shop_listed == 5]
    differing = [o.at for o in told if o.shop_listed in (4, 8) and (not agreed or o.at > max(agreed))]
    assert StockLevel(sku="TEA").observe(*told).differs_since == min(differing, default=None)


def test_what_is_remembered_has_an_end() -> None:
    many = [
        Observation(at=NOW + n * MINUTE, heard_at=NOW, ref=f"{n:04}", on_hand=9, available=5, shop_listed=8 + n)
        for n in range(500)
    ]
    known = StockLevel(sku="TEA").observe(*many)
    assert len(known.differing) <= 50
    assert (known.differs_since, known.differing[-1].shop_listed) == (NOW, 507)


def test_where_both_figures_moved_the_lag_starts_anew(watched: Watched, shop: Shop) -> None:
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, available=4, shop_listed=5)
    watched.house.receive(level(6, 5))
    watched.at(NOW + LAG)
    assert [found for _, found in watched.house.stock_found if found] == []
    timer = watched.house.timer(STOCK_WATCH, "TEA")
    assert timer is not None
    assert timer.due_at == NOW + 2 * LAG
    watched.at(NOW + 2 * LAG)
    [found] = [found for _, [found] in watched.house.stock_found]
    assert found.detectable_at == NOW + 2 * LAG

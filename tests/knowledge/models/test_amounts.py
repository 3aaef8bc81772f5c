"""Usual amounts: robust against a few mad totals, by category and currency, silent where too little is known."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.models.amounts import KIND, LEAST, SPREAD_FLOOR, Amount, AmountModel, leading_category
from knowledge.models.artefacts import ArtefactError, Card, digest
from knowledge.models.intervals import rate, wilson
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot


def order(total: int, currency: str = "CNY", sku: str = "TEA") -> OrderSnapshot:
    lines = [Line("1", sku, 1, Money(total, currency))]
    return OrderSnapshot(checkout_id="ck", total=Money(total, currency), lines=lines)


def amounts(total: int, count: int = LEAST, category: str | None = "tea", currency: str = "CNY") -> list[Amount]:
    return [Amount(Money(total, currency), category)] * count


def card(artefact: bytes) -> Card:
    return Card(kind=KIND, trained_on="tests", created_at="2026-03-02", digest=digest(artefact), samples=1)


def test_the_category_speaks_before_the_whole_shop() -> None:
    model = AmountModel.fit([*amounts(10_000), *amounts(1_000_000, category="laptop")])
    tea = model.score(order(100_000), {"TEA": "tea"})
    assert tea
    assert (tea.basis, tea.usual, tea.n) == ("category:tea", Money(10_000, "CNY"), LEAST)
    assert tea.z == pytest.approx(math.log(10) / SPREAD_FLOOR)
    unknown = model.score(order(100_000), {})
    assert unknown
    assert (unknown.basis, unknown.n) == ("shop", 2 * LEAST)


def test_too_few_orders_or_another_currency_say_nothing() -> None:
    assert AmountModel.fit(amounts(10_000, LEAST - 1)).score(order(10), {"TEA": "tea"}) is None
    assert AmountModel.fit(amounts(10_000)).score(order(10, "USD"), {"TEA": "tea"}) is None
    assert AmountModel.fit(amounts(10_000)).score(order(0), {"TEA": "tea"}) is None
    assert AmountModel.fit(amounts(10_000)).score(OrderSnapshot(checkout_id="ck"), {}) is None


@given(st.lists(st.integers(1, 10**12), max_size=9))
def test_a_few_mad_totals_change_little(mad: list[int]) -> None:
    plain = [Amount(Money(9_000 + 50 * n, "CNY"), "tea") for n in range(41)]
    model = AmountModel.fit([*plain, *(Amount(Money(m, "CNY"), "tea") for m in mad)])
    score = model.score(order(10_000), {"TEA": "tea"})
    assert score
    assert 9_000 <= score.usual.amount <= 11_000
    assert abs(score.z) < 0.5


@given(st.lists(st.integers(1, 10**9), min_size=LEAST, max_size=60), st.integers(1, 10**9), st.integers(2, 1_000))
def test_more_money_is_never_less_unusual_and_the_unit_is_free(totals: list[int], total: int, times: int) -> None:
    small = AmountModel.fit(Amount(Money(t, "CNY")) for t in totals)
    large = AmountModel.fit(Amount(Money(t * times, "CNY")) for t in totals)
    one, more = small.score(order(total), {}), small.score(order(total + 1), {})
    scaled = large.score(order(total * times), {})
    assert one and more and scaled
    assert more.z >= one.z
    assert scaled.z == pytest.approx(one.z, abs=1e-6)


def test_the_leading_category_is_where_most_of_the_value_is() -> None:
    lines = [Line("1", "TEA", 9, Money(100, "CNY")), Line("2", "PHONE", 1, Money(90_000, "CNY"))]
    assert leading_category(lines, {"TEA": "tea", "PHONE": "phone"}) == "phone"
    assert leading_category(lines, {"TEA": "tea"}) is None
    assert leading_category(None, {}) is None


def test_a_stored_model_scores_the_same_and_a_changed_one_is_refused() -> None:
    model = AmountModel.fit([*amounts(10_000), *amounts(20_000, currency="USD", category="茶")])
    artefact = model.to_bytes()
    assert AmountModel.from_bytes(artefact, card(artefact)).usual == model.usual
    with pytest.raises(ArtefactError):
        AmountModel.from_bytes(artefact[:-1], card(artefact))
    with pytest.raises(ArtefactError):
        AmountModel.from_bytes(artefact, msgspec.structs.replace(card(artefact), kind="novelty"))


def test_an_empty_model_is_a_model() -> None:
    artefact = AmountModel.fit([]).to_bytes()
    assert AmountModel.from_bytes(artefact, card(artefact)).usual == {}


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_rate(hits: int, more: int) -> None:
    low, high = wilson(hits, hits + more)
    assert 0 <= low <= rate(hits, hits + more)["rate"] <= high + 1e-12 <= 1 + 1e-12


def test_known_intervals() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 3_838)[1] == pytest.approx(0.001, abs=1e-5)
    assert wilson(5, 10) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))

"""Substitution: only what may replace a product is offered, the likest and best-priced first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vocabulary.facts import ProductFact, StockFact
from knowledge.vocabulary.money import Money
from tools.substitution import likeness, rank_substitutes

ATTRIBUTES = {"material": "cotton", "size": "M", "colour": "红"}


def product(sku: str, price: int | None = 1000, currency: str = "CNY", **more: Any) -> ProductFact:
    fields = {"category": "shirt", "attributes": ATTRIBUTES} | more
    money = None if price is None else Money(price, currency)
    return ProductFact(sku=sku, title=sku, unit_price=money, **fields)


def stock(*products: ProductFact, available: int = 9) -> dict[str, StockFact]:
    return {one.sku: StockFact(sku=one.sku, available=available) for one in products}


ORIGINAL = product("A")


def offered(*candidates: ProductFact, **more: Any) -> list[str]:
    return [one.sku for one, _ in rank_substitutes(ORIGINAL, candidates, stock(*candidates), **more)]


@pytest.mark.parametrize(
    "unfit",
    [
        product("A"),
        product("B", active=False),
        product("B", category="hat"),
        product("B", requires_shipping=False),
        product("B", 1101),
        product("B", currency="USD"),
        product("B", None),
    ],
    ids=["itself", "inactive", "other category", "not shipped", "too dear", "other currency", "no price"],
)
def test_what_may_not_replace_it_is_not_offered(unfit: ProductFact) -> None:
    assert offered(unfit) == []


def test_only_what_is_there_in_full_is_offered() -> None:
    candidate = product("B")
    assert rank_substitutes(ORIGINAL, [candidate], {}) == []
    assert rank_substitutes(ORIGINAL, [candidate], stock(candidate, available=1), quantity=2) == []
    assert len(rank_substitutes(ORIGINAL, [candidate], stock(candidate, available=2), quantity=2)) == 1


def test_the_likest_comes_first() -> None:
    other_colour = product("B", attributes={**ATTRIBUTES, "colour": "蓝"})
    nothing_alike = product("C", attributes={"material": "wool"})
    assert offered(nothing_alike, other_colour, product("D")) == ["D", "B", "C"]


def test_among_equals_the_paid_price_comes_first_and_dearer_last() -> None:
    assert offered(product("B", 1050), product("C", 1000), product("D", 900)) == ["C", "D", "B"]


def test_the_band_counts_from_what_was_paid() -> None:
    assert offered(product("B", 1000), paid=Money(900, "CNY")) == []
    assert offered(product("B", 1000), paid=Money(950, "CNY")) == ["B"]
    assert offered(product("B", 1000), paid=Money(950, "CNY"), dearer_by=0.0) == []


def test_at_most_three_are_offered_unless_asked_otherwise() -> None:
    many = [product(f"B{number}") for number in range(6)]
    assert offered(*many) == ["B0", "B1", "B2"]
    assert len(offered(*many, limit=5)) == 5


def test_without_any_price_nothing_is_offered() -> None:
    candidate = product("B")
    assert rank_substitutes(product("A", None), [candidate], stock(candidate)) == []


def test_likeness_ignores_spelling_and_counts_what_both_have() -> None:
    assert likeness(product("A", attributes={"Size": "M "}), product("B", attributes={"size": "m"})) == 1.0
    assert likeness(product("A", attributes={"n": 1}), product("B", attributes={"n": "1", "x": 2})) == 0.5
    assert likeness(product("A", attributes={}), product("B", attributes={})) == 0.0


@given(
    prices=st.lists(st.integers(0, 3_000), max_size=8),
    paid=st.integers(0, 2_000),
    band=st.floats(0, 1, allow_nan=False),
)
def test_scores_stay_between_0_and_1_sorted_and_within_the_band(prices: list[int], paid: int, band: float) -> None:
    candidates = [product(f"S{number}", price) for number, price in enumerate(prices)]
    ranked = rank_substitutes(
        ORIGINAL, candidates, stock(*candidates), paid=Money(paid, "CNY"), dearer_by=band, limit=99
    )
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    fitting = {f"S{n}" for n, price in enumerate(prices) if price - paid <= paid * band}
    assert {one.sku for one, _ in ranked} == fitting

"""What no event of the checkout itself tells: found by comparing systems, checkouts, and a sku's figures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, running_house

QUICK: dict[str, Any] = {"duplicate_window": 6.0, "stock_lag": 1.0, "retry_grace": 0.5}


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A demo shop and an assistant that agree about windows and lags."""
    shop = {"duplicate_window": QUICK["duplicate_window"], "stock_lag": QUICK["stock_lag"]}
    with running_house(database_url, tmp_path, shop=shop, **QUICK) as running:
        yield running


def cases(house: House) -> list[dict[str, Any]]:
    return list(house.api.get("/v1/cases", params={"limit": 200}).json()["items"])


def codes(case: dict[str, Any]) -> set[str]:
    return {fault["code"] for fault in case["faults"]}


@pytest.mark.parametrize(
    ("fault", "variant"),
    [
        ("account_blocked", "suspended"),
        ("coupon_misapplied", "expired_after_shown"),
        ("repeated_submission", "several_checkouts"),
        ("repeated_submission", "one_checkout"),
        ("duplicate_order", "twice"),
    ],
)
def test_what_other_systems_or_checkouts_tell_is_found(house: House, fault: str, variant: str) -> None:
    checkout_id = house.shop.scenario(fault, customer="silent", variant=variant)["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: fault in codes(c))
    found = next(f for f in case["faults"] if f["code"] == fault)
    assert found["evidence"]


@pytest.mark.parametrize("variant", ["shows_more", "shows_less"])
def test_a_sku_that_two_systems_count_differently_gets_a_case_of_its_own(house: House, variant: str) -> None:
    subject = house.shop.scenario("stock_inconsistent", variant=variant)["subject"]
    end, found = time.monotonic() + 20, []
    while not found and time.monotonic() < end:
        time.sleep(0.1)
        found = [c for c in cases(house) if c["subject"] == subject]
    [case] = found
    assert codes(case) == {"stock_inconsistent"}
    assert case["checkout_id"] is None
    assert {"inventory", "shop"} <= set(case["faults"][0]["evidence"][0]["value"])


@pytest.mark.parametrize("variant", ["same_basket_later", "other_basket_at_once", "other_address"])
def test_a_second_purchase_that_is_meant_is_left_alone(house: House, variant: str) -> None:
    house.shop.scenario(None, hard_negative="second_purchase", variant=variant)
    house.shop.wait_idle(20)
    time.sleep(3)  # the last event's cross-check included
    assert house.shop.writes() == []
    assert cases(house) == []

"""Addresses no machine could guess, and orders nobody confirms: from the event to an end the shop's judge accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.house import House, running_house

ENDS = [
    ("minor_information_error", "fields_swapped", {"repaired"}),
    ("address_inaccurate", "street_unclear", {"repaired"}),
    ("address_undeliverable", "pickup_nearby", {"alternative_accepted"}),
    ("address_undeliverable", "nothing_nearby", {"cancelled_refunded", "repaired"}),
]


@pytest.mark.parametrize(("fault", "variant", "resolutions"), ENDS)
def test_an_address_is_repaired_and_the_shop_agrees(
    house: House, fault: str, variant: str, resolutions: set[str]
) -> None:
    _ends(house, fault, variant, resolutions)


def test_an_order_that_nobody_confirmed_is_confirmed(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, deadline_fulfilment=1.0) as house:
        _ends(house, "fulfilment_stalled", "not_confirmed", {"repaired"})


def _ends(house: House, fault: str, variant: str, resolutions: set[str]) -> None:
    checkout_id = house.shop.scenario(fault, customer="answers", variant=variant)["checkout_id"]
    case = house.wait_case(checkout_id, timeout=40)
    assert fault in {f["code"] for f in case["faults"]}
    assert case["resolution"] in resolutions
    house.shop.wait_idle(20)
    verdicts = house.shop.judge_one(checkout_id)
    assert verdicts.green, verdicts.report()

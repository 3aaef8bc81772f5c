"""Each repairable fault, from the event to the proven repair; the shop's own judge has the last word."""

from __future__ import annotations

import pytest

from tests.journeys.house import House

REPAIRED = {
    "paid_order_missing": {"repaired"},
    "paid_out_of_stock": {"alternative_accepted", "cancelled_refunded", "repaired"},
    "payment_failed_stock_held": {"repaired"},
    "price_mismatch": {"repaired"},
    "incomplete_information": {"repaired"},
    "partial_payment": {"repaired", "cancelled_refunded"},
    "payment_unconfirmed": {"repaired", "self_cleared"},
    "abandoned_checkout": {"no_response", "self_cleared", "repaired"},
    "amount_mismatch": {"repaired"},
    "coupon_misapplied": {"repaired"},
    "duplicate_charge": {"repaired"},
    "duplicate_order": {"cancelled_refunded"},
    "payment_failed": {"repaired"},
    "refund_missing": {"cancelled_refunded"},
    "repeated_submission": {"repaired"},
    "unpaid_order_live": {"repaired"},
}


VARIANTS = {"payment_unconfirmed": "pending"}  # in the others the sweep may find the gateway's word first


@pytest.mark.parametrize("fault", REPAIRED)
def test_a_fault_is_found_repaired_and_proven(house: House, fault: str) -> None:
    checkout_id = house.shop.scenario(fault, customer="answers", variant=VARIANTS.get(fault))["checkout_id"]
    case = house.wait_case(checkout_id, timeout=40)
    assert fault in {f["code"] for f in case["faults"]}
    assert case["resolution"] in REPAIRED[fault]
    house.shop.wait_idle(20)
    verdicts = house.shop.judge_one(checkout_id)
    assert verdicts.green, verdicts.report()


@pytest.mark.parametrize("fault", ["account_blocked", "payment_disputed", "timeline_contradiction"])
def test_a_fault_that_people_decide_reaches_a_team_untouched(house: House, fault: str) -> None:
    checkout_id = house.shop.scenario(fault)["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
    assert fault in {f["code"] for f in case["faults"]}
    assert case["owner"]["kind"] == "team"
    assert [w for w in house.shop.writes() if w["path"] != "/messages"] == []

"""What people decide: approval above the limit, one decision only, rejection, claim and give back, snooze, merge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.journeys.house import House, running_house

NOTHING_BY_ITSELF = {"CNY": 0, "USD": 0}


def refused_customer(house: House) -> str:
    """A paid order that can't be delivered and whose customer wants the money back: a refund has to be decided."""
    return str(house.shop.scenario("paid_out_of_stock", variant="whole", customer="declines")["checkout_id"])


def waits(case: dict[str, object]) -> bool:
    return case["status"] == "awaiting_approval"


def test_a_refund_above_the_limit_waits_and_only_one_of_two_approvals_counts(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, auto_limit=NOTHING_BY_ITSELF) as house:
        checkout_id = refused_customer(house)
        case = house.wait_case(checkout_id, waits)
        refunds = [w for w in house.shop.writes() if w["path"].endswith("/refund")]
        assert refunds == []
        assert any(step["needs_approval"] for step in case["plan"])
        path, body = f"/v1/cases/{case['id']}/approve", {"plan_version": case["plan_version"]}
        with ThreadPoolExecutor(2) as pool:
            answers = sorted(r.status_code for r in pool.map(lambda _: house.post(path, body), range(2)))
        assert answers == [200, 409]
        done = house.wait_case(checkout_id)
        assert done["resolution"] == "cancelled_refunded"
        house.shop.wait_idle(20)
        assert house.shop.judge_one(checkout_id).green
        refunds = [w for w in house.shop.writes() if w["path"].endswith("/refund")]
        assert len(refunds) == 1


def test_a_rejected_plan_moves_nothing_and_a_person_takes_over(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, auto_limit=NOTHING_BY_ITSELF) as house:
        case = house.wait_case(refused_customer(house), waits)
        path = f"/v1/cases/{case['id']}"
        stale = house.post(f"{path}/reject", {"plan_version": case["plan_version"] - 1, "reason": "too much"})
        assert (stale.status_code, stale.json()["code"]) == (409, "plan_changed")
        answer = house.post(f"{path}/reject", {"plan_version": case["plan_version"], "reason": "too much"})
        assert answer.json()["status"] == "handed_off"
        assert house.post(f"{path}/approve", {"plan_version": case["plan_version"]}).status_code == 409
        assert [w for w in house.shop.writes() if w["path"].endswith("/refund")] == []


def test_an_approval_nobody_gives_counts_as_a_no(database_url: str, tmp_path: Path) -> None:
    with running_house(database_url, tmp_path, auto_limit=NOTHING_BY_ITSELF, approval_timeout=1.0) as house:
        case = house.wait_case(refused_customer(house), lambda c: c["status"] == "handed_off")
        assert case["owner"]["kind"] == "team"
        assert [w for w in house.shop.writes() if w["path"].endswith("/refund")] == []


def test_a_claimed_case_is_left_alone_until_it_is_given_back(house: House) -> None:
    checkout_id = house.shop.scenario("partial_payment", variant="never_asked", customer="silent")["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "awaiting_customer")
    path = f"/v1/cases/{case['id']}"
    claimed = house.post(f"{path}/claim").json()
    assert (claimed["status"], claimed["owner"]["kind"]) == ("handed_off", "person")
    before = len(house.shop.writes())
    asked = house.shop.state(checkout_id)["messages"][-1]["dedupe_key"]
    house.shop.customer("reply", checkout_id=checkout_id, dedupe_key=asked, text="hello?")
    house.shop.wait_idle(5)
    assert len(house.shop.writes()) == before
    assert house.post(f"{path}/release").status_code == 200
    house.wait_case(checkout_id, lambda c: c["status"] != "handed_off" or c["owner"]["kind"] == "team")


def test_resolving_by_hand_is_not_reopened_by_the_same_evidence(house: House) -> None:
    checkout_id = house.shop.scenario("payment_disputed", variant="part")["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
    path = f"/v1/cases/{case['id']}"
    wrong = house.post(f"{path}/resolve", {"resolution": "repaired", "note": "not by me"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_resolution")
    done = house.post(f"{path}/resolve", {"resolution": "by_human", "note": "refunded by phone"})
    assert done.json()["status"] == "resolved"
    assert house.post(f"{path}/claim").json()["code"] == "case_ended"
    house.shop.wait_idle(10)
    assert house.api.get(f"/v1/cases/{case['id']}").json()["status"] == "resolved"


def test_snooze_rests_a_case_and_reopen_starts_a_new_episode(house: House) -> None:
    checkout_id = house.shop.scenario("timeline_contradiction")["checkout_id"]
    case = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
    path = f"/v1/cases/{case['id']}"
    past = house.post(f"{path}/snooze", {"until": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["code"]) == (422, "invalid_time")
    until = datetime.now(UTC) + timedelta(seconds=0.5)
    assert house.post(f"{path}/snooze", {"until": until.isoformat()}).json()["snoozed_until"]
    house.wait_case(checkout_id, lambda c: c["snoozed_until"] is None)
    house.post(f"{path}/resolve", {"resolution": "false_alarm", "note": ""})
    house.post(f"{path}/reopen", {"reason": "look again"})
    again = house.wait_case(checkout_id, lambda c: c["status"] == "handed_off")
    assert again["episode"] == 2


def test_merging_ends_one_case_and_tells_the_other(house: House) -> None:
    one, two = (
        house.wait_case(house.shop.scenario(fault)["checkout_id"], lambda c: c["status"] == "handed_off")
        for fault in ("timeline_contradiction", "payment_disputed")
    )
    merged = house.post(f"/v1/cases/{one['id']}/merge", {"into": two["id"]}).json()
    assert (merged["status"], merged["resolution"], merged["merged_into"]) == ("resolved", "merged", two["id"])
    assert house.post(f"/v1/cases/{two['id']}/merge", {"into": one["id"]}).json()["code"] == "case_ended"
    lines = house.api.get(f"/v1/cases/{two['id']}").json()["timeline"]
    assert any(one["id"] in line["what"] for line in lines)

"""The copilot in a running house: one click, performed and read back; a no; a kill right after the click."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.journeys.house import KEY, House
from tests.journeys.test_kill import Victim
from tests.support.ports import free_port
from tools.sandbox.config import Config
from tools.sandbox.harness import running_sandbox


def taken(house: House) -> tuple[str, dict[str, Any]]:
    """A paid order that can't be delivered, claimed by a person before the machine has settled it."""
    checkout_id = str(house.shop.scenario("paid_out_of_stock", variant="whole", customer="silent")["checkout_id"])
    case = house.wait_case(checkout_id, lambda c: c["status"] == "awaiting_customer", timeout=60)
    claimed = house.post(f"/v1/cases/{case['id']}/claim")
    assert claimed.status_code == 200, claimed.text
    return checkout_id, claimed.json()


def test_from_a_persons_case_to_a_verified_repair_by_one_click(house: House) -> None:
    checkout_id, case = taken(house)
    path = f"/v1/cases/{case['id']}"
    shown = house.api.get(f"{path}/suggestions", params={"language": "zh-CN"}).json()
    kinds = [(s["kind"], s["variant"]) for s in shown]
    assert ("plan", "fallback") in kinds, kinds
    refund = next(s for s in shown if s["variant"] == "fallback")
    assert refund["evidence"]
    assert refund["changes"]
    assert house.post(f"{path}/suggestions/{refund['id']}/accept").json()["status"] == "repairing"
    again = house.post(f"{path}/suggestions/{refund['id']}/accept")
    assert (again.status_code, again.json()["code"]) == (409, "suggestion_stale")
    done = house.wait_case(checkout_id, timeout=60)
    assert done["resolution"] in ("cancelled_refunded", "repaired_with_approval")
    house.shop.wait_idle(20)
    assert house.shop.judge_one(checkout_id).green
    refunds = [w for w in house.shop.writes() if w["path"].endswith("/refund")]
    assert len(refunds) == 1


def test_the_panel_comes_in_parts_and_a_no_is_kept(house: House) -> None:
    _, case = taken(house)
    path = f"/v1/cases/{case['id']}"
    parts = streamed(house, f"{path}/copilot?language=en")
    assert next(iter(parts)) == "now"
    assert parts["now"]["sentence"].startswith("Paid, but out of stock")
    assert parts["now"]["order"]["payments"]
    assert parts["suggestions"]
    assert "done" in parts
    first = parts["suggestions"][0]
    answer = house.post(f"{path}/suggestions/{first['id']}/reject", {"reason": "the customer wants something else"})
    assert answer.status_code == 200, answer.text
    left = house.api.get(f"{path}/suggestions").json()
    assert first["id"] not in [s["id"] for s in left]
    whole = house.api.get(f"{path}/copilot").json()
    assert [s["id"] for s in whole["suggestions"]] == [s["id"] for s in left]
    assert house.api.get("/v1/cases/case_none/copilot", headers={"accept": "text/event-stream"}).status_code == 404


def test_killed_right_after_the_click_the_next_process_performs_it_once(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    config = Config(port=0, time_scale=0.2, seed=11, assistant_key=KEY, assistant_url=f"http://127.0.0.1:{port}")
    with running_sandbox(config) as shop:
        victim = Victim(database_url, tmp_path, shop, port)
        with victim.alive() as process:
            wish = {"variant": "whole", "customer": "silent"}
            checkout_id = str(shop.scenario("paid_out_of_stock", **wish)["checkout_id"])
            case_id = asked(victim, checkout_id)
            victim.api.post(f"/v1/cases/{case_id}/claim").raise_for_status()
            path = f"/v1/cases/{case_id}/suggestions"
            refund = next(s for s in victim.api.get(path).json() if s["variant"] == "fallback")
            victim.api.post(f"{path}/{refund['id']}/accept").raise_for_status()
            process.kill()
        with victim.alive():
            again = victim.api.post(f"{path}/{refund['id']}/accept")
            assert (again.status_code, again.json()["code"]) == (409, "suggestion_stale")
            ended = victim.wait_for_rest(shop, {checkout_id}, timeout=60)
            shop.wait_idle(20)
        assert [c["status"] for c in ended if c["id"] == case_id] == ["resolved"]
        assert shop.judge_one(checkout_id).green
        made = [w["path"].rsplit("/", 1)[-1] for w in shop.writes() if w["outcome"] == "applied"]
        assert (made.count("cancel"), made.count("refund")) == (1, 1), made


def asked(victim: Victim, checkout_id: str) -> str:
    """The case of this checkout once its customer was asked."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [c for c in victim.cases() if c["checkout_id"] == checkout_id and c["status"] == "awaiting_customer"]
        if found:
            return str(found[0]["id"])
        time.sleep(0.05)
    raise AssertionError(f"the customer of {checkout_id} was not asked: {victim.cases()}")


def streamed(house: House, path: str) -> dict[str, Any]:
    """The parts of the stream, in the order in which they came."""
    found: dict[str, Any] = {}
    name = ""
    with house.api.stream("GET", path, headers={"accept": "text/event-stream"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                found[name] = json.loads(line.removeprefix("data:"))
    return found

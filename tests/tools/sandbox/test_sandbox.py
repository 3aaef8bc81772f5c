"""The program: traffic at a rate, stop and start again with its state, the command line, and enough speed."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.tools.sandbox.ear import Ear, listening
from tools.sandbox.cli import app
from tools.sandbox.config import Config
from tools.sandbox.harness import running_sandbox, still_sandbox
from tools.sandbox.storyboards import FAULTS
from tools.sandbox.truth import read_truth


def test_traffic_stops_after_so_many_orders_and_the_truth_knows_each(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    config = Config(
        port=0, rate=400, orders=80, fault_share=0.4, time_scale=0.01, order_deadline=0.3, reservation_deadline=0.3,
        payment_deadline=0.3, fulfilment_deadline=0.3, stock_lag=0.2, duplicate_window=0.3, promised_soon=0.2,
        truth=truth,
    )  # fmt: skip
    with running_sandbox(config) as demo:
        demo.wait_idle()
        assert demo.admin.get("/_sandbox/stats").json()["made"] == 80
        stories = demo.sandbox.crew.stage.stories
        verdicts = demo.judge()
        healthy = [row for row in verdicts.rows if row.fault is None]
        assert {row.verdict for row in healthy} == {"ok"}
        assert len(verdicts.rows) - len(healthy) > 15
        assert not verdicts.green
    rows = read_truth(truth)
    others = {other for story in stories.values() for other in story.others.values()}
    assert set(rows) == set(stories) | others
    assert len(stories) == 80
    assert rows == demo.sandbox.crew.truth.rows


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite"
    with running_sandbox(state=state, time_scale=0.5) as demo:
        ids = demo.scenario(None)
        missing = demo.scenario("paid_order_missing", variant="captured")
        created = demo.write("/orders", {"checkout_id": missing["checkout_id"]}, key="kept").json()
        twice = demo.scenario("duplicate_order")["other_checkout_ids"]
        before = demo.state(ids["checkout_id"])["payments"]
    with running_sandbox(state=state, time_scale=0.01) as demo:
        assert demo.state(ids["checkout_id"])["payments"] == before
        story = demo.sandbox.crew.stage.story_of(twice[0])
        assert story is not None
        assert story.fault == "duplicate_order"
        again = demo.write("/orders", {"checkout_id": missing["checkout_id"]}, key="kept")
        assert (again.status_code, again.json()["id"]) == (201, created["id"])
        demo.wait_until(lambda: demo.state(ids["checkout_id"])["orders"][0]["status"] == "delivered")
        assert demo.scenario(None)["checkout_id"] not in (ids["checkout_id"], missing["checkout_id"])


def test_events_it_could_not_deliver_leave_after_the_restart(tmp_path: Path) -> None:
    state, ear = tmp_path / "shop.sqlite", Ear()
    with listening(ear) as gone:
        port = gone.port
    url = f"http://127.0.0.1:{port}"
    with running_sandbox(state=state, assistant_url=url) as demo:
        checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
        told = {event["id"] for event in demo.events(checkout_id=checkout_id)}
    with listening(ear, port), running_sandbox(state=state, assistant_url=url) as demo:
        demo.wait_until(lambda: told <= {event["id"] for event in ear.events})


def test_rates_change_while_it_runs() -> None:
    with running_sandbox(time_scale=0.01) as demo:
        demo.admin.post("/_sandbox/traffic", json={"rate": 300, "orders": 5, "fault_share": 0}).raise_for_status()
        demo.wait_until(lambda: demo.admin.get("/_sandbox/stats").json()["made"] == 5)
        assert demo.admin.post("/_sandbox/traffic", json={"colour": 1}).json()["code"] == "traffic"


def test_every_fault_comes_and_the_rare_ones_rarely() -> None:
    with still_sandbox(seed=2, fault_share=1.0) as shop:
        told = Counter(shop.sandbox.crew.traffic.next_order().fault for _ in range(500))
    assert set(told) == set(FAULTS)
    assert told["payment_disputed"] < told["payment_failed"]


def test_fifty_orders_a_second_leave_room_for_reads() -> None:
    with running_sandbox(rate=50.0, fault_share=0.1) as demo:
        started, reads = time.monotonic(), 0
        while time.monotonic() - started < 1.5:
            demo.shop.get("/products/CN-TEA-1").raise_for_status()
            reads += 1
        made = demo.admin.get("/_sandbox/stats").json()["made"]
    assert reads > 150
    assert made > 50


def test_the_judge_command_tells_red_from_green(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    runner = CliRunner()
    with running_sandbox(truth=truth, time_scale=0.01) as demo:
        demo.scenario(None)
        demo.wait_idle()
        command = ["judge", "--truth", str(truth), "--url", demo.base_url, "--json"]
        green = runner.invoke(app, command)
        assert green.exit_code == 0, green.output
        ids = demo.scenario("paid_order_missing", variant="captured")
        red = runner.invoke(app, command)
        assert red.exit_code == 1
        assert json.loads(red.output)["bad"][0][0] == ids["checkout_id"]
        owners = tmp_path / "owners.txt"
        owners.write_text(ids["checkout_id"] + "\n", encoding="utf-8")
        assert runner.invoke(app, [*command, "--open-cases", str(owners)]).exit_code == 0
        assert "paid_order_missing" in runner.invoke(app, command[:-1]).output
    assert runner.invoke(app, command).exit_code == 2


def test_the_judge_asks_the_assistant_who_owns_what(tmp_path: Path) -> None:
    truth, ear, runner = tmp_path / "truth.jsonl", Ear(), CliRunner()

    def page(checkout_id: str, status: str, owner: object) -> tuple[int, dict[str, str], dict[str, object]]:
        case = {"id": "case-1", "checkout_id": checkout_id, "status": status, "owner": owner}
        return 200, {}, {"items": [case], "next": None}

    with listening(ear), running_sandbox(truth=truth, time_scale=0.01) as demo:
        checkout_id = demo.scenario("paid_order_missing", variant="captured")["checkout_id"]
        command = ["judge", "--truth", str(truth), "--url", demo.base_url, "--assistant-url", ear.url]
        ear.answers = [
            page(checkout_id, "handed_off", {"kind": "team", "id": "t", "name": "Payments"}),
            page(checkout_id, "awaiting_customer", None),
            page(checkout_id, "repairing", None),
            page(checkout_id, "closed", None),
        ]
        assert [runner.invoke(app, command).exit_code for _ in range(4)] == [0, 0, 1, 1]


def test_wrong_options_stop_the_start() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["serve", "--fault", "nonsense"]).exit_code == 2
    assert runner.invoke(app, ["serve", "--token", "same", "--admin-token", "same"]).exit_code == 2
    with pytest.raises(ValueError, match="fault_share"):
        Config(fault_share=2)

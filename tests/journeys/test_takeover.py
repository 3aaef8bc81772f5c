"""Two workers on one PostgreSQL database: what one was doing when it was killed goes on within 10 s, and once only."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import sqlalchemy as sa

from assistant.durable import _number
from assistant.store.engine import make_engine
from tests.journeys.house import KEY, SHORT
from tests.support.ports import free_port
from tests.support.processes import Running as Process
from tests.support.processes import running
from tools.sandbox.config import Config
from tools.sandbox.harness import Running, running_sandbox

if TYPE_CHECKING:
    from tests.support.databases import Databases

TAKEN_OVER_WITHIN = 10.0  # seconds
STALLED = 4.0  # seconds for which the shop keeps a worker waiting


class Pair:
    """Two workers, named `one` and `two`, the shop they look after, and their database."""

    def __init__(self, database_url: str, home: Path, stack: ExitStack) -> None:
        ports = {name: free_port() for name in ("one", "two")}
        config = Config(
            port=0, assistant_url=f"http://127.0.0.1:{ports['one']}", assistant_key=KEY, time_scale=0.2, seed=5,
            silent_share=0.0, order_deadline=SHORT["deadline_order"],
        )  # fmt: skip
        self.shop: Running = stack.enter_context(running_sandbox(config))
        self.engine = make_engine(database_url)
        stack.callback(self.engine.dispose)
        settings = {
            **SHORT, "home": home, "database_url": database_url, "shop_url": self.shop.base_url,
            "shop_token": self.shop.token, "api_key": KEY, "worker_threads": 2,
        }  # fmt: skip
        self.workers: dict[str, Process] = {}
        self.apis: dict[str, httpx.Client] = {}
        for name, port in ports.items():
            env = {f"HELLOWORD_{k.upper()}": str(v) for k, v in {**settings, "executor_id": name}.items()}
            command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
            ready = f"http://127.0.0.1:{port}/readyz"
            self.workers[name] = stack.enter_context(running(command, ready_url=ready, env=env))
            self.apis[name] = stack.enter_context(httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {KEY}"}, trust_env=False
            ))  # fmt: skip

    def scalar(self, text: str, **values: Any) -> Any:
        with self.engine.begin() as connection:
            return connection.scalar(sa.text(text), values)

    def busy(self) -> str:
        """The worker that has a write on its way, once one has."""
        end = time.monotonic() + 15
        while time.monotonic() < end:
            if self.scalar("SELECT count(*) FROM effects WHERE state = 'intended'"):
                found = self.scalar("SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING' LIMIT 1")
                if found in self.workers:
                    return str(found)
            time.sleep(0.02)
        raise AssertionError("nobody began to work")

    def case_of(self, checkout_id: str, api: httpx.Client) -> dict[str, Any]:
        items = api.get("/v1/cases", params={"checkout_id": checkout_id}).json()["items"]
        return dict(items[-1]) if items else {}

    def kill_in_the_middle(self) -> tuple[str, float]:
        """Breaks an order, kills whoever is repairing it; the checkout's id and how long the repair took from then."""
        rule = {"method": "POST", "path": "/orders", "effect": "stall_before", "seconds": STALLED}
        self.shop.chaos(rule)
        checkout_id = str(self.shop.scenario("paid_order_missing", variant="captured")["checkout_id"])
        victim = self.busy()
        survivor = self.apis["two" if victim == "one" else "one"]
        self.workers[victim].kill()
        killed_at = time.monotonic()
        while time.monotonic() - killed_at < 3 * TAKEN_OVER_WITHIN:
            if self.case_of(checkout_id, survivor).get("status") == "resolved":
                return checkout_id, time.monotonic() - killed_at
            time.sleep(0.05)
        raise AssertionError(f"not taken over: {self.case_of(checkout_id, survivor)}")


@pytest.fixture
def pair(databases: Databases, tmp_path: Path) -> Iterator[Pair]:
    url = databases.fresh("postgresql")
    with ExitStack() as stack:
        yield Pair(url, tmp_path, stack)
    databases.drop(url)


def check(pair: Pair, checkout_id: str, seconds: float) -> None:
    assert seconds < TAKEN_OVER_WITHIN
    applied = Counter(w["key"] for w in pair.shop.writes() if w["outcome"] == "applied")
    assert set(applied.values()) == {1}
    assert len([w for w in pair.shop.writes() if w["path"] == "/orders" and w["outcome"] == "applied"]) == 1
    assert pair.shop.judge_one(checkout_id).green


def test_a_killed_workers_case_goes_on_within_ten_seconds(pair: Pair) -> None:
    check(pair, *pair.kill_in_the_middle())


def test_a_worker_that_lost_its_connection_is_missed_all_the_same_when_it_dies(pair: Pair) -> None:
    """A restart of the database drops the locks by which workers are known to be alive."""
    for name in pair.workers:
        number = _number(name)
        pair.scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND classid = :high AND objid = :low",
            high=(number >> 32) & 0xFFFFFFFF, low=number & 0xFFFFFFFF,
        )  # fmt: skip
    end = time.monotonic() + 15
    time.sleep(5)  # each has looked after the other at least twice
    while pair.scalar("SELECT count(*) FROM workers WHERE stopped_at IS NULL") < 2:
        assert time.monotonic() < end, "a worker counts as dead for ever"
        time.sleep(0.1)
    check(pair, *pair.kill_in_the_middle())

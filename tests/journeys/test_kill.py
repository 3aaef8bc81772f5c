"""SIGKILL at random moments against a real HTTP shop: no case is lost, and no write happens twice."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from assistant.store.engine import make_engine
from assistant.store.tables import effects
from tests.journeys.house import KEY, SHORT
from tests.support.ports import free_port
from tests.support.processes import Running as Process
from tests.support.processes import running
from tools.sandbox.config import Config
from tools.sandbox.harness import Running, running_sandbox
from tools.sandbox.judge import OK

FAULTS = (
    "paid_order_missing", "paid_out_of_stock", "payment_failed_stock_held", "price_mismatch", "incomplete_information",
    "partial_payment", "payment_unconfirmed", "duplicate_charge",
)  # fmt: skip
AT_REST = ("resolved", "closed", "handed_off", "awaiting_approval")


class Victim:
    """The assistant as a process that is killed and started again on the same database."""

    def __init__(self, database_url: str, home: Path, shop: Running, port: int, **more: Any) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "assistant", "serve", "--port", str(port)]
        settings = {
            **SHORT, "home": home, "database_url": database_url, "shop_url": shop.base_url, "shop_token": shop.token,
            "api_key": KEY, "shop_timeout": 1.0, "executor_id": "victim" if "postgres" in database_url else "",
            **more,
        }  # fmt: skip
        self._env = {f"HELLOWORD_{name.upper()}": str(value) for name, value in settings.items()}
        headers = {"authorization": f"Bearer {KEY}"}
        self.api = httpx.Client(base_url=self.address, headers=headers, timeout=5, trust_env=False)

    @contextmanager
    def alive(self) -> Iterator[Process]:
        with running(self._command, ready_url=f"{self.address}/readyz", env=self._env) as process:
            yield process

    def cases(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.api.get("/v1/cases", params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
            items += page["items"]
            cursor = page["next"]
            if not cursor:
                return items

    def wait_for_rest(self, shop: Running, checkouts: set[str], timeout: float) -> list[dict[str, Any]]:
        """All cases, once each is at rest and every one of these checkouts has one.

        Without a case is only what the shop put right by itself while nobody was there to see it.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            cases = self.cases()
            without = checkouts - {c["checkout_id"] for c in cases}
            if all(c["status"] in AT_REST for c in cases) and all(_is_well(shop, one) for one in without):
                return cases
            time.sleep(0.2)
        busy = [(c["checkout_id"], c["status"], c["faults"][0]["code"]) for c in cases if c["status"] not in AT_REST]
        missing = checkouts - {c["checkout_id"] for c in cases}
        raise AssertionError(f"not at rest after {timeout} s: {busy}, missing {missing}")


def _is_well(shop: Running, checkout_id: str) -> bool:
    return shop.judge_one(checkout_id).of(checkout_id).verdict == OK


def kill_again_and_again(database_url: str, home: Path, *, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    shop_config = Config(
        port=0, time_scale=0.2, seed=seed, silent_share=0.0, accept_share=0.7, reply_delay=1.0, assistant_key=KEY
    )
    shop_config.chaos.drop_after = shop_config.chaos.drop_before = 0.05
    port = free_port()
    shop_config.assistant_url = f"http://127.0.0.1:{port}"
    with running_sandbox(shop_config) as shop:
        victim = Victim(database_url, home, shop, port)
        broken: set[str] = set()
        for _ in range(kills):
            with victim.alive() as process:
                for fault in dice.sample(FAULTS, 3):
                    broken.add(shop.scenario(fault, customer="answers")["checkout_id"])
                time.sleep(dice.uniform(0.1, 2.5))
                process.kill()
        shop.calm()
        with victim.alive():
            cases = victim.wait_for_rest(shop, broken, timeout=60 + 3 * kills)
            shop.wait_idle(30)
            cases = victim.wait_for_rest(shop, broken, timeout=60)
        check(shop, cases, database_url)


def check(shop: Running, cases: list[dict[str, Any]], database_url: str) -> None:
    open_cases = {c["checkout_id"] for c in cases if c["status"] in ("handed_off", "awaiting_approval")}
    verdicts = shop.judge(open_cases)
    assert verdicts.green, verdicts.report()
    applied = Counter(w["key"] for w in shop.writes() if w["outcome"] == "applied")
    assert [key for key, times in applied.items() if times > 1] == []
    engine = make_engine(database_url)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(effects.c.key, effects.c.state)).all()
    engine.dispose()
    known = {row.key for row in rows}
    assert set(applied) <= known, "a write happened that was not intended in the ledger"
    assert {row.key for row in rows if row.state == "ok"} >= set(applied), "an applied write is not settled as ok"
    per_subject = Counter(c["checkout_id"] for c in cases if c["status"] not in ("resolved", "closed"))
    assert all(count == 1 for count in per_subject.values())


def test_five_kills_lose_no_case_and_double_no_write(database_url: str, tmp_path: Path) -> None:
    kill_again_and_again(database_url, tmp_path, kills=5, seed=int(time.time()))


@pytest.mark.proof
def test_fifty_kills_lose_no_case_and_double_no_write(database_url: str, tmp_path: Path) -> None:
    kill_again_and_again(database_url, tmp_path, kills=50, seed=int(time.time()))

"""A whole house for one test: the demo shop and the assistant, both listening on loopback, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from assistant.app import Application, make_api
from assistant.settings import Settings
from tests.support.ports import free_port
from tools.sandbox.config import Config
from tools.sandbox.harness import Running, running_sandbox

KEY = "hw_test_bootstrap_key"
# Deadlines in seconds, short enough for a test and long enough for a busy machine.
SHORT: dict[str, Any] = {
    "deadline_payment": 1.5, "deadline_reservation": 1.0, "deadline_order": 1.0, "deadline_abandoned": 4.0,
    "deadline_refund": 1.0, "retry_grace": 0.5, "customer_reply_timeout": 30.0, "follow_up_after": 60.0,
    "sweep_every": 5.0, "low_batch_every": 0.2, "quiet_hours": "", "log_level": "error",
    "library_seed": "off",  # filling the library takes seconds that a test of something else should not share
}  # fmt: skip


@dataclass
class House:
    """The running pieces, and what tests ask of them."""

    shop: Running
    application: Application
    api: httpx.Client

    def case_of(self, checkout_id: str) -> dict[str, Any] | None:
        """The newest case of a checkout with its timeline."""
        items = self.api.get("/v1/cases", params={"checkout_id": checkout_id}).json()["items"]
        return self.api.get(f"/v1/cases/{items[-1]['id']}").json() if items else None

    def wait_case(
        self, checkout_id: str, until: Callable[[dict[str, Any]], Any] = lambda c: c["status"] == "resolved",
        timeout: float = 20.0,
    ) -> dict[str, Any]:  # fmt: skip
        """The checkout's case once `until` holds; fails with its timeline otherwise."""
        end, case = time.monotonic() + timeout, None
        while time.monotonic() < end:
            case = self.case_of(checkout_id)
            if case is not None and until(case):
                return case
            time.sleep(0.05)
        lines = [f"{line['at']} {line['actor']}: {line['what']}" for line in (case or {}).get("timeline", [])]
        state = {k: case[k] for k in ("status", "resolution", "faults", "plan")} if case else None
        raise AssertionError(f"no such case of {checkout_id} in {timeout} s: {state}\n" + "\n".join(lines))

    def post(self, path: str, body: Any = None) -> httpx.Response:
        """A call as the bootstrap principal."""
        return self.api.post(path, json=body or {})


@contextmanager
def running_house(
    database_url: str, home: Path, *, shop: dict[str, Any] | None = None, **settings: Any
) -> Iterator[House]:
    """Starts everything, and stops it again."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    config = {
        "port": 0, "assistant_url": address, "assistant_key": KEY, "time_scale": 0.2, "seed": 11, "silent_share": 0.0,
        "accept_share": 1.0, "reply_delay": 1.0, "order_deadline": SHORT["deadline_order"],
    }  # fmt: skip
    with running_sandbox(Config(**{**config, **(shop or {})})) as sandbox:
        chosen = Settings(
            home=home, database_url=database_url, shop_url=sandbox.base_url, shop_token=sandbox.token, api_key=KEY,
            **{**SHORT, **settings},
        )  # fmt: skip
        application = Application(chosen)
        with serving(make_api(application), port), httpx.Client(
            base_url=address, headers={"authorization": f"Bearer {KEY}"}, timeout=10, trust_env=False
        ) as api:
            yield House(sandbox, application, api)


@contextmanager
def serving(api: Any, port: int) -> Iterator[None]:
    """Serves an ASGI application in a thread until the block ends."""
    server = uvicorn.Server(uvicorn.Config(api, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise AssertionError("the server did not start")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)

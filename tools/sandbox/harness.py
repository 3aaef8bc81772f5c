"""For tests: a demo shop on a free loopback port (or in the same thread), with a client for the contract and one for
the operator's door."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from tools.sandbox.config import Config
from tools.sandbox.judge import Verdicts, judge
from tools.sandbox.sandbox import Sandbox


@dataclass
class Running:
    """A running shop; `shop` speaks contract B with the token, `admin` the operator's door."""

    sandbox: Sandbox
    base_url: str
    token: str
    shop: httpx.Client
    admin: httpx.Client
    keys: list[str] = field(default_factory=list)

    def write(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> httpx.Response:
        """A contract write with a fresh idempotency key unless one is given."""
        sent = {
            "Idempotency-Key": key or str(uuid4()),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.shop.post(path, json={} if body is None else body, headers=sent)

    def scenario(self, fault: str | None = None, hard_negative: str | None = None, **options: Any) -> dict[str, Any]:
        """One checkout (or sku, or stray payment: `subject` says) with exactly this story, played at once; answers its
        ids."""
        body = {"fault": fault, "hard_negative": hard_negative, "options": options}
        return self._json(self.admin.post("/_sandbox/scenario", json=body))

    def ids(self, checkout_id: str) -> dict[str, Any]:
        return self._json(self.admin.get(f"/_sandbox/checkouts/{checkout_id}"))

    def chaos(self, *rules: dict[str, Any], **settings: Any) -> dict[str, Any]:
        body = {"settings": settings, "rules": list(rules)}
        return self._json(self.admin.post("/_sandbox/chaos", json=body))

    def calm(self) -> None:
        self.admin.delete("/_sandbox/chaos").raise_for_status()

    def writes(self, **filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._json(self.admin.get("/_sandbox/writes", params=filters))["writes"]
        return found

    def events(self, **filters: str) -> list[dict[str, Any]]:
        response = self.admin.get("/_sandbox/events", params=filters)
        response.raise_for_status()
        found: list[dict[str, Any]] = response.json()
        return found

    def state(self, checkout_id: str | None = None) -> dict[str, Any]:
        return self._json(self.admin.get("/_sandbox/state", params={"checkout_id": checkout_id} if checkout_id else {}))

    def customer(self, deed: str, **how: Any) -> dict[str, Any]:
        return self._json(self.admin.post("/_sandbox/customer", json={"deed": deed, **how}))

    def judge(self, open_cases: set[str] | None = None) -> Verdicts:
        return judge(self.sandbox.crew.truth.rows, self.state(), open_cases)

    def judge_one(self, subject: str, open_cases: set[str] | None = None) -> Verdicts:
        """The verdict about one checkout (or sku, or stray payment); the stock of the whole house is left out."""
        truth = self.sandbox.crew.truth.rows
        rows = {subject: truth[subject]} if subject in truth else {}
        return judge(rows, self.state(subject), open_cases, house=False)

    def wait_until(self, happened: Callable[[], Any], timeout: float = 5.0) -> Any:
        """The first true answer of `happened`; a TimeoutError otherwise."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = happened()
            if answer:
                return answer
            time.sleep(0.01)
        raise TimeoutError(f"did not happen within {timeout} s")

    def wait_idle(self, timeout: float = 10.0, seconds: float = 1.0) -> None:
        """Until the traffic is through, nothing is due within `seconds`, and every event is delivered."""
        self.wait_until(lambda: self.admin.get("/_sandbox/idle", params={"seconds": seconds}).json()["idle"], timeout)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        if response.is_error:
            raise AssertionError(f"{response.request.method} {response.request.url}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


@contextmanager
def running_sandbox(config: Config | None = None, **settings: Any) -> Iterator[Running]:
    """A demo shop in a thread, e.g. `with running_sandbox(time_scale=0.1, seed=3) as demo:`."""
    config = config or Config(**{"port": 0, **settings})
    sandbox = Sandbox(config)
    sandbox.start()

    def client(token: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=10, trust_env=False)

    try:
        with client(config.token) as shop, client(config.admin_token) as admin:
            yield Running(sandbox, sandbox.base_url, config.token, shop, admin)
    finally:
        sandbox.stop()


class InThread(httpx.BaseTransport):
    """Calls the app in this thread, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._door = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._door.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return self._runner.run(ask())

    def close(self) -> None:
        self._runner.close()


@contextmanager
def still_sandbox(config: Config | None = None, **settings: Any) -> Iterator[Running]:
    """A demo shop in this thread, without a server: calls are answered at once, and nothing happens by itself (no
    clerks, customers or deadlines; events stay in the house). A story takes milliseconds."""
    config = config or Config(**{"port": 0, **settings})
    sandbox = Sandbox(config)

    def client(token: str) -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(transport=InThread(sandbox.app), base_url=sandbox.base_url, headers=headers)

    try:
        with client(config.token) as shop, client(config.admin_token) as admin:
            yield Running(sandbox, sandbox.base_url, config.token, shop, admin)
    finally:
        sandbox.crew.truth.close()

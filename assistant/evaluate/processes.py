"""Starts `helloword serve` and `helloword sandbox serve` as real programs for proof and bench, and ends them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from assistant.settings import Settings
from knowledge.vocabulary.errors import HellowordError

COMMAND = (sys.executable, "-m", "assistant")
START_SECONDS = 180.0  # the imports alone take several, a minute on a machine that others load
FAREWELL_SECONDS = 15.0
LOG_TAIL = 2_000  # characters of a program's output that an error shows


@dataclass(frozen=True)
class House:
    """A running assistant, and the demo shop it is connected to when there is one."""

    settings: Settings
    api: httpx.Client
    home: Path
    shop_url: str
    admin: httpx.Client | None
    truth: Path  # where the shop writes what was wrong with which order

    def ask_shop(self, method: str, path: str, **options: Any) -> Any:
        """The operator's door of the demo shop: its JSON answer.

        Raises:
            HellowordError: `evaluation_failed`.
        """
        if self.admin is None:
            raise HellowordError("evaluation_failed", "this house has no demo shop")
        return checked(self.admin.request(method, f"/_sandbox/{path}", **options))

    def judge(self) -> dict[str, Any]:
        """What the demo shop's own judge says: `helloword sandbox judge --json`."""
        if self.admin is None:
            raise HellowordError("evaluation_failed", "this house has no demo shop")
        key = self.settings.api_key.get_secret_value()
        answer = subprocess.run(  # noqa: S603  our own command with our own arguments
            [
                *COMMAND, "sandbox", "judge", "--truth", str(self.truth), "--url", self.shop_url,
                "--admin-token", _token_of(self.admin), "--assistant-url", str(self.api.base_url),
                "--assistant-key", key, "--json",
            ],
            env=clean_environment(), capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if answer.returncode not in (0, 1):
            raise HellowordError("evaluation_failed", f"the shop's judge gave up: {answer.stderr[-LOG_TAIL:]}")
        found: dict[str, Any] = json.loads(answer.stdout)
        return found


@contextlib.contextmanager
def running_house(
    home: Path, *, database_url: str = "", shop: Sequence[str] | None = None, **settings: Any
) -> Iterator[House]:
    """A fresh assistant, listening on loopback; with `shop`, a demo shop with these options too, without traffic.

    `settings` are fields of Settings; nothing of the caller's own HELLOWORD_ environment is used.

    Raises:
        HellowordError: `evaluation_failed` when one of them doesn't start; its last words are in the message.
    """
    home.mkdir(parents=True, exist_ok=True)
    key, shop_token, admin_token = (secrets.token_urlsafe(16) for _ in range(3))
    url, shop_url = (f"http://127.0.0.1:{port}" for port in _free_ports(2))
    values = {"home": str(home), "database_url": database_url, "api_key": f"hw_{key}", **settings}
    if shop is not None:
        values |= {"shop_url": shop_url, "shop_token": shop_token}
    environment = {f"HELLOWORD_{name.upper()}": str(value) for name, value in values.items()}
    with contextlib.ExitStack() as stack:
        admin: httpx.Client | None = None
        truth = home / "truth.jsonl"
        if shop is not None:  # first, so that the assistant finds it there
            options = [
                "sandbox", "serve", "--port", _port(shop_url), "--token", shop_token, "--admin-token", admin_token,
                "--assistant-url", url, "--assistant-key", f"hw_{key}", "--truth", str(truth), "--rate", "0", *shop,
            ]  # fmt: skip
            stack.enter_context(running(options, f"{shop_url}/openapi.json", home / "shop.log", {}))
            admin = stack.enter_context(_client(shop_url, admin_token))
        serve = ["serve", "--port", _port(url)]
        stack.enter_context(running(serve, f"{url}/healthz", home / "assistant.log", environment))
        api = stack.enter_context(_client(url, f"hw_{key}"))
        yield House(Settings(**values), api, home, shop_url, admin, truth)


@contextlib.contextmanager
def running(arguments: Sequence[str], ready_url: str, log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """One `helloword` program from when it answers until the block's end.

    Raises:
        HellowordError: `evaluation_failed` with the end of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own command with our own arguments
            [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**clean_environment(), **environment},
        )  # fmt: skip
    try:
        _wait_until_ready(process, ready_url, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise HellowordError("evaluation_failed", f"{log.name}: ended with {process.returncode}: {_tail(log)}")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        time.sleep(0.05)
    raise HellowordError("evaluation_failed", f"{log.name}: no answer within {START_SECONDS:.0f} s: {_tail(log)}")


def checked(answer: httpx.Response) -> Any:
    """The JSON of a good answer.

    Raises:
        HellowordError: `evaluation_failed` with what was answered instead.
    """
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url}"
        raise HellowordError("evaluation_failed", f"{asked}: {answer.status_code} {answer.text[:300]}")
    return answer.json()


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of the caller's own deployment."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HELLOWORD_")}


def _port(url: str) -> str:
    return url.rsplit(":", 1)[1]


def _client(url: str, token: str) -> httpx.Client:
    headers = {"authorization": f"Bearer {token}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def _token_of(client: httpx.Client) -> str:
    return client.headers["authorization"].removeprefix("Bearer ")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:].strip() or "it wrote nothing"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]

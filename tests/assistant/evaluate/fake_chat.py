"""A chat service on loopback that says and does as told: contract D's stream around a function, over a real shop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from assistant.evaluate.agent_stage import Stagehand, stagehand
from tools.sandbox.harness import Running

SECRET = "s" * 40
Event = tuple[str, dict[str, Any]]
Answer = Callable[[dict[str, Any]], list[Event]]  # from what was posted to events before `done`


def says(text: str) -> list[Event]:
    """One whole message."""
    return [("message.done", {"message_id": "m1", "text": text, "sources": [], "language": "en"})]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._json(200, {"items": [], "next": None})

    def do_POST(self) -> None:
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if self.path == "/v1/chat/sessions":
            self._json(201, {"id": "s1", "language": posted.get("language")})
            return
        answer: Answer = self.server.answer  # type: ignore[attr-defined]
        events = [*answer(posted), ("done", {})]
        body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events).encode()
        self._send(200, "text/event-stream", body)

    def _json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@dataclass
class FakeHouse:
    """What the stagehand needs of a house: the fake service, and a real demo shop."""

    api: httpx.Client
    shop: Running

    @property
    def shop_url(self) -> str:
        return self.shop.base_url

    def ask_shop(self, method: str, path: str, **options: Any) -> Any:
        answer = self.shop.admin.request(method, f"/_sandbox/{path}", **options)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def fake_house(shop: Running, answer: Answer) -> Iterator[tuple[FakeHouse, Stagehand]]:
    """The house with a bot that answers so, and a stagehand in it; nothing is recorded of what customers choose."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.answer = answer  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", trust_env=False) as api:
            house = FakeHouse(api, shop)
            with stagehand(house, shop.token, lambda checkout_id: []) as hands:
                yield house, hands
    finally:
        server.shutdown()
        server.server_close()

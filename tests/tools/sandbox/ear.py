"""A stand-in for the assistant that only listens: it keeps the batches it is sent, and can be away or
overloaded."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from tools.sandbox.chaos import Receive, Scope, Send


class Ear:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.answers: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.seen_headers: dict[str, str] = {}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, checkout_id: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["data"].get("checkout_id") == checkout_id]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        self.seen_headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, headers, answer = self._answer(body)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, body: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self.answers:
            return self.answers.pop(0)
        batch = json.loads(body)
        self.batches.append(len(batch))
        self.events += batch
        return 202, {}, {"accepted": len(batch), "duplicates": 0, "rejected": []}


@contextmanager
def listening(ear: Ear, port: int = 0) -> Iterator[Ear]:
    server = uvicorn.Server(uvicorn.Config(ear, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    ear.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield ear
    finally:
        server.should_exit = True
        thread.join(5)

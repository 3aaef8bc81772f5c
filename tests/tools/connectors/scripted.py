"""A shop on loopback that answers as a test tells it to, misbehaves on demand, and keeps what it was sent."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Fate = Literal["answer", "drop", "cut", "drip"]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; `path` is the raw one, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer. `drop` closes without a word, `cut` amid the body, `drip` sends byte by byte."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fate: Fate = "answer"


def says(value: Any, status: int = 200, **more: Any) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=json.dumps(value, ensure_ascii=False).encode(), **more)


def problem(status: int, code: str, **members: Any) -> Reply:
    """A refusal as problem+json."""
    headers = {"Content-Type": "application/problem+json"}
    return Reply(status, json.dumps({"code": code, "status": status, **members}).encode(), headers)


class ScriptedShop:
    """`on(method, path, *replies)` scripts answers in order, the last for ever; all else is unknown (404)."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[tuple[str, str], list[Reply]] = defaultdict(list)
        self._lock = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                shop._handle(self)

            def do_POST(self) -> None:
                shop._handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._scripts[method, path] = list(replies)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            self.seen.append(Seen(request.command, request.path, headers, body))
            script = self._scripts.get((request.command, urlsplit(request.path).path), [])
            reply = script[0] if script else problem(404, "not_found")
            if len(script) > 1:
                script.pop(0)
        time.sleep(reply.delay)
        try:
            self._answer(request, reply)
        except OSError:  # the client has given up, as some tests want it to
            request.close_connection = True

    def _answer(self, request: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.fate == "drop":
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
            return
        request.send_response(reply.status)
        for name, value in reply.headers.items():
            request.send_header(name, value)
        if reply.status != 204:
            request.send_header("Content-Length", str(len(reply.body)))
        request.end_headers()
        if reply.fate == "cut":
            request.wfile.write(reply.body[: len(reply.body) // 2])
            request.close_connection = True
        elif reply.fate == "drip":
            for byte in reply.body:
                request.wfile.write(bytes([byte]))
                time.sleep(0.02)
        elif reply.status != 204:
            request.wfile.write(reply.body)


@contextmanager
def scripted_shop() -> Iterator[ScriptedShop]:
    """A fresh scripted shop."""
    shop = ScriptedShop()
    try:
        yield shop
    finally:
        shop.close()


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port

"""An OpenAI-compatible endpoint on loopback that does as told: stream, call tools, refuse, hang, break off."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["_Handler", dict[str, Any]], None]


class Endpoint:
    """What it was asked (`bodies`), and what it will do (`replies`, in order; the last one again and again)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[dict[str, Any]] = []
        self.replies: list[Reply] = []
        self.over = threading.Event()

    @property
    def asked(self) -> str:
        """Everything it was ever sent."""
        return json.dumps(self.bodies, ensure_ascii=False)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        endpoint = self.endpoint
        reply = endpoint.replies[min(len(endpoint.bodies), len(endpoint.replies) - 1)]
        endpoint.bodies.append(body)
        try:
            reply(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def start(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, raw: str) -> None:
        data = raw.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        whole = {"id": f"c{len(self.endpoint.bodies)}", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.send(f"data: {json.dumps(whole | {'choices': [choice]})}\n\n")

    @property
    def endpoint(self) -> Endpoint:
        server: Any = self.server
        endpoint: Endpoint = server.endpoint
        return endpoint

    def finish_stream(self) -> None:
        self.send("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet: some replies break off on purpose."""


def says(text: str | Callable[[dict[str, Any]], str], size: int = 7) -> Reply:
    """Streams a text (or what a function of the request gives) in small pieces."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        words = text if isinstance(text, str) else text(body)
        handler.start()
        handler.chunk({"role": "assistant", "content": ""})
        for at in range(0, len(words), size):
            handler.chunk({"content": words[at : at + size]})
        handler.chunk({}, "stop")
        handler.finish_stream()

    return reply


def calls(name: str, arguments: dict[str, Any] | None = None, before: str = "") -> Reply:
    """Calls a tool, after saying something or nothing."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        if before:
            handler.chunk({"content": before})
        call_id = f"call_{len(handler.endpoint.bodies)}"
        call = {"index": 0, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        handler.chunk({"role": "assistant", "tool_calls": [call]})
        words = json.dumps(arguments or {})
        for at in range(0, len(words), 5):
            piece = {"index": 0, "function": {"arguments": words[at : at + 5]}}
            handler.chunk({"tool_calls": [piece]})
        handler.chunk({}, "tool_calls")
        handler.finish_stream()

    return reply


def refuses(status: int, retry_after: str = "60") -> Reply:
    """Answers with this HTTP status."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        answer = json.dumps({"error": {"message": "no", "type": "test", "code": None}}).encode()
        handler.send_response(status)
        handler.send_header("Retry-After", retry_after)
        handler.send_header("Content-Length", str(len(answer)))
        handler.end_headers()
        handler.wfile.write(answer)

    return reply


def drips(text: str, pause: float) -> Reply:
    """Streams a text word by word, slowly."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        for word in text.split(" "):
            handler.chunk({"content": f"{word} "})
            if handler.endpoint.over.wait(pause):
                return
        handler.chunk({}, "stop")
        handler.finish_stream()

    return reply


def measures(text: str, tokens: int) -> Reply:
    """Streams a text and reports that it used so many tokens."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        handler.chunk({"content": text})
        handler.chunk({}, "stop")
        usage = {"prompt_tokens": tokens - 1, "completion_tokens": 1, "total_tokens": tokens}
        about = {"id": "u", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        whole = about | {"choices": [], "usage": usage}
        handler.send(f"data: {json.dumps(whole)}\n\n")
        handler.finish_stream()

    return reply


def hangs(handler: _Handler, body: dict[str, Any]) -> None:
    """Never answers."""
    handler.endpoint.over.wait(10)


def keeps_alive_only(handler: _Handler, body: dict[str, Any]) -> None:
    """Sends comments, so that the connection never looks silent, and no word."""
    handler.start()
    until = time.monotonic() + 5
    while time.monotonic() < until and not handler.endpoint.over.wait(0.05):
        handler.send(": keepalive\n\n")


def empty_chunks_only(handler: _Handler, body: dict[str, Any]) -> None:
    """Sends chunk after chunk without a word in it."""
    handler.start()
    until = time.monotonic() + 5
    while time.monotonic() < until and not handler.endpoint.over.wait(0.05):
        handler.chunk({"content": ""})


def drops_after(text: str) -> Reply:
    """Starts to answer, then the connection breaks."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        handler.chunk({"content": text})
        time.sleep(0.05)
        handler.close_connection = True
        handler.connection.close()

    return reply


def stalls_after(text: str) -> Reply:
    """Starts to answer and then says no more."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        handler.chunk({"content": text})
        handler.endpoint.over.wait(10)

    return reply


def ends_early(text: str, finish: str | None = None) -> Reply:
    """Ends properly, but without the rest (and with this finish reason)."""

    def reply(handler: _Handler, body: dict[str, Any]) -> None:
        handler.start()
        handler.chunk({"content": text}, finish)
        handler.finish_stream()

    return reply


@contextmanager
def running() -> Iterator[Endpoint]:
    """The endpoint, listening."""
    server: Any = _Server(("127.0.0.1", 0), _Handler)
    server.endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.endpoint
    finally:
        server.endpoint.over.set()
        server.shutdown()
        server.server_close()

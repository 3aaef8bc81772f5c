"""`helloword chat`: talks to a running assistant as one of the shop's customers does, by contract D."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, TextIO
from urllib.parse import urlsplit

import httpx
import jwt
import typer

from assistant.agent.cli import events_of

DEFAULT_URL = "http://127.0.0.1:8000"
_VALID = 900  # seconds of a token
_SILENCE = 120.0


def chat_command(
    customer: Annotated[str, typer.Option(help="the customer's id at the shop (a case's `customer_id`)")],
    text: Annotated[str | None, typer.Argument(help="one message; without it you type, an empty line ends")] = None,
    checkout: Annotated[str | None, typer.Option(help="the purchase it is about")] = None,
    language: Annotated[str | None, typer.Option(help="zh-CN or en")] = None,
    url: Annotated[str, typer.Option(help="a running `helloword serve`")] = DEFAULT_URL,
    secret: Annotated[str, typer.Option(envvar="HELLOWORD_CHAT_SECRET", help="what the shop signs with")] = "",
) -> None:
    """Talks to the chatbot as this customer; the number of an option chooses it."""
    if not secret:
        print(
            "set HELLOWORD_CHAT_SECRET, or give --secret: the shop signs its customers' tokens with it", file=sys.stderr
        )
        raise typer.Exit(1)
    token = jwt.encode({"sub": customer, "exp": int(time.time()) + _VALID}, secret, algorithm="HS256")
    proxied = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")  # no proxy reaches this machine
    headers, timeout = {"Authorization": f"Bearer {token}"}, httpx.Timeout(_SILENCE, connect=3.0)
    try:
        with httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=proxied) as http:
            talk = Talk(http, sys.stdout)
            talk.begin({"language": language, "checkout_id": checkout})
            talk.say(text) if text else talk.listen(sys.stdin)
    except httpx.ConnectError:
        print(
            f"no server answers at {url}: start `helloword serve` (or `helloword demo`), or give --url", file=sys.stderr
        )
        raise typer.Exit(1) from None
    except httpx.HTTPStatusError as error:
        print(f"the server refused: {error.response.text}", file=sys.stderr)
        raise typer.Exit(1) from None


class Talk:
    """One conversation on a terminal."""

    def __init__(self, http: httpx.Client, out: TextIO) -> None:
        self._http, self._out = http, out
        self._session = ""
        self._options: list[dict[str, Any]] = []
        self._spoken = ""  # the answer under way

    def begin(self, wishes: dict[str, str | None]) -> None:
        """Opens the session.

        Raises:
            httpx.HTTPStatusError: it was refused.
        """
        body = {name: value for name, value in wishes.items() if value}
        answer = self._http.post("/v1/chat/sessions", json=body).raise_for_status()
        self._session = answer.json()["id"]

    def listen(self, lines: Iterable[str]) -> None:
        """Says line by line, until an empty one."""
        for line in lines:
            if not line.strip():
                return
            self.say(line.strip())

    def say(self, text: str) -> None:
        """Says words, or chooses an option by its number, and prints the answer as it comes."""
        chosen = int(text) - 1 if text.isascii() and text.isdigit() else -1
        body = {"choice": self._options[chosen]["id"]} if 0 <= chosen < len(self._options) else {"text": text}
        with self._http.stream("POST", f"/v1/chat/sessions/{self._session}/messages", json=body) as answer:
            if answer.is_error:
                answer.read()
            answer.raise_for_status()
            self._spoken, before = "", self._options
            for name, data in events_of(answer.iter_lines()):
                self._show(name, data)
            if self._options is not before:
                self._show_options()

    def _show_options(self) -> None:
        """The options as they are chosen, unless the answer has listed them so."""
        for number, option in enumerate(self._options, 1):
            if f"{number}. {option['label']}" not in self._spoken:
                print(f"  {number}  {option['label']}", file=self._out)

    def _show(self, name: str, data: dict[str, Any]) -> None:
        if name == "message.delta":
            print(("\n" if data.get("start") else "") + data["text"], end="", file=self._out, flush=True)
        elif name == "message.done":
            print("", file=self._out)
            self._spoken = data["text"]
        elif name == "choices":
            self._options = data["options"]
        elif name == "card":
            print(f"  [{' · '.join(str(value) for value in data.values() if isinstance(value, str))}]", file=self._out)
        elif name == "handoff":
            print(f"  → {data['owner']}, {_by_our_clock(data['expected_by'])}", file=self._out)
        elif name == "error":
            print(f"  {data.get('detail')} ({data.get('code')})", file=self._out)


def _by_our_clock(stamp: str | None) -> str:
    """A time of the stream as this terminal's clock shows it."""
    return datetime.fromisoformat(stamp).astimezone().strftime("%Y-%m-%d %H:%M %Z") if stamp else ""

"""`helloword ask CASE "…"`: asks a running server about a case and prints the answer as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TextIO
from urllib.parse import quote, urlsplit

import typer

DEFAULT_URL = "http://127.0.0.1:8000"
_SILENCE = 120.0  # seconds without a byte after which a server counts as gone


def ask_command(
    case: Annotated[str, typer.Argument(help="the case's id")],
    question: Annotated[str, typer.Argument(help="in Chinese or English")],
    language: Annotated[str | None, typer.Option(help="of the answer (zh-CN, en); the question's by default")] = None,
    url: Annotated[str, typer.Option(help="a running `helloword serve`")] = DEFAULT_URL,
    key: Annotated[str, typer.Option(envvar="HELLOWORD_API_KEY", help="an API key with scope `chat`")] = "",
) -> None:
    """Asks about a case and prints the answer as it comes, with its sources."""
    if code := ask(case, question, language, url, key):
        raise typer.Exit(code)


def ask(
    case: str, question: str, language: str | None = None, url: str = DEFAULT_URL, key: str = "",
    out: TextIO | None = None, err: TextIO | None = None,
) -> int:  # fmt: skip
    """Prints the answer and its sources to `out`, problems to `err`; returns the exit code (0 answered, 1 not)."""
    import httpx

    out, err = out or sys.stdout, err or sys.stderr
    body = {"text": question, **({"language": language} if language else {})}
    address = f"{url.rstrip('/')}/v1/cases/{quote(case, safe='')}/chat"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = httpx.Timeout(_SILENCE, connect=3.0)
    proxied = urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost")  # no proxy reaches this machine
    try:
        with httpx.stream(
            "POST", address, json=body, headers=headers, timeout=timeout, trust_env=proxied
        ) as response:  # fmt: skip
            if response.status_code != httpx.codes.OK:
                response.read()
                return _refused(response.status_code, response.text, err)
            return print_answer(events_of(response.iter_lines()), out, err)
    except httpx.ConnectError:
        print(f"no server answers at {url}: start `helloword serve` (or `helloword demo`), or give --url", file=err)
    except httpx.HTTPError as error:
        print(f"the connection to {url} broke: {error}", file=err)
    return 1


def events_of(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a `text/event-stream`: name and data."""
    name, data = "message", ""
    for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            data += line.removeprefix("data:").strip()
        elif not line and data:
            yield name, json.loads(data)
            name, data = "message", ""


def print_answer(events: Iterable[tuple[str, dict[str, Any]]], out: TextIO, err: TextIO) -> int:
    """Prints a stream's text as it comes and its sources at the end; returns the exit code."""
    code, printed = 1, False
    for name, data in events:
        if name == "message.delta":
            if data.get("start") and printed:
                print("\n---", file=out)  # the message starts again: what came before is replaced
            print(data["text"], end="", file=out, flush=True)
            printed = True
        elif name == "message.done":
            code = 0
            print("", file=out)
            for number, source in enumerate(data["sources"], 1):
                print(f"  [{number}] {source['kind']} {source['ref']} {source['at']}", file=out)
        elif name == "error":
            print(f"{data.get('detail') or data.get('title')} ({data.get('code')})", file=err)
    return code


def _refused(status: int, body: str, err: TextIO) -> int:
    try:
        problem = json.loads(body)
        said = f"{problem.get('detail') or problem.get('title')} ({problem.get('code')})"
    except (ValueError, AttributeError):
        said = body[:200]
    print(f"the server refused ({status}): {said}", file=err)
    return 1

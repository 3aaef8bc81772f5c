"""The inbox over HTTP: whose it is, what was read, and a stream that resumes and ends when it should."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sse_starlette.sse import AppStatus

from assistant.notifications.inboxes import Inboxes
from assistant.notifications.notices import SERVICE, SUPERVISORS, Audience, Notices
from assistant.notifications.notices_api import make_router
from assistant.problems import install
from assistant.security.principals import Principal, Role, Scope, UnauthenticatedError
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.notifications.employees import employ

PEOPLE = {
    "ann": Principal("staff", "ann", "Ann", frozenset({Role.AGENT}), frozenset({Scope.CASES_READ})),
    "sue": Principal("staff", "sue", "Sue", frozenset({Role.SUPERVISOR}), frozenset({Scope.CASES_READ})),
    "robot": Principal("key", "k1", "Robot", frozenset(), frozenset({Scope.CASES_READ})),
    "pipe": Principal("key", "k2", "Pipe", frozenset(), frozenset({Scope.EVENTS_WRITE})),
}


def tell(store: Store, audience: Audience = SERVICE, key: str = "k") -> None:
    with store.begin() as tx:
        text = {"en": f"Look: {key}", "zh-CN": f"请看：{key}"}
        Notices(store).put(tx, audience, "high_value", text, utcnow(), dedupe_key=key)


def app_of(store: Store, inboxes: Inboxes | None = None) -> FastAPI:
    """The inbox alone; the key is the person's name."""

    def require(scope: Scope) -> Any:
        def principal(request: Request) -> Principal:
            who = PEOPLE.get(request.headers.get("authorization", ""))
            if who is None:
                raise UnauthenticatedError("unauthenticated", "who are you?")
            who.require(scope)
            return who

        return principal

    app = FastAPI()
    install(app)
    app.include_router(make_router(inboxes or Inboxes(store), require, poll_every=0.02, heartbeat=0.2))
    return app


@pytest.fixture
def client(store: Store) -> TestClient:
    employ(store, "ann")
    employ(store, "sue", "supervisor")
    return TestClient(app_of(store))


def by(who: str) -> dict[str, str]:
    return {"authorization": who}


def test_everybody_gets_their_own_inbox_in_their_language(client: TestClient, store: Store) -> None:
    tell(store, ("person", "ann"), "mine")
    tell(store, SERVICE, "ours")
    tell(store, SUPERVISORS, "theirs")

    def read(who: str, **params: Any) -> list[str]:
        return [i["text"] for i in client.get("/v1/notices", params=params, headers=by(who)).json()["items"]]

    assert read("ann", language="en") == ["Look: ours", "Look: mine"]
    assert read("sue", language="zh-CN") == ["请看：theirs", "请看：ours"]
    assert read("sue", audience="supervisors") == ["Look: theirs"]
    assert read("robot") == []
    assert client.get("/v1/notices", headers=by("pipe")).status_code == 403
    assert client.get("/v1/notices").status_code == 401


def test_an_item_has_its_documented_shape(client: TestClient, store: Store) -> None:
    tell(store)
    page = client.get("/v1/notices", headers=by("ann")).json()
    (item,) = page["items"]
    assert set(page) == {"items", "unread", "newest", "next"}
    assert set(item) == {
        "seq", "kind", "severity", "case_id", "text", "at", "audience", "read_at", "first_read", "sends"
    }  # fmt: skip
    assert item["at"].endswith("Z")
    assert item["audience"] == {"kind": "team", "id": "service"}


def test_reading_is_noted_and_counted(client: TestClient, store: Store) -> None:
    for key in "abc":
        tell(store, key=key)
    page = client.get("/v1/notices", headers=by("ann")).json()
    first = page["items"][0]["seq"]
    assert page["unread"] == 3
    assert client.post(f"/v1/notices/{first}/read", headers=by("ann")).status_code == 204
    assert client.get("/v1/notices?unread=true", headers=by("ann")).json()["unread"] == 2
    assert client.post("/v1/notices/read-all", json={"up_to": first}, headers=by("ann")).json() == {"read": 2}
    assert client.get("/v1/notices", headers=by("ann")).json()["unread"] == 0
    assert client.get("/v1/notices", headers=by("sue")).json()["unread"] == 3
    assert client.post("/v1/notices/read-all", headers=by("sue")).json() == {"read": 3}


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/v1/notices?audience=press", 422, "audience"), ("/v1/notices?limit=0", 422, "limit"),
        ("/v1/notices?after=-1", 422, "after"), ("/v1/notices?before=x", 422, "before"),
    ],
)  # fmt: skip
def test_a_wrong_question_names_the_field(client: TestClient, path: str, status: int, field: str) -> None:
    answer = client.get(path, headers=by("ann"))
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_a_notice_of_nobodys_or_of_others_is_not_found(client: TestClient, store: Store) -> None:
    tell(store, SUPERVISORS)
    seq = client.get("/v1/notices", headers=by("sue")).json()["items"][0]["seq"]
    for number in (seq, seq + 1):
        answer = client.post(f"/v1/notices/{number}/read", headers=by("ann"))
        assert (answer.status_code, answer.json()["code"]) == (404, "notice_not_found")
    wrong = client.post("/v1/notices/read-all", json={"upto": 3}, headers=by("ann"))
    assert (wrong.status_code, wrong.json()["field"]) == (422, "upto")


# -- the stream -----------------------------------------------------------------------------------------------------


@contextmanager
def serving(app: FastAPI) -> Iterator[tuple[str, uvicorn.Server]]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", server
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)


def lines(url: str, count: int, **headers: str) -> list[dict[str, Any]]:
    """The first events of a stream; whoever has them goes away."""
    got: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    with httpx.stream("GET", f"{url}/v1/notices/events", headers={**by("ann"), **headers}, timeout=5) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name in ("event", "id", "data"):
                event[name] = json.loads(value) if name == "data" else value
            elif not line and event:
                got.append(event)
                event = {}
                if len(got) == count:
                    break
    return got


def test_what_comes_in_is_streamed_and_a_resumed_stream_goes_on(store: Store) -> None:
    employ(store, "ann")
    tell(store, key="before")
    with serving(app_of(store)) as (url, _):
        found: list[dict[str, Any]] = []
        follower = threading.Thread(target=lambda: found.extend(lines(url, 2)))
        follower.start()
        time.sleep(0.3)
        tell(store, key="one")
        tell(store, ("person", "bob"), "not hers")
        tell(store, ("person", "ann"), "two")
        follower.join(5)
        assert [(e["event"], e["data"]["text"]) for e in found] == [("notice", "Look: one"), ("notice", "Look: two")]
        assert found[1]["id"] == str(found[1]["data"]["seq"])
        tell(store, key="three")
        texts = [e["data"]["text"] for e in lines(url, 4, **{"last-event-id": "0"})]
        assert texts == ["Look: before", "Look: one", "Look: two", "Look: three"]
        strange = {**by("ann"), "last-event-id": "9" * 5_000}  # none of our numbers
        with httpx.stream("GET", f"{url}/v1/notices/events?after=0", headers=strange, timeout=5) as answer:
            assert answer.status_code == 200


def test_a_database_that_is_gone_for_a_moment_ends_no_stream(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    employ(store, "ann")
    inboxes, polls = Inboxes(store), iter(range(100))
    make = inboxes.tail

    def tail(*arguments: Any) -> Any:
        one = make(*arguments)
        poll = one.poll

        def shaky(now: Any, limit: int = 100) -> Any:
            if next(polls) == 1:
                raise UnavailableError("store_unavailable", "gone", retry_after=0.01)
            return poll(now, limit)

        one.poll = shaky  # type: ignore[method-assign]
        return one

    monkeypatch.setattr(inboxes, "tail", tail)
    tell(store)
    with serving(app_of(store, inboxes)) as (url, _):
        assert len(lines(url, 1, **{"last-event-id": "0"})) == 1
        threading.Timer(0.2, lambda: tell(store, key="later")).start()
        assert len(lines(url, 2, **{"last-event-id": "0"})) == 2


def test_a_server_that_shuts_down_waits_for_no_stream(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    employ(store, "ann")
    with serving(app_of(store)) as (url, server):
        ended = threading.Event()

        def follow() -> None:
            with httpx.stream("GET", f"{url}/v1/notices/events", headers=by("ann"), timeout=20) as answer:
                for _ in answer.iter_lines():  # an end that is cut off raises
                    pass
            ended.set()

        threading.Thread(target=follow, daemon=True).start()
        time.sleep(0.5)
        assert not ended.is_set()
        monkeypatch.setattr(AppStatus, "should_exit", True)  # what the server's signal handler sets
        server.should_exit = True
        assert ended.wait(3)


def test_somebody_who_leaves_is_no_longer_looked_after(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    employ(store, "ann")
    inboxes, polls = Inboxes(store), list[Any]()
    make = inboxes.tail

    def tail(*arguments: Any) -> Any:
        one = make(*arguments)
        poll = one.poll

        def counted(now: Any, limit: int = 100) -> Any:
            polls.append(now)
            return poll(now, limit)

        one.poll = counted  # type: ignore[method-assign]
        return one

    monkeypatch.setattr(inboxes, "tail", tail)
    tell(store)
    with serving(app_of(store, inboxes)) as (url, _):
        lines(url, 1, **{"last-event-id": "0"})
        time.sleep(0.3)
        before = len(polls)
        time.sleep(0.3)
        assert len(polls) == before
    assert polls[-1] - polls[0] < timedelta(seconds=5)

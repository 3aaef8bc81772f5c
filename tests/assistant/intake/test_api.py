"""Contract A over HTTP, as a shop's engineer meets it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request

from assistant import problems
from assistant.intake.admission import Admission
from assistant.intake.api import BATCH, MAX_BYTES, SINGLE, make_router
from assistant.security.keys import Keys
from assistant.security.principals import Principal, Scope
from assistant.store.engine import utcnow
from assistant.store.tables import events, rejected_events
from assistant.timers.timers import Timer, set_timers
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.intake.house import House, event, payment, submitted

KEY = {"Authorization": "Bearer bootstrap"}


def app_of(house: House, admission: Admission | None = None) -> TestClient:
    keys = Keys(house.store, "bootstrap")

    def require(scope: Scope) -> Callable[[Request], Principal]:
        def principal(request: Request) -> Principal:
            who = keys.authenticate(request.headers.get("authorization"))
            who.require(scope)
            return who

        return principal

    app = FastAPI()
    problems.install(app)
    app.include_router(make_router(house.intake, require, admission))
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def api(house: House) -> Iterator[TestClient]:
    """The API; every answer that is an error is a problem with a code."""
    with app_of(house) as client:
        yield client


def post(api: TestClient, body: Any, kind: str | None = None, **headers: str) -> httpx.Response:
    kind = kind if kind is not None else SINGLE if isinstance(body, dict) else BATCH
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return api.post("/v1/events", content=content, headers={**KEY, "Content-Type": kind, **headers})


def code_of(answer: httpx.Response) -> str:
    """The code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return str(body["code"])


def test_one_event_and_a_batch_are_taken(api: TestClient, house: House) -> None:
    one = post(api, submitted(), SINGLE)
    assert (one.status_code, one.json()) == (202, {"accepted": 1, "duplicates": 0, "rejected": []})
    many = post(api, [submitted(), payment("requested"), payment("captured"), {"id": "x"}], f"{BATCH}; charset=utf-8")
    assert many.status_code == 202
    assert many.json()["accepted"] == 2
    assert many.json()["duplicates"] == 1
    (rejected,) = many.json()["rejected"]
    assert (rejected["index"], rejected["id"], rejected["code"]) == (3, "x", "invalid_event")
    assert house.count(events) == 3


def test_plain_json_is_taken_by_its_shape(api: TestClient) -> None:
    assert post(api, submitted(), "application/json").json()["accepted"] == 1
    assert post(api, [payment("requested")], "application/json").json()["accepted"] == 1
    assert post(api, [], BATCH).json() == {"accepted": 0, "duplicates": 0, "rejected": []}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", SINGLE), (b"{", SINGLE), (b"\xff\xfe", SINGLE), (b"null", SINGLE), (b"{}", SINGLE), (b'{"a": 1}', SINGLE),
        (b"[]", SINGLE), (b"{}", BATCH), (b'"x"', BATCH), (b"[" * 100_000, BATCH), (b'"x"', "application/json"),
        (b'[{"id": "a"}, NaN]', BATCH),
    ],
)  # fmt: skip
def test_a_body_that_is_no_event_at_all_is_malformed(api: TestClient, body: bytes, kind: str, house: House) -> None:
    answer = post(api, body, kind)
    assert answer.status_code == 400
    assert code_of(answer) in ("broken_json", "not_an_event", "not_a_batch")
    assert house.count(rejected_events) == 0


def test_another_media_type_is_refused(api: TestClient) -> None:
    for kind in ("text/plain", "application/xml", ""):
        answer = post(api, submitted(), kind)
        assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")


def test_more_than_a_batch_may_carry_is_too_large(api: TestClient, house: House) -> None:
    few = [event("custom.tick", {}, id=str(n)) for n in range(1_001)]
    answer = post(api, few)
    assert (answer.status_code, code_of(answer)) == (413, "too_many_events")
    answer = post(api, b" " * (MAX_BYTES + 1))
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")
    assert house.count(events) == 0
    assert post(api, few[:1_000]).json()["accepted"] == 1_000


def test_a_body_without_end_is_cut_off_while_it_is_read(api: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64 * MAX_BYTES:
            sent += 65_536
            yield b" " * 65_536

    answer = api.post("/v1/events", content=endless(), headers={**KEY, "Content-Type": BATCH})
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


def test_who_may_not_write_is_refused(api: TestClient, house: House) -> None:
    keys = Keys(house.store)
    _, reader = keys.create_key("reader", [Scope.EVENTS_READ])
    answer = post(api, submitted(), Authorization="Bearer nobody")
    assert (answer.status_code, code_of(answer)) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = post(api, submitted(), Authorization=f"Bearer {reader}")
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")
    assert "events:write" in answer.json()["detail"]
    assert api.get("/v1/events/rejected", headers={"Authorization": f"Bearer {reader}"}).status_code == 200
    assert house.count(events) == 0


def test_a_full_house_sends_callers_away_and_takes_nothing(house: House) -> None:
    with house.store.begin() as tx:
        set_timers(tx, [Timer(kind="detect", subject=str(n), due_at=utcnow()) for n in range(3)])
    with app_of(house, Admission(house.store, max_backlog=2)) as api:
        answer = post(api, submitted())
        assert (answer.status_code, code_of(answer)) == (429, "overloaded")
        assert int(answer.headers["retry-after"]) >= 1
    assert house.count(events) == 0
    with app_of(house, Admission(house.store, max_backlog=3)) as api:
        assert post(api, submitted()).status_code == 202


def test_too_many_at_once_are_sent_away(house: House) -> None:
    admission = Admission(house.store, 1_000, max_receiving=1)
    with app_of(house, admission) as api:
        with admission.admitted():
            answer = post(api, submitted())
        assert (answer.status_code, code_of(answer)) == (429, "overloaded")
        assert post(api, submitted()).status_code == 202


def test_a_store_that_can_not_take_it_says_so(api: TestClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise UnavailableError("store_unavailable", "the database can't take this now")

    monkeypatch.setattr(house.intake, "receive", gone)
    answer = post(api, submitted())
    assert (answer.status_code, code_of(answer)) == (503, "store_unavailable")
    assert answer.headers["retry-after"] == "1"


def test_a_bug_is_a_problem_too_and_tells_nothing(
    api: TestClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret 13912345678")

    monkeypatch.setattr(house.intake, "receive", broken)
    answer = post(api, submitted())
    assert (answer.status_code, code_of(answer)) == (500, "internal")
    assert "secret" not in answer.text


def test_ten_clients_posting_the_same_batch_have_it_taken_once(api: TestClient, house: House) -> None:
    batch = [submitted(f"ck-{n}") for n in range(20)]
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(post(api, batch).json())) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(a["accepted"] for a in answers) == 20 == house.count(events)
    assert sum(a["duplicates"] for a in answers) == 180


# -- rejected events ------------------------------------------------------------------------------------------------


def test_rejected_events_are_listed_newest_first_by_pages(api: TestClient, house: House) -> None:
    now = utcnow()
    for n in range(5):
        house.receive({"id": f"bad-{n}"}, at=now + timedelta(seconds=n))
    seen, cursor = [], None
    for size in (2, 2, 1):
        page = api.get(
            "/v1/events/rejected", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2}, headers=KEY
        )
        items = page.json()["items"]
        assert len(items) == size
        seen += [item["event_id"] for item in items]
        cursor = page.json()["next"]
    assert seen == [f"bad-{n}" for n in (4, 3, 2, 1, 0)]
    assert cursor is None
    assert items[0]["code"] == "invalid_event"
    assert items[0]["kept"] is True


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=9999", "limit=x", "cursor=nonsense", "cursor=%F0%9F%98%80", "cursor=eCB4"]
)
def test_a_wrong_page_is_refused_by_field(api: TestClient, query: str) -> None:
    answer = api.get(f"/v1/events/rejected?{query}", headers=KEY)
    assert answer.status_code == 422
    assert code_of(answer)
    assert answer.json()["field"] == query.split("=")[0]


def rejected_id(api: TestClient) -> str:
    return str(api.get("/v1/events/rejected", headers=KEY).json()["items"][0]["id"])


def replay(api: TestClient, rejected: str, body: Any = None) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return api.post(f"/v1/events/rejected/{rejected}/replay", content=content, headers=KEY)


def test_a_rejected_event_is_replayed_corrected(api: TestClient, house: House) -> None:
    post(api, [submitted(total={"amount": "12", "currency": "CNY"})])
    one = rejected_id(api)
    assert replay(api, one).json()["rejected"][0]["code"] == "invalid_data", "nothing has changed"
    assert replay(api, one, {**submitted(), "specversion": "2"}).json()["rejected"][0]["code"] == "invalid_event"
    assert house.count(rejected_events) == 1
    answer = replay(api, one, submitted())
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert house.snapshot() is not None
    assert api.get("/v1/events/rejected", headers=KEY).json()["items"][0]["replayed_at"] is not None
    assert code_of(replay(api, one, submitted())) == "already_replayed"


def test_what_was_not_kept_can_only_be_replayed_corrected(api: TestClient) -> None:
    post(api, [payment("failed", failure_code="4111 1111 1111 1111")])
    one = rejected_id(api)
    answer = replay(api, one)
    assert (answer.status_code, code_of(answer)) == (409, "body_not_kept")
    assert replay(api, one, payment("failed")).json()["accepted"] == 1


def test_what_does_not_exist_is_not_found(api: TestClient) -> None:
    answer = replay(api, "rej_nothing")
    assert (answer.status_code, code_of(answer)) == (404, "rejected_event_not_found")
    answer = api.get("/v1/nothing", headers=KEY)
    assert (answer.status_code, code_of(answer)) == (404, "not_found")
    assert code_of(api.put("/v1/events", headers=KEY)) == "method_not_allowed"


def test_the_contract_is_documented(api: TestClient) -> None:
    described = api.get("/openapi.json").json()["paths"]["/v1/events"]["post"]
    assert set(described["requestBody"]["content"]) == {SINGLE, BATCH}
    assert {"202", "400", "413", "429", "503"} <= set(described["responses"])


def test_the_database_is_not_asked_for_the_backlog_by_every_request(api: TestClient, house: House) -> None:
    post(api, [submitted()])
    asked: list[str] = []
    sa.event.listen(house.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for n in range(5):
        post(api, [submitted(f"ck-{n}")])
    assert sum("count" in statement for statement in asked) <= 2

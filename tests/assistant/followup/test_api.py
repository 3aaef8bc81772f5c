"""Feedback and what was learned over HTTP: who may, what is refused, and by which name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.followup.api import make_router
from assistant.problems import install
from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store
from knowledge.vocabulary.codes import FaultCode
from tests.assistant.followup.aftercare import Aftercare

OOS = FaultCode.PAID_OUT_OF_STOCK
KEYS = {
    "widget": Principal("key", "widget", "widget", frozenset(), frozenset({Scope.CHAT})),
    "reader": Principal("key", "reader", "reader", frozenset(), frozenset({Scope.CASES_READ})),
    "agent": Principal("staff", "ann", "Ann", frozenset({Role.AGENT}), frozenset(Scope)),
    "supervisor": Principal("staff", "sup", "Sue", frozenset({Role.SUPERVISOR}), frozenset(Scope)),
}


@pytest.fixture
def desk(store: Store, vault: Vault) -> Aftercare:
    return Aftercare(store, vault)


@pytest.fixture
def api(desk: Aftercare) -> TestClient:
    def require(scope: Scope) -> Callable[[Request], Principal]:
        def principal(request: Request) -> Principal:
            who = KEYS[request.headers["x-who"]]
            who.require(scope)
            return who

        return principal

    app = FastAPI()
    install(app)
    app.include_router(make_router(desk.follow_up, require))
    return TestClient(app)


def call(api: TestClient, who: str, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    answer = api.request(method, path, headers={"x-who": who}, **more)
    return answer.status_code, answer.json()


def test_a_widgets_key_may_rate_and_a_readers_may_not(desk: Aftercare, api: TestClient) -> None:
    path = f"/v1/cases/{desk.resolved()}/feedback"
    status, given = call(api, "widget", "POST", path, json={"rating": 4, "text": "快"})
    assert (status, given["rating"], given["counted"], given["words"]) == (200, 4, True, True)
    assert given["answered_at"].endswith("Z")
    assert call(api, "agent", "POST", path, json={"rating": 1})[1]["counted"] is False
    assert call(api, "reader", "POST", path, json={"rating": 1})[0] == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [({"rating": 0}, "rating"), ({"rating": 6}, "rating"), ({"rating": "5"}, "rating"), ({}, "rating"),
     ({"rating": 3, "text": "a\0b"}, "text"), ({"rating": 3, "text": "x" * 4001}, "text"),
     ({"rating": 3, "stars": 5}, "stars")],
)  # fmt: skip
def test_a_wrong_rating_is_refused_by_its_field(
    desk: Aftercare, api: TestClient, body: dict[str, Any], field: str
) -> None:
    status, problem = call(api, "widget", "POST", f"/v1/cases/{desk.resolved()}/feedback", json=body)
    assert (status, problem["field"]) == (422, field)


def test_a_case_that_is_open_or_unknown_can_not_be_rated(desk: Aftercare, api: TestClient) -> None:
    rating = {"json": {"rating": 3}}
    assert call(api, "widget", "POST", f"/v1/cases/{desk.open()}/feedback", **rating)[1]["code"] == "case_live"
    assert call(api, "widget", "POST", "/v1/cases/case_%00/feedback", **rating)[0] == 404


def test_answers_are_for_staff_and_a_period_is_checked(desk: Aftercare, api: TestClient) -> None:
    desk.follow_up.asking.given(desk.resolved(), 2, "slow", KEYS["widget"])
    status, page = call(api, "agent", "GET", "/v1/feedback", params={"from": "2026-01-01T00:00:00Z", "limit": 1})
    assert (status, page["items"][0]["text"], page["csat"]["of"]) == (200, "slow", 1)
    assert call(api, "reader", "GET", "/v1/feedback")[0] == 403
    assert call(api, "widget", "GET", "/v1/feedback")[0] == 403
    wrong = call(api, "agent", "GET", "/v1/feedback", params={"from": "yesterday"})
    assert (wrong[0], wrong[1]["field"]) == (422, "from")
    backwards = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert call(api, "agent", "GET", "/v1/feedback", params=backwards)[1]["field"] == "to"
    assert call(api, "agent", "GET", "/v1/feedback", params={"cursor": "AAAA"})[1]["code"] == "invalid_cursor"


def test_an_agent_sees_what_was_learned_and_a_supervisor_undoes_it(desk: Aftercare, api: TestClient) -> None:
    desk.add_outcomes(OOS, "substitute_line", good=1, bad=39)
    status, seen = call(api, "agent", "GET", "/v1/learned", params={"fault": OOS})
    assert (status, seen["items"][0]["effect"]["places"]) == (200, -1.2)
    assert [one["option"] for one in seen["rankings"][OOS]] == ["backorder_line", "substitute_line"]
    body = {"fault": OOS, "option": "substitute_line", "reason": "one bad supplier"}
    assert call(api, "agent", "POST", "/v1/learned/undo", json=body)[0] == 403
    assert call(api, "supervisor", "POST", "/v1/learned/undo", json={**body, "reason": ""})[1]["field"] == "reason"
    assert call(api, "supervisor", "POST", "/v1/learned/undo", json=body)[1]["undone"] == 40
    status, seen = call(api, "agent", "GET", "/v1/learned", params={"fault": OOS})
    assert (seen["items"][0]["outcomes"], seen["items"][0]["undone"]) == (0, 40)
    assert [one["option"] for one in seen["rankings"][OOS]] == ["substitute_line", "backorder_line"]
    assert call(api, "supervisor", "POST", "/v1/learned/undo", json=body)[1]["code"] == "nothing_to_undo"
    assert call(api, "agent", "GET", "/v1/learned", params={"fault": "x"})[1]["field"] == "fault"


def test_one_cases_outcome_is_undone_by_a_supervisor_only(desk: Aftercare, api: TestClient) -> None:
    path = f"/v1/cases/{desk.resolved()}/outcome/undo"
    assert call(api, "agent", "POST", path, json={"reason": "x"})[0] == 403
    assert call(api, "supervisor", "POST", path, json={"reason": "a test order"})[1]["undone"] == 1
    assert call(api, "supervisor", "POST", "/v1/cases/case_none/outcome/undo", json={"reason": "x"})[0] == 404

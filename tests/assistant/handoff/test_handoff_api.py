"""Hand-off, summary and promise ledger over HTTP: shapes, scopes, and errors that name the field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.app import Application, make_api
from assistant.security.principals import Role, Scope
from assistant.settings import Settings
from tests.assistant.handoff.manned import Manned

KEY = "hw_test_bootstrap_key"
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()
PROMISE = {
    "id", "case_id", "kind", "text", "made_at", "due_at", "state", "owner", "kept_at", "broken_at", "source",
}  # fmt: skip


class Counter:
    """The API's client and a manned desk beside it, on one database; nothing works on its own."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.desk = Manned(application.store, application.vault)
        self.client = TestClient(make_api(application), headers={"authorization": f"Bearer {KEY}"})

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params)

    def post(self, path: str, body: Any = None, key: str = KEY) -> Any:
        return self.client.post(path, json=body, headers={"authorization": f"Bearer {key}"})

    def key(self, *scopes: Scope, role: Role | None = None) -> str:
        return self.application.keys.create_key("k", list(scopes), role)[1]


@pytest.fixture
def counter(database_url: str, tmp_path: Path) -> Iterator[Counter]:
    application = Application(Settings(home=tmp_path, database_url=database_url, api_key=KEY))
    one = Counter(application)
    yield one
    application.store.engine.dispose()


def test_one_click_hands_a_case_on(counter: Counter) -> None:
    counter.desk.hire("li")
    path = f"/v1/cases/{counter.desk.open()}/handoff"
    assert counter.post(path).json()["status"] == "handed_off"
    given = counter.post(path, {"to": "li", "note": "call her: 13800138000"}).json()
    assert given["owner"] == {"kind": "person", "id": "li", "name": "Li"}
    assert any("call her" in line["what"] for line in given["timeline"])
    assert counter.post(path, {"to": "supervisors"}).json()["owner"]["id"] == "supervisors"
    for body, field in (({"to": "nobody"}, "to"), ({"note": "a\0b"}, "note"), ({"too": "li"}, "too")):
        answer = counter.post(path, body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    reader = counter.key(Scope.CASES_READ)
    assert counter.post(path, {}, reader).status_code == 403
    assert counter.post(path, {}, counter.key(Scope.CASES_WRITE)).status_code == 403  # no role
    assert counter.post("/v1/cases/case_x/handoff").status_code == 404
    counter.post(path.replace("handoff", "resolve"), {"resolution": "by_human"})
    assert counter.post(path).json()["code"] == "case_ended"


def test_the_summary_is_contract_ds(counter: Counter) -> None:
    path = f"/v1/cases/{counter.desk.open()}/summary"
    english, chinese = (counter.get(path, language=language).json() for language in ("en", "zh-CN"))
    assert set(english) == {"facts", "text", "next_steps"}
    assert {"text", "evidence"} <= set(english["facts"][0])
    assert len(english["facts"]) == len(chinese["facts"])
    assert english["text"] != chinese["text"]
    assert counter.get("/v1/cases/case_x/summary").status_code == 404


def test_a_promise_made_by_hand_is_on_the_case_and_in_the_ledger_until_it_is_kept(counter: Counter) -> None:
    case_id = counter.desk.open()
    made = counter.post(f"/v1/cases/{case_id}/promises", {"text": "a call, 13800138000", "due_at": LATER})
    assert made.status_code == 201
    [promise] = made.json()["promises"]
    assert set(promise) == PROMISE
    assert (promise["text"], promise["state"], promise["owner"]["id"]) == ("a call, ‹phone›", "open", "service")
    assert counter.get("/v1/cases").json()["items"][0]["promises"] == [promise]
    assert counter.get("/v1/promises").json() == {"items": [promise], "next": None}
    kept = counter.post(f"/v1/promises/{promise['id']}/keep")
    assert (kept.json()["state"], kept.json()["kept_at"] is not None) == ("kept", True)
    assert counter.post(f"/v1/promises/{promise['id']}/keep").json()["code"] == "promise_over"
    assert counter.post("/v1/promises/pr_x/keep").status_code == 404
    what = [line["what"] for line in counter.get(f"/v1/cases/{case_id}").json()["timeline"]]
    assert any(w.startswith("Promised to the customer by") for w in what)
    assert "Promise kept: a call, ‹phone›" in what


def test_the_ledger_is_filtered_and_paged(counter: Counter) -> None:
    case_id = counter.desk.open()
    now = datetime.now(UTC)
    for hours in (30, 3, 12):
        counter.desk.make(case_id, "by_hand", now + timedelta(hours=hours), source=f"s{hours}")
    counter.desk.pass_time(now + timedelta(hours=4))
    due = [p["due_at"] for p in counter.get("/v1/promises").json()["items"]]
    assert due == sorted(due)
    assert len(counter.get("/v1/promises", state="open").json()["items"]) == 2
    assert len(counter.get("/v1/promises", state="open,broken", owner="service").json()["items"]) == 3
    assert counter.get("/v1/promises", owner="li").json()["items"] == []
    before = (now + timedelta(hours=5)).isoformat()
    assert [p["state"] for p in counter.get("/v1/promises", due_before=before).json()["items"]] == ["broken"]
    first = counter.get("/v1/promises", limit=2).json()
    rest = counter.get("/v1/promises", limit=2, cursor=first["next"]).json()
    assert [p["due_at"] for p in [*first["items"], *rest["items"]]] == due
    assert rest["next"] is None


def test_what_makes_no_sense_is_refused_with_its_field(counter: Counter) -> None:
    path = f"/v1/cases/{counter.desk.open()}/promises"
    for body, field in (
        ({"text": "x"}, "due_at"), ({"text": "", "due_at": LATER}, "text"),
        ({"text": "x", "due_at": "soon"}, "due_at"), ({"text": "x", "due_at": "2020-01-01T00:00:00Z"}, "due_at"),
        ({"text": "x", "due_at": "2999-01-01T00:00:00"}, "due_at"),
        ({"text": "x", "due_at": LATER, "kind": "wish"}, "kind"),
    ):  # fmt: skip
        answer = counter.post(path, body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body
    for params in ({"state": "late"}, {"owner": "a\0"}, {"due_before": "x"}, {"cursor": "e30="}, {"cursor": "x"}):
        assert counter.get("/v1/promises", **params).status_code == 422, params
    assert counter.post(path, {"text": "x", "due_at": LATER}, counter.key(Scope.CASES_READ)).status_code == 403
    assert counter.get("/v1/promises").json()["items"] == []

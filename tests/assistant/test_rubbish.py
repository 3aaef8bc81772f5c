"""Every call of the API under rubbish: it says what is wrong, and never fails."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from assistant.app import Application, make_api
from assistant.security.principals import Scope
from assistant.settings import Settings
from knowledge.vocabulary.codes import FaultCode
from tests.assistant.desk import finding
from tests.assistant.handoff.manned import Manned

KEY = "hw_test_bootstrap_key"
ROUNDS = 8  # rubbish requests per call
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


WORDS: list[Any] = [
    "", "x", "a\0b", "\ud800", "é" * 3_000, "repair_rate", "newest",
    "9" * 5_000, "-1", "0", "1e999", "NaN", "Infinity", "../..", "%00", "🍵",
    "a" * 20_000, "2026-01-01", LATER, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "by_human", "en",
    "day", "urgent", "paid_out_of_stock", "st_1", "service", "me", "=1+1", "'; drop table cases; --",
    cursor("[" * 20_000), cursor('["\\ud800","\\ud800"]'), cursor('[1e999,"a",1e999,"b"]'), cursor('["2026","a",1]'),
    cursor('["2026-01-01T00:00:00Z","a",' + "9" * 3_000 + "]"), cursor("{}"), cursor("[0,0,null]"),
    cursor('["2026-01-01T00:00:00Z","a",1e999,"b"]'), cursor('["2026-01-01T00:00:00Z","\\ud800",1]'),
    cursor('["2026-01-01T00:00:00Z","\\ud800"]'), cursor('["2026-01-01T00:00:00Z","\\ud800",1,"a"]'),
    cursor('[1,1,"\\ud800"]'), cursor("[true,1,2]"), "Zm9", "====", "urn:a",
]  # fmt: skip
VALUES: list[Any] = [
    *WORDS, None, True, 0, -1, 1, 5, 10**12, 10**30, 1.5, [], {}, [[]], [None], ["x"], ["a\0b"], {"a": "\0"},
    [{"days": [0], "start": "09:00", "end": "18:00"}], [{"days": [9**9], "start": "", "end": "\0"}],
    ["json://127.0.0.1:1/x"], ["file:///etc/passwd"], {"steps": [{"id": "a\0b", "arguments": {"amount": 1e308}}]},
    {"steps": [{"id": "x", "remove": True}]},
]  # fmt: skip


class Rubbish:
    """Requests that fit the API's description in form, and in nothing else."""

    def __init__(self, application: Application) -> None:
        self.application, self.random = application, random.Random(7)
        desk = Manned(application.store, application.vault)
        desk.hire("li")
        self.cases = [desk.open(finding(FaultCode.PAID_OUT_OF_STOCK)), "case_none", "a\0b", "\ud800"]
        api = make_api(application)
        headers = {"authorization": f"Bearer {KEY}"}
        self.client = TestClient(api, headers=headers, raise_server_exceptions=False)
        self.paths: dict[str, Any] = api.openapi()["paths"]
        self.schemas: dict[str, Any] = api.openapi()["components"]["schemas"]

    def one(self, path: str, method: str, call: dict[str, Any]) -> tuple[str, Any]:
        """One request; what it was, and its answer."""
        query = {}
        for parameter in call.get("parameters", []):
            if parameter["in"] == "path":
                some = self.cases if parameter["name"] == "case_id" else [*WORDS, "1", "li", "in_app"]
                path = path.replace("{" + parameter["name"] + "}", self.path_part(self.random.choice(some)))
            elif parameter["name"] == "cursor" or self.random.random() < 0.2:
                query[parameter["name"]] = self.plain(self.random.choice(WORDS))
        body: str | None = None
        content = call.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            body = json.dumps(self.filled(content["schema"]))
        headers = {"content-type": "application/json"} if body else {}
        answer = self.client.request(method, path, params=query, content=body, headers=headers)
        return f"{method} {path[:80]} {str(query)[:160]} {str(body)[:200]}", answer

    def plain(self, text: Any) -> str:
        return str(text).encode("utf-8", "replace").decode()[:30_000]

    def path_part(self, text: Any) -> str:
        return quote(self.plain(text)[:900], safe="") or "x"

    def filled(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema and self.random.random() < 0.95:
            known = self.schemas[schema["$ref"].rpartition("/")[2]].get("properties", {})
            needed = self.schemas[schema["$ref"].rpartition("/")[2]].get("required", [])
            return {
                name: self.field(one) for name, one in known.items() if name in needed or self.random.random() < 0.4
            }
        if "anyOf" in schema:
            return self.filled(self.random.choice(schema["anyOf"]))
        return self.random.choice(VALUES)

    def field(self, schema: dict[str, Any]) -> Any:
        if self.random.random() < 0.5:
            kinds = {"integer": 1, "string": "x", "boolean": True}
            kind = schema.get("type") or next((s.get("type") for s in schema.get("anyOf", [])), None)
            if kind in kinds:
                return kinds[kind]
        return self.random.choice(VALUES)


@pytest.fixture
def rubbish(database_url: str, tmp_path: Path) -> Iterator[Rubbish]:
    application = Application(Settings(home=tmp_path, database_url=database_url, api_key=KEY, chat_secret="s" * 32))
    yield Rubbish(application)
    application.store.engine.dispose()


def test_rubbish_is_refused_and_never_breaks_anything(rubbish: Rubbish) -> None:
    broken = []
    for path, calls in rubbish.paths.items():
        if path.endswith("/events") and path != "/v1/events":
            continue  # streams
        for method, call in calls.items():
            for _ in range(ROUNDS):
                what, answer = rubbish.one(path, method, call)
                if answer.status_code >= 500 and answer.status_code != 503:
                    broken.append((answer.status_code, what))
    assert broken == []


OPEN = {"/healthz", "/readyz", "/metrics", "/v1/delivery-reports/sms"}
FOR_EVENTS = {
    (path, "post") for path in ("/v1/events", "/v1/events/rejected/{rejected_id}/replay", "/v1/delivery-reports/email")
}


def test_a_key_for_events_opens_nothing_else_and_none_opens_nothing(rubbish: Rubbish) -> None:
    secret = rubbish.application.keys.create_key("shop", [Scope.EVENTS_WRITE])[1]
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for path, calls in rubbish.paths.items():
        for method in calls if path.startswith("/v1/") and path not in OPEN else ():
            where = path.replace("{", "").replace("}", "").replace("/seq/", "/1/")
            found[path, method] = (
                rubbish.client.request(method, where, headers={"authorization": ""}).status_code,
                rubbish.client.request(method, where, headers={"authorization": f"Bearer {secret}"}).status_code,
            )
    assert {call for call, (without, _) in found.items() if without != 401} == set()
    customers = {call for call in found if call[0].startswith("/v1/chat/")}  # a token of the shop's opens these, no key
    assert {call for call, (_, events_only) in found.items() if events_only != 403} == FOR_EVENTS | customers
    assert {found[call] for call in customers} == {(401, 401)}
    assert len(found) > 50

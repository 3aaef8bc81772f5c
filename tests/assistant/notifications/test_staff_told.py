"""From the fault to the people: the whole application tells the inbox, a real mail server and a real web hook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant.app import Application, make_api
from assistant.security.principals import Role, Scope
from assistant.settings import SettingError, Settings
from assistant.store.engine import utcnow
from assistant.timers.timers import Sweep
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.desk import finding
from tests.assistant.notifications.employees import employ
from tests.support.mail import mail_server


@contextmanager
def web_hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What Apprise's `json://` posts to."""
    posts: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/team", posts
    finally:
        server.shutdown()
        server.server_close()


def test_a_high_case_reaches_the_inbox_the_mail_and_the_chat_of_those_on_duty(
    database_url: str, tmp_path: Path
) -> None:
    with mail_server() as mail, web_hook() as (hook, posts):
        settings = Settings(
            home=tmp_path, database_url=database_url, team_chat=hook, smtp_url=mail.url, smtp_from="desk@shop.example",
        )  # fmt: skip
        application = Application(settings)
        info, key = application.keys.create_key("bea", [Scope.CASES_READ], Role.SENIOR_AGENT)
        employ(
            application.store, "bea", "senior_agent", vault=application.vault, contact={"email": "bea@shop.example"},
            key_id=info.id,
        )  # fmt: skip
        with application.store.begin() as tx:
            found = [finding(FaultCode.PAID_ORDER_MISSING, "e-1", severity=Severity.HIGH)]
            application.opening.on_findings(tx, OrderSnapshot(checkout_id="ck-1"), found, utcnow())
        letters = Sweep(application.store, {}, application.staffing.deferred_handlers())
        for seconds in (0, 1, 600):
            letters.run_once(utcnow() + timedelta(seconds=seconds), kinds=["push"])
        client = TestClient(make_api(application), headers={"authorization": f"Bearer {key}"})
        page = client.get("/v1/notices", params={"language": "en"}).json()
        application.store.engine.dispose()
    (item,) = (item for item in page["items"] if item["kind"] == "high_value")
    assert item["text"].startswith("High severity: Paid, but no order. Checkout ck-1")
    assert item["audience"] == {"kind": "person", "id": "bea"}
    assert [(s["channel"], s["state"]) for s in item["sends"]] == [("email", "accepted")]
    (letter,) = mail.mails
    assert (letter["to"], letter["subject"]) == ("bea@shop.example", "Helloword: high-severity case")
    assert "Checkout ck-1" in letter.as_string()
    assert [post["title"] for post in posts] == ["Helloword: high-severity case"]
    assert "Checkout ck-1" in posts[0]["message"]


@pytest.mark.parametrize(
    ("name", "value"), [("team_chat", "nonsense://x"), ("supervisor_chat", "x"), ("smtp_url", "http://x")]
)
def test_a_wrong_address_stops_the_start_with_the_settings_name(name: str, value: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, smtp_from="desk@shop.example", **{name: value})  # type: ignore[arg-type]
    with pytest.raises(SettingError) as wrong:
        Application(settings)
    assert f"HELLOWORD_{name.upper()}" in str(wrong.value)
    assert value not in str(wrong.value)

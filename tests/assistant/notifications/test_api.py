"""Messages over HTTP: whose inbox, one answer each, opting out, reports with proof, and the preview."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.intake.receive import Rejected
from assistant.notifications.api import make_router, may_see
from assistant.problems import install
from assistant.security.principals import ForbiddenError, Principal, Role, Scope, UnauthenticatedError
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from tests.assistant.desk import event, message
from tests.assistant.notifications.post import Post, customer
from tests.journeys.house import serving
from tests.support.ports import free_port
from tools.connectors.carrier import Report
from tools.connectors.reports import sms_report_url

PEOPLE = {
    "ann": Principal("staff", "ann", "Ann", frozenset({Role.AGENT}), frozenset(Scope)),
    "shop": Principal("key", "k1", "Shop", frozenset(), frozenset({Scope.CHAT})),
    "robot": Principal("key", "k2", "Robot", frozenset(), frozenset({Scope.CASES_WRITE})),
    "pipe": Principal("key", "k3", "Pipe", frozenset(), frozenset({Scope.EVENTS_WRITE})),
    "looker": Principal("key", "k4", "Looker", frozenset(), frozenset({Scope.CASES_READ})),
    "li": Principal("customer", "cu-1", "Li", frozenset(), frozenset()),
}


class Receipt:
    """What a stand-in for intake answers."""

    rejected: Sequence[Rejected] = ()


class Counter:
    """A shop without messaging whose customers look into our inbox."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.post = Post(store, vault, ours=False)
        self.post.reader.facts = (self.post.reader.facts[0], customer(preferred_channel="in_app"))
        self.received: list[dict[str, Any]] = []
        self.app = FastAPI()
        install(self.app)
        router = make_router(
            store, self.post.messaging, self.receive, self.authenticate, self.require, poll_every=0.02
        )
        self.app.include_router(router)
        self.client = TestClient(self.app)

    def authenticate(self, request: Request) -> Principal:
        who = PEOPLE.get(request.headers.get("authorization", ""))
        if who is None:
            raise UnauthenticatedError("unauthenticated", "who are you?")
        return who

    def require(self, scope: Scope) -> Any:
        def principal(request: Request) -> Principal:
            who = self.authenticate(request)
            who.require(scope)
            return who

        return principal

    def receive(self, events: Sequence[Any], now: datetime) -> Receipt:
        for one in events:
            if one["id"] not in {e["id"] for e in self.received}:
                self.received.append(one)
                self.post.tell(event(one["type"], id=one["id"], **one["data"]))
        return Receipt()

    def ask(self) -> str:
        case_id = self.post.open()
        self.post.says(message("which", ["keep_both", "cancel_one"]), then="await_customer")
        self.post.run(case_id)
        self.post.tick()
        return case_id

    def call(self, method: str, path: str, who: str = "shop", **more: Any) -> httpx.Response:
        headers = {"authorization": who} if who else {}
        return self.client.request(method, f"/v1{path}", headers=headers, **more)


@pytest.fixture
def counter(store: Store, vault: Vault) -> Counter:
    return Counter(store, vault)


# -- the inbox ------------------------------------------------------------------------------------------------------


def test_a_customer_reads_chooses_and_the_case_goes_on(counter: Counter) -> None:
    case_id = counter.ask()
    [item] = counter.call("GET", "/customers/cu-1/inbox").json()["items"]
    assert set(item) == {
        "seq", "dedupe_key", "checkout_id", "case_id", "language", "text", "subject", "choices", "choice", "at",
        "read_at",
    }  # fmt: skip
    assert [c["id"] for c in item["choices"]] == ["keep_both", "cancel_one"]
    read = counter.call("POST", f"/customers/cu-1/inbox/{item['seq']}/read", "li").json()
    assert read["read_at"] is not None
    assert counter.post.message("which")["state"] == "delivered"
    path = f"/customers/cu-1/inbox/{item['seq']}/choose"
    for _ in range(2):
        assert counter.call("POST", path, json={"choice": "cancel_one"}).json()["choice"] == "cancel_one"
    other = counter.call("POST", path, json={"choice": "keep_both"})
    assert (other.status_code, other.json()["code"]) == (409, "already_answered")
    [sent] = counter.received
    assert sent["data"]["in_reply_to"] == f"{case_id}:1:which"
    assert counter.post.message("which")["choice"] == "cancel_one"


def test_what_was_not_offered_can_not_be_chosen(counter: Counter) -> None:
    counter.ask()
    wrong = counter.call("POST", "/customers/cu-1/inbox/1/choose", json={"choice": "refund_all"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "choice")
    assert counter.call("POST", "/customers/cu-1/inbox/9/choose", json={"choice": "yes"}).status_code == 404
    assert counter.call("POST", "/customers/cu-2/inbox/1/read").status_code == 404
    assert counter.received == []


def test_an_inbox_is_the_customers_the_shops_and_for_staff(counter: Counter) -> None:
    counter.ask()
    statuses = {who: counter.call("GET", "/customers/cu-1/inbox", who).status_code for who in ("", *PEOPLE)}
    assert statuses == {"": 401, "ann": 200, "shop": 200, "robot": 403, "pipe": 403, "looker": 200, "li": 200}
    assert counter.call("GET", "/customers/cu-2/inbox", "li").status_code == 403
    with pytest.raises(ForbiddenError):
        may_see(PEOPLE["li"], "cu-2")


def test_a_key_for_reading_answers_for_nobody(counter: Counter) -> None:
    counter.ask()
    for path, body in (("read", None), ("choose", {"choice": "cancel_one"})):
        answers = {who: counter.call("POST", f"/customers/cu-1/inbox/1/{path}", who, json=body) for who in PEOPLE}
        refused = {who for who, answer in answers.items() if answer.status_code == 403}
        assert refused == {"robot", "pipe", "looker"}
    assert counter.call("GET", "/customers/cu-1/inbox", "looker").status_code == 200


def test_what_was_erased_hides_nothing_that_came_later(counter: Counter) -> None:
    post, inbox = counter.post, counter.post.messaging.inbox
    case = {"id": "case-1", "customer_id": "cu-1", "checkout_id": "ck-1"}

    def put(number: int) -> None:
        with post.store.begin() as tx:
            ref = post.vault.put(tx, "c:cu-1", "message", {"text": f"word {number}"}, utcnow())
            inbox.put(tx, case, f"m-{number}", "en", ref, [], utcnow())

    for number in range(3):
        put(number)
    with post.store.begin() as tx:
        post.vault.destroy(tx, "c:cu-1")
    for number in range(3, 106):
        put(number)
    first = counter.call("GET", "/customers/cu-1/inbox?limit=2").json()
    assert [item["text"] for item in first["items"]] == ["word 3", "word 4"]
    assert first["next"] == first["items"][-1]["seq"]
    whole = counter.call("GET", "/customers/cu-1/inbox?limit=100").json()
    assert (len(whole["items"]), whole["next"]) == (100, whole["items"][-1]["seq"])
    rest = counter.call("GET", f"/customers/cu-1/inbox?after={whole['next']}").json()
    assert ([item["text"] for item in rest["items"]][-1], rest["next"]) == ("word 105", None)


def test_pages_end_and_erased_words_are_gone(counter: Counter) -> None:
    counter.ask()
    second = counter.post.open(checkout_id="ck-2")
    counter.post.says(message())
    counter.post.perform(second, counter.post.look(second))
    counter.post.tick()
    first = counter.call("GET", "/customers/cu-1/inbox?limit=1").json()
    assert (len(first["items"]), first["next"]) == (1, first["items"][0]["seq"])
    rest = counter.call("GET", f"/customers/cu-1/inbox?after={first['next']}").json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    with counter.post.store.begin() as tx:
        counter.post.vault.destroy(tx, "c:cu-1")
    assert counter.call("GET", "/customers/cu-1/inbox").json()["items"] == []


def test_the_stream_gives_what_comes_and_resumes_after_the_last_one(counter: Counter) -> None:
    counter.ask()
    port = free_port()
    with serving(counter.app, port), httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", timeout=10) as client:
        client.headers["authorization"] = "li"
        later = threading.Timer(0.3, _another, [counter])
        later.start()
        with client.stream("GET", "/customers/cu-1/inbox/events") as stream:
            seen = [next(found) for found in [_items(stream)] for _ in range(2)]
        later.join()
        assert [i["seq"] for i in seen] == [1, 2]
        with client.stream("GET", "/customers/cu-1/inbox/events", headers={"last-event-id": "1"}) as stream:
            assert next(_items(stream))["seq"] == 2


def _items(stream: httpx.Response) -> Iterator[dict[str, Any]]:
    return (json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: "))


def _another(counter: Counter) -> None:
    second = counter.post.open(checkout_id="ck-2")
    counter.post.says(message())
    counter.post.perform(second, counter.post.look(second))
    counter.post.tick()


# -- opting out -----------------------------------------------------------------------------------------------------


def test_staff_write_down_what_a_customer_wants_no_more(counter: Counter) -> None:
    put = counter.call("PUT", "/customers/cu-1/opt-outs/sms", "ann").json()
    assert [(o["channel"], o["source"]) for o in put["opt_outs"]] == [("sms", "staff:ann")]
    counter.call("PUT", "/customers/cu-1/opt-outs/feedback", "ann")
    assert counter.call("DELETE", "/customers/cu-1/opt-outs/sms", "ann").status_code == 200
    left = counter.call("GET", "/customers/cu-1/opt-outs", "ann").json()["opt_outs"]
    assert [o["channel"] for o in left] == ["feedback"]
    wrong = counter.call("PUT", "/customers/cu-1/opt-outs/fax", "ann")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "channel")
    assert counter.call("PUT", "/customers/cu-1/opt-outs/sms", "robot").status_code == 403
    assert counter.call("PUT", "/customers/cu-1/opt-outs/sms", "shop").status_code == 403


# -- reports --------------------------------------------------------------------------------------------------------


def address_of(counter: Counter, ref: str, **values: str) -> str:
    url = sms_report_url("http://a.example", ref, counter.post.messaging.secret).removeprefix("http://a.example/v1")
    for sign, value in {"%d": "1", "%A": "ACK", "%T": "1800000000", **values}.items():
        url = url.replace(sign, value)
    return url


def test_an_sms_report_needs_the_signature_and_no_key(counter: Counter) -> None:
    ref = "sms-" + "0" * 32
    assert counter.call("GET", address_of(counter, ref), "").json() == {"recorded": 0, "known": 0, "unknown": 1}
    assert counter.call("POST", address_of(counter, ref), "").status_code == 202
    forged = counter.call("GET", address_of(counter, ref) + "0", "")
    assert (forged.status_code, forged.json()["code"]) == (403, "bad_signature")
    wrong = counter.call("GET", address_of(counter, ref, **{"%d": "77"}), "")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "type")


def test_a_returned_mail_needs_a_key_and_may_be_anything(counter: Counter) -> None:
    for garbage in (b"", b"\xff\x00 no mail at all", b"Subject: out of office\r\n\r\nback on Monday"):
        answer = counter.call("POST", "/delivery-reports/email", "pipe", content=garbage)
        assert (answer.status_code, answer.json()) == (202, {"recorded": 0, "known": 0, "unknown": 0})
    assert counter.call("POST", "/delivery-reports/email", "shop", content=b"x").status_code == 403
    assert counter.call("POST", "/delivery-reports/email", "pipe", content=b"x" * 2_200_000).status_code == 413


def test_a_report_before_midnight_of_a_clock_ahead_counts_as_now(counter: Counter) -> None:
    counter.ask()
    with counter.post.store.begin() as tx:
        from assistant.store.tables import messages

        tx.execute(messages.update().values(provider_ref="r-1", via="sms", channel="sms"))
    ahead = utcnow() + timedelta(days=3)
    counter.post.messaging.reports.record([Report("r-1", "delivered", at=ahead)])
    assert counter.post.message("which")["delivered_at"] == counter.post.now


# -- preview --------------------------------------------------------------------------------------------------------


def test_the_preview_shows_what_is_asked_for(counter: Counter) -> None:
    found = counter.call("GET", "/notifications/preview?fault=handoff&language=en&channel=sms", "ann").json()["items"]
    assert {(i["source"], i["language"], i["channel"], i["subject"]) for i in found} == {("handoff", "en", "sms", None)}
    assert all(i["segments"] >= 1 for i in found)
    wrong = counter.call("GET", "/notifications/preview?fault=no_such", "ann")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "fault")

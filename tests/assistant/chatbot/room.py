"""A chat room: real sessions, desk, requests and office on a database; a scripted agent, a shop laid out by hand."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import jwt
import msgspec
import sqlalchemy as sa
from fastapi import FastAPI, Request

from assistant.agent.history import Keep, new_message_id
from assistant.agent.ports import StreamEvent
from assistant.agent.voices import TurnContext, Voice
from assistant.chatbot.api import make_router
from assistant.chatbot.staff_api import make_router as make_staff_router
from assistant.chatbot.wiring import build_chatbot
from assistant.intake.receive import Intake
from assistant.notifications.wiring import build_messaging
from assistant.problems import install
from assistant.security.principals import Principal, Role, Scope, UnauthenticatedError
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import chat_messages, chat_sessions, checkouts, messages
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from knowledge.vocabulary.codes import CaseStatus, FaultCode
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, OrderFact, ProductFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, OrderView
from tests.assistant.desk import finding
from tests.assistant.handoff.manned import Manned
from tests.journeys.house import serving
from tests.support.ports import free_port

SECRET = "a secret of thirty-two bytes or more"
STAFF = {
    "li": Principal("staff", "li", "Li Na", frozenset({Role.AGENT}), frozenset(Scope)),
    "looker": Principal("key", "looker", "Looker", frozenset(), frozenset({Scope.CASES_READ})),
    "robot": Principal("key", "robot", "Robot", frozenset(), frozenset({Scope.CASES_READ, Scope.CASES_WRITE})),
}
Events = list[tuple[str, dict[str, Any]]]


class FakeAgent:
    """Answers as the test says; `gate` holds every answer back until it is set."""

    def __init__(self) -> None:
        self.heard: list[tuple[TurnContext, str]] = []
        self.script: Callable[[TurnContext, str], list[StreamEvent]] = lambda context, text: [said(f"you said {text}")]
        self.gate: threading.Event | None = None

    def prepare(self, context: TurnContext, keep: Keep | None) -> None:
        assert keep is not None
        context.masker.learn([("name", "Zhang San")])

    async def turn(
        self, voice: Voice, context: TurnContext, text: str, *, keep: Keep | None = None
    ) -> AsyncIterator[StreamEvent]:
        self.heard.append((context, text))
        yield StreamEvent("tool", {"name": "look", "state": "started"})
        while self.gate is not None and not self.gate.is_set():
            await asyncio.sleep(0.01)
        for event in await asyncio.to_thread(self.script, context, text):
            yield event


def said(text: str, **more: Any) -> StreamEvent:
    data = {"message_id": new_message_id(), "text": text, "sources": [], "language": "en", **more}
    return StreamEvent("message.done", data)


class Room(Manned):
    """The chat with its office. `agent` is scripted; `reader.facts` is the shop."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        key = base64.b64encode(os.urandom(32)).decode()
        super().__init__(store, vault, **{"chat_secret": SECRET, "master_key": key, **settings})
        self.vault, self.agent = vault, FakeAgent()
        self.intake = Intake(
            store, vault, self.settings.policies, self.settings,
            on_findings=self.opening.on_findings, on_touched=self.opening.on_touched,
        )  # fmt: skip
        self.opening.on_feedback = self.staffing.follow_up.asking.replied
        self.messaging = build_messaging(
            store, self.settings, vault, self.cases, self.ledger, self.reader, self.writer,
            on_told=self.promises.told,
        )  # fmt: skip
        self.messaging.notifications.learn(missing=True)  # the shop sends no messages: our inbox does
        self.opening.replies = self.messaging.replies
        self.chat = build_chatbot(
            self.settings, store, vault, self.cases, self.plans, self.staffing, self.intake.receive, self.reader,
            cast(Library, None), self.agent, UniversalSentenceEmbedder(), voice=lambda: cast(Voice, None),
        )  # fmt: skip
        self.staffing.office.chat = self.chat.silence
        self.reader.facts = (shopper("cu-1"), shopper("cu-2", language="zh-CN"), ProductFact(sku="tea", title="Tea"))

    # -- the world --------------------------------------------------------------------------------------------------

    def buys(
        self, checkout_id: str, customer_id: str = "cu-1", *, known: bool = True, at_shop: bool = True,
        status: str = "confirmed",
    ) -> str:  # fmt: skip
        """A purchase of one tea, its order `or-…`; known to us by events, to the shop, or both."""
        order_id, now, total = f"or-{checkout_id}", utcnow(), Money(1200, "CNY")
        lines = [Line(line_id="1", sku="tea", quantity=1, unit_price=total)]
        if known:
            snapshot = OrderSnapshot(
                checkout_id=checkout_id, customer_id=customer_id, language="en", total=total, submitted_at=now,
                lines=lines, status="completed", orders={order_id: OrderView(order_id, status=status, created_at=now)},
            )  # fmt: skip
            row = {
                "checkout_id": checkout_id, "customer_id": customer_id, "customer_ref": f"c:{customer_id}",
                "snapshot": msgspec.to_builtins(snapshot), "version": 1, "updated_at": now,
            }  # fmt: skip
            with self.store.begin() as tx:
                tx.execute(self.store.upsert(checkouts, ["checkout_id"], row, ["snapshot", "customer_id"]))
        if at_shop:
            place = Address(recipient="Zhang San", phone="13800138000", city="杭州市", street="文三路 1 号")
            self.reader.facts += (
                CheckoutFact(id=checkout_id, customer_id=customer_id, lines=lines, total=total, status="completed",
                             shipping_address=place),
                OrderFact(id=order_id, checkout_id=checkout_id, customer_id=customer_id, status=status, lines=lines,
                          total=total, created_at=now, shipping_address=place),
            )  # fmt: skip
        return checkout_id

    def breaks(self, checkout_id: str, code: FaultCode = FaultCode.PAID_OUT_OF_STOCK) -> str:
        """A fault of a purchase that is known; its case's id."""
        with self.store.begin() as tx:
            snapshot = self.intake.snapshot_of(tx, checkout_id)
            assert snapshot is not None
            self.opening.on_findings(tx, snapshot, [finding(code, f"ev-{checkout_id}-{code}")], utcnow())
            case = self.cases.open_case_of(tx, "checkout", checkout_id)
            assert case is not None
            return str(case["id"])

    def asks(
        self, case_id: str, choices: tuple[str, ...] = ("cancel_one", "keep_both"), occasion: str = "which", *,
        inbox: bool = False, text: str = "Which one? https://pay.example/x",
    ) -> str:  # fmt: skip
        """The customer was asked, by SMS or in their inbox; the question's key."""
        now = utcnow()
        with self.store.begin() as tx:
            case = self.cases.lock(tx, case_id)
            key = f"{case_id}:{case['episode']}:{occasion}"
            offered = [{"id": c, "label": {"en": c.replace("_", " "), "zh-CN": f"选 {c}"}} for c in choices]
            ref = self.vault.put(tx, f"c:{case['customer_id']}", "message", {"text": text}, now)
            row = {
                "dedupe_key": key, "case_id": case_id, "episode": case["episode"], "occasion": occasion,
                "checkout_id": case["checkout_id"], "customer_id": case["customer_id"],
                "channel": "in_app" if inbox else "sms", "language": "en", "phrase": "ask", "choices": offered,
                "state": "accepted", "at": now, "accepted_at": now, "timed_out": False, "source": "duplicate_order",
                "params": {}, "attempts": 1, "asks": True, "text_ref": ref,
            }  # fmt: skip
            tx.execute(messages.insert().values(**row))
            self.cases.update(tx, case, now, status=CaseStatus.AWAITING_CUSTOMER)
            if inbox:
                shown = [{"id": c, "label": c.replace("_", " ")} for c in choices]
                self.messaging.inbox.put(tx, case, key, "en", ref, shown, now)
        return key

    def message(self, key: str) -> dict[str, Any]:
        with self.store.read() as tx:
            return dict(tx.execute(sa.select(messages).where(messages.c.dedupe_key == key)).mappings().one())

    def sessions(self) -> list[dict[str, Any]]:
        return self._rows(sa.select(chat_sessions).order_by(chat_sessions.c.created_at))

    def stored(self, session_id: str) -> list[dict[str, Any]]:
        query = sa.select(chat_messages).where(chat_messages.c.session_id == session_id)
        return self._rows(query.order_by(chat_messages.c.seq))

    def desk(self, customer_id: str = "cu-1", language: str = "en", turn: str = "turn-1", session_id: str = "") -> Any:
        """The customer's desk, as a turn has it."""
        return self.chat.service._desk(customer_id, language, session_id, None, turn, utcnow())

    # -- over HTTP --------------------------------------------------------------------------------------------------

    def api(self) -> FastAPI:
        """The routes, with keys that are names."""
        app = FastAPI()
        install(app)

        def require(scope: Scope) -> Callable[[Request], Principal]:
            def principal(request: Request) -> Principal:
                who = STAFF.get(request.headers.get("authorization", "").removeprefix("Bearer "))
                if who is None:
                    raise UnauthenticatedError("unauthenticated", "no valid key")
                who.require(scope)
                return who

            return principal

        app.include_router(
            make_router(lambda: self.chat.service, self.chat.sessions, self.chat.tokens, poll_every=0.05)
        )
        app.include_router(make_staff_router(self.chat.staff_side, require, poll_every=0.05))
        return app


class Visitor:
    """A customer's page, or a member of staff's."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self.client, self.headers = client, {"authorization": f"Bearer {token}"}

    def begin(self, **body: Any) -> str:
        answer = self.call("POST", "/chat/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.client.request(method, f"/v1{path}", headers=self.headers, **more)

    def says(self, session: str, text: str | None = None, **more: Any) -> Events:
        """A message and its whole answer; a refusal fails."""
        body = {"text": text, **more} if text is not None else more
        answer = self.call("POST", f"/chat/sessions/{session}/messages", json=body)
        assert answer.status_code == 200, answer.text
        return events_of(answer.text.splitlines())

    def refused(self, session: str, **body: Any) -> tuple[int, str]:
        answer = self.call("POST", f"/chat/sessions/{session}/messages", json=body)
        return answer.status_code, answer.json()["code"]

    def reads(self, session: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/chat/sessions/{session}/messages", params=params).json()[
            "items"
        ]
        return found

    def follows(
        self, session: str, count: int, path: str | None = None, **headers: str
    ) -> list[tuple[str | None, str, Any]]:
        """The next events by themselves: (id, event, data)."""
        path = path or f"/v1/chat/sessions/{session}/events"
        found: list[tuple[str | None, str, Any]] = []
        with self.client.stream("GET", path, headers={**self.headers, **headers}) as stream:
            assert stream.status_code == 200, stream.read()
            one: dict[str, str] = {}
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if line and value:
                    one[name] = value
                elif not line and "data" in one:
                    found.append((one.get("id"), one["event"], json.loads(one["data"])))
                    one = {}
                if len(found) >= count:
                    return found
        raise AssertionError(f"the stream ended after {found}")


@contextmanager
def opened(room: Room) -> Iterator[Callable[..., Visitor]]:
    """The room behind a real server; gives `visitor(customer_id, **claims)` and `visitor(key=…)`."""
    port = free_port()
    with serving(room.api(), port), httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False
    ) as client:
        yield lambda customer_id="cu-1", key=None, **claims: Visitor(client, key or token(customer_id, **claims))


def token(customer_id: Any = "cu-1", *, secret: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A JWT as the shop signs it."""
    body = {"sub": customer_id, "exp": int(time.time()) + 600, **claims}
    return jwt.encode({k: v for k, v in body.items() if v is not None}, secret, algorithm=algorithm)


def events_of(lines: list[str]) -> Events:
    found, name = [], ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def words(events: Events) -> str:
    """What was said."""
    return "".join(data["text"] for name, data in events if name == "message.done")


def shopper(customer_id: str, language: str | None = "en", **more: Any) -> CustomerFact:
    return CustomerFact(id=customer_id, language=language, time_zone="UTC", preferred_channel="in_app",
                        allowed_channels=["in_app"], **more)  # fmt: skip


def eventually(holds: Callable[[], Any], seconds: float = 10.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)
    return found


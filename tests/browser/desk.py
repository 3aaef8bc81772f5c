"""A stand-in for the API with cases a test can change at will, so that the page's behaviour can be pinned down."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from assistant.page import make_router

KEY = "hw_a_key_for_tests"
SEVERITIES = ("high", "medium", "low")
Case = dict[str, Any]


def at(seconds: float = 0.0) -> str:
    """Now, or so many seconds from now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def evidence(ref: str = "shop/evt-1", kind: str = "event", value: Any = "payment.captured") -> dict[str, Any]:
    """One piece of evidence."""
    return {"kind": kind, "ref": ref, "at": at(-5), "value": value}


def a_case(case_id: str = "case_1", **changes: Any) -> Case:
    """A high-severity case about a paid checkout without an order, being repaired."""
    pipeline = zip(
        ("submit", "payment", "reservation", "order", "fulfilment"),
        ("done", "done", "done", "broken", "not_reached"),
        strict=True,
    )
    case: Case = {
        "id": case_id, "subject": {"kind": "checkout", "id": "co_1"}, "checkout_id": "co_1", "order_id": None,
        "customer_id": "cu_1", "severity": "high", "priority": 50, "status": "repairing", "resolution": None,
        "faults": [{"code": "paid_order_missing", "detected_at": at(-4), "confidence": 1.0, "evidence": [evidence()],
                    "cleared_at": None}],
        "priority_terms": {"order_value": 20, "customer_value": 10, "complexity": 15, "cost": 5},
        "root_cause": {"step": "order", "cause": "shop_silent", "evidence": [evidence()],
                       "pipeline": [{"step": step, "state": state, "evidence": [evidence(f"shop/{step}")]}
                                    for step, state in pipeline]},
        "plan_version": 1, "plan_state": a_plan(), "plan": [a_step()], "owner": None, "merged_into": None,
        "language": "en", "episode": 1, "value": {"amount": 129_900, "currency": "CNY"}, "promises": [],
        "timeline": [{"at": at(-4), "actor": "system", "what": "Case opened: paid_order_missing",
                      "evidence": [evidence()]}],
        "detectable_at": at(-4), "detected_at": at(-4), "queued_at": at(-4), "due_at": at(56),
        "first_action_at": at(-3), "resolved_at": None, "snoozed_until": None,
    }  # fmt: skip
    return case | changes


def a_plan(**changes: Any) -> dict[str, Any]:
    """A plan version's state."""
    plan = {
        "version": 1, "state": "ready", "fault": "paid_order_missing", "needs_human": [], "expires_at": None,
        "decided_by": None, "summary": "Paid without an order: create it once and confirm it.",
    }  # fmt: skip
    return plan | changes


def a_step(step_id: str = "case_1:1:0", **changes: Any) -> dict[str, Any]:
    """A plan's step."""
    step = {
        "id": step_id, "action": "create_order", "arguments": {"checkout_id": "co_1"},
        "effect": "One order is created for checkout co_1 with its payments and reservations; nothing is charged.",
        "undo": "Cancel the order.", "needs_approval": False, "status": "pending",
    }  # fmt: skip
    return step | changes


def awaiting_approval(case_id: str = "case_1", **changes: Any) -> Case:
    """A case whose plan waits for a decision."""
    plan = a_plan(state="awaiting", needs_human=["above_limit"], expires_at=at(3600))
    return a_case(case_id, status="awaiting_approval", plan_state=plan, **changes)


class Desk:
    """The cases, and how the API is to behave. `acts` are the decisions that came in: `(case, verb, body)`."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.keys = {KEY}
        self.down = False  # answers nothing but 503
        self.refuses: dict[str, tuple[int, str]] = {}  # verb → (status, code)
        self.acts: list[tuple[str, str, dict[str, Any]]] = []
        self.answer: list[tuple[str, dict[str, Any]]] = []
        self.languages: set[str] = set()
        self.base_url = ""

    def put(self, *cases: Case) -> None:
        """Adds cases, or replaces them."""
        for case in cases:
            self.cases[case["id"]] = case

    def page(self, statuses: set[str], limit: int) -> dict[str, Any]:
        """A page of the queue, as the API sorts it."""
        found = [case for case in self.cases.values() if case["status"] in statuses]
        found.sort(key=lambda c: (SEVERITIES.index(c["severity"]), -c["priority"], c["id"]))
        items = [{k: v for k, v in c.items() if k not in ("timeline", "promises", "plan_state")} for c in found[:limit]]
        return {"items": items, "next": "more" if len(found) > limit else None}

    def counts(self) -> dict[str, dict[str, int]]:
        """Cases by status and by resolution."""
        counted: dict[str, dict[str, int]] = {"status": {}, "resolution": {}}
        for case in self.cases.values():
            for kind, numbers in counted.items():
                if case[kind]:
                    numbers[case[kind]] = numbers.get(case[kind], 0) + 1
        return counted

    def act(self, case_id: str, verb: str, body: dict[str, Any]) -> Response:
        """Does what was decided, or refuses as the test wants."""
        if verb in self.refuses:
            return problem(*self.refuses[verb])
        self.acts.append((case_id, verb, body))
        case = copy.deepcopy(self.cases[case_id])
        if verb == "approve":
            case["status"], case["plan_state"]["state"] = "repairing", "approved"
        elif verb in ("reject", "claim"):
            case["status"] = "handed_off"
            case["owner"] = {"kind": "person", "id": "p1", "name": "Li Wei"}
        else:
            case["status"], case["owner"] = "open", None
        self.put(case)
        return JSONResponse(case)


def problem(status: int, code: str) -> Response:
    """An error as the API gives it."""
    return JSONResponse({"status": status, "code": code, "detail": f"it is {code}"}, status)


def make_app(desk: Desk, demo_key: str | None) -> FastAPI:
    """The page with the stand-in behind it."""
    app = FastAPI()
    app.include_router(make_router(demo_key))

    @app.middleware("http")
    async def guard(request: Request, go_on: Any) -> Response:
        if request.url.path.startswith("/v1/"):
            desk.languages.add(request.query_params.get("language", ""))
            if desk.down:
                return problem(503, "unavailable")
            if request.headers.get("authorization", "").removeprefix("Bearer ") not in desk.keys:
                return problem(401, "unauthenticated")
        answered: Response = await go_on(request)
        return answered

    @app.get("/v1/cases")
    def cases(status: str, limit: int = 50) -> dict[str, Any]:
        return desk.page(set(status.split(",")), limit)

    @app.get("/v1/cases/counts")
    def counts() -> dict[str, Any]:
        return desk.counts()

    @app.get("/v1/cases/{case_id}")
    def case(case_id: str) -> Response:
        return JSONResponse(desk.cases[case_id]) if case_id in desk.cases else problem(404, "case_not_found")

    @app.get("/v1/cases/{case_id}/order")
    def order(case_id: str) -> dict[str, Any]:
        checkout = {"status": "completed", "total": {"amount": 129_900, "currency": "CNY"}}
        read_back = {"at": at(), "facts": {"checkout": {"at": at(), "value": checkout, "ref": None}}}
        return {
            "checkout_id": "co_1",
            "snapshot": {"checkout_id": "co_1", "status": "submitted"},
            "read_back": read_back,
        }

    @app.post("/v1/cases/{case_id}/chat")
    async def chat(case_id: str, request: Request) -> Response:
        body = await request.json()
        desk.acts.append((case_id, "chat", body))
        lines = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in desk.answer)
        return StreamingResponse(iter([lines[:40], lines[40:]]), media_type="text/event-stream")

    @app.post("/v1/cases/{case_id}/{verb}")
    async def act(case_id: str, verb: str, request: Request) -> Response:
        return desk.act(case_id, verb, await request.json())

    return app


@contextmanager
def served(demo_key: str | None = None) -> Iterator[Desk]:
    """A desk on a free loopback port; `base_url` says where."""
    desk = Desk()
    config = uvicorn.Config(make_app(desk, demo_key), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the stand-in did not start"
        time.sleep(0.01)
    desk.base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield desk
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(5)

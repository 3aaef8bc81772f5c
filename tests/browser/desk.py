"""A stand-in for the API with cases a test can change at will, so that the page's behaviour can be pinned down."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
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
        "language": "en", "episode": 1, "value": {"amount": 129_900, "currency": "CNY"}, "promises": [], "messages": [],
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


def a_notice(seq: int, **changes: Any) -> dict[str, Any]:
    """An unread notice of a high case to the service team."""
    notice = {
        "seq": seq, "kind": "high_value", "severity": "high", "case_id": "case_1", "at": at(),
        "text": "High severity: Paid, but no order. Order o1, ¥1,299.00.", "read_at": None, "first_read": None,
        "audience": {"kind": "team", "id": "service"}, "sends": [],
    }  # fmt: skip
    return notice | changes


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
        self.notices: list[dict[str, Any]] = []
        self.streams = 0  # that were opened
        self.cut = False  # ends every stream
        self.closed = False  # ends them for good
        self.levels: dict[str, Any] | None = None  # how the promises of time stand; None: not built yet
        self.summary: dict[str, Any] | None = None
        self.figures: dict[str, Any] | None = None  # by id; None: not built yet
        self.behind: list[dict[str, Any]] = []  # the cases behind every figure
        self.learned: dict[str, Any] = {"items": [], "rankings": {}}
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

    def tell(self, *notices: dict[str, Any]) -> None:
        """Puts notices into the inbox."""
        self.notices.extend(notices)

    def inbox(self, before: int | None, limit: int) -> dict[str, Any]:
        """A page of the inbox, newest first."""
        found = sorted((n for n in self.notices if before is None or n["seq"] < before), key=lambda n: -n["seq"])
        unread = sum(n["read_at"] is None for n in self.notices)
        newest = max((n["seq"] for n in self.notices), default=0)
        following = found[limit - 1]["seq"] if len(found) > limit else None
        return {"items": found[:limit], "unread": unread, "newest": newest, "next": following}

    async def follow(self, after: int) -> AsyncIterator[str]:
        """What comes into the inbox, as the API streams it."""
        self.streams += 1
        self.cut = False
        after = max(0, after - 1)  # what may have been overtaken comes a second time
        yield ": ping\r\n\r\n"
        while not self.cut and not self.closed:
            for notice in [n for n in self.notices if n["seq"] > after]:
                after = notice["seq"]
                yield f"id: {after}\r\nevent: notice\r\ndata: {json.dumps(notice)}\r\n\r\n"
            await asyncio.sleep(0.05)

    def read(self, up_to: int, *, only: bool) -> None:
        """Marks one notice, or all up to it."""
        for notice in self.notices:
            if notice["seq"] == up_to or (notice["seq"] < up_to and not only):
                notice["read_at"] = at()

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
        elif verb == "handoff":
            case["status"], case["owner"] = "handed_off", {"kind": "team", "id": "service", "name": "Service team"}
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

    @app.get("/v1/cases/{case_id}/summary")
    def summary(case_id: str) -> Response:
        return JSONResponse(desk.summary) if desk.summary else problem(404, "not_found")

    @app.get("/v1/metrics/service-levels")
    def levels() -> Response:
        return JSONResponse({"at": at(), "severities": desk.levels}) if desk.levels else problem(404, "not_found")

    _inbox(app, desk)
    _figures(app, desk)

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


def _figures(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/metrics/summary")
    def figures() -> Response:
        return JSONResponse(desk.figures) if desk.figures else problem(404, "not_found")

    @app.get("/v1/metrics/{figure}/cases")
    def behind(figure: str, part: str, limit: int, cursor: str = "0") -> dict[str, Any]:
        found = [one for one in desk.behind if part == "denominator" or one["in_numerator"]]
        after = int(cursor) + limit
        page = found[int(cursor) : after]
        return {"items": page, "next": str(after) if len(found) > after else None, "total": len(found)}

    @app.get("/v1/learned")
    def learned() -> dict[str, Any]:
        return desk.learned

    @app.post("/v1/learned/undo")
    async def undo(request: Request) -> Response:
        if "undo" in desk.refuses:
            return problem(*desk.refuses["undo"])
        desk.acts.append(("learned", "undo", await request.json()))
        for item in desk.learned["items"]:
            item["outcomes"], item["undone"] = 0, item["outcomes"]
        return JSONResponse({"undone": 1, "options": {}, "cases": []})


def _inbox(app: FastAPI, desk: Desk) -> None:
    @app.get("/v1/notices")
    def notices(before: int | None = None, limit: int = 50) -> dict[str, Any]:
        return desk.inbox(before, limit)

    @app.get("/v1/notices/events")
    async def events(after: int = 0) -> Response:
        return StreamingResponse(desk.follow(after), media_type="text/event-stream")

    @app.post("/v1/notices/read-all")
    async def read_all(request: Request) -> dict[str, int]:
        desk.read((await request.json())["up_to"], only=False)
        return {"read": 1}

    @app.post("/v1/notices/{seq}/read", status_code=204)
    def read(seq: int) -> None:
        desk.read(seq, only=True)


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
        desk.closed = True
        time.sleep(0.1)  # streams end by themselves
        server.should_exit = True
        server.force_exit = True
        thread.join(5)

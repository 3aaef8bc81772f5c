"""All the wiring: builds every object once, in order, and the HTTP application on top. Tests pass the sandbox here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from assistant.agent.api import make_router as make_agent_router
from assistant.agent.wiring import FeedLoop, build_conversation
from assistant.cases.api import make_router as make_cases_router
from assistant.cases.commands import Commands
from assistant.cases.examine import Examiner
from assistant.cases.opening import Opening
from assistant.cases.records import Cases
from assistant.cases.views import Views
from assistant.durable import Durable
from assistant.intake.admission import Admission
from assistant.intake.api import make_router as make_intake_router
from assistant.intake.receive import Intake
from assistant.intake.sweep import ReadBackSweep
from assistant.journey import Journey
from assistant.notifications.messages import Notifications
from assistant.page import make_router as make_page_router
from assistant.plans.planner import Planner
from assistant.plans.store import Plans
from assistant.problems import install as install_problems
from assistant.repair.ledger import Ledger, left_unsettled
from assistant.repair.perform import Repair
from assistant.security.keys import Keys
from assistant.security.master_key import load_master_key
from assistant.security.principals import Principal, Scope, UnauthenticatedError
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.migrate import upgrade
from assistant.store.tables import cases as cases_table
from assistant.timers.timers import Sweep, Timer, TimerLoop, set_timer
from knowledge.vocabulary.errors import UnavailableError
from tools.connectors.absent import AbsentShop
from tools.connectors.gate import GatePolicy
from tools.connectors.http import HttpShop

log = structlog.get_logger(__name__)

LOST_AFTER = timedelta(seconds=30)  # a case whose run is gone without a trace is woken again
GUARD_EVERY = timedelta(seconds=10)


class Application:
    """One deployment's objects. `start` begins to work (timers, journeys); `stop` ends it cleanly."""

    def __init__(self, settings: Settings, shop: HttpShop | AbsentShop | None = None) -> None:
        self.settings = settings
        self.policies = settings.policies
        upgrade(settings.database)
        self.store = Store(make_engine(settings.database))
        self.vault = Vault(load_master_key(settings))
        self.keys = Keys(self.store, settings.api_key.get_secret_value())
        self.shop = shop or connect_shop(settings)
        self.durable = Durable(self.store, settings)
        self.cases = Cases(self.store, self.durable, settings.follow_up_after)
        self.opening = Opening(self.cases, self.policies)
        self.intake = Intake(
            self.store, self.vault, self.policies, settings,
            on_findings=self.opening.on_findings, on_touched=self.opening.on_touched,
        )  # fmt: skip
        self.plans = Plans(self.store, self.cases, self.policies, settings.approval_timeout)
        self.views = Views(self.store, self.cases, self.plans)
        self.commands = Commands(self.store, self.cases, self.plans)
        self.notifications = Notifications(self.store, self.shop.reader)
        self.repair = Repair(
            self.store, self.cases, self.plans, Ledger(self.vault), self.notifications,
            self.shop.reader, self.shop.writer, settings,
        )  # fmt: skip
        self.journey = Journey(
            self.store, self.cases,
            Examiner(self.store, self.cases, self.intake, self.shop.reader, self.policies),
            Planner(self.store, self.plans, self.notifications, self.shop.reader, self.policies),
            self.plans, self.repair, self.notifications, settings,
        )  # fmt: skip
        self.sweep = ReadBackSweep(
            self.store, self.intake, self.shop.reader, settings, on_orphan_payment=self.opening.on_orphan_payment
        )
        self.timers = TimerLoop(Sweep(self.store, self._handlers(), self.sweep.deferred_handlers()))
        self.intake.nudge = self.timers.nudge
        self.conversation = build_conversation(settings, self.store, self.vault, self.views)
        self._feed = FeedLoop(self.conversation)
        self.working = False
        self.durable.prepare()
        with self.store.begin() as tx:
            self.vault.pepper(tx, utcnow())  # a wrong master key stops the start, not the first event

    def _handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        return {
            **self.intake.timer_handlers(),
            "retry": self.journey.on_retry,
            "reply": self.journey.on_reply_timeout,
            "approval": self.journey.on_approval_timeout,
            "snooze": self.journey.on_snooze_over,
            "follow_up": self.journey.on_follow_up_over,
            "guard": self._guard,
        }

    def start(self) -> None:
        """Begins to work: journeys, timers, the sweep and the library's feed."""
        self.durable.start(self.journey.run)
        with self.store.begin() as tx:
            set_timer(tx, "guard", "cases", utcnow())
        self.sweep.schedule()
        self.timers.start()
        self._feed.start()
        self.working = True
        log.info("started", executor=self.durable.executor_id, database=self.store.engine.dialect.name)

    def stop(self) -> None:
        """Stops working; what is unfinished goes on at the next start."""
        self.working = False
        self.timers.stop()
        self._feed.stop()
        self.durable.stop()
        self.shop.close()
        self.store.engine.dispose()

    def _guard(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        """Wakes cases whose run ended without saying so or left a write unanswered, and sets itself again."""
        query = sa.select(cases_table.c.id, cases_table.c.running).where(
            cases_table.c.running.is_not(None), cases_table.c.updated_at < now - LOST_AFTER
        )
        for case_id, generation in tx.execute(query).all():
            if self.durable.is_lost(case_id, generation):
                log.warning("journey.lost", case_id=case_id, generation=generation)
                case = self.cases.lock(tx, case_id)
                if case["running"] == generation:
                    self.cases.update(tx, case, now, running=None, wake=False)
                    self.cases.wake(tx, case, now)
        for case_id in left_unsettled(tx, now):
            case = self.cases.lock(tx, case_id)
            self.cases.update(tx, case, now)
            self.cases.wake(tx, case, now)
        set_timer(tx, "guard", "cases", now + GUARD_EVERY)

    def require(self, scope: Scope) -> Callable[[Request], Principal]:
        """A dependency that gives the caller's principal when its key has the scope."""

        def principal(request: Request) -> Principal:
            who = self.authenticate(request)
            who.require(scope)
            return who

        return principal

    def authenticate(self, request: Request) -> Principal:
        """The principal behind the request's Bearer key.

        Raises:
            UnauthenticatedError: `unauthenticated` without a valid one.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise UnauthenticatedError("unauthenticated", "send Authorization: Bearer KEY")
        return self.keys.authenticate(key.strip())


def connect_shop(settings: Settings) -> HttpShop | AbsentShop:
    """The shop the settings name; without one, an absent shop that says so."""
    if not settings.shop_url:
        return AbsentShop()
    policy = GatePolicy(read_timeout=settings.shop_timeout)
    return HttpShop(settings.shop_url, settings.shop_token.get_secret_value(), policy=policy)


def make_api(application: Application, *, demo_key: str | None = None) -> FastAPI:
    """The HTTP application; starts and stops `application` with itself."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(application.start)
        try:
            yield
        finally:
            await run_in_threadpool(application.stop)

    api = FastAPI(title="Helloword Assistant", version="0.1.0", lifespan=lifespan, docs_url="/docs", redoc_url=None)
    install_problems(api)
    require = application.require
    admission = Admission(application.store, application.settings.max_backlog)
    api.include_router(make_intake_router(application.intake, require, admission))
    api.include_router(make_cases_router(application.views, application.commands, require))
    talk = application.conversation
    api.include_router(make_agent_router(talk.agent, talk.library, application.views, require))
    api.include_router(make_page_router(demo_key))
    _operations(api, application)
    return api


def _operations(api: FastAPI, application: Application) -> None:
    @api.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """200 when the process answers."""
        return {"status": "ok"}

    @api.get("/readyz", tags=["operations"])
    def readyz() -> JSONResponse:
        """200 when events are taken and cases worked on, else 503 with what is missing; says what is configured."""
        missing = [] if application.working else ["worker"]
        try:
            with application.store.read() as tx:
                tx.execute(sa.select(1))
        except UnavailableError:
            missing.append("database")
        body: dict[str, Any] = {"status": "not ready" if missing else "ready", "missing": missing}
        body["shop"] = "connected" if application.settings.shop_url else "not configured: set HELLOWORD_SHOP_URL"
        body["writes"] = application.settings.writes
        return JSONResponse(body, status_code=503 if missing else 200)

    @api.get("/metrics", tags=["operations"])
    def metrics() -> Response:
        """Prometheus: cases by status and severity, timers that are due, the process."""
        from assistant.metrics.prometheus import render_metrics

        return Response(render_metrics(application.store), media_type="text/plain; version=0.0.4; charset=utf-8")

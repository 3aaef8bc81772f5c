"""All the wiring: builds every object once, in order, and the HTTP application on top. Tests pass the sandbox here."""

from __future__ import annotations

import time
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
from assistant.agent.note_writer import make_note_writer
from assistant.agent.wiring import FeedLoop, build_conversation
from assistant.cases.api import make_router as make_cases_router
from assistant.cases.commands import Commands
from assistant.cases.examine import Examiner
from assistant.cases.opening import Opening
from assistant.cases.records import Cases
from assistant.cases.views import Views
from assistant.chatbot.api import make_router as make_chat_router
from assistant.chatbot.staff_api import make_router as make_chat_staff_router
from assistant.chatbot.tokens import looks_like_token
from assistant.chatbot.wiring import build_chatbot
from assistant.copilot.api import make_router as make_copilot_router
from assistant.copilot.wiring import build_copilot
from assistant.durable import Durable
from assistant.followup.api import make_router as make_followup_router
from assistant.followup.watching import Watching
from assistant.handoff.api import make_router as make_handoff_router
from assistant.handoff.prose import Prose
from assistant.handoff.staff import Register
from assistant.handoff.staff_api import make_router as make_staff_router
from assistant.handoff.summary import Summaries
from assistant.handoff.wiring import build_staffing
from assistant.intake.admission import Admission
from assistant.intake.api import make_router as make_intake_router
from assistant.intake.background import Background, CustomersIndex
from assistant.intake.cross_check import Budget, CrossCheck, Products
from assistant.intake.folding import CROSS_CHECKS
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook, StockWatch
from assistant.intake.sweep import SWEEP, ReadBackSweep
from assistant.journey import Journey
from assistant.library.api import make_router as make_library_router
from assistant.library.examples import example_case
from assistant.mcp.mounted import MountedMcp
from assistant.metrics.api import make_router as make_figures_router
from assistant.metrics.prometheus import Exposition
from assistant.models import LiveModels
from assistant.notifications.api import make_router as make_messages_router
from assistant.notifications.notices_api import make_router as make_notices_router
from assistant.notifications.routes import Carriers
from assistant.notifications.wiring import build_messaging
from assistant.page import make_router as make_page_router
from assistant.plans.ending import Ending
from assistant.plans.incidents import TIMER as INCIDENT
from assistant.plans.incidents import Incidents
from assistant.plans.planner import Planner
from assistant.plans.rehearsal import Rehearsal
from assistant.plans.store import Plans
from assistant.problems import install as install_problems
from assistant.promises.api import make_router as make_levels_router
from assistant.promises.by_hand import PromisesByHand
from assistant.promises.ledger_api import make_router as make_promises_router
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
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.meaning import alike_by
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.structs import learn_structs
from tools.connectors.absent import AbsentShop
from tools.connectors.gate import GatePolicy
from tools.connectors.http import HttpShop

log = structlog.get_logger(__name__)

LOST_AFTER = timedelta(seconds=30)  # a case whose run is gone without a trace is woken again
GUARD_EVERY = timedelta(seconds=10)


class Application:
    """One deployment's objects. `start` begins to work (timers, journeys); `stop` ends it cleanly."""

    def __init__(
        self, settings: Settings, shop: HttpShop | AbsentShop | None = None, *,
        sleep: Callable[[float], None] = time.sleep, carriers: Carriers | None = None,
    ) -> None:  # fmt: skip
        learn_structs()  # before any thread
        self.settings = settings
        self.policies = settings.policies
        upgrade(settings.database)
        self.store = Store(make_engine(settings.database))
        self.vault = Vault(load_master_key(settings))
        self.keys = Keys(self.store, settings.api_key.get_secret_value())
        self.shop = shop or connect_shop(settings)
        self.durable = Durable(self.store, settings)
        self.cases = Cases(self.store, self.durable, settings.follow_up_after)
        self.staffing = build_staffing(self.store, settings, self.vault, self.cases)
        self.cases.people = self.staffing.office
        self.register = Register(self.store, self.vault, self.keys, self.staffing.desk, settings.time_zone)
        self.cases.batches = self.staffing.batches
        self.opening = Opening(self.cases, self.policies)
        self.opening.on_feedback = self.staffing.follow_up.asking.replied
        self.products = Products(self.shop.reader)
        self.background = Background(LiveModels(self.store), self.products)
        self.stock = StockBook(settings, self.opening.on_stock)
        self.intake = Intake(
            self.store, self.vault, self.policies, settings,
            on_findings=self.opening.on_findings, on_touched=self.opening.on_touched,
            background=self.background, stock=self.stock,
        )  # fmt: skip
        self._build_handling(sleep, carriers)
        self._build_watching()
        self.conversation = build_conversation(settings, self.store, self.vault, self.views)
        self.copilot = build_copilot(
            self.store, self.vault, self.cases, self.plans, self.views, self.commands, self.rehearsal, self.examiner,
            self.planner, self.staffing.follow_up.learning, self.conversation.library, UniversalSentenceEmbedder(),
        )  # fmt: skip
        self.conversation.agent.actions = self.copilot.suggestions
        self.chatbot = build_chatbot(
            settings, self.store, self.vault, self.cases, self.plans, self.staffing, self.intake.receive,
            self.shop.reader, self.conversation.library, self.conversation.engine, UniversalSentenceEmbedder(),
        )  # fmt: skip
        self.staffing.office.chat = self.chatbot.silence
        self._feed = FeedLoop(self.conversation, self._warm_up_chatbot)
        self.working = False
        self.durable.prepare()
        with self.store.begin() as tx:
            self.vault.pepper(tx, utcnow())  # a wrong master key stops the start, not the first event

    def _build_handling(self, sleep: Callable[[float], None], carriers: Carriers | None) -> None:
        """What people and journeys do with cases: plans, messages, repair."""
        self.plans = Plans(self.store, self.cases, self.policies, self.settings.approval_timeout)
        self.staffing.levels.ending = Ending(self.cases, self.plans)
        self.views = Views(self.store, self.cases, self.plans)
        self.views.examples = example_case
        self.rehearsal = Rehearsal(self.store, self.cases, self.plans, self.shop.reader, self.policies)
        self.commands = Commands(self.store, self.cases, self.plans, self.rehearsal)
        self.incidents = Incidents(self.store, self.cases, self.policies)
        ledger, settings = Ledger(self.vault), self.settings
        self.messaging = build_messaging(
            self.store, settings, self.vault, self.cases, ledger, self.shop.reader, self.shop.writer,
            on_told=self.staffing.promises.told, refusing=self.shop.refusing, carriers=carriers,
        )  # fmt: skip
        self.notifications = self.messaging.notifications
        self.opening.replies = self.messaging.replies
        self.repair = Repair(
            self.store, self.cases, self.plans, ledger, self.notifications,
            self.shop.reader, self.shop.writer, settings, sleep, self.shop.refusing,
        )  # fmt: skip
        self.examiner = Examiner(
            self.store, self.cases, self.intake, self.shop.reader, self.policies,
            background=self.background, stock=self.stock,
        )  # fmt: skip
        self.planner = Planner(
            self.store, self.plans, self.notifications, self.shop.reader, self.policies,
            alike_by(UniversalSentenceEmbedder()), self.staffing.follow_up.learning,
        )  # fmt: skip
        self.journey = Journey(
            self.store, self.cases, self.examiner, self.planner, self.plans, self.repair, self.notifications,
            self.incidents, settings,
        )  # fmt: skip

    def _build_watching(self) -> None:
        """What looks and waits: sweeps, cross-checks, every timer."""
        settings = self.settings
        self.sweep = ReadBackSweep(
            self.store, self.intake, self.shop.reader, settings, on_orphan_payment=self.opening.on_orphan_payment
        )
        budget = Budget(settings.cross_checks_per_second)
        self.cross_check = CrossCheck(
            self.store, self.intake, self.shop.reader, self.products,
            CustomersIndex(self.vault, timedelta(seconds=settings.duplicate_window)), self.stock, settings,
            on_recheck=self.opening.on_recheck, budget=budget,
        )  # fmt: skip
        watching = Watching(
            self.store, self.cases, self.opening, self.intake, self.shop.reader, self.stock, settings, budget
        )
        watch = StockWatch(self.store, self.stock, self.shop.reader)
        deferred = {**self.sweep.deferred_handlers(), **watch.deferred_handlers()}
        # Threads of their own: at a peak a listing is long, and what is to be confirmed must not wait behind it.
        listing = {SWEEP: deferred.pop(SWEEP)}
        self.listings = TimerLoop(Sweep(self.store, {}, listing), interval=0.5)
        self.timers = TimerLoop(Sweep(self.store, self._handlers(), deferred))
        # Threads of their own: however many checks wait at a peak, no deadline waits behind them.
        reading = {**self.cross_check.deferred_handlers(), **watching.deferred_handlers()}
        checks = Sweep(self.store, {}, reading, ahead=CROSS_CHECKS[:-1])
        self.checks = TimerLoop(checks, interval=0.5, outside_threads=3)
        # A mail server that is slow holds up nothing but mail, and however many customers are told, staff hear at once.
        self.letters = TimerLoop(Sweep(self.store, {}, self.messaging.dispatch.deferred_handlers()))
        self.pushes = TimerLoop(Sweep(self.store, {}, self.staffing.deferred_handlers()))
        self.intake.nudge = self.timers.nudge

    def _handlers(self) -> dict[str, Callable[[sa.Connection, Timer, datetime], None]]:
        return {
            **self.intake.timer_handlers(),
            **self.cross_check.timer_handlers(),
            "retry": self.journey.on_retry,
            "reply": self.journey.on_reply_timeout,
            "approval": self.journey.on_approval_timeout,
            "snooze": self.journey.on_snooze_over,
            "follow_up": self.journey.on_follow_up_over,
            INCIDENT: self.incidents.on_over,
            **self.staffing.timer_handlers(),
            "guard": self._guard,
        }

    def _warm_up_chatbot(self) -> None:
        if self.chatbot.tokens.configured:
            self.conversation.engine.warm_up(self.chatbot.voice())

    def start(self) -> None:
        """Begins to work: journeys, timers, the sweep and the library's feed."""
        self.durable.start(self.journey.run)
        with self.store.begin() as tx:
            set_timer(tx, "guard", "cases", utcnow())
        self.sweep.schedule()
        self.timers.start()
        self.listings.start()
        self.checks.start()
        self.letters.start()
        self.pushes.start()
        self._feed.start()
        self.working = True
        log.info("started", executor=self.durable.executor_id, database=self.store.engine.dialect.name)

    def stop(self) -> None:
        """Stops working; what is unfinished goes on at the next start."""
        self.working = False
        self.timers.stop()
        self.listings.stop()
        self.checks.stop()
        self.letters.stop()
        self.pushes.stop()
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
        """The principal behind the request's Bearer key; a customer's behind a token that the shop signed.

        Raises:
            UnauthenticatedError: `unauthenticated` without a valid one; `token_expired`, `token_invalid`.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise UnauthenticatedError("unauthenticated", "send Authorization: Bearer KEY")
        if self.chatbot.tokens.configured and looks_like_token(key.strip()):
            return self.chatbot.tokens.check(key.strip()).principal
        return self.keys.authenticate(key.strip())


def connect_shop(settings: Settings) -> HttpShop | AbsentShop:
    """The shop the settings name; without one, an absent shop that says so."""
    if not settings.shop_url:
        return AbsentShop()
    policy = GatePolicy(read_timeout=settings.shop_timeout)
    return HttpShop(settings.shop_url, settings.shop_token.get_secret_value(), policy=policy)


def make_api(application: Application, *, demo_key: str | None = None) -> FastAPI:
    """The HTTP application; starts and stops `application` with itself."""
    mcp = MountedMcp(application.authenticate)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(application.start)
        try:
            async with mcp.running():
                yield
        finally:
            await run_in_threadpool(application.stop)

    api = FastAPI(title="Helloword Assistant", version="0.1.0", lifespan=lifespan, docs_url="/docs", redoc_url=None)
    install_problems(api)
    require = application.require
    admission = Admission(application.store, application.settings.max_backlog)
    api.include_router(make_intake_router(application.intake, require, admission))
    api.include_router(make_cases_router(application.views, application.commands, application.rehearsal, require))
    prose = Prose(make_note_writer(application.settings))
    summaries = Summaries(application.store, application.cases, prose, vault=application.vault)
    api.include_router(make_handoff_router(application.views, application.commands, summaries, require))
    by_hand = PromisesByHand(application.store, application.cases, application.staffing.promises)
    api.include_router(make_promises_router(application.store, application.views, by_hand, require))
    talk = application.conversation
    api.include_router(make_agent_router(talk.agent, talk.library, application.views, require))
    api.include_router(make_library_router(talk.library, require))
    copilot = application.copilot
    api.include_router(make_copilot_router(copilot.suggestions, copilot.panel, application.views, require))
    chatbot = application.chatbot
    api.include_router(make_chat_router(lambda: chatbot.service, chatbot.sessions, chatbot.tokens))
    api.include_router(make_chat_staff_router(chatbot.staff_side, require))
    api.include_router(make_notices_router(application.staffing.inboxes, require))
    api.include_router(make_figures_router(application.store, application.settings.time_zone, require))
    api.include_router(make_followup_router(application.staffing.follow_up, require))
    api.include_router(make_staff_router(application.register, application.views, require))
    api.include_router(make_levels_router(application.store, require))
    api.include_router(
        make_messages_router(
            application.store, application.messaging, application.intake.receive, application.authenticate, require
        )
    )
    mcp.mount(api)
    api.include_router(make_page_router(demo_key))
    _operations(api, application)
    return api


def _operations(api: FastAPI, application: Application) -> None:
    exposition = Exposition(application.store, model=application.conversation.engine.model_state)

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
        body["model"] = application.conversation.engine.model_state()
        return JSONResponse(body, status_code=503 if missing else 200)

    @api.get("/metrics", tags=["operations"])
    def metrics() -> Response:
        """Prometheus: cases, repairs, service levels, handling times, promises, messages, timers, the process."""
        return Response(exposition.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

"""One case on a desk: the real cases, plans, ledger, repair and journey; a scripted shop, look and playbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa

from assistant.cases.commands import Commands
from assistant.cases.examine import Examiner, Look
from assistant.cases.opening import Opening
from assistant.cases.records import Case, Cases
from assistant.cases.views import Views
from assistant.durable import Durable
from assistant.intake.receive import Intake
from assistant.journey import Journey
from assistant.notifications.messages import Notifications
from assistant.plans.choosing import Choice
from assistant.plans.incidents import Incidents
from assistant.plans.planner import Planner
from assistant.plans.rehearsal import Rehearsal
from assistant.plans.store import Plans
from assistant.repair.ledger import Ledger
from assistant.repair.perform import Repair
from assistant.security.principals import Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases as cases_table
from assistant.store.tables import effects, plan_steps, spending, timers
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.events import Event
from knowledge.vocabulary.facts import CheckoutFact, CustomerFact, Facts, PaymentFact
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.tools.fake_reader import FakeReader
from tools.connectors.outcome import Outcome, ok
from tools.connectors.ports import SYSTEMS, WriteRequest

SUPERVISOR = Principal("staff", "sup", "Sue Pervisor", frozenset({Role.SUPERVISOR}), frozenset(Scope))
AGENT = Principal("staff", "ann", "Ann Agent", frozenset({Role.AGENT}), frozenset(Scope))
WORDS = {"en": "something", "zh-CN": "某事"}


class Enqueued:
    """Stands for the durable engine: keeps what would be run."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, int]] = []
        self.lost: set[tuple[str, int]] = set()

    def enqueue(self, tx: sa.Connection, case_id: str, generation: int, priority: int) -> None:
        self.runs.append((case_id, generation))

    def is_lost(self, case_id: str, generation: int) -> bool:
        return (case_id, generation) in self.lost


class ScriptedWriter:
    """Answers each write with the next outcome, then with `ok`; `before` runs before an answer."""

    def __init__(self) -> None:
        self.sent: list[WriteRequest] = []
        self.outcomes: list[Outcome] = []
        self.before: Callable[[WriteRequest], None] = lambda request: None

    def capabilities(self) -> frozenset[str]:
        return SYSTEMS

    def send(self, request: WriteRequest) -> Outcome:
        self.sent.append(request)
        self.before(request)
        return self.outcomes.pop(0) if self.outcomes else ok({"id": f"made-{len(self.sent)}"})


class SeenExaminer(Examiner):
    """Sees what the test says; `during` runs while it looks."""

    during: Callable[[], None] = staticmethod(lambda: None)
    findings: Sequence[Finding] = ()
    facts: Facts | None = None

    def look(self, case: Case) -> Look:
        self.during()
        facts = self.facts or Facts(checkout_id=str(case["checkout_id"]), at=utcnow())
        return Look(facts, OrderSnapshot(checkout_id=facts.checkout_id), list(self.findings))


class SaidPlanner(Planner):
    """Plans what the test says."""

    said: Plan | None = None
    finding: Finding | None = None

    def context(self, case: Case, look: Look, now: datetime) -> PlanContext:
        return PlanContext(now=now, policies=self._policies, snapshot=look.snapshot)

    def choose(self, case: Case, look: Look, context: PlanContext) -> Choice | None:
        return Choice(self.finding, self.said) if self.said is not None and self.finding is not None else None


def finding(code: FaultCode = FaultCode.PRICE_MISMATCH, *refs: str, severity: Severity = Severity.MEDIUM) -> Finding:
    evidence = [Evidence("event", ref, utcnow(), "seen") for ref in refs or ("ev-1",)]
    return Finding(
        code=code, severity=severity, step=Step.PAYMENT, cause="test", detectable_at=utcnow(), evidence=evidence
    )


def refund(payment: str, amount: int, *, repays: bool = False) -> PlanStep:
    money, before = Money(amount, "CNY"), Money(0, "CNY")
    return PlanStep(
        action="refund_payment", target=f"payment:{payment}", effect=WORDS, goodwill=money, repays=repays,
        arguments={
            "payment_id": payment, "amount": money.json(), "reason": "x", "expected_refunded": before.json()
        },
    )  # fmt: skip


def reprice(order: str, cut: int) -> PlanStep:
    line = {"line_id": "1", "unit_price": Money(1000, "CNY").json()}
    return PlanStep(
        action="reprice_order", target=f"order:{order}", arguments={"order_id": order, "lines": [line]}, effect=WORDS,
        goodwill=Money(cut, "CNY"),
    )  # fmt: skip


def release(reservation: str, checkout_id: str = "ck-1") -> PlanStep:
    arguments = {"reservation_id": reservation, "checkout_id": checkout_id}
    target = f"reservation:{reservation}"
    return PlanStep(action="release_reservation", target=target, arguments=arguments, effect=WORDS)


def link(amount: int, checkout_id: str = "ck-1") -> PlanStep:
    arguments = {"checkout_id": checkout_id, "amount": Money(amount, "CNY").json()}
    return PlanStep(action="create_payment_link", target=f"checkout:{checkout_id}", arguments=arguments, effect=WORDS)


def message(occasion: str = "price_corrected", choices: Sequence[str] = ()) -> PlanStep:
    arguments: dict[str, Any] = {
        "fault": "address_undeliverable", "occasion": occasion, "phrase": "ask_pickup",  # claims nothing
        "params": {"reference": "or-1", "total": Money(1000, "CNY").json()},
    }  # fmt: skip
    if choices:
        arguments["choices"] = [{"id": c, "label": WORDS} for c in choices]
    return PlanStep(action="send_message", target=f"message:{occasion}", arguments=arguments, effect=WORDS)


def plan(*steps: PlanStep, then: str = "verify", **more: Any) -> Plan:
    return Plan(fault=FaultCode.PRICE_MISMATCH, summary=WORDS, steps=list(steps), then=then, **more)


def payment(id: str = "pay-1", captured: int = 10_000, refunded: int = 0) -> PaymentFact:
    return PaymentFact(
        id=id, checkout_id="ck-1", captured=Money(captured, "CNY"), amount=Money(captured, "CNY"),
        refunded=Money(refunded, "CNY"),
    )  # fmt: skip


class Desk:
    """The rooms, wired by hand, and what tests ask of them."""

    def __init__(self, store: Store, vault: Vault, **settings: Any) -> None:
        self.store = store
        self.settings = Settings(**{"auto_limit": {"CNY": 1_000}, **settings})
        policies = self.settings.policies
        self.durable, self.writer = Enqueued(), ScriptedWriter()
        self.reader = FakeReader(CheckoutFact(id="ck-1", customer_id="cu-1"), customer())
        self.cases = Cases(store, cast(Durable, self.durable), 3600)
        self.plans = Plans(store, self.cases, policies, 600)
        self.notifications = Notifications(store, self.reader)
        self.opening = Opening(self.cases, policies)
        self.rehearsal = Rehearsal(store, self.cases, self.plans, self.reader, policies)
        self.commands = Commands(store, self.cases, self.plans, self.rehearsal)
        self.views = Views(store, self.cases, self.plans)
        self.incidents = Incidents(store, self.cases, policies)
        self.examiner = SeenExaminer(store, self.cases, cast(Intake, None), self.reader, policies)
        self.planner = SaidPlanner(store, self.plans, self.notifications, self.reader, policies)
        self.ledger = Ledger(vault)
        self.repair, self.journey = self.with_settings(self.settings)

    def with_settings(self, settings: Settings) -> tuple[Repair, Journey]:
        """Repair and journey as they are after a restart with other settings."""
        repair = Repair(
            self.store, self.cases, self.plans, self.ledger, self.notifications, self.reader, self.writer, settings,
            sleep=lambda seconds: None,
        )  # fmt: skip
        journey = Journey(
            self.store, self.cases, self.examiner, self.planner, self.plans, repair, self.notifications,
            self.incidents, settings,
        )  # fmt: skip
        return repair, journey

    def switched_off(self) -> tuple[Repair, Journey]:
        return self.with_settings(self.settings.model_copy(update={"writes": "off"}))

    # -- doing ------------------------------------------------------------------------------------------------------

    def open(
        self, *found: Finding, checkout_id: str = "ck-1", customer_id: str | None = "cu-1", live: bool = True
    ) -> str:
        """A case about these findings; its id."""
        snapshot = OrderSnapshot(checkout_id=checkout_id, customer_id=customer_id)
        with self.store.begin() as tx:
            self.opening.on_findings(tx, snapshot, list(found or [finding()]), utcnow(), live=live)
            case = self.cases.open_case_of(tx, "checkout", checkout_id)
        assert case is not None
        return str(case["id"])

    def tell(self, *told: Event) -> None:
        with self.store.begin() as tx:
            self.opening.on_touched(tx, {"ck-1": list(told)}, utcnow())

    def says(self, *steps: PlanStep, **more: Any) -> None:
        """From now on this is what the playbook says; without steps or `then`, that nothing is wrong."""
        self.planner.said, self.planner.finding = (plan(*steps, **more), finding()) if steps or more else (None, None)

    def look(self, case_id: str) -> dict[str, Any]:
        return self.journey.look_and_plan(case_id)

    def run(self, case_id: str) -> list[str]:
        """One whole run of the journey, without the engine; the verdicts of its steps."""
        verdicts = []
        for _ in range(12):
            ahead = self.look(case_id)
            if ahead["next"] != "perform":
                break
            verdict = "done"
            for position in range(ahead["steps"]):
                verdict = self.perform(case_id, ahead, position)
                verdicts.append(verdict)
                if verdict != "done":
                    break
            if self.journey.conclude(case_id, ahead["version"], verdict)["next"] != "look":
                break
        self.journey.finish(case_id, self.case(case_id)["running"] or 0)
        return verdicts

    def perform(self, case_id: str, ahead: dict[str, Any], position: int = 0) -> str:
        return self.journey.perform(case_id, ahead["version"], position, *([ahead["at"]] if "at" in ahead else []))

    def set_case(self, case_id: str, **values: Any) -> None:
        with self.store.begin() as tx:
            tx.execute(cases_table.update().where(cases_table.c.id == case_id).values(**values))

    # -- looking ----------------------------------------------------------------------------------------------------

    def case(self, case_id: str) -> Case:
        with self.store.read() as tx:
            return self.cases.find(tx, case_id)

    def effects(self) -> list[str]:
        """States of all effects, oldest first."""
        with self.store.read() as tx:
            return list(tx.scalars(sa.select(effects.c.state).order_by(effects.c.created_at, effects.c.id)))

    def age_effects(self, seconds: float) -> None:
        with self.store.begin() as tx:
            tx.execute(effects.update().values(created_at=utcnow() - timedelta(seconds=seconds)))

    def steps(self, case_id: str) -> list[str]:
        with self.store.read() as tx:
            query = sa.select(plan_steps.c.status).where(plan_steps.c.case_id == case_id)
            return list(tx.scalars(query.order_by(plan_steps.c.version, plan_steps.c.position)))

    def spent(self) -> int:
        with self.store.read() as tx:
            return int(tx.scalar(sa.select(sa.func.coalesce(sa.func.sum(spending.c.amount), 0))) or 0)

    def timers(self, case_id: str) -> set[str]:
        with self.store.read() as tx:
            return set(tx.scalars(sa.select(timers.c.kind).where(timers.c.subject == case_id)))

    def said(self, case_id: str) -> list[str]:
        return [line["what"] for line in self.views.case(case_id)["timeline"]]


def customer(**more: Any) -> CustomerFact:
    known = {"id": "cu-1", "language": "en", "preferred_channel": "sms", "allowed_channels": ["sms", "email"]}
    return CustomerFact(**{**known, **more})


def event(kind: str, id: str = "e-1", **data: Any) -> Event:
    return Event(source="/shop", id=id, type=kind, at=utcnow(), received_at=utcnow(), data=data, checkout_id="ck-1")

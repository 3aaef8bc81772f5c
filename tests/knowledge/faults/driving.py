"""The loop that lets a playbook work on the pretend shop, as the journey does; for the playbooks' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import msgspec

from knowledge.faults.planning import Asked, PlanContext
from knowledge.policies import Limits, Policies
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.facts import PaymentLinkFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.knowledge.faults.pretend_shop import CHECKOUT, NOW, RefusedError, Shop

Reply = Callable[[Shop, dict[str, Asked]], None]


def silence(shop: Shop, asked: dict[str, Asked]) -> None:
    """The reply time-out passes."""
    for occasion, one in asked.items():
        asked[occasion] = msgspec.structs.replace(one, timed_out=True)


def choosing(*ids: str) -> Reply:
    """The customer takes the first of these that is offered."""

    def reply(shop: Shop, asked: dict[str, Asked]) -> None:
        for occasion, one in asked.items():
            if one.choices and not one.choice and not one.timed_out:
                choice = next((i for i in ids if i in one.choices), one.choices[-1])
                asked[occasion] = msgspec.structs.replace(one, choice=choice, replied=True)

    return reply


def finding(code: FaultCode, **details: Any) -> Finding:
    return Finding(
        code=code, severity=Severity.HIGH, step=Step.ORDER, cause="test", detectable_at=NOW - timedelta(minutes=1),
        evidence=[], details=details,
    )  # fmt: skip


@dataclass
class Story:
    """What came of a fault: every plan, and the shop as it is in the end."""

    shop: Shop
    plans: list[Plan]
    context: PlanContext

    @property
    def end(self) -> Plan:
        return self.plans[-1]

    @property
    def done(self) -> list[str]:
        return [step.action for step in self.shop.writes]

    def told(self) -> list[str]:
        return [step.arguments["phrase"] for step in self.shop.writes if step.action == "send_message"]


def context(shop: Shop, **more: Any) -> PlanContext:
    limits = Limits(auto={"CNY": 100_000}, price_drop_share=0.5)
    snapshot = apply_read_back(OrderSnapshot(checkout_id=CHECKOUT, marks=list(shop.marks)), shop.facts())
    fields: dict[str, Any] = {"now": shop.now, "policies": Policies(limits=limits), "snapshot": snapshot} | more
    return PlanContext(**fields)


def drive(
    shop: Shop, code: FaultCode, reply: Reply = silence, rounds: int = 9, can_message: bool = True, **details: Any
) -> Story:
    """Plans, performs and looks again as the journey does, until it ends; AssertionError when it never does."""
    playbook = import_module(f"knowledge.faults.{code.value}.playbook")
    found = finding(code, **details)
    done: set[str] = set()
    asked: dict[str, Asked] = {}
    refused: dict[str, str] = {}
    plans: list[Plan] = []
    for _ in range(rounds):
        facts = shop.facts()
        links = [msgspec.convert(link, PaymentLinkFact) for link in shop.links]
        ctx = context(
            shop, asked=dict(asked), substitutes=shop.substitutes, links=links, done=frozenset(done),
            can_message=can_message, refused=dict(refused), pickup_points=shop.pickup_points,
        )  # fmt: skip
        plan = playbook.plan(found, facts, ctx)
        plans.append(plan)
        check_form(plan)
        assert playbook.settled(found, facts, ctx) == (plan.then == "resolve" and not plan.steps)
        if perform(shop, plan, done, asked, refused):
            if plan.then in ("resolve", "hand_off"):
                return Story(shop, plans, ctx)
            if plan.then == "await_customer":
                reply(shop, asked)
        shop.now += timedelta(seconds=1 + plan.wait_seconds)
    raise AssertionError([(p.then, [s.action for s in p.steps]) for p in plans])


def perform(shop: Shop, plan: Plan, done: set[str], asked: dict[str, Asked], refused: dict[str, str]) -> bool:
    results: dict[str, dict[str, Any]] = {}
    for step in plan.steps:
        key = f"{step.action}|{step.target}"
        try:
            shop.apply(step, results)
        except RefusedError as error:
            if error.code not in ("stale", "crashed"):
                refused[key] = error.code
            return False
        done.add(key)
        if step.action == "send_message":
            occasion = step.arguments["occasion"]
            choices = [choice["id"] for choice in step.arguments.get("choices", [])]
            asked[occasion] = Asked(occasion=occasion, dedupe_key=occasion, at=shop.now, choices=choices)
    return True


def check_form(plan: Plan) -> None:
    """What every plan keeps to, whatever the fault."""
    keys = [f"{step.action}|{step.target}" for step in plan.steps]
    assert len(keys) == len(set(keys)), keys
    versioned = [step.target for step in plan.steps if "version" in step.arguments]
    assert len(versioned) == len(set(versioned)), "only the first write to an object may carry the version"
    for step in plan.steps:
        assert step.effect["zh-CN"] and step.effect["en"]
        assert step.undo is None or set(step.undo) == {"zh-CN", "en"}
        assert step.action != "capture_payment"
        if step.action == "refund_payment":
            assert step.goodwill is not None and step.undo is None
            assert step.goodwill.json() == step.arguments["amount"]
    assert plan.summary["zh-CN"] and plan.summary["en"]
    if plan.then == "hand_off":
        assert plan.reason
    msgspec.json.encode(plan)


def actions(steps: Iterable[PlanStep]) -> list[str]:
    return [step.action for step in steps]

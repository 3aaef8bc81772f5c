"""A whole case on the pretend shop: detectors find what is wrong, playbooks repair it in order, crashes and all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import msgspec

from knowledge.faults.catalogue import CATALOGUE, detect_all
from knowledge.faults.context import Context
from knowledge.faults.planning import Asked, PlanContext
from knowledge.policies import Limits, Policies
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import PaymentLinkFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep
from tests.knowledge.faults.driving import Reply, check_form, context
from tests.knowledge.faults.pretend_shop import RefusedError, Shop

POLICIES = Policies(limits=Limits(auto={"CNY": 100_000}, price_drop_share=0.5, coupon_cap={"CNY": 50}))
MONEY = frozenset(
    {
        FaultCode.PAYMENT_UNCONFIRMED, FaultCode.REFUND_MISSING, FaultCode.UNPAID_ORDER_LIVE,
        FaultCode.PAID_ORDER_MISSING, FaultCode.DUPLICATE_CHARGE, FaultCode.COUPON_MISAPPLIED,
        FaultCode.PRICE_MISMATCH, FaultCode.AMOUNT_MISMATCH, FaultCode.PARTIAL_PAYMENT,
        FaultCode.PAYMENT_FAILED_STOCK_HELD, FaultCode.PAYMENT_FAILED,
    }
)  # fmt: skip
RANK = {code: rank for rank, code in enumerate(CATALOGUE)}


@dataclass
class Case:
    """How it went: the plans performed, and how it ended (`resolved`, or the reason a human has it)."""

    shop: Shop
    reply: Reply
    crash: Callable[[], bool] = lambda: False
    ending: str = ""
    plans: list[Plan] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    asked: dict[str, Asked] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    begun: dict[FaultCode, Finding] = field(default_factory=dict)

    def run(self, rounds: int = 60) -> Case:
        for _ in range(rounds):
            self._turn()
            if self.ending:
                return self
        raise AssertionError([(p.fault, p.then, [s.action for s in p.steps]) for p in self.plans[-8:]])

    def _turn(self) -> None:
        ctx = self._context()
        facts = self.shop.facts()
        found = detect_all(ctx.snapshot, Context(now=self.shop.now, policies=POLICIES))
        now = {f.code: f for f in found if f.code in MONEY}
        all_ = sorted({**self.begun, **now}.values(), key=lambda f: RANK[f.code])
        unsettled = [f for f in all_ if not self._settled(f, ctx)]
        ours = [f for f in unsettled if f.code in self.begun]
        plans = []
        for finding in ours or unsettled:
            planner = CATALOGUE[finding.code].plan
            if planner is None:
                self.ending = f"human:{finding.code}"
                return
            plans.append((finding, planner(finding, facts, ctx)))
        chosen = next(((f, p) for f, p in plans if p.steps or p.then != "resolve"), None)
        if chosen is None:
            self.ending = "resolved"
            return
        finding, plan = chosen
        check_form(plan)
        self.plans.append(plan)
        if self._perform(plan, finding) and plan.then == "hand_off":
            self.ending = plan.reason
        elif plan.then == "await_customer":
            self.reply(self.shop, self.asked)
        self.shop.now += timedelta(seconds=1 + plan.wait_seconds)

    def _context(self) -> PlanContext:
        links = [msgspec.convert(link, PaymentLinkFact) for link in self.shop.links]
        return context(
            self.shop, asked=dict(self.asked), substitutes=self.shop.substitutes, links=links,
            done=frozenset(self.done), refused=dict(self.refused), policies=POLICIES,
        )  # fmt: skip

    def _settled(self, finding: Finding, ctx: PlanContext) -> bool:
        hook = CATALOGUE[finding.code].settled
        return hook is not None and bool(self.done and hook(finding, self.shop.facts(), ctx))

    def _perform(self, plan: Plan, finding: Finding) -> bool:
        results: dict[str, dict[str, object]] = {}
        for step in plan.steps:
            if self.crash():
                return False
            key = f"{step.action}|{step.target}"
            try:
                self.shop.apply(step, results)
            except RefusedError as error:
                if error.code != "stale":
                    self.refused[key] = error.code
                return False
            self.done.add(key)
            if step.action != "send_message":
                self.begun.setdefault(finding.code, finding)
            self._note(step)
        return True

    def _note(self, step: PlanStep) -> None:
        if step.action == "send_message":
            occasion = step.arguments["occasion"]
            choices = [choice["id"] for choice in step.arguments.get("choices", [])]
            self.asked[occasion] = Asked(occasion=occasion, dedupe_key=occasion, at=self.shop.now, choices=choices)


def crashing(chance: Random, one_in: int = 12) -> Callable[[], bool]:
    """Now and then the worker dies before a step."""
    return lambda: chance.randrange(one_in) == 0

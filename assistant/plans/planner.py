"""Chooses what to do about what was seen: asks the playbook, applies the limits, keeps or replaces the stored plan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.records import Case
from assistant.cases.wording import say
from assistant.notifications.messages import Notifications, channels_of, language_for
from assistant.plans.limits import reasons_for_human, within_incident_budget
from assistant.plans.store import Plans
from assistant.store.engine import Store
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import PlanContext
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import NeedsHumanError
from knowledge.vocabulary.facts import Facts, PaymentLinkFact, ProductFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan
from tools.connectors.ports import ShopReader
from tools.lookups.similar_products import similar_products

# Money is already where it should not be: a person decides before anything else is touched.
HUMAN_FIRST = frozenset({FaultCode.DUPLICATE_CHARGE, FaultCode.AMOUNT_MISMATCH, FaultCode.REFUND_MISSING})


class Choice(msgspec.Struct, frozen=True):
    """The plan for the leading finding; `reason` is set when a human takes over instead."""

    finding: Finding
    plan: Plan | None
    reason: str = ""


class Planner:
    """Turns findings into stored plans."""

    def __init__(
        self, store: Store, plans: Plans, notifications: Notifications, reader: ShopReader, policies: Policies
    ) -> None:
        self._store, self._plans, self._notifications = store, plans, notifications
        self._reader, self._policies = reader, policies

    def context(self, case: Case, look: Look, now: datetime) -> PlanContext:
        """What playbooks may know, read outside any write transaction.

        Raises:
            UnavailableError: when products or links can't be read.
        """
        with self._store.read() as tx:
            since = case["episode_plan"]
            done = self._plans.done_in(tx, case["id"], since)
            refused = self._plans.refused_in(tx, case["id"], since)
            asked = self._notifications.asked(tx, case)
            link_ids = self._plans.created(tx, case["id"], 1, "create_payment_link")  # of all episodes: one is left
        links = [link for link_id in link_ids if (link := self._reader.payment_link(link_id))]
        customer, checkout = look.facts.customer, look.facts.checkout
        short = {f.code for f in look.findings} & {FaultCode.PAID_OUT_OF_STOCK, FaultCode.PAID_ORDER_MISSING}
        substitutes, titles = self._substitutes(look) if short else ({}, {})
        return PlanContext(
            now=now, policies=self._policies, snapshot=look.snapshot, asked=asked, substitutes=substitutes,
            links=_links(links), done=done, language=language_for(case, customer, checkout),
            can_message=bool(channels_of(customer, checkout)), refused=refused, titles=titles,
        )  # fmt: skip

    def choose(self, case: Case, look: Look, context: PlanContext) -> Choice | None:
        """The plan for the first finding that is not settled; None when all are.

        A fault whose repair was begun counts until its playbook says that it is settled, even when the snapshot no
        longer shows it (a substitute is in the order, the difference is not paid back yet).
        """
        begun = self.handled(case)
        unsettled = [f for f in _once([*look.findings, *begun]) if not self._is_settled(f, look, context)]
        if not unsettled:
            return None
        ours = [f for f in unsettled if f.code in {b.code for b in begun}]
        # What was begun is finished first: in the middle of a repair the books can't agree.
        unsettled = ours or unsettled
        human = next((f for f in unsettled if f.code in HUMAN_FIRST), None)
        repairable = [f for f in unsettled if CATALOGUE[f.code].plan]
        if human is not None or not repairable:
            return Choice(human or unsettled[0], None, "human_fault")
        choices = [Choice(f, _planner(f)(f, look.facts, context)) for f in repairable]
        # One that says "nothing to do" speaks for itself alone: it ends the case only when all say so.
        return next((c for c in choices if not _is_empty(c.plan)), choices[0])

    def handled(self, case: Case) -> list[Finding]:
        """The case's faults on which this episode has changed something outside, as findings."""
        with self._store.read() as tx:
            codes = self._plans.faults_acted_on(tx, case["id"], case["episode_plan"])
        return [msgspec.convert(f, Finding) for f in case["faults"] if f["code"] in codes]

    def store(
        self, tx: sa.Connection, case: Case, plan: Plan, choice: Choice, look: Look, now: datetime
    ) -> tuple[str, int]:
        """Stores the plan or keeps the version that says the same; `(state, version)` or `("incident", 0)`."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        if row is not None and row["state"] in ("ready", "awaiting", "approved") and _same(row["plan"], plan):
            still = row["state"] != "ready" or not reasons_for_human(
                tx, case, plan, self._policies, now, but_version=row["version"]
            )
            if still:
                return row["state"], row["version"]
        if row is not None and row["state"] == "approved":
            self._plans.set_state(tx, case["id"], row["version"], "superseded")
            self._note_changed(tx, case, row["version"], now)
        if plan.steps and not within_incident_budget(
            tx, self._store, case, plan.fault, _skus(choice, look), self._policies, now
        ):
            return "incident", 0
        needs_human = reasons_for_human(tx, case, plan, self._policies, now)
        version = self._plans.propose(tx, case, plan, needs_human, now)
        return ("awaiting" if needs_human else "ready"), version

    # -- parts ------------------------------------------------------------------------------------------------------

    def _note_changed(self, tx: sa.Connection, case: Case, version: int, now: datetime) -> None:
        self._plans.note(tx, case["id"], now, say("evidence_changed", version=version))

    def _is_settled(self, finding: Finding, look: Look, context: PlanContext) -> bool:
        """A playbook may say that a finding is dealt with although the snapshot still shows it."""
        if CATALOGUE[finding.code].plan is None:
            return False
        hook = getattr(import_module(f"knowledge.faults.{finding.code.value}.playbook"), "settled", None)
        return hook is not None and bool(context.done and hook(finding, look.facts, context))

    def _substitutes(self, look: Look) -> tuple[dict[str, list[ProductFact]], dict[str, str]]:
        """Products that could replace each line's sku, and the names of all of them."""
        found: dict[str, list[ProductFact]] = {}
        titles: dict[str, str] = {}
        for line in look.snapshot.lines or []:
            product = self._reader.product(line.sku)
            if product is None:
                continue
            titles[line.sku] = product.title
            ranked = similar_products(self._reader, line.sku, quantity=line.quantity, paid=line.unit_price)
            found[line.sku] = [candidate for candidate, _ in ranked]
            titles |= {candidate.sku: candidate.title for candidate, _ in ranked}
        return found, titles


def _once(findings: list[Finding]) -> list[Finding]:
    """Of two findings with one code the first: what is seen now goes before what was written down."""
    return list({f.code: f for f in reversed(findings)}.values())[::-1]


def _is_empty(plan: Plan | None) -> bool:
    return plan is not None and plan.then == "resolve" and not plan.steps


def _planner(finding: Finding) -> Callable[[Finding, Facts, PlanContext], Plan]:
    planner = CATALOGUE[finding.code].plan
    if planner is None:
        raise NeedsHumanError("human_fault", f"{finding.code} has no playbook")
    return planner


def _links(links: list[PaymentLinkFact]) -> list[PaymentLinkFact]:
    return sorted(links, key=lambda link: link.id)


def _same(stored: dict[str, Any], plan: Plan) -> bool:
    return bool(_comparable(stored) == _comparable(msgspec.to_builtins(plan)))


def _comparable(plan: dict[str, Any]) -> Any:
    """A plan without what changes by itself: the versions its writes are guarded by."""
    steps = [
        {**step, "arguments": {k: v for k, v in step["arguments"].items() if k != "version"}} for step in plan["steps"]
    ]
    return plan["fault"], plan["then"], plan["resolution"], steps


def _skus(choice: Choice, look: Look) -> list[str]:
    """The skus a repair is about: those the finding names, else those of the checkout's lines."""
    named = choice.finding.details.get("skus")
    return [str(sku) for sku in named or [line.sku for line in look.snapshot.lines or []]]

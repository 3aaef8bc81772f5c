"""Chooses what to do about what was seen: asks the playbook, applies the limits, keeps or replaces the stored plan."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec
import sqlalchemy as sa

from assistant.cases.examine import Look
from assistant.cases.records import Case
from assistant.cases.wording import say
from assistant.notifications.messages import Notifications, language_for
from assistant.plans.choosing import Choice, choose
from assistant.plans.limits import beyond_incident_budget, needed_for
from assistant.plans.store import Plans
from assistant.store.engine import Store
from knowledge.faults.figures import kept
from knowledge.faults.planning import PlanContext
from knowledge.policies import Policies
from knowledge.policies.preference import ALTERNATIVES
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, PaymentLinkFact, PickupPointFact, ProductFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep
from tools.connectors.ports import ShopReader
from tools.lookups.optional import unless_refused
from tools.lookups.pickup_points import pickup_points
from tools.lookups.similar_products import similar_products
from tools.rehearsal.checking import too_deep
from tools.rehearsal.undoing import seen
from tools.substitution import Meaning

_SHORT = frozenset({FaultCode.PAID_OUT_OF_STOCK, FaultCode.PAID_ORDER_MISSING, FaultCode.RESERVATION_TIMEOUT})


class Learned(Protocol):
    """What experience says of alternatives; the follow-up learns it."""

    def lifts(self, tx: sa.Connection, faults: Collection[str]) -> dict[str, dict[str, float]]:
        """By fault and action, by how many places an alternative moves; what doesn't move is missing."""
        ...


class Stored(NamedTuple):
    """What became of a plan: `ready`, `awaiting`, `approved`; or `incident`, because of this `sku`; or `left_out`."""

    state: str
    version: int = 0
    sku: str = ""


class Planner:
    """Turns findings into stored plans."""

    def __init__(
        self, store: Store, plans: Plans, notifications: Notifications, reader: ShopReader, policies: Policies,
        meaning: Meaning | None = None, learned: Learned | None = None,
    ) -> None:  # fmt: skip
        self._store, self._plans, self._notifications, self._learned = store, plans, notifications, learned
        self._reader, self._policies, self._meaning = reader, policies, meaning

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
            codes = {f.code for f in look.findings} | {f["code"] for f in case["faults"]}
            lifts = self._learned.lifts(tx, codes & ALTERNATIVES.keys()) if self._learned else {}
        links = [link for link_id in link_ids if (link := self._reader.payment_link(link_id))]
        customer, checkout = look.facts.customer, look.facts.checkout
        substitutes, titles = self._substitutes(look) if codes & _SHORT else ({}, {})
        return PlanContext(
            now=now, policies=self._policies, snapshot=look.snapshot, asked=asked, substitutes=substitutes,
            links=_links(links), done=done, language=language_for(case, customer, checkout),
            can_message=self._notifications.can_reach(case, customer, checkout),
            refused=refused, titles=titles,
            pickup_points=self._pickup_points(look) if FaultCode.ADDRESS_UNDELIVERABLE in codes else [],
            lifts=lifts,
        )  # fmt: skip

    def choose(self, case: Case, look: Look, context: PlanContext) -> Choice | None:
        """The plan for the first finding that is not settled; None when all are. See choosing.choose."""
        return choose(look.findings, self.handled(case), look.facts, context)

    def handled(self, case: Case) -> list[Finding]:
        """The case's faults on which this episode has changed something outside, as findings."""
        with self._store.read() as tx:
            codes = self._plans.faults_acted_on(tx, case["id"], case["episode_plan"])
        return [msgspec.convert(f, Finding) for f in case["faults"] if f["code"] in codes]

    def store(self, tx: sa.Connection, case: Case, plan: Plan, choice: Choice, look: Look, now: datetime) -> Stored:
        """Stores the plan or keeps the version that says the same."""
        row = self._plans.plan_row(tx, case["id"], case["plan_version"])
        more = ["price_drop_share"] if self._drops_too_far(plan.steps, look.facts) else []
        cancels_paid = any(s.action == "cancel_order" for s in plan.steps) and any(map(kept, look.facts.payments or []))
        if row is not None and row["edited_from"] is not None:
            if self._edited_stands(tx, case, row, plan):
                return Stored(row["state"], row["version"])
            if row["state"] in ("done", "failed") and self._was_left_out(tx, case, row, plan):
                return Stored("left_out", row["version"])
        if row is not None and row["state"] in ("ready", "awaiting", "approved") and same(row["plan"], plan):
            needed = needed_for(tx, case, plan, self._policies, now, but_version=row["version"], more=more)
            if row["state"] != "ready" or not needed.reasons:
                return Stored(row["state"], row["version"])
        if row is not None and row["state"] == "approved":
            self._plans.set_state(tx, case["id"], row["version"], "superseded")
            self._plans.note(tx, case["id"], now, say("evidence_changed", version=row["version"]))
        skus = _skus(choice, look) if plan.steps else []
        beyond = beyond_incident_budget(tx, self._store, case, plan.fault, skus, self._policies, now)
        if beyond is not None:
            return Stored("incident", sku=beyond)
        needed = needed_for(tx, case, plan, self._policies, now, more=more, cancels_paid=cancels_paid)
        version = self._plans.propose(tx, case, plan, needed, now)
        return Stored("awaiting" if needed.reasons else "ready", version)

    def unseen(self, case_id: str, version: int) -> dict[str, str] | None:
        """What a performed plan was to change and the shop does not show, in words; read outside any transaction.

        Raises:
            UnavailableError: the shop can't be read.
        """
        with self._store.read() as tx:
            row = self._plans.plan_row(tx, case_id, version)
            rows = self._plans.steps(tx, case_id, version)
        if row is None or row["state"] not in ("done", "failed"):
            return None
        steps = [msgspec.convert(r["step"], PlanStep) for r in rows]
        missing = [steps[position].effect for position, shown in seen(steps, self._reader).items() if shown is False]
        if not missing:
            return None
        return {"en": "; ".join(w["en"] for w in missing), "zh-CN": "；".join(w["zh-CN"] for w in missing)}

    # -- parts ------------------------------------------------------------------------------------------------------

    def _edited_stands(self, tx: sa.Connection, case: Case, row: dict[str, Any], plan: Plan) -> bool:
        """An edited version stays in force while the playbook says what it said when it was edited.

        Once its first step is done the playbook says something else; then what is left of it is performed.
        """
        if row["state"] != "approved":
            return False
        original = self._plans.plan_row(tx, case["id"], row["edited_from"])
        if original is not None and same(original["plan"], plan):
            return True
        statuses = [step["status"] for step in self._plans.steps(tx, case["id"], row["version"])]
        return bool(row["fault"] == plan.fault and "done" in statuses and {"pending", "running"} & set(statuses))

    def _was_left_out(self, tx: sa.Connection, case: Case, row: dict[str, Any], plan: Plan) -> bool:
        """Whether the playbook asks again for what a person has taken out of, or made smaller in, the last plan."""
        original = self._plans.plan_row(tx, case["id"], row["edited_from"])
        if original is None or row["fault"] != plan.fault:
            return False
        kept_steps = {_key(step) for step in row["plan"]["steps"]}
        changed = {
            (step["action"], step["target"]) for step in original["plan"]["steps"] if _key(step) not in kept_steps
        }
        return any((step.action, step.target) in changed for step in plan.steps)

    def _drops_too_far(self, steps: list[PlanStep], facts: Facts) -> bool:
        return too_deep(steps, facts, self._policies.limits.price_drop_share)

    def _pickup_points(self, look: Look) -> list[PickupPointFact]:
        """Those near the address, nearest first."""
        if look.facts.pickup_points is not None:
            return look.facts.pickup_points
        order, checkout = look.facts.live_order, look.facts.checkout
        address = (order.shipping_address if order else None) or (checkout.shipping_address if checkout else None)
        return pickup_points(self._reader, address) if address is not None else []

    def _substitutes(self, look: Look) -> tuple[dict[str, list[ProductFact]], dict[str, str]]:
        """Products that could replace each line's sku, and the names of all of them."""
        found: dict[str, list[ProductFact]] = {}
        titles: dict[str, str] = {}
        for line in look.snapshot.lines or []:
            product = unless_refused("product", partial(self._reader.product, line.sku))
            if product is None:
                continue
            titles[line.sku] = product.title
            ranked = similar_products(
                self._reader, line.sku, quantity=line.quantity, paid=line.unit_price, meaning=self._meaning
            )
            found[line.sku] = [candidate for candidate, _ in ranked]
            titles |= {candidate.sku: candidate.title for candidate, _ in ranked}
        return found, titles


def _links(links: list[PaymentLinkFact]) -> list[PaymentLinkFact]:
    return sorted(links, key=lambda link: link.id)


def same(stored: dict[str, Any], plan: Plan) -> bool:
    """Whether a stored plan says what this one says, versions apart."""
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


def _key(step: dict[str, Any]) -> tuple[str, str, str]:
    """What makes a stored step the same as another one, versions apart."""
    arguments = {k: v for k, v in step["arguments"].items() if k != "version"}
    return step["action"], step["target"], msgspec.json.encode(arguments, order="sorted").decode()

"""What may happen without a human (SPEC.md, limits): the cumulative money limit and the incident budget.

What a step gives away is counted in `spending` before it is sent, and taken off again when the shop refuses it.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from assistant.cases.records import Case
from assistant.store.engine import Store
from assistant.store.tables import incidents, plan_steps, spending
from knowledge.policies import Policies
from knowledge.vocabulary.plans import Plan, PlanStep

_PRICE_CUTS = ("reprice_order", "reprice_checkout")
_REPAID, _OTHER = "repaid", "other"

Given = Counter[str]
"""Minor units of one currency by kind: each sort of price cut, what repays one, everything else."""


class Needed(NamedTuple):
    """Why a human must approve a plan (empty when policy allows it), and the least role that may."""

    reasons: list[str]
    role: str | None


def needed_for(
    tx: sa.Connection, case: Case, plan: Plan, policies: Policies, now: datetime, *, but_version: int | None = None,
    more: Iterable[str] = (), cancels_paid: bool = False,
) -> Needed:  # fmt: skip
    """Who must approve this plan. `more` are reasons that the plan's author did not know of.

    What steps of `but_version` gave away isn't counted: that version is this very plan.
    """
    found = {*plan.needs_human, *more, *_exceeded(tx, case, plan.steps, policies, now, but_version)}
    if not found:
        return Needed([], None)
    given = {
        currency: _total_with(tx, case, amount, currency, now, but_version)
        for currency, amount in _given(plan.steps).items() if _sum(amount) > 0
    }  # fmt: skip
    role = policies.approvals.role_for(given, policies.limits.auto, found, cancels_paid=cancels_paid)
    return Needed(sorted(found), role)


def take(
    tx: sa.Connection, store: Store, case: Case, step_id: str, step: PlanStep, rest: list[PlanStep],
    policies: Policies, now: datetime, *, approved_by: str | None,
) -> bool:  # fmt: skip
    """Counts what a step is about to give away; False when that, with the `rest` of its plan, exceeds the limit now.

    `rest` begins with the step itself. One customer's cases take turns here, so that two of them never exceed it
    together.
    """
    if step.goodwill is None or step.goodwill.amount <= 0:
        return True
    take_turns(tx, store, f"customer:{case['customer_id'] or case['id']}")
    if approved_by is None and _exceeded(tx, case, rest, policies, now, None):
        return False
    row = {
        "step_id": step_id, "case_id": case["id"], "customer_id": case["customer_id"], "amount": step.goodwill.amount,
        "currency": step.goodwill.currency, "at": now, "approved_by": approved_by,
    }  # fmt: skip
    tx.execute(store.insert_new(spending, "step_id").values(**row))
    return True


def give_back(tx: sa.Connection, step_id: str) -> None:
    """The step's write was definitely refused: it gave nothing away."""
    tx.execute(spending.delete().where(spending.c.step_id == step_id))


def beyond_incident_budget(
    tx: sa.Connection, store: Store, case: Case, fault: str, skus: Iterable[str], policies: Policies, now: datetime
) -> str | None:
    """Counts this case as a repair of the fault on these skus; the sku whose budget of this hour is used up, if any.

    Cases that wait for an incident are no repairs and are not counted.
    """
    for sku in sorted(set(skus)):
        take_turns(tx, store, f"incident:{fault}:{sku}")
        of_sku = (incidents.c.fault == fault) & (incidents.c.sku == sku) & incidents.c.incident.is_(None)
        if tx.scalar(sa.select(incidents.c.case_id).where(of_sku, incidents.c.case_id == case["id"])) is not None:
            continue
        others = sa.select(sa.func.count()).where(of_sku, incidents.c.at > now - timedelta(hours=1))
        if (tx.scalar(others) or 0) >= policies.limits.incident_budget:
            return sku
        values = {"case_id": case["id"], "fault": fault, "sku": sku, "at": now, "incident": None}
        tx.execute(store.upsert(incidents, ["case_id", "fault", "sku"], values, ["at", "incident"]))
    return None


# -- parts ----------------------------------------------------------------------------------------------------------


def _exceeded(
    tx: sa.Connection, case: Case, steps: Iterable[PlanStep], policies: Policies, now: datetime, but_version: int | None
) -> list[str]:
    found = []
    for currency, given in _given(steps).items():
        if _sum(given) <= 0:
            continue
        limit = policies.limits.auto.get(currency)
        if limit is None:
            found.append("currency")
        elif _total_with(tx, case, given, currency, now, but_version) > limit:
            found.append("above_limit")
    return found


def _total_with(
    tx: sa.Connection, case: Case, adding: Given, currency: str, now: datetime, but_version: int | None
) -> int:
    """Given away once `adding` is: in this case, or to this customer today (UTC), whichever is more; minor units."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    ours = spending.c.case_id == case["id"]
    if case["customer_id"]:
        ours |= (spending.c.customer_id == case["customer_id"]) & (spending.c.at >= day)
    query = (
        sa.select(spending, plan_steps.c.step, plan_steps.c.version)
        .outerjoin(plan_steps, plan_steps.c.id == spending.c.step_id).where(spending.c.currency == currency, ours)
    )  # fmt: skip
    in_case, today = Counter(adding), defaultdict(Counter, {case["id"]: Counter(adding)})
    for row in tx.execute(query).mappings():
        mine = row["case_id"] == case["id"]
        if mine and but_version is not None and row["version"] == but_version:
            continue
        step = row["step"] or {}
        kind = _kind(step.get("action", ""), repays=step.get("repays", False))
        if mine:
            in_case[kind] += row["amount"]
        if row["at"] >= day:
            today[row["case_id"]][kind] += row["amount"]
    return max(_sum(in_case), sum(_sum(given) for given in today.values()))


def _given(steps: Iterable[PlanStep]) -> dict[str, Given]:
    """What the steps give away, by currency."""
    found: dict[str, Given] = {}
    for step in steps:
        if step.goodwill is not None:
            kind = _kind(step.action, repays=step.repays)
            found.setdefault(step.goodwill.currency, Counter())[kind] += step.goodwill.amount
    return found


def _kind(action: str, *, repays: bool) -> str:
    return _REPAID if repays else action if action in _PRICE_CUTS else _OTHER


def _sum(given: Given) -> int:
    """Of a price cut and the refund that pays it the larger; the same cut in the checkout and in its order is one."""
    return given[_OTHER] + max(given[_REPAID], *(given[cut] for cut in _PRICE_CUTS))


def take_turns(tx: sa.Connection, store: Store, name: str) -> None:
    """Until the transaction ends nobody else passes here with this name; SQLite's transactions take turns anyway."""
    if not store.is_sqlite:
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

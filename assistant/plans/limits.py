"""What may happen without a human (SPEC.md, limits): the cumulative money limit and the incident budget."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from assistant.cases.records import Case
from assistant.store.engine import Store
from assistant.store.tables import incidents, spending
from knowledge.policies import Policies
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan

_PRICE_CUTS = ("reprice_order", "reprice_checkout")


def goodwill_of(plan: Plan) -> list[Money]:
    """What a plan gives away, per currency; of a price cut and the refund that pays it the larger counts once."""
    totals: dict[str, dict[str, int]] = {}
    for step in plan.steps:
        if step.goodwill is None:
            continue
        kind = "repay" if step.repays else "cut" if step.action in _PRICE_CUTS else "other"
        sums = totals.setdefault(step.goodwill.currency, {"repay": 0, "cut": 0, "other": 0})
        # the same cut made in the checkout and in its order is one cut
        sums[kind] = max(sums[kind], step.goodwill.amount) if kind == "cut" else sums[kind] + step.goodwill.amount
    return [Money(s["other"] + max(s["cut"], s["repay"]), currency) for currency, s in totals.items()]


def reasons_for_human(tx: sa.Connection, case: Case, plan: Plan, policies: Policies, now: datetime) -> list[str]:
    """Why a human must approve this plan; empty when policy allows it."""
    found = list(plan.needs_human)
    for money in goodwill_of(plan):
        if money.amount <= 0:
            continue
        limit = policies.limits.auto.get(money.currency)
        if limit is None:
            found.append("currency")
        elif money.amount + _spent(tx, case, money.currency, now) > limit:
            found.append("above_limit")
    return sorted(set(found))


def _spent(tx: sa.Connection, case: Case, currency: str, now: datetime) -> int:
    """Already given away: in this case, or to this customer today (UTC), whichever is more; minor units."""
    total = sa.select(sa.func.coalesce(sa.func.sum(spending.c.amount), 0)).where(spending.c.currency == currency)
    in_case = tx.scalar(total.where(spending.c.case_id == case["id"])) or 0
    if not case["customer_id"]:
        return int(in_case)
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = tx.scalar(total.where(spending.c.customer_id == case["customer_id"], spending.c.at >= day)) or 0
    return max(int(in_case), int(today))


def within_incident_budget(
    tx: sa.Connection, store: Store, case: Case, fault: str, skus: Iterable[str], policies: Policies, now: datetime
) -> bool:
    """Counts this case as a repair of the fault on these skus; False when the hour's budget is used up."""
    for sku in sorted(set(skus)):
        mine = sa.select(incidents.c.case_id).where(
            incidents.c.case_id == case["id"], incidents.c.fault == fault, incidents.c.sku == sku
        )
        if tx.scalar(mine) is not None:
            continue
        others = sa.select(sa.func.count()).where(
            incidents.c.fault == fault, incidents.c.sku == sku, incidents.c.at > now - timedelta(hours=1)
        )
        if (tx.scalar(others) or 0) >= policies.limits.incident_budget:
            return False
        tx.execute(
            store.insert_new(incidents, "case_id", "fault", "sku").values(
                case_id=case["id"], fault=fault, sku=sku, at=now
            )
        )
    return True

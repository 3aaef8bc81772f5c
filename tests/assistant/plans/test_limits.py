"""The cumulative limit and the incident budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assistant.plans.limits import _given, _sum, beyond_incident_budget, needed_for
from assistant.store.engine import Store, make_engine
from assistant.store.tables import spending
from knowledge.policies import Limits, Policies
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICIES = Policies(limits=Limits(auto={"CNY": 1_000}, incident_budget=2))


def step(action: str, goodwill: int | None, *, repays: bool = False, currency: str = "CNY") -> PlanStep:
    money = None if goodwill is None else Money(goodwill, currency)
    return PlanStep(
        action=action, target=f"x:{action}", arguments={}, effect={"en": "", "zh-CN": ""}, goodwill=money, repays=repays
    )


def plan(*steps: PlanStep) -> Plan:
    return Plan(fault="price_mismatch", summary={"en": "", "zh-CN": ""}, steps=list(steps))


def case(case_id: str = "case_1", customer_id: str | None = "cust_1") -> dict[str, Any]:
    return {"id": case_id, "customer_id": customer_id}


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(make_engine(database_url))


def spend(store: Store, case_id: str, customer_id: str | None, amount: int, at: datetime = NOW) -> None:
    row = {"step_id": f"{case_id}:{amount}:{at}", "case_id": case_id, "customer_id": customer_id, "amount": amount,
           "currency": "CNY", "at": at, "approved_by": None}  # fmt: skip
    with store.begin() as tx:
        tx.execute(spending.insert().values(**row))


def reasons(store: Store, wanted: Plan, of: dict[str, Any] | None = None) -> list[str]:
    with store.begin() as tx:
        return needed_for(tx, of or case(), wanted, POLICIES, NOW).reasons


def goodwill_of(wanted: Plan) -> list[Money]:
    return [Money(_sum(given), currency) for currency, given in _given(wanted.steps).items()]


def test_of_a_price_cut_and_the_refund_that_pays_it_the_larger_counts_once() -> None:
    cut = plan(step("reprice_order", 300), step("refund_payment", 250, repays=True))
    assert goodwill_of(cut) == [Money(300, "CNY")]
    both = plan(step("reprice_checkout", 300), step("reprice_order", 300), step("refund_payment", 320, repays=True))
    assert goodwill_of(both) == [Money(320, "CNY")]
    assert goodwill_of(plan(step("refund_payment", 200), step("issue_coupon", 50))) == [Money(250, "CNY")]


def test_the_limit_is_cumulative_per_case(store: Store) -> None:
    assert reasons(store, plan(step("refund_payment", 1_000))) == []
    assert reasons(store, plan(step("refund_payment", 1_001))) == ["above_limit"]
    spend(store, "case_1", None, 600)
    assert reasons(store, plan(step("refund_payment", 400))) == []
    assert reasons(store, plan(step("refund_payment", 401))) == ["above_limit"]


def test_the_limit_is_cumulative_per_customer_and_day(store: Store) -> None:
    spend(store, "case_2", "cust_1", 600)
    spend(store, "case_3", "cust_1", 900, NOW - timedelta(days=1))
    assert reasons(store, plan(step("refund_payment", 400))) == []
    assert reasons(store, plan(step("refund_payment", 401))) == ["above_limit"]
    assert reasons(store, plan(step("refund_payment", 401)), case("case_9", "cust_2")) == []


def test_a_currency_without_a_limit_goes_to_a_human_and_moving_nothing_needs_nobody(store: Store) -> None:
    assert reasons(store, plan(step("refund_payment", 1, currency="EUR"))) == ["currency"]
    assert reasons(store, plan(step("create_order", None), step("release_reservation", None))) == []


def test_the_playbooks_own_reasons_are_kept(store: Store) -> None:
    wanted = Plan(
        fault="price_mismatch", summary={}, steps=[step("reprice_order", 10)], needs_human=["price_drop_share"]
    )
    assert reasons(store, wanted) == ["price_drop_share"]


def test_many_repairs_of_one_fault_and_sku_in_an_hour_are_an_incident(store: Store) -> None:
    def within(case_id: str, now: datetime = NOW, sku: str = "tea") -> bool:
        with store.begin() as tx:
            return beyond_incident_budget(tx, store, case(case_id), "paid_out_of_stock", [sku], POLICIES, now) is None

    assert within("a")
    assert within("b")
    assert within("a")  # the same case again is no further repair
    assert not within("c")
    assert within("c", sku="cup")
    assert within("c", NOW + timedelta(hours=1, seconds=1))

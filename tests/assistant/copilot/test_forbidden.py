"""The last look at a plan before it may be suggested: whatever a playbook said, these are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from assistant.plans.forbidden import forbidden
from knowledge.faults.planning import Asked, PlanContext
from knowledge.policies import Policies
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.plans import PlanStep
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.assistant.conftest import NOW
from tests.assistant.copilot.room import short
from tests.assistant.desk import WORDS, plan, refund, release


def step(action: str, **arguments: Any) -> PlanStep:
    return PlanStep(action=action, target="order:or-1", arguments=arguments, effect=WORDS)


def two_orders() -> Facts:
    facts = short()
    orders = facts.orders or []
    return msgspec.structs.replace(facts, orders=[*orders, msgspec.structs.replace(orders[0], id="or-2")])


def why(one: PlanStep, facts: Facts | None = None, chose: str | None = None) -> str | None:
    asked = {"q": Asked("q", "q", NOW, choice=chose)} if chose else {}
    context = PlanContext(now=NOW, policies=Policies(), snapshot=OrderSnapshot(checkout_id="ck-1"), asked=asked)
    return forbidden(plan(one), facts or short(), context)


def test_nothing_is_done_while_a_payment_is_disputed() -> None:
    assert why(release("re-1"), short(disputed=1)) == "payment_disputed"


def test_of_a_blocked_account_only_things_are_let_go() -> None:
    assert why(refund("pay-1", 10), short(status="suspended")) == "account_blocked"
    assert why(release("re-1"), short(status="suspended")) is None


@pytest.mark.parametrize(
    "one", [step("issue_coupon", amount=1), step("send_message", occasion="abandoned_reminder")], ids=["coupon", "ad"]
)
def test_marketing_needs_consent(one: PlanStep) -> None:
    assert why(one) == "no_marketing_consent"
    assert why(one, short(consent=True)) is None


@pytest.mark.parametrize(
    ("one", "chose"),
    [
        (step("substitute_line", to_sku="B"), "substitute:B"),
        (step("choose_pickup", pickup_point_id="P1"), "pickup:P1"),
        (step("backorder_line", line_id="L1"), "backorder"),
        (step("set_order_address", address_from="customer_history"), "use_address"),
    ],
    ids=["substitute", "pickup", "backorder", "address"],
)
def test_what_is_the_customers_to_choose_needs_that_very_choice(one: PlanStep, chose: str) -> None:
    assert why(one) == why(one, chose="no_thanks") == why(one, chose="substitute:C") == "no_consent"
    assert why(one, chose=chose) is None


def test_one_of_two_orders_is_cancelled_at_the_customers_word_only() -> None:
    assert why(step("cancel_order"), two_orders()) == "no_consent"
    assert why(step("cancel_order"), two_orders(), chose="cancel_one") is None
    assert why(step("cancel_order")) is None


def test_no_more_goes_back_than_is_kept_and_to_no_unknown_payment() -> None:
    assert why(refund("pay-1", 8_000)) is None
    assert why(refund("pay-1", 8_001)) == why(refund("pay-9", 1)) == "exceeds_kept"

"""The exclusive coupon for taking a substitute: promised with the offer, capped, issued once and only when taken."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.policies import Limits, Policies
from knowledge.vocabulary.codes import FaultCode
from tests.knowledge.faults import driving
from tests.knowledge.faults.driving import Story, choosing, drive
from tests.knowledge.faults.pretend_shop import Shop
from tests.knowledge.faults.test_playbooks_stock import scarce

SHORT = FaultCode.PAID_OUT_OF_STOCK
TAKES, DECLINES = choosing("substitute:A2"), choosing("no_refund")


@pytest.fixture(autouse=True)
def _policies(monkeypatch: pytest.MonkeyPatch, cap: dict[str, int]) -> None:
    """A tenth of the line's price (2 × 10 yuan), at most the cap."""
    plain = driving.context
    limits = Limits(auto={"CNY": 100_000}, coupon_share=0.1, coupon_cap=cap)
    monkeypatch.setattr(driving, "context", lambda shop, **more: plain(shop, policies=Policies(limits=limits), **more))


@pytest.fixture
def cap() -> dict[str, int]:
    """What policy names."""
    return {"CNY": 150}


def gifts(story: Story) -> list[Any]:
    return [one["amount"] for one in story.shop.issued]


def test_it_is_promised_with_the_offer_and_issued_once_the_substitute_is_in_the_order() -> None:
    story = drive(scarce().pay().order(), SHORT, TAKES)
    assert story.told() == ["ask_gift", "substituted_refund", "gift"]
    assert gifts(story) == [{"amount": 150, "currency": "CNY"}]
    assert story.done.index("substitute_line") < story.done.index("issue_coupon")
    step = next(step for step in story.shop.writes if step.action == "issue_coupon")
    assert step.goodwill is not None and step.goodwill.amount == 150, "it counts towards the limit"


def test_nobody_who_declines_gets_one() -> None:
    story = drive(scarce().pay().order(), SHORT, DECLINES)
    assert gifts(story) == []
    assert "gift" not in story.told()


def test_without_consent_to_marketing_there_is_none() -> None:
    shop: Shop = scarce().pay().order()
    shop.customer["marketing_consent"] = False
    story = drive(shop, SHORT, TAKES)
    assert story.told() == ["ask", "substituted_refund"]
    assert gifts(story) == []


@pytest.mark.parametrize("cap", [{"USD": 500}, {}])
def test_a_currency_that_is_not_named_gets_none(cap: dict[str, int]) -> None:
    assert gifts(drive(scarce().pay().order(), SHORT, TAKES)) == []


@pytest.mark.parametrize("cap", [{"CNY": 5_000}])
def test_below_the_cap_it_is_the_share_of_the_line(cap: dict[str, int]) -> None:
    assert gifts(drive(scarce().pay().order(), SHORT, TAKES)) == [{"amount": 200, "currency": "CNY"}]


def test_a_shop_that_issues_none_changes_nothing_else() -> None:
    shop: Shop = scarce().pay().order()
    shop.refuse["issue_coupon"] = "not_supported"
    story = drive(shop, SHORT, TAKES)
    assert story.end.then == "resolve" and gifts(story) == []

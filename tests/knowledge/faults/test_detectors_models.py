"""Unusual amounts and unknown anomalies: what speaks, and the large order of a large buyer that doesn't."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.faults.unknown_anomaly.detector import detect as novelty
from knowledge.faults.unusual_amount.detector import LEAST_ORDERS, detect
from knowledge.phrases import describe
from knowledge.policies import Policies
from knowledge.vocabulary.background import AmountScore, NoveltyScore, Scores
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import CustomerView, OrderSnapshot
from tests.knowledge.checkouts import START, Story, minute

NOW = START + timedelta(minutes=2)
USUAL = [9_000, 10_000, 12_000, 8_000, 11_000]
FAR_FROM_CATEGORY = Scores(amount=AmountScore(z=9.0, usual=Money(10_000, "CNY"), n=400, basis="category:tea"))


def bought(total: int, *past: int, currency: str = "CNY") -> OrderSnapshot:
    s = Story().submit(total=total).reserve().snapshot
    s.customer = CustomerView(past_totals=[Money(amount, currency) for amount in past])
    return s


def unusual(s: OrderSnapshot, scores: Scores | None = None) -> list[Finding]:
    return detect(s, Context(NOW, Policies(), scores=scores))


def test_far_above_ones_own_past() -> None:
    [found] = unusual(bought(500_000, *USUAL))
    assert (found.cause, found.at_risk) == ("far_above_customer", Money(500_000, "CNY"))
    assert found.details["usual"] == Money(10_000, "CNY").json()
    assert (found.details["times"], found.details["n"]) == (50.0, 5)
    assert "¥5,000.00" in describe(found, "en")


@pytest.mark.parametrize(
    ("what", "s"),
    [
        ("a large buyer's large order", bought(500_000, *USUAL, 200_000)),
        ("far below", bought(100, *USUAL)),
        ("three times the usual", bought(30_000, *USUAL)),
        ("somebody whose totals vary", bought(200_000, 1_000, 5_000, 20_000, 80_000, 60_000)),
        ("no amount", bought(0, *USUAL)),
    ],
)
def test_what_is_not_unusual(what: str, s: OrderSnapshot) -> None:
    assert unusual(s) == [], what


def test_the_category_speaks_only_for_those_without_enough_past() -> None:
    assert [f.cause for f in unusual(bought(500_000), FAR_FROM_CATEGORY)] == ["far_above_category"]
    assert unusual(bought(500_000, *USUAL[: LEAST_ORDERS - 1]), FAR_FROM_CATEGORY)
    assert unusual(bought(40_000, *USUAL), FAR_FROM_CATEGORY) == []
    assert unusual(bought(500_000, *USUAL, currency="USD"), FAR_FROM_CATEGORY), "past in another currency tells nothing"
    assert unusual(bought(500_000, 300_000), FAR_FROM_CATEGORY) == [], "one comparable order is enough"
    assert unusual(bought(500_000)) == [], "nothing known, nothing said"


def test_three_past_orders_speak_two_do_not() -> None:
    assert unusual(bought(500_000, *USUAL[:2])) == []
    [found] = unusual(bought(500_000, *USUAL[:3]))
    assert (found.cause, found.details["n"]) == ("far_above_customer", 3)
    assert found.details["z"] == round(math.log(50) / 0.5, 1), "three alike say little of how much they vary"


def test_what_is_over_or_under_way_is_left_alone() -> None:
    s = bought(500_000, *USUAL)
    s.status = "cancelled"
    assert unusual(s) == []
    sent = Story().submit(total=500_000).order("created", 1, total=500_000).order("shipped", 2).snapshot
    sent.customer = CustomerView(past_totals=[Money(a, "CNY") for a in USUAL])
    assert unusual(sent) == []


def novel(score: float) -> Scores:
    return scored(score, ("exceptions", 4.0, 0.7), ("payment_kinds", 2.0, 0.3))


def scored(score: float, *features: tuple[str, float, float]) -> Scores:
    return Scores(novelty=NoveltyScore(score=score, threshold=2.0, features=list(features), model="novelty/3"))


def codes(story: Story, scores: Scores) -> list[str]:
    found = detect_all(story.snapshot, Context(NOW, Policies(), scores=scores))
    return [f.code.value for f in found if f.detectable_at <= NOW]


def test_unlike_anything_seen() -> None:
    story = Story().healthy()
    assert codes(story, novel(2.0)) == []
    assert codes(story, novel(2.1)) == ["unknown_anomaly"]
    found = detect_all(story.snapshot, Context(NOW, Policies(), scores=novel(3.0)))
    [finding] = [f for f in found if f.code is FaultCode.UNKNOWN_ANOMALY]
    assert finding.confirm
    assert finding.confidence == 0.75
    assert "holds, disputes and shipment exceptions" in describe(finding, "en", "cause")
    assert "暂停、争议与配送异常" in describe(finding, "zh-CN", "cause")


HABIT = scored(3.0, ("corrections", 4.2, 0.8), ("surcharge", 0.1, 0.2))


def test_ordinary_habits_are_no_anomaly_where_all_went_well() -> None:
    assert codes(Story().healthy(), HABIT) == []
    assert codes(Story().healthy(), scored(3.0, ("corrections", 4.2, 0.3), ("surcharge", 0.1, 0.7)))
    assert codes(Story().healthy(), scored(9.0, ("corrections", 4.2, 0.6), ("surcharge", 2.0, 0.4)))
    odd = scored(3.4, ("submits", 1.0, 0.55), ("exceptions", 2.3, 0.25), ("surcharge", 0.1, 0.2))
    assert codes(Story().healthy(), odd) == ["unknown_anomaly"]


def test_while_the_customer_is_busy_habits_wait() -> None:
    for kind in ("requested", "captured"):
        story = Story().submit().reserve().pay(kind, 1.5)
        assert [minute(f) for f in novelty(story.snapshot, Context(NOW, Policies(), scores=HABIT))] == [61.5], kind


def test_another_fault_explains_it_away() -> None:
    twice = Story().healthy().pay("captured", 1, pid="p2")
    assert codes(twice, novel(9.0)) == ["duplicate_charge"]


def test_what_comes_later_is_no_new_finding() -> None:
    def fingerprint(story: Story) -> str:
        found = detect_all(story.snapshot, Context(NOW, Policies(), scores=novel(9.0)))
        return next(f.fingerprint for f in found if f.code is FaultCode.UNKNOWN_ANOMALY)

    before = fingerprint(Story().healthy())
    assert before == fingerprint(Story().healthy().order("confirmed", 1.1).order("held", 1.2))


def test_nobody_asked_the_models() -> None:
    assert codes(Story().healthy(), Scores()) == []

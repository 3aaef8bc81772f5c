"""Terms join the languages, words count within one only, outcomes order what is alike, and each score says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from knowledge.library.library import Library
from knowledge.library.ranking import Candidate, ranked
from knowledge.library.solved import SolvedCase
from knowledge.library.terms import concepts
from knowledge.library.weighing import Like

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WORDS = {"zh-CN": "顾客被重复扣款，退了一笔。", "en": "The customer was charged twice; one payment was refunded."}


def case(case_id: str, **values: Any) -> SolvedCase:
    facts: dict[str, Any] = {"fault": "duplicate_charge", "step": "payment", "severity": "high", "summary": WORDS}
    return SolvedCase(case_id=case_id, **(facts | values))


@pytest.mark.parametrize(
    ("chinese", "english", "shared"),
    [
        ("钱扣了却没有订单", "charged, and no order", {"captured", "order_missing"}),
        ("优惠券已过期", "the coupon expired", {"coupon", "expired"}),
        ("付款失败，库存仍被占用", "the payment failed and stock is still held", {"declined", "stock", "held"}),
        ("附近有自提点吗", "is there a pickup point", {"pickup"}),
    ],
)
def test_a_term_is_the_same_in_both_languages(chinese: str, english: str, shared: set[str]) -> None:
    assert shared <= concepts(chinese) & concepts(english)


def test_a_term_is_not_found_inside_another_word() -> None:
    assert "late" not in concepts("a chocolate plate") and "stalled" not in concepts("a chocolate plate")


def test_shared_words_never_lift_a_text_over_one_of_the_other_language() -> None:
    candidates = [
        Candidate("far", "en", "alpha beta gamma", 0.30), Candidate("near", "en", "delta", 0.40),
        Candidate("other", "zh-CN", "别的", 0.50),
    ]  # fmt: skip
    found = ranked("alpha beta gamma", "en", candidates)
    assert [one.candidate.key for one in found] == ["other", "far", "near"]
    assert [one.score for one in found] == [0.50, 0.40, 0.30]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({}, {"stayed_resolved": False}),
        ({}, {"metadata": {"relapses": 1}}),
        ({"metadata": {"rating": 5}}, {"metadata": {"rating": 2}}),
        ({"metadata": {"resolved_at": "2026-03-01T00:00:00Z"}}, {"metadata": {"resolved_at": "2024-03-01T00:00:00Z"}}),
        ({}, {"example": True}),
    ],
    ids=["stayed", "relapsed once", "rated", "recent", "own"],
)
def test_of_two_that_say_the_same_the_one_that_turned_out_better_comes_first(
    library: Library, better: dict[str, Any], worse: dict[str, Any]
) -> None:
    library.now = lambda: NOW
    library.add_all([case("a", **worse), case("b", **better)])  # by its id the worse one would come first
    found = library.search("charged twice", stayed_only=False)
    assert [one.case.case_id for one in found] == ["b", "a"]
    for one in found:
        assert all(reason["text"]["zh-CN"] and reason["text"]["en"] for reason in one.json()["why"])


def test_an_outcome_lifts_nothing_that_is_about_something_else(library: Library) -> None:
    library.now = lambda: NOW
    other = {"zh-CN": "收货地址缺少门牌号。", "en": "The street number of the address was missing."}
    fresh = {"rating": 5, "resolved_at": (NOW - timedelta(days=1)).isoformat()}
    library.add_all([case("right", metadata={"relapses": 3}), case("wrong", summary=other, metadata=fresh)])
    assert library.search("customer was charged twice")[0].case.case_id == "right"


def test_the_same_fault_comes_first_then_cause_and_step(library: Library) -> None:
    other = {"zh-CN": "金额不一致。", "en": "Amounts disagree."}
    library.add_all([
        case("worded alike", fault="refund_missing"), case("same fault", summary=other),
        case("same cause", summary=other, cause="second_payment"),
    ])  # fmt: skip
    like = Like(faults=("duplicate_charge",), cause="second_payment", step="payment", severity="high")
    found = library.search("The customer was charged twice", like=like)
    assert [one.case.case_id for one in found] == ["same cause", "same fault", "worded alike"]
    assert {"fault", "cause", "step", "severity"} <= {reason.code for reason in found[0].why}


def test_a_question_in_either_language_gives_the_same_case_the_same_rank(library: Library) -> None:
    other = {"zh-CN": "优惠券已过期，没有减免。", "en": "The coupon had expired and nothing was taken off."}
    library.add_all([case("charged"), case("coupon", fault="coupon_misapplied", summary=other)])
    pairs = (("重复扣款怎么处理的", "how was a double charge handled"), ("券过期了", "expired voucher"))
    for chinese, english in pairs:
        asked = [[one.case.case_id for one in library.search(text)] for text in (chinese, english)]
        assert asked[0][0] == asked[1][0]


def test_a_case_known_in_one_language_only_is_found_from_the_other(library: Library) -> None:
    library.add(case("zh", summary={"zh-CN": WORDS["zh-CN"]}))
    assert library.count() == 1
    assert [one.case.case_id for one in library.search("charged twice")] == ["zh"]

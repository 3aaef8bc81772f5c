"""Severity, priority and due times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from assistant.triage import due_at, severity_of, terms_of
from knowledge.policies import Limits, Policies
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money

NOW = datetime(2026, 3, 1, tzinfo=UTC)
POLICIES = Policies(limits=Limits(high_value={"CNY": 500_000}))


def finding(severity: Severity) -> Finding:
    return Finding(
        code=FaultCode.PRICE_MISMATCH, severity=severity, step=Step.SUBMIT, cause="x", detectable_at=NOW, evidence=[]
    )


def test_a_case_is_as_severe_as_its_worst_fault() -> None:
    found = [finding(Severity.LOW), finding(Severity.HIGH), finding(Severity.MEDIUM)]
    assert severity_of(found, Money(100, "CNY"), POLICIES) is Severity.HIGH


def test_any_fault_on_a_high_value_order_is_high() -> None:
    low = [finding(Severity.LOW)]
    assert severity_of(low, Money(500_000, "CNY"), POLICIES) is Severity.HIGH
    assert severity_of(low, Money(499_999, "CNY"), POLICIES) is Severity.LOW
    assert severity_of(low, Money(9_999_999, "USD"), POLICIES) is Severity.LOW  # no threshold named


def test_the_promises_are_one_five_and_thirty_minutes() -> None:
    assert [due_at(s, NOW) - NOW for s in Severity] == [timedelta(minutes=m) for m in (1, 5, 30)]


@given(
    code=st.sampled_from(list(FaultCode)), total=st.integers(0, 10**9), lifetime=st.integers(0, 10**10),
    currency=st.sampled_from(["CNY", "USD", "JPY"]),
)  # fmt: skip
def test_being_vip_always_lifts_a_case_and_never_lowers_it(
    code: FaultCode, total: int, lifetime: int, currency: str
) -> None:
    value, worth = Money(total, currency), Money(lifetime, currency)
    plain = terms_of([code], value, worth, False, POLICIES).priority
    vip = terms_of([code], value, worth, True, POLICIES).priority
    assert 0 <= plain < vip <= 100


@given(small=st.integers(0, 10**8), more=st.integers(0, 10**8))
def test_a_larger_order_never_has_a_lower_priority(small: int, more: int) -> None:
    def priority(amount: int) -> int:
        return terms_of([FaultCode.PARTIAL_PAYMENT], Money(amount, "CNY"), None, False, POLICIES).priority

    assert priority(small) <= priority(small + more)

"""Diagnosis: where it broke, what else was looked into, and how sure it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Severity, Step
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact, ReservationFact, StockFact
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot
from tools.diagnosis import AGREED, CONTRADICTED, ONLY_TOLD, RootCause, contradictions, diagnose
from tools.rivals import RIVALS

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LINE = Line(line_id="1", sku="TEA", quantity=2, unit_price=Money(500, "CNY"), requires_shipping=True)


def told(*types: tuple[str, str]) -> OrderSnapshot:
    """A snapshot of which these (type, entity) were said."""
    marks = [Mark(kind, f"/shop#{n}", NOW, NOW, entity) for n, (kind, entity) in enumerate(types)]
    return OrderSnapshot(checkout_id="ck", lines=[LINE], marks=marks)


def read(**parts: Any) -> Facts:
    """A read-back of a paid checkout without an order."""
    known: dict[str, Any] = {
        "checkout": CheckoutFact(id="ck", status="submitted", lines=[LINE], total=Money(1000, "CNY")), "orders": [],
        "payments": [PaymentFact(id="pay", status=PaymentStatus.CAPTURED, captured=Money(1000, "CNY"))],
        "reservations": [ReservationFact(id="res", sku="TEA", quantity=2)],
        "stock": {"TEA": StockFact(sku="TEA", available=9)},
    }  # fmt: skip
    return Facts(checkout_id="ck", at=NOW + timedelta(minutes=1), **{**known, **parts})


def finding(code: FaultCode = FaultCode.PAID_ORDER_MISSING, step: Step = Step.ORDER, **more: Any) -> Finding:
    evidence = [Evidence("event", "/shop#0", NOW, "payment.captured")]
    return Finding(
        code=code, severity=Severity.HIGH, step=step, cause="shop_silent", detectable_at=NOW, evidence=evidence, **more
    )


def cause_of(*found: Finding, facts: Facts | None, snapshot: OrderSnapshot | None = None) -> RootCause:
    cause = diagnose(snapshot or told(("payment.captured", "pay")), facts, list(found), NOW)
    assert cause is not None
    return cause


def test_the_earliest_broken_step_is_named_with_its_evidence() -> None:
    late = finding(FaultCode.PAYMENT_UNCONFIRMED, Step.PAYMENT)
    cause = cause_of(finding(), late, facts=read())
    assert cause.step is Step.PAYMENT
    assert [(step.step, step.state) for step in cause.pipeline if step.state == "broken"] == [
        (Step.PAYMENT, "broken"), (Step.ORDER, "broken"),
    ]  # fmt: skip
    assert diagnose(told(), read(), [], NOW) is None


def test_explanations_are_ruled_out_by_the_read_backs_that_contradict_them() -> None:
    cause = cause_of(finding(), facts=read())
    by = {one.explanation["en"]: [e.ref for e in one.by] for one in cause.ruled_out}
    assert by["the customer never paid"] == ["payment/pay"]
    assert by["the order exists and only its event was lost"] == ["orders/ck"]
    assert by["there was no stock to make the order with"] == ["reservation/res"]
    assert all(one.by and set(one.explanation) == {"zh-CN", "en"} for one in cause.ruled_out)
    assert all(e.kind == "read_back" for one in cause.ruled_out for e in one.by)


def test_what_was_not_read_rules_nothing_out() -> None:
    assert cause_of(finding(), facts=None).ruled_out == []
    unread = read(checkout=None, orders=None, payments=None, reservations=None, stock={})
    assert cause_of(finding(), facts=unread).ruled_out == []


def test_an_explanation_that_may_be_true_is_left_open() -> None:
    there = read(orders=[OrderFact(id="ord", status="created")])
    named = {one.explanation["en"] for one in cause_of(finding(), facts=there).ruled_out}
    assert "the order exists and only its event was lost" not in named


def test_certainty_says_how_events_and_read_backs_agree() -> None:
    agreed = cause_of(finding(), facts=read()).certainty
    only_told = cause_of(finding(), facts=None).certainty
    denied = read(payments=[PaymentFact(id="pay", status=PaymentStatus.FAILED)])
    contradicted = cause_of(finding(), facts=denied).certainty
    assert agreed == AGREED
    assert contradicted < only_told <= ONLY_TOLD < agreed
    assert contradicted <= CONTRADICTED


def test_only_the_last_word_about_a_record_is_compared() -> None:
    retried = told(("payment.failed", "pay"), ("payment.captured", "pay"))
    assert contradictions(retried, read()) == []
    assert [e.ref for e in contradictions(told(("order.cancelled", "ord")), read(orders=[OrderFact(id="ord")]))] == [
        "ord"
    ]


@pytest.mark.parametrize("code", FaultCode)
def test_every_fault_has_rivals_in_both_languages(code: FaultCode) -> None:
    assert RIVALS[code]
    for rival in RIVALS[code]:
        assert rival.words["zh-CN"] and rival.words["en"].isascii()


@given(
    code=st.sampled_from(list(FaultCode)), status=st.sampled_from(list(PaymentStatus)),
    order=st.sampled_from(["created", "cancelled", "shipped", "on_hold"]), available=st.integers(0, 5),
    confidence=st.floats(0, 1),
)  # fmt: skip
def test_certainty_stays_between_0_and_1_and_no_rival_stands_without_a_read_back(
    code: FaultCode, status: PaymentStatus, order: str, available: int, confidence: float
) -> None:
    facts = read(
        payments=[PaymentFact(id="pay", status=status)], orders=[OrderFact(id="ord", status=order)],
        stock={"TEA": StockFact(sku="TEA", available=available, shop_listed=2)},
    )  # fmt: skip
    cause = cause_of(finding(code, confidence=confidence), facts=facts)
    assert 0 <= cause.certainty <= 1
    assert all(one.by for one in cause.ruled_out)
    assert msgspec.to_builtins(cause)["ruled_out"] == msgspec.to_builtins(cause.ruled_out)

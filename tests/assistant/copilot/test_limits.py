"""Whatever a shop shows and a customer answered: no plan that may be chosen exceeds limits or lacks a consent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.plans.forbidden import LETS_GO
from assistant.plans.variants import FALLBACK, Variant, variants
from knowledge.faults.planning import Asked, PlanContext
from knowledge.policies import Policies
from knowledge.vocabulary.codes import FaultCode, PaymentStatus, Severity, Step
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CustomerFact,
    Facts,
    OrderFact,
    PaymentFact,
    ProductFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CODES = [
    FaultCode.PAID_OUT_OF_STOCK, FaultCode.REFUND_MISSING, FaultCode.DUPLICATE_CHARGE, FaultCode.AMOUNT_MISMATCH,
    FaultCode.PARTIAL_PAYMENT, FaultCode.DUPLICATE_ORDER, FaultCode.ADDRESS_UNDELIVERABLE,
    FaultCode.ABANDONED_CHECKOUT, FaultCode.UNPAID_ORDER_LIVE, FaultCode.RESERVATION_TIMEOUT,
    FaultCode.PAYMENT_FAILED_STOCK_HELD, FaultCode.PAID_ORDER_MISSING, FaultCode.PAYMENT_DISPUTED,
]  # fmt: skip
ANSWERS = [None, "backorder", "substitute:B", "no_cancel", "pickup:P1", "cancel_one", "keep_both", "no_refund"]


def cny(amount: int) -> Money:
    return Money(amount, "CNY")


payments = st.builds(
    lambda n, captured, refunded, disputed, status: PaymentFact(
        id=f"pay-{n}", checkout_id="ck-1", status=status, amount=cny(captured), captured=cny(captured),
        refunded=cny(min(refunded, captured)), disputed=cny(disputed), created_at=NOW - timedelta(hours=2),
    ),
    st.integers(1, 3), st.sampled_from([0, 4_000, 8_000]), st.sampled_from([0, 0, 1_000]),
    st.sampled_from([0, 0, 0, 500]), st.sampled_from([PaymentStatus.CAPTURED, PaymentStatus.FAILED]),
)  # fmt: skip
orders = st.builds(
    lambda n, status: OrderFact(
        id=f"or-{n}", checkout_id="ck-1", status=status, version=n, total=cny(8_000),
        lines=[Line("L1", "A", 1, cny(8_000))], created_at=NOW - timedelta(hours=1),
    ),
    st.integers(1, 2), st.sampled_from(["created", "confirmed", "cancelled"]),
)  # fmt: skip
customers = st.builds(
    lambda status, consent: CustomerFact(
        id="cu-1", language="en", status=status, marketing_consent=consent, allowed_channels=["email"],
        preferred_channel="email",
    ),
    st.sampled_from(["active", "active", "suspended"]), st.booleans(),
)  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Finding], Facts, PlanContext]:
    """Faults, what the shop shows, and what the customer was asked."""
    codes = draw(st.lists(st.sampled_from(CODES), min_size=1, max_size=3, unique=True))
    evidence = [Evidence("event", "ev-1", NOW, "seen")]
    found = [
        Finding(code=c, severity=Severity.HIGH, step=Step.ORDER, cause="x", detectable_at=NOW, evidence=evidence,
                details={"skus": ["A"], "other_checkout_id": "ck-0", "other_order_id": "or-0"})
        for c in codes
    ]  # fmt: skip
    line = Line("L1", "A", 1, cny(8_000))
    checkout = CheckoutFact(
        id="ck-1", customer_id="cu-1", lines=[line], total=cny(8_000), submitted_at=NOW - timedelta(hours=3),
        status=draw(st.sampled_from(["submitted", "completed", "expired"])),
    )  # fmt: skip
    paid = {p.id: p for p in draw(st.lists(payments, max_size=3))}
    held = draw(st.sampled_from([[], [ReservationFact(id="re-1", checkout_id="ck-1", sku="A", quantity=1)]]))
    facts = Facts(
        checkout_id="ck-1", at=NOW, checkout=checkout, payments=list(paid.values()), reservations=held,
        orders=list({o.id: o for o in draw(st.lists(orders, max_size=2))}.values()),
        stock={"A": StockFact(sku="A", available=draw(st.sampled_from([0, 3]))), "B": StockFact(sku="B", available=5)},
        customer=draw(customers), serviceability=ServiceabilityFact(deliverable=False, reason="no_carrier"),
    )  # fmt: skip
    answer = draw(st.sampled_from(ANSWERS))
    asked = draw(st.sampled_from(["out_of_stock:A", "undeliverable", "duplicate_order", "pay_rest", ""]))
    known = {asked: Asked(asked, asked, NOW, choices=["backorder", "no_cancel"], choice=answer)} if asked else {}
    context = PlanContext(
        now=NOW, policies=Policies(), snapshot=OrderSnapshot(checkout_id="ck-1", lines=[line]), asked=known,
        substitutes={"A": [ProductFact(sku="B", title="B", unit_price=cny(7_000))]},
    )  # fmt: skip
    return found, facts, context


@given(worlds())
@settings(max_examples=80)
def test_no_plan_that_may_be_chosen_breaks_a_rule(world: tuple[list[Finding], Facts, PlanContext]) -> None:
    found, facts, context = world
    chosen = variants(found, [], facts, context)
    disputed = any(p.disputed and p.disputed.amount for p in facts.payments or [])
    if disputed or any(f.code is FaultCode.PAYMENT_DISPUTED for f in found):
        assert chosen == []
    for one in chosen:
        assert one.plan.steps
        blocked = facts.customer is not None and facts.customer.status != "active"
        assert not blocked or {s.action for s in one.plan.steps} <= LETS_GO
        assert_consented(one, facts, context)
        assert_within_what_is_kept(one, facts)
    names = [one.name for one in chosen]
    assert FALLBACK not in names[:-1]  # what declines everything comes last


def assert_consented(one: Variant, facts: Facts, context: PlanContext) -> None:
    choices = {a.choice for a in context.asked.values()}
    live = [o for o in facts.orders or [] if o.live]
    for step in one.plan.steps:
        if step.action == "substitute_line":
            assert f"substitute:{step.arguments['to_sku']}" in choices
        if step.action == "choose_pickup":
            assert f"pickup:{step.arguments['pickup_point_id']}" in choices
        if step.action == "backorder_line":
            assert "backorder" in choices
        if step.action == "cancel_order" and len(live) > 1:
            assert "cancel_one" in choices
        if step.action == "issue_coupon" or step.arguments.get("occasion") == "abandoned_reminder":
            assert facts.customer is not None
            assert facts.customer.marketing_consent


def assert_within_what_is_kept(one: Variant, facts: Facts) -> None:
    back: Counter[str] = Counter()
    for step in one.plan.steps:
        if step.action == "refund_payment":
            back[step.arguments["payment_id"]] += step.arguments["amount"]["amount"]
    for payment in facts.payments or []:
        kept = payment.captured.amount - payment.refunded.amount  # type: ignore[union-attr]
        assert back[payment.id] <= kept

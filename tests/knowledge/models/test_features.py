"""The novelty model's features: scale-free, bounded, and worded in both languages."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.faults.unknown_anomaly.texts import TEXTS
from knowledge.models.features import FEATURES, MOST, NAMES, vector
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot, OrderView, PaymentView
from tests.knowledge.checkouts import START, Story

USUAL = {"moved": 1.0, "secured": 1.0, "asked": 1.0, "payments_taken": 1.0, "orders_live": 1.0, "times_reserved": 1.0}


def values(s: OrderSnapshot) -> dict[str, float]:
    return dict(zip(NAMES, vector(s).tolist(), strict=True))


def copy(s: OrderSnapshot) -> OrderSnapshot:
    return msgspec.convert(msgspec.to_builtins(s), OrderSnapshot)


def test_an_ordinary_order_is_ordinary() -> None:
    assert {name: value for name, value in values(Story().healthy().snapshot).items() if value} == USUAL


def test_names_are_distinct_and_worded() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    assert all(feature.unit for feature in FEATURES)
    assert {key for key in TEXTS if key.startswith("feature.")} == {f"feature.{name}" for name in NAMES}


@given(st.integers(2, 100_000))
def test_prices_do_not_matter(times: int) -> None:
    small, large = Story().healthy().snapshot, Story().healthy().snapshot
    assert large.total
    large.total = Money(large.total.amount * times, "CNY")
    for payment in large.payments.values():
        payment.amount, payment.captured = payment.amount * times, payment.captured * times
    for order in large.orders.values():
        order.total = large.total
    price = msgspec.structs.replace
    large.lines = [price(x, unit_price=Money(x.unit_price.amount * times, "CNY")) for x in large.lines or []]
    assert np.allclose(vector(small), vector(large))


@given(
    due=st.integers(0, 10**12), captured=st.integers(0, 10**12), refunded=st.integers(0, 10**12),
    status=st.sampled_from(PaymentStatus), payments=st.integers(0, 40),
    total=st.one_of(st.none(), st.integers(0, 10**9)),
)  # fmt: skip
def test_whatever_a_snapshot_says_the_features_are_finite_and_bounded(
    due: int, captured: int, refunded: int, status: PaymentStatus, payments: int, total: int | None
) -> None:
    s = OrderSnapshot(checkout_id="ck", submitted_at=START, total=Money(due, "CNY"), status="submitted")
    for n in range(payments):
        view = PaymentView(str(n), status, captured=captured, refunded=refunded, currency="CNY", amount=due)
        s.payments[view.id] = view
    s.orders["o"] = OrderView("o", total=Money(total, "CNY") if total is not None else None)
    row = vector(s)
    assert np.isfinite(row).all()
    assert np.abs(row).max() <= MOST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("refunded_live", 0.5), ("payments_lost", 2.0), ("orders_cancelled", 1.0), ("currencies", 1.0),
        ("alive_after_end", 1.0),
    ],
)  # fmt: skip
def test_what_is_odd_shows(name: str, value: float) -> None:
    s = copy(Story().healthy().snapshot)
    if name == "refunded_live":
        s.payments["p1"].refunded = 5_001
    elif name == "payments_lost":
        s.payments |= {str(n): PaymentView(str(n), PaymentStatus.FAILED) for n in range(3)}
    elif name == "orders_cancelled":
        s.orders["x"] = OrderView("x", status="cancelled")
    elif name == "currencies":
        s.fees = Money(3, "USD")
    else:
        s.status = "expired"
    assert values(s)[name] == pytest.approx(value, abs=1e-3)


def test_any_number_of_vouchers_counts_as_one() -> None:
    s = copy(Story().healthy().snapshot)
    for n in range(26):
        s.payments[str(n)] = PaymentView(str(n), PaymentStatus.CAPTURED, kind="voucher", currency="CNY", captured=1)
    assert values(s)["payments_taken"] == pytest.approx(np.log2(3))

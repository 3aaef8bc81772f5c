"""Tolerant reading: what is new or missing does no harm, what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    ReservationFact,
    ServiceabilityFact,
    StockFact,
)
from tools.connectors.reading import fact_of, facts_of, page_of

CNY = {"amount": 1999, "currency": "CNY"}
PAYMENT: dict[str, Any] = {"id": "p", "status": "captured", "kind": "money", "amount": CNY}


def test_fields_of_the_future_are_ignored_at_any_depth() -> None:
    order = fact_of(OrderFact, {
        "id": "o", "status": "created", "gift_wrap": True, "total": {**CNY, "display": "¥19.99"},
        "shipping_address": {"city": "上海", "geo": [31, 121]},
        "lines": [{"line_id": "1", "sku": "A", "quantity": 1, "unit_price": CNY, "colour": "red"}],
    })  # fmt: skip
    assert order.lines[0].sku == "A"
    assert order.shipping_address is not None
    assert order.shipping_address.city == "上海"


def test_null_is_the_same_as_missing() -> None:
    nothing: dict[str, Any] = {"lines": None, "total": None, "contact": {"email": None}, "version": None}
    checkout = fact_of(CheckoutFact, {"id": "c", "status": "open", **nothing})
    assert checkout.lines == []
    assert checkout.total is None
    assert checkout.contact is not None


def test_little_is_enough() -> None:
    assert fact_of(CustomerFact, {"id": "u"}).status == "active"
    assert fact_of(ServiceabilityFact, {"deliverable": True}).missing == []


@pytest.mark.parametrize(
    ("kind", "raw", "field"),
    [
        (OrderFact, {"id": "o", "status": "teleported"}, "order.status"),
        (CheckoutFact, {"id": "c", "status": "zombie"}, "checkout.status"),
        (ReservationFact, {"id": "r", "sku": "A", "quantity": 1, "status": "lent"}, "reservation.status"),
        (PaymentFact, {**PAYMENT, "status": "maybe"}, "status"),
        (PaymentFact, {**PAYMENT, "kind": "shells"}, "payment.kind"),
        (PaymentFact, {"id": "p", "status": "captured"}, "payment.amount"),
        (PaymentFact, {**PAYMENT, "captured": {"amount": 19.99, "currency": "CNY"}}, "captured.amount"),
        (PaymentFact, {**PAYMENT, "captured": {"amount": 1999, "currency": "yuan"}}, "captured"),
        (PaymentFact, {**PAYMENT, "authorized_until": "tomorrow"}, "authorized_until"),
        (PaymentFact, {**PAYMENT, "created_at": "2026-03-01T08:00:00"}, "payment.created_at"),
        (CouponFact, {"code": "X", "status": "golden"}, "coupon.status"),
        (CustomerFact, {"id": "u", "tier": "emperor"}, "customer.tier"),
        (ServiceabilityFact, {"deliverable": False, "reason": "mood"}, "serviceability.reason"),
        (OrderFact, {"status": "created"}, "id"),
        (OrderFact, {"id": "o"}, "order.status"),
        (StockFact, {"sku": "A", "on_hand": 3}, "stock.available"),
        (OrderFact, ["no", "object"], "order"),
        (OrderFact, {"id": "o", "status": ["created"]}, "$.status"),
    ],
)
def test_what_breaks_the_contract_is_named(kind: Any, raw: Any, field: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        fact_of(kind, raw)
    assert caught.value.code == "shop_bad_answer"
    assert field in caught.value.detail


def test_a_list_that_is_none_is_named() -> None:
    with pytest.raises(UnavailableError, match="array was expected"):
        facts_of(OrderFact, {"items": []})


def test_one_bad_item_does_not_stop_a_listing() -> None:
    page = page_of(PaymentFact, {"items": [PAYMENT, {"id": "bad", "status": "?"}, 7], "next": "n"})
    assert [payment.id for payment in page.items] == ["p"]
    assert page.next == "n"
    assert [text.split(":")[0] for text in page.unreadable] == ["bad", "None"]


@pytest.mark.parametrize("raw", [[], {"next": None}, {"items": [], "next": 7}, {"items": {}}])
def test_a_page_that_is_none_is_named(raw: Any) -> None:
    with pytest.raises(UnavailableError, match="shop_bad_answer"):
        page_of(PaymentFact, raw)

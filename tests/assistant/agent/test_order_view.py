"""The order as every system sees it: sums, the last read-back, and each kind of disagreement with its evidence."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from assistant.agent.order_view import order_view
from tests.assistant.agent.cases import ORDERS
from tests.knowledge.checkouts import START

AT = START.replace(year=START.year + 1)


def cny(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


def view(code: str, facts: dict[str, Any] | None = None) -> dict[str, Any]:
    order = ORDERS[f"example-{code.replace('_', '-')}"]
    return order_view(order | {"read_back": read(facts) if facts else None}, AT)


def read(facts: dict[str, Any]) -> dict[str, Any]:
    """A read-back as it is stored: by part."""
    parts = {name: {"at": AT.isoformat(), "value": value, "ref": None} for name, value in facts.items()}
    return {"at": AT.isoformat(), "facts": parts}


def differences(seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {d["what"]: d for d in seen["differences"]}


def test_sums_are_of_the_payments() -> None:
    money = view("partial_payment")["money"]
    assert money["due"] == cny(9800) | {"text": "98.00 CNY"}
    assert [money[name]["amount"] for name in ("captured", "left_to_pay", "kept_above_due")] == [5000, 4800, 0]


def test_what_is_kept_above_due_is_shown() -> None:
    assert view("duplicate_charge")["money"]["kept_above_due"]["amount"] > 0


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("partial_payment", "captured_and_due"),
        ("paid_order_missing", "paid_without_order"),
        ("price_mismatch", "line_price"),
        ("payment_failed_stock_held", "held_unpaid"),
        ("duplicate_charge", "captured_and_due"),
    ],
)
def test_each_fault_shows_as_a_difference_with_evidence(code: str, what: str) -> None:
    found = differences(view(code))[what]
    assert {"kind", "ref", "at"} <= found["evidence"][0].keys()


def test_events_and_shop_are_compared() -> None:
    order = ORDERS["example-paid-order-missing"]
    [payment] = order["snapshot"]["payments"]
    seen = view(
        "paid_order_missing",
        {
            "checkout": {"id": "x", "status": "expired", "total": cny(9900), "lines": []},
            "payments": [{"id": payment, "status": "failed", "amount": cny(9800)}],
            "orders": [{"id": "o-9", "status": "created", "total": cny(9800)}],
        },
    )
    found = differences(seen)
    assert found["checkout_status"]["systems"] == {"events": "submitted", "shop": "expired"}
    assert found["checkout_total"]["systems"]["shop"]["amount"] == 9900
    assert found["payment_status"]["systems"] == {"events": "captured", "shop": "failed"}
    assert found["order_status"]["systems"] == {"events": None, "shop": "created"}
    assert all(d["evidence"][0]["kind"] == "read_back" for d in (found["order_status"], found["payment_status"]))


def test_short_and_wrongly_listed_stock_is_found_and_ones_own_hold_counts() -> None:
    def stock(available: int, listed: int) -> dict[str, Any]:
        return {"stock": {"TEA-250": {"sku": "TEA-250", "on_hand": 5, "available": available, "shop_listed": listed}}}

    held = view("price_mismatch", stock(0, 0))  # two wanted, two held for this checkout
    assert "stock_short" not in differences(held)
    nothing = differences(view("paid_out_of_stock", stock(1, 4)))
    assert nothing["stock_short"]["systems"] == {"wanted": 2, "available": 1}
    assert nothing["stock_listed"]["systems"] == {"shop": 4, "inventory": 1}


def repriced(total: int, refunded: int, **order: Any) -> dict[str, Any]:
    """The paid checkout of the example, its order repriced to `total` and `refunded` paid back, as read back."""
    seen = copy.deepcopy(ORDERS["example-price-mismatch"])
    snapshot = seen["snapshot"]
    snapshot["orders"] = {"o": {"id": "o", "status": "confirmed", "total": cny(total), **order}}
    snapshot["payments"] = {
        "p": {
            "id": "p",
            "status": "captured",
            "currency": "CNY",
            "amount": 9800,
            "captured": 9800,
            "refunded": refunded,
        }
    }
    return order_view(seen, AT)


def test_a_repriced_order_whose_difference_was_refunded_leaves_nothing_to_pay() -> None:
    seen = repriced(9000, 800)
    assert (seen["money"]["left_to_pay"]["amount"], seen["money"]["kept_above_due"]["amount"]) == (0, 0)
    assert "captured_and_due" not in differences(seen)
    assert "order_total" in differences(seen)


def test_an_order_that_is_over_owes_nothing_and_what_is_kept_is_too_much() -> None:
    seen = repriced(9800, 0, status="cancelled")
    assert seen["over"] is True
    assert (seen["money"]["left_to_pay"]["amount"], seen["money"]["kept_above_due"]["amount"]) == (0, 9800)
    assert {"kept_though_over"} <= set(differences(seen)) and "paid_without_order" not in differences(seen)
    assert repriced(9800, 9800, status="cancelled")["money"]["kept_above_due"]["amount"] == 0


def test_money_that_is_authorised_is_not_still_to_pay() -> None:
    seen = copy.deepcopy(ORDERS["example-price-mismatch"])
    seen["snapshot"]["payments"] = {
        "p": {"id": "p", "status": "authorized", "currency": "CNY", "amount": 5000, "authorized": 5000}
    }
    money = order_view(seen, AT)["money"]
    assert (money["authorized"]["amount"], money["left_to_pay"]["amount"]) == (5000, 4800)


def test_who_pays_on_delivery_or_gave_up_has_nothing_left_to_pay() -> None:
    seen = copy.deepcopy(ORDERS["example-price-mismatch"])
    later = {"id": "p", "status": "authorized", "kind": "on_delivery", "currency": "CNY", "amount": 0}
    for change in ({"payments": {"p": later}}, {"payments": {}, "status": "expired"}):
        money = order_view(seen | {"snapshot": seen["snapshot"] | change}, AT)["money"]
        assert money["left_to_pay"]["amount"] == 0
    assert (
        order_view(seen | {"snapshot": seen["snapshot"] | {"payments": {}}}, AT)["money"]["left_to_pay"]["amount"]
        == 9800
    )


def test_what_happened_after_the_read_back_is_no_disagreement() -> None:
    order = ORDERS["example-paid-order-missing"]
    [payment] = order["snapshot"]["payments"]
    old = read({"payments": [{"id": payment, "status": "pending"}]}) | {"at": START.isoformat()}
    assert "payment_status" not in differences(order_view(order | {"read_back": old}, AT))


def test_a_checkout_only_the_shop_knows_is_shown_as_read() -> None:
    back = read({"checkout": {"id": "ck", "status": "open"}, "confirmed": None})
    seen = order_view({"checkout_id": "ck", "snapshot": None, "read_back": back}, AT)
    assert seen["read_back"]["checkout_status"] == "open"
    assert seen["differences"] == []

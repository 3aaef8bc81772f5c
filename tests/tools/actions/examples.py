"""An example of every action's arguments with the call that contract B asks for; shared by the tests."""

from __future__ import annotations

from typing import Any

CNY = {"amount": 1999, "currency": "CNY"}
ZERO = {"amount": 0, "currency": "CNY"}
AT = "2026-03-09T08:00:00Z"
ADDRESS = {"recipient": "王芳", "phone": "13800000000", "province": "上海市", "street": "南京东路1号"}
ORDER = {"order_id": "o-1", "version": 3}
CHECKOUT = {"checkout_id": "c-1", "version": "v9"}
MESSAGE = {
    "customer_id": "u-1",
    "checkout_id": "c-1",
    "channel": "sms",
    "language": "zh-CN",
    "text": "您的订单 o-1 缺货",
    "choices": [{"id": "substitute:B", "label": "换成 B"}, {"id": "no", "label": "不换"}],
    "dedupe_key": "case-1:ask",
}

# action → (arguments, path, body, If-Match)
EXAMPLES: dict[str, tuple[dict[str, Any], str, dict[str, Any], str | None]] = {
    "create_order": ({"checkout_id": "c-1"}, "/orders", {"checkout_id": "c-1"}, None),
    "confirm_order": (ORDER, "/orders/o-1/confirm", {}, "3"),
    "hold_order": ({**ORDER, "reason": "check"}, "/orders/o-1/hold", {"reason": "check"}, "3"),
    "unhold_order": (ORDER, "/orders/o-1/unhold", {}, "3"),
    "cancel_order": ({**ORDER, "reason": "缺货"}, "/orders/o-1/cancel", {"reason": "缺货"}, "3"),
    "cancel_lines": (
        {
            **ORDER,
            "lines": [{"line_id": "L1", "quantity": 2}],
            "reason": "out of stock",
            "expect": {"L1": 1},
        },
        "/orders/o-1/cancel-lines",
        {"lines": [{"line_id": "L1", "quantity": 2}], "reason": "out of stock"},
        "3",
    ),
    "backorder_line": (
        {**ORDER, "line_id": "L1", "expected_at": AT},
        "/orders/o-1/backorder",
        {"line_id": "L1", "expected_at": AT},
        "3",
    ),
    "substitute_line": (
        {
            **ORDER,
            "line_id": "L1",
            "to_sku": "B",
            "quantity": 1,
            "unit_price": CNY,
            "expect": {"L1": 0},
        },
        "/orders/o-1/substitute",
        {"line_id": "L1", "to_sku": "B", "quantity": 1, "unit_price": CNY},
        "3",
    ),
    "set_order_address": ({**ORDER, "address": ADDRESS}, "/orders/o-1/address", {"address": ADDRESS}, "3"),
    "choose_pickup": (
        {**ORDER, "pickup_point_id": "pp-1"},
        "/orders/o-1/pickup",
        {"pickup_point_id": "pp-1"},
        "3",
    ),
    "reprice_order": (
        {**ORDER, "lines": [{"line_id": "L1", "unit_price": CNY}], "discount": ZERO},
        "/orders/o-1/reprice",
        {"lines": [{"line_id": "L1", "unit_price": CNY}], "discount": ZERO},
        "3",
    ),
    "add_note": (
        {"order_id": "o-1", "text": "客户已同意"},
        "/orders/o-1/notes",
        {"text": "客户已同意"},
        None,
    ),
    "reprice_checkout": (
        {**CHECKOUT, "lines": [{"line_id": "L1", "unit_price": CNY}]},
        "/checkouts/c-1/reprice",
        {"lines": [{"line_id": "L1", "unit_price": CNY}]},
        "v9",
    ),
    "set_checkout_address": (
        {**CHECKOUT, "address": ADDRESS},
        "/checkouts/c-1/address",
        {"address": ADDRESS},
        "v9",
    ),
    "expire_checkout": (
        {**CHECKOUT, "reason": "payment failed"},
        "/checkouts/c-1/expire",
        {"reason": "payment failed"},
        "v9",
    ),
    "capture_payment": (
        {"payment_id": "p-1", "amount": CNY, "expected_captured": ZERO},
        "/payments/p-1/capture",
        {"amount": CNY},
        None,
    ),
    "cancel_payment": ({"payment_id": "p-1"}, "/payments/p-1/cancel", {}, None),
    "refund_payment": (
        {"payment_id": "p-1", "amount": CNY, "reason": "缺货", "expected_refunded": ZERO},
        "/payments/p-1/refund",
        {"amount": CNY, "reason": "缺货", "expected_refunded": ZERO},
        None,
    ),
    "create_payment_link": (
        {"checkout_id": "c-1", "amount": CNY},
        "/payment-links",
        {"checkout_id": "c-1", "amount": CNY},
        None,
    ),
    "cancel_payment_link": ({"link_id": "l-1"}, "/payment-links/l-1/cancel", {}, None),
    "reserve_stock": (
        {"checkout_id": "c-1", "lines": [{"sku": "A", "quantity": 2}], "held_before": {"A": 1}},
        "/reservations",
        {"checkout_id": "c-1", "lines": [{"sku": "A", "quantity": 2}]},
        None,
    ),
    "release_reservation": (
        {"reservation_id": "r-1", "checkout_id": "c-1"},
        "/reservations/r-1/release",
        {},
        None,
    ),
    "commit_reservation": ({"reservation_id": "r-1"}, "/reservations/r-1/commit", {}, None),
    "resync_stock": ({"sku": "A"}, "/stock/A/resync", {}, None),
    "release_coupon": (
        {"code": "WELCOME", "checkout_id": "c-1"},
        "/coupons/WELCOME/release",
        {"checkout_id": "c-1"},
        None,
    ),
    "issue_coupon": (
        {"customer_id": "u-1", "percent": 10, "expires_at": AT, "reason": "sorry"},
        "/coupons",
        {"customer_id": "u-1", "percent": 10, "expires_at": AT, "reason": "sorry"},
        None,
    ),
    "send_message": (MESSAGE, "/messages", MESSAGE, None),
}

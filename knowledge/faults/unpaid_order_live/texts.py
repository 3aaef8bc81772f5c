"""Wording about an order that nobody paid, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "未付款订单仍在处理",
        "en": "Order goes ahead unpaid",
    },
    "what": {
        "zh-CN": "订单 {order_id} 仍在处理，但应付的 {due} 没有任何有效付款。",
        "en": "Order {order_id} goes ahead, and nothing of the {due} due was paid.",
    },
    "cause.never_requested": {
        "zh-CN": "订单已创建，却从未发起付款。",
        "en": "The order was created, but no payment was ever requested.",
    },
    "cause.payment_failed": {
        "zh-CN": "付款均未成功，订单却没有停下。",
        "en": "Every payment failed, and the order was not stopped.",
    },
    "cause.gateway_silent": {
        "zh-CN": "支付网关逾期未答复，订单却已创建。",
        "en": "The gateway never answered about the payment, and the order was created all the same.",
    },
    "cause.authorisation_lapsed": {
        "zh-CN": "付款授权已过期，没有扣款。",
        "en": "The payment's authorisation lapsed before it was captured.",
    },
    "suggested": {
        "zh-CN": "暂停发货并请顾客付款；不付款则取消订单。",
        "en": "Stop the shipment and ask the customer to pay; cancel the order if they don't.",
    },
}

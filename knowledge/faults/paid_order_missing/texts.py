"""Wording about the order the shop never created, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "已付款但订单缺失",
        "en": "Paid, but no order",
    },
    "what": {
        "zh-CN": "结算已付款 {total}，但超过时限商城仍未生成订单。",
        "en": "The checkout was paid ({total}), but the shop has not created an order in time.",
    },
    "cause.shop_silent": {
        "zh-CN": "付款确认后，商城的订单系统没有生成订单。",
        "en": "After the payment was confirmed, the shop's order system created no order.",
    },
    "cause.no_stock": {
        "zh-CN": "库存预留失败，订单因此没有生成。",
        "en": "The stock reservation failed, so no order was created.",
    },
    "cause.free_order": {
        "zh-CN": "应付金额为零，无需付款，但订单没有生成。",
        "en": "Nothing was due, so no payment came, and no order was created either.",
    },
    "suggested": {
        "zh-CN": "补建一次订单；无法补建则全额退款。",
        "en": "Create the order once; if that is impossible, refund in full.",
    },
}

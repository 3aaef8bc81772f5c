"""Wording about a price that changed between cart and checkout, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "购物车与结算价格不一致",
        "en": "Cart and checkout prices differ",
    },
    "what": {
        "zh-CN": "按购物车价格应付 {cart_total}，结算时却为 {checkout_total}。",
        "en": "The cart's prices make {cart_total}, the checkout asks {checkout_total}.",
    },
    "cause.checkout_dearer": {
        "zh-CN": "提交时的单价高于购物车中显示的单价。",
        "en": "The unit price at submit is higher than the cart showed.",
    },
    "cause.checkout_cheaper": {
        "zh-CN": "提交时的单价低于购物车中显示的单价。",
        "en": "The unit price at submit is lower than the cart showed.",
    },
    "suggested": {
        "zh-CN": "统一为对顾客更有利的总价，多收的部分退还。",
        "en": "Make them agree at the total better for the customer and refund what was overpaid.",
    },
}

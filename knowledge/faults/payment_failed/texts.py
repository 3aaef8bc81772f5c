"""Wording about payments that failed, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "付款失败",
        "en": "Payment failed",
    },
    "what": {
        "zh-CN": "顾客付款 {attempts} 次均未成功，未占用库存，也没有订单。",
        "en": "The customer tried to pay {attempts} time(s) without success; nothing is held and there is no order.",
    },
    "cause.payment_failed": {
        "zh-CN": "付款被拒绝。",
        "en": "The payment was refused.",
    },
    "cause.payment_expired": {
        "zh-CN": "付款超时失效。",
        "en": "The payment expired.",
    },
    "cause.payment_cancelled": {
        "zh-CN": "付款被取消。",
        "en": "The payment was cancelled.",
    },
    "suggested": {
        "zh-CN": "告知顾客付款未成功，并提供重新付款的方式。",
        "en": "Tell the customer that the payment failed and offer a way to pay.",
    },
}

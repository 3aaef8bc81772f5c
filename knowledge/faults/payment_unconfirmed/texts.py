"""Wording about a payment the gateway is silent about, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "付款未获确认",
        "en": "Payment not confirmed",
    },
    "what": {
        "zh-CN": "付款 {amount} 超过时限仍未收到支付渠道的结果。",
        "en": "The gateway gave no answer about the payment of {amount} in time.",
    },
    "cause.gateway_silent": {
        "zh-CN": "支付渠道没有返回结果，或通知丢失。",
        "en": "The gateway never answered, or its notification was lost.",
    },
    "cause.requires_action": {
        "zh-CN": "付款需要顾客完成验证，尚未完成。",
        "en": "The payment waits for the customer to complete a verification.",
    },
    "suggested": {
        "zh-CN": "向支付渠道查询结果；没有结果则取消付款并告知顾客。",
        "en": "Ask the gateway for the outcome; without one cancel the payment and tell the customer.",
    },
}

"""Wording about a disputed payment, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "付款被拒付（争议中）",
        "en": "Payment disputed",
    },
    "what": {
        "zh-CN": "付款 {payment_ids} 中的 {disputed} 处于拒付争议，退款已被禁止。",
        "en": "{disputed} of payment {payment_ids} is in dispute (charge-back); refunds are blocked.",
    },
    "cause.charge_back": {
        "zh-CN": "发卡行或支付机构提出了拒付。",
        "en": "The customer's bank or payment provider raised a charge-back.",
    },
    "suggested": {
        "zh-CN": "转人工处理争议；争议未结前不退款、不继续发货。",
        "en": "A person answers the dispute; nothing is refunded or sent before it is decided.",
    },
}

"""Wording about unusual amounts, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "金额异常",
        "en": "Unusual amount",
    },
    "what": {
        "zh-CN": "本单总额 {total}，约为通常金额 {usual} 的 {times} 倍。",
        "en": "The total of {total} is about {times} times the usual {usual}.",
    },
    "cause.far_above_customer": {
        "zh-CN": "远高于该客户以往订单的水平。",
        "en": "It is far above this customer's past orders.",
    },
    "cause.far_above_category": {
        "zh-CN": "该客户的历史订单不足以比较；与同类订单相比，金额过高。",
        "en": "The customer has too few past orders to compare; it is far above comparable orders.",
    },
    "because.far_above_customer": {"zh-CN": "比较了 {n} 笔订单。", "en": "{n} orders were compared."},
    "because.far_above_category": {"zh-CN": "比较了 {n} 笔订单。", "en": "{n} orders were compared."},
    "suggested": {
        "zh-CN": "发货前由人工向客户或付款方核实。",
        "en": "A person checks with the customer or the payer before anything is sent.",
    },
}

"""Wording about times that can't be true together, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "时间记录矛盾",
        "en": "Contradictory times",
    },
    "what": {
        "zh-CN": "订单 {order_id} 的时间记录互相矛盾：{earlier} 早于 {later}。",
        "en": "The times of order {order_id} contradict each other: {earlier} lies before {later}.",
    },
    "cause.delivered_before_shipped": {
        "zh-CN": "签收时间早于发货时间。",
        "en": "It was delivered before it was shipped.",
    },
    "cause.shipped_before_order": {
        "zh-CN": "发货时间早于订单生成时间。",
        "en": "It was shipped before the order was created.",
    },
    "cause.delivered_before_order": {
        "zh-CN": "签收时间早于订单生成时间。",
        "en": "It was delivered before the order was created.",
    },
    "cause.shipped_before_submit": {
        "zh-CN": "发货时间早于提交时间。",
        "en": "It was shipped before it was submitted.",
    },
    "cause.delivered_before_submit": {
        "zh-CN": "签收时间早于提交时间。",
        "en": "It was delivered before it was submitted.",
    },
    "cause.shipped_before_payment": {
        "zh-CN": "付款确认之前就已发货。",
        "en": "It was shipped before the payment was confirmed.",
    },
    "cause.delivered_before_payment": {
        "zh-CN": "付款确认之前就已签收。",
        "en": "It was delivered before the payment was confirmed.",
    },
    "suggested": {
        "zh-CN": "转人工核对各系统的时间记录。",
        "en": "A person compares the systems' records.",
    },
}

"""Wording about a payment that covers only a part, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "仅支付了部分款项",
        "en": "Only partly paid",
    },
    "what": {
        "zh-CN": "应付 {due}，仅收到 {captured}，尚差 {short}，且没有后续付款。",
        "en": "{due} was due and {captured} was taken; {short} is missing and nothing more is coming.",
    },
    "cause.rest_failed": {
        "zh-CN": "其余款项支付失败。",
        "en": "The payment of the rest failed.",
    },
    "cause.rest_never_requested": {
        "zh-CN": "其余款项没有发起支付。",
        "en": "The rest was never requested.",
    },
    "suggested": {
        "zh-CN": "请顾客补付余款；不补则全额退款。",
        "en": "Collect the rest by a payment link, or refund what was taken.",
    },
}

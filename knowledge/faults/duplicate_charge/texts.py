"""Wording about a charge made twice, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "重复扣款",
        "en": "Charged twice",
    },
    "what": {
        "zh-CN": "应付 {due}，重复扣款多收了 {excess}。",
        "en": "{due} was due; a repeated charge took {excess} too much.",
    },
    "cause.second_payment": {
        "zh-CN": "同一结算有两笔付款都扣款成功。",
        "en": "Two payments of the same checkout were both captured.",
    },
    "cause.captured_twice": {
        "zh-CN": "同一笔付款被扣款两次。",
        "en": "One payment was captured twice.",
    },
    "suggested": {
        "zh-CN": "退还多余的一笔付款，并告知顾客。",
        "en": "Refund the redundant payment, and tell the customer.",
    },
}

"""Wording about slightly inaccurate addresses, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "地址略有偏差",
        "en": "Slightly inaccurate address",
    },
    "what": {
        "zh-CN": "地址可以配送，但承运商有更准确的写法，涉及：{fields}。",
        "en": "The address can be delivered to, but the carrier writes it better; it is about: {fields}.",
    },
    "cause.postcode_mismatch": {
        "zh-CN": "邮政编码与所在地区不符。",
        "en": "The postcode belongs to another place.",
    },
    "cause.street_unclear": {
        "zh-CN": "街道门牌不够清楚。",
        "en": "The street or number is not clear.",
    },
    "suggested": {
        "zh-CN": "采用承运商的规范写法；地点会改变时先请顾客确认。",
        "en": "Take the carrier's form; where the place would change, the customer confirms it first.",
    },
}

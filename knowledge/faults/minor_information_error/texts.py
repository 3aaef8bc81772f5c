"""Wording about small errors in delivery information, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "收货信息小错误",
        "en": "Small error in the delivery information",
    },
    "what": {
        "zh-CN": "收货信息可以直接更正，涉及：{fields}。",
        "en": "The delivery information can be corrected without asking; it is about: {fields}.",
    },
    "cause.postcode_format": {
        "zh-CN": "邮政编码格式不对。",
        "en": "The postcode is badly written.",
    },
    "cause.postcode_mismatch": {
        "zh-CN": "邮政编码与所在地区不符，承运商不受理。",
        "en": "The postcode belongs to another place, and the carrier won't take it.",
    },
    "cause.phone_format": {
        "zh-CN": "电话号码格式不对。",
        "en": "The phone number is badly written.",
    },
    "cause.fields_swapped": {
        "zh-CN": "有字段填反了。",
        "en": "Two fields are swapped.",
    },
    "suggested": {
        "zh-CN": "按承运商的写法更正，并复核。",
        "en": "Correct it as the carrier writes it, and check again.",
    },
}

"""Wording about what is missing to deliver, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "收货信息不完整",
        "en": "Delivery address or contact incomplete",
    },
    "what": {
        "zh-CN": "配送所需信息不完整，缺少：{missing}。",
        "en": "Delivery information is incomplete; missing: {missing}.",
    },
    "cause.carrier_says": {
        "zh-CN": "承运商无法受理该地址，指出信息缺失。",
        "en": "The carrier refused the address as incomplete.",
    },
    "cause.no_address": {
        "zh-CN": "需要配送，但提交时没有收货地址。",
        "en": "Something must be shipped, but no address was given at submit.",
    },
    "cause.no_contact": {
        "zh-CN": "缺少收件人或联系电话。",
        "en": "The recipient or the phone number is missing.",
    },
    "cause.address_incomplete": {
        "zh-CN": "收货地址缺少必要字段。",
        "en": "The address lacks fields that delivery needs.",
    },
    "suggested": {
        "zh-CN": "能唯一推断的字段自动补全，其余请顾客补充。",
        "en": "Complete what is uniquely implied and ask the customer for exactly what is missing.",
    },
}

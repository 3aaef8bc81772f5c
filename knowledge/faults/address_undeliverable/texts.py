"""Wording about addresses that can't be served, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "收货地超出配送范围",
        "en": "Destination not served by any carrier",
    },
    "what": {
        "zh-CN": "收货地址填写完整，但承运商不配送到该地址。",
        "en": "The address is complete, but no carrier delivers to it.",
    },
    "cause.no_carrier": {
        "zh-CN": "没有承运商服务该地区。",
        "en": "No carrier serves the area.",
    },
    "cause.street_unclear": {
        "zh-CN": "承运商找不到该街道门牌，无法配送。",
        "en": "The carrier can't find the street or number and won't deliver.",
    },
    "suggested": {
        "zh-CN": "请顾客选择最近的自提点或更换地址；否则取消并退款。",
        "en": "Offer the nearest pickup points or another address; failing that cancel and refund.",
    },
}

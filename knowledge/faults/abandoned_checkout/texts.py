"""Wording about a checkout the customer left, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "结算中途放弃",
        "en": "Abandoned checkout",
    },
    "what": {
        "zh-CN": "顾客在付款前离开了结算（{at_risk}），没有占用库存。",
        "en": "The customer left the checkout ({at_risk}) before paying; nothing is held.",
    },
    "cause.left_before_paying": {
        "zh-CN": "已提交结算，但没有发起付款。",
        "en": "The checkout was submitted but no payment was started.",
    },
    "cause.left_before_submit": {
        "zh-CN": "已开始结算，但没有提交。",
        "en": "The checkout was started but never submitted.",
    },
    "suggested": {
        "zh-CN": "在顾客同意接收营销信息的前提下，礼貌提醒一次。",
        "en": "One polite reminder, if the customer consented to marketing.",
    },
}

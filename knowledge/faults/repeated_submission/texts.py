"""Wording about a basket that is submitted again and again, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "反复提交未付款",
        "en": "Submitted again and again",
    },
    "what": {
        "zh-CN": "顾客在 {minutes} 分钟内提交同一购物车 {submits} 次，均未付款成功。",
        "en": "The customer submitted the same basket {submits} times within {minutes} minutes and no payment "
        "was accepted.",
    },
    "cause.payments_fail": {
        "zh-CN": "顾客多次尝试付款，均未被受理。",
        "en": "The customer tries to pay, and no payment is accepted.",
    },
    "cause.never_paid": {
        "zh-CN": "提交后没有进入付款，结算页可能有问题，或顾客不清楚如何继续。",
        "en": "No payment begins after the submit: the checkout page may be failing, or it is unclear how to go on.",
    },
    "suggested": {
        "zh-CN": "主动联系顾客，提供付款链接或其他付款方式。",
        "en": "Reach out to the customer with a payment link or another way to pay.",
    },
}

"""Wording about a coupon that went wrong, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "优惠券异常",
        "en": "Coupon misapplied",
    },
    "what": {
        "zh-CN": "优惠券 {coupon_code} 应减 {expected}，实际减免 {given}。",
        "en": "Coupon {coupon_code} should take off {expected}; {given} was taken off.",
    },
    "cause.invalid": {
        "zh-CN": "优惠券无效。",
        "en": "The coupon is not valid.",
    },
    "cause.expired": {
        "zh-CN": "优惠券已过期。",
        "en": "The coupon has expired.",
    },
    "cause.used_elsewhere": {
        "zh-CN": "优惠券已被另一笔结算使用。",
        "en": "The coupon was used by another checkout.",
    },
    "cause.not_eligible": {
        "zh-CN": "该顾客或商品不符合优惠券的使用条件。",
        "en": "The customer or the goods are not eligible for the coupon.",
    },
    "cause.discount_missing": {
        "zh-CN": "优惠券有效，却没有减免。",
        "en": "The coupon is valid, but nothing was taken off.",
    },
    "cause.discount_wrong": {
        "zh-CN": "优惠券有效，但减免少于应减金额。",
        "en": "The coupon is valid, but less was taken off than it gives.",
    },
    "suggested": {
        "zh-CN": "补足应减金额；优惠券无效时如实告知顾客并按政策补偿。",
        "en": "Give the discount that is due; where the coupon doesn't count, say so and make good within the policy.",
    },
}

"""What the customer is told about a coupon: that its discount counts now, or why it can't."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "coupon_applied": {
        "zh-CN": "您在 {reference} 使用的优惠券此前没有正确抵扣，现已更正，总额为 {total}，不会向您多收。",
        "en": "The coupon you used for {reference} had not been applied correctly. It has been corrected: "
        "the total is {total}, and you will not be charged more than that.",
    },
    "coupon_applied_refund": {
        "zh-CN": "您在 {reference} 使用的优惠券此前没有正确抵扣，现已更正，总额为 {total}。多付的 {refund} 已办理"
        "退款，将按原支付方式退回。",
        "en": "The coupon you used for {reference} had not been applied correctly. It has been corrected: "
        "the total is {total}, and {refund} has been refunded to your original payment method.",
    },
    "coupon_refused": {
        "zh-CN": "您在 {reference} 填写的优惠券未能使用：{why}您提交时确认的金额没有变化。",
        "en": "The coupon you entered for {reference} could not be used: {why} The amount you agreed to when "
        "you ordered has not changed.",
    },
    "coupon_refused_given": {
        "zh-CN": "您在 {reference} 填写的优惠券未能使用：{why}您提交时确认的金额没有变化。作为补偿，我们已向您的"
        "账户发放一张专属优惠券。",
        "en": "The coupon you entered for {reference} could not be used: {why} The amount you agreed to when "
        "you ordered has not changed. To make up for it, we have put an exclusive coupon into your account.",
    },
    "coupon_refused_gift": {
        "zh-CN": "您在 {reference} 填写的优惠券未能使用：{why}您提交时确认的金额没有变化。作为补偿，送您一张价值 "
        "{gift} 的专属优惠券：{code}。",
        "en": "The coupon you entered for {reference} could not be used: {why} The amount you agreed to when "
        "you ordered has not changed. To make up for it, here is an exclusive coupon worth {gift}: {code}.",
    },
}

WHY: dict[str, dict[str, str]] = {
    "expired": {"zh-CN": "优惠券已过期。", "en": "it has expired."},
    "used": {"zh-CN": "优惠券已被使用。", "en": "it has been used already."},
    "not_eligible": {"zh-CN": "优惠券不适用于本次购买。", "en": "it does not apply to this purchase."},
    "unknown": {"zh-CN": "没有找到该优惠券。", "en": "we do not know this coupon."},
    "rejected": {"zh-CN": "优惠券不满足使用条件。", "en": "its conditions are not met."},
}

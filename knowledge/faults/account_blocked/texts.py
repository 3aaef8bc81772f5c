"""Wording about an account that is not active, in Chinese and English; never why: customers may come to see it."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "账户状态异常",
        "en": "Account not active",
    },
    "what": {
        "zh-CN": "下单账户当前不可用，订单需要人工核查。",
        "en": "The account behind this purchase is not active; a person has to look at the order.",
    },
    "cause.account_not_active": {
        "zh-CN": "客户系统显示该账户不可用。",
        "en": "The customer system says that the account is not active.",
    },
    "suggested": {
        "zh-CN": "转人工处理；不向顾客透露原因，核查前不发货、不退款。",
        "en": "A person decides; the customer is not told why, and nothing is sent or refunded before.",
    },
}

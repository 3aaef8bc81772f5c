"""What the customer is told when a payment failed, and why it did."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "pay_again": {
        "zh-CN": "您的 {reference} 付款未成功：{why}没有向您扣款。您可以通过以下链接重新付款，也可换用其他支付"
        "方式：{link} 。如不需要，请忽略或选择“不用了”。",
        "en": "Your payment for {reference} did not succeed: {why} You were not charged. You can pay again "
        "here, by another payment method too: {link} . If you do not need it, choose “No, thanks” or "
        "ignore this message.",
    },
    "payment_over": {
        "zh-CN": "您的 {reference} 付款未成功：{why}没有向您扣款。付款时间已过，如仍需购买，请重新下单。",
        "en": "Your payment for {reference} did not succeed: {why} You were not charged. The time to pay has "
        "passed; if you still want the goods, please place a new order.",
    },
}

WHY: dict[str, dict[str, str]] = {
    "funds": {
        "zh-CN": "账户余额不足。",
        "en": "there was not enough money in the account.",
    },
    "card": {
        "zh-CN": "卡片信息有误或卡片已失效。",
        "en": "the card has expired or its details were not right.",
    },
    "limit": {
        "zh-CN": "超出了该支付方式的限额。",
        "en": "the amount is above the limit of this payment method.",
    },
    "authentication": {
        "zh-CN": "身份验证未完成。",
        "en": "the bank's security check was not completed.",
    },
    "technical": {
        "zh-CN": "支付系统暂时出现故障。",
        "en": "the payment system had a technical problem.",
    },
    "not_finished": {
        "zh-CN": "付款没有在规定时间内完成。",
        "en": "it was not completed in time.",
    },
    "declined": {
        "zh-CN": "银行或支付机构未通过这笔付款。",
        "en": "the bank or payment provider did not accept it.",
    },
}

"""What the customer is told when an amount was brought back to what was agreed."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "amount_refunded": {
        "zh-CN": "您的订单 {reference} 应付 {total}，我们多收了 {refund}。多收的款项已办理退款，将按原支付方式"
        "退回，订单不受影响。给您带来不便，敬请谅解。",
        "en": "{total} was due for {reference}, and we took {refund} too much. It has been refunded to "
        "your original payment method; your order is not affected. We are sorry for the trouble.",
    },
    "amount_returned": {
        "zh-CN": "您的订单 {reference} 应付 {total}，我们曾多收款项，现已全部办理退款，将按原支付方式退回，"
        "订单不受影响。给您带来不便，敬请谅解。",
        "en": "{total} was due for {reference}, and we had taken more. All of that has been refunded to "
        "your original payment method; your order is not affected. We are sorry for the trouble.",
    },
    "total_corrected": {
        "zh-CN": "您的订单 {reference} 的总额与您提交时确认的金额不一致，现已更正为 {total}，不会向您多收。",
        "en": "The total of {reference} differed from what you agreed to when you ordered. It has been "
        "corrected to {total}, and you will not be charged more than that.",
    },
    "total_corrected_refund": {
        "zh-CN": "您的订单 {reference} 的总额与您提交时确认的金额不一致，现已更正为 {total}。多收的 {refund} "
        "已办理退款，将按原支付方式退回。",
        "en": "The total of {reference} differed from what you agreed to when you ordered. It has been "
        "corrected to {total}, and the {refund} taken too much has been refunded to your original "
        "payment method.",
    },
}

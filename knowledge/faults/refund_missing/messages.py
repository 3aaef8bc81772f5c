"""What the customer is told when a refund that was owed is made at last."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "refund_made_good": {
        "zh-CN": "您的订单 {reference} 已结束，但款项此前没有退还。我们现已办理退款 {refund}，将按原支付"
        "方式退回，您无需任何操作。给您带来不便，敬请谅解。",
        "en": "Your purchase {reference} has ended, but your money had not been returned. We have now "
        "refunded {refund} to your original payment method; you need not do anything. We are sorry "
        "for the delay.",
    },
}

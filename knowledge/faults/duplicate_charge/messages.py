"""What the customer is told when a second charge goes back."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "duplicate_refunded": {
        "zh-CN": "您的订单 {reference} 被重复扣款。多收的 {refund} 已办理退款，将按原支付方式退回，订单不受"
        "影响，您无需任何操作。给您带来不便，敬请谅解。",
        "en": "You were charged more than once for {reference}. The {refund} taken too much has been "
        "refunded to your original payment method. Your order is not affected and you need not do "
        "anything. We are sorry for the trouble.",
    },
    "duplicate_returned": {
        "zh-CN": "您的订单 {reference} 被重复扣款。多收的款项已全部办理退款，将按原支付方式退回，订单不受"
        "影响，您无需任何操作。给您带来不便，敬请谅解。",
        "en": "You were charged more than once for {reference}. Everything taken too much has been "
        "refunded to your original payment method. Your order is not affected and you need not do "
        "anything. We are sorry for the trouble.",
    },
}

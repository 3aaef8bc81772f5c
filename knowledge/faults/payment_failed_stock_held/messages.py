"""What the customer is told when a payment failed and the goods go back on sale."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "payment_failed_retry": {
        "zh-CN": "您的结账 {reference} 付款未成功，没有向您扣款，为您预留的商品已重新开放销售。如仍需"
        "购买，请回到结账页重新付款，或换用其他支付方式。",
        "en": "The payment for your checkout {reference} did not succeed. You were not charged, "
        "and the goods that were held for you are on sale again. If you still want them, please "
        "return to the checkout and pay again, or use another payment method.",
    },
    "payment_failed": {
        "zh-CN": "您的结账 {reference} 付款未成功，没有向您扣款，为您预留的商品已重新开放销售。如仍需"
        "购买，请重新下单。",
        "en": "The payment for your checkout {reference} did not succeed. You were not charged, "
        "and the goods that were held for you are on sale again. If you still want them, please "
        "place a new order.",
    },
}

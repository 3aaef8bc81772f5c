"""What the customer is told when a payment was never confirmed."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "not_confirmed_retry": {
        "zh-CN": "您的结账 {reference} 的付款一直未获支付机构确认，我们已将其取消，没有向您扣款。如仍"
        "需购买，请回到结账页重新付款，或换用其他支付方式。",
        "en": "The payment for your checkout {reference} was never confirmed by the payment "
        "provider. We have cancelled it and nothing was taken. If you still want the goods, please "
        "return to the checkout and pay again, or use another payment method.",
    },
    "not_confirmed": {
        "zh-CN": "您的结账 {reference} 的付款一直未获支付机构确认，我们已将其取消，没有向您扣款。如仍"
        "需购买，请重新下单。",
        "en": "The payment for your checkout {reference} was never confirmed by the payment "
        "provider. We have cancelled it and nothing was taken. If you still want the goods, please "
        "place a new order.",
    },
}

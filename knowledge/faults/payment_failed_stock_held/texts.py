"""Wording about stock held for a payment that failed, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "付款失败但库存仍被占用",
        "en": "Payment failed, stock still held",
    },
    "what": {
        "zh-CN": "付款没有成功，且已过重试时间，但库存（{skus}）仍为该结算保留。",
        "en": "The payment failed and the time to retry has passed, but stock ({skus}) is still held.",
    },
    "cause.payment_failed": {
        "zh-CN": "支付渠道拒绝了付款，预留的库存没有释放。",
        "en": "The gateway declined the payment and the reservation was not released.",
    },
    "cause.payment_expired": {
        "zh-CN": "付款超时失效，预留的库存没有释放。",
        "en": "The payment expired and the reservation was not released.",
    },
    "cause.payment_cancelled": {
        "zh-CN": "付款已取消，预留的库存没有释放。",
        "en": "The payment was cancelled and the reservation was not released.",
    },
    "cause.checkout_ended": {
        "zh-CN": "结算或订单已结束，预留的库存没有释放。",
        "en": "The checkout or order ended and the reservation was not released.",
    },
    "suggested": {
        "zh-CN": "释放预留的库存，并告知顾客原因。",
        "en": "Release the stock and tell the customer why.",
    },
}

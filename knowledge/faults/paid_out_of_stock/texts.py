"""Wording about goods that were paid and aren't there, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "已付款但缺货",
        "en": "Paid, but out of stock",
    },
    "what": {
        "zh-CN": "结算已付款 {total}，但库存不足以发出所购商品（{skus}）。",
        "en": "The checkout was paid ({total}), but stock can't cover what was bought ({skus}).",
    },
    "cause.reservation_failed": {
        "zh-CN": "库存预留失败，之后也没有预留成功。",
        "en": "The stock reservation failed and never succeeded later.",
    },
    "cause.reservation_lost": {
        "zh-CN": "已预留的库存被释放或过期，付款却仍然有效。",
        "en": "The reserved stock was released or expired while the payment stands.",
    },
    "suggested": {
        "zh-CN": "重新预留库存；不够时征得顾客同意后换货、拆单、延期发货或退款。",
        "en": "Reserve again; failing that substitute, split, back-order or refund, as the customer agrees.",
    },
}

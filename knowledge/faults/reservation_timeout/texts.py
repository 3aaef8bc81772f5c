"""Wording about stock that was never set aside, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "库存预留超时",
        "en": "Stock not reserved in time",
    },
    "what": {
        "zh-CN": "超过 {waited_minutes} 分钟仍没有为商品（{skus}）预留库存。",
        "en": "No stock was set aside for {skus} within {waited_minutes} minutes.",
    },
    "cause.not_reserved_after_submit": {
        "zh-CN": "提交之后，库存系统既没有预留，也没有报告缺货。",
        "en": "After submit the inventory system neither reserved nor said that anything was missing.",
    },
    "cause.not_reserved_after_payment": {
        "zh-CN": "付款之后，库存系统既没有预留，也没有报告缺货。",
        "en": "After payment the inventory system neither reserved nor said that anything was missing.",
    },
    "suggested": {
        "zh-CN": "重新预留库存；库存不足时按缺货处理。",
        "en": "Reserve the stock now; where it is short, treat it as out of stock.",
    },
}

"""Wording about a basket ordered twice, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "重复下单",
        "en": "Ordered twice",
    },
    "what": {
        "zh-CN": "顾客在 {minutes} 分钟内对同一购物车下单并付款两次：订单 {other_order_id} 与 {order_id}。",
        "en": "The customer ordered and paid the same basket twice within {minutes} min: orders "
        "{other_order_id} and {order_id}.",
    },
    "cause.same_basket_twice": {
        "zh-CN": "同一顾客短时间内提交了内容相同、地址相同的两个订单，可能是误操作。",
        "en": "The same customer placed two orders of the same goods to the same address within a short time, "
        "probably by mistake.",
    },
    "suggested": {
        "zh-CN": "询问顾客是否需要两单；如为误下，经顾客同意后取消其中一单并退款。",
        "en": "Ask the customer whether both are wanted; if not, cancel and refund one with their consent.",
    },
}

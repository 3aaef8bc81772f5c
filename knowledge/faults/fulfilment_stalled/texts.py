"""Wording about a paid order that doesn't move, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "履约停滞",
        "en": "Fulfilment stalled",
    },
    "what": {
        "zh-CN": "订单 {order_id} 已付款，却没有按期进入下一步。",
        "en": "Order {order_id} is paid, but its next step did not come in time.",
    },
    "cause.never_confirmed": {
        "zh-CN": "订单创建后一直没有确认。",
        "en": "The order was created and never confirmed.",
    },
    "cause.on_hold": {
        "zh-CN": "订单一直处于暂停状态。",
        "en": "The order was put on hold and left there.",
    },
    "cause.late": {
        "zh-CN": "订单已确认，但逾期未发货。",
        "en": "The order is confirmed, and its shipment is overdue.",
    },
    "cause.shipment_exception": {
        "zh-CN": "承运商报告了异常，至今没有解决。",
        "en": "The carrier reported a problem that nothing has resolved since.",
    },
    "suggested": {
        "zh-CN": "催办仓库或承运商，推进订单，并告知顾客新的时间。",
        "en": "Get the warehouse or carrier moving, and tell the customer the new date.",
    },
}

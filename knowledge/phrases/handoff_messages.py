"""What the customer is told when a person takes their case over, and when it is settled before that person wrote.

A phrase that is named like a reason for a hand-off (BY_REASON) says first how the order stands: one message, not two.
"""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "handed_off_subject": {
        "zh-CN": "关于 {order}：已有专人跟进",
        "en": "About {order}: a colleague is looking after it",
    },
    "handed_off": {
        "zh-CN": "您好，{order} 已由我们的同事专人跟进，此前的情况和沟通都已交接清楚，您无需重复说明。我们最迟于 "
        "{expected_by}给您答复。如有补充，直接回复这条消息即可。",
        "en": "A colleague is looking after {order} now. They have the whole story, so you need not repeat "
        "anything. You will hear from us by {expected_by} at the latest. If you would like to add something, just "
        "reply to this message.",
    },
    "shipment_late_subject": {
        "zh-CN": "关于 {order}：发货晚于预期，已有专人跟进",
        "en": "About {order}: it is late, and a colleague is looking after it",
    },
    "shipment_late": {
        "zh-CN": "您的订单 {order} 晚于预期，目前尚未发货，抱歉让您久等。"
        "已由我们的同事专人跟进，您无需重复说明。我们最迟于 {expected_by}给您答复。如有补充，直接回复这条消息即可。",
        "en": "Your order {order} is later than expected and has not been shipped yet. We are sorry that you have to "
        "wait. A colleague is looking after it now, and you need not repeat anything. You will hear from us by "
        "{expected_by} at the latest. If you would like to add something, just reply to this message.",
    },
    "left_on_hold_subject": {
        "zh-CN": "关于 {order}：订单暂停中，已有专人跟进",
        "en": "About {order}: it is on hold, and a colleague is looking after it",
    },
    "left_on_hold": {
        "zh-CN": "您的订单 {order} 目前处于暂停状态，尚未发货，抱歉让您久等。"
        "已由我们的同事专人跟进，您无需重复说明。我们最迟于 {expected_by}给您答复。如有补充，直接回复这条消息即可。",
        "en": "Your order {order} is on hold at the moment and has not been shipped. We are sorry that you have to "
        "wait. A colleague is looking after it now, and you need not repeat anything. You will hear from us by "
        "{expected_by} at the latest. If you would like to add something, just reply to this message.",
    },
    "shipment_exception_subject": {
        "zh-CN": "关于 {order}：配送遇到问题，已有专人跟进",
        "en": "About {order}: a delivery problem, and a colleague is looking after it",
    },
    "shipment_exception": {
        "zh-CN": "承运商报告，您的订单 {order} 的配送遇到问题，目前还没有解决，抱歉给您带来不便。"
        "已由我们的同事专人跟进，您无需重复说明。我们最迟于 {expected_by}给您答复。如有补充，直接回复这条消息即可。",
        "en": "The carrier reports a problem with the delivery of your order {order} that is not resolved yet. We are "
        "sorry for the inconvenience. A colleague is looking after it now, and you need not repeat anything. You will "
        "hear from us by {expected_by} at the latest. If you would like to add something, just reply to this message.",
    },
    "settled_subject": {"zh-CN": "关于 {order}：已处理完毕", "en": "About {order}: it is settled"},
    "settled": {
        "zh-CN": "您好，此前转交专人跟进的 {order} 现已恢复正常，您无需任何操作。如仍有疑问，直接回复这条消息即可。",
        "en": "The matter with {order} that we had passed to a colleague is settled: everything is in order again, and "
        "there is nothing you need to do. If you still have a question, just reply to this message.",
    },
}

BY_REASON = ("shipment_late", "left_on_hold", "shipment_exception")
"""Reasons for a hand-off that have a phrase of their own; all others are told as `handed_off`."""

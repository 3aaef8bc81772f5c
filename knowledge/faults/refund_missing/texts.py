"""Wording about a refund that never came, in Chinese and English."""

from __future__ import annotations

TEXTS: dict[str, dict[str, str]] = {
    "title": {
        "zh-CN": "已取消但未退款",
        "en": "Cancelled, money not refunded",
    },
    "what": {
        "zh-CN": "结算或订单已结束，仍有 {kept} 没有退还顾客。",
        "en": "The checkout or order is over, and {kept} has not been returned to the customer.",
    },
    "cause.cancelled_without_refund": {
        "zh-CN": "取消后没有发起退款。",
        "en": "No refund was started after the cancellation.",
    },
    "cause.late_capture": {
        "zh-CN": "结算结束之后才扣款成功。",
        "en": "The money was captured after the checkout had ended.",
    },
    "suggested": {
        "zh-CN": "全额退还仍未退的款项，并告知顾客。",
        "en": "Refund everything that is still kept, and tell the customer.",
    },
}

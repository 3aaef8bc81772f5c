"""What a customer is asked and told who seems to have ordered the same twice."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "ordered_twice": {
        "zh-CN": "您在短时间内下了两张内容相同的订单：{other} 和 {reference}。如果是误下，请选择取消后一单 "
        "{reference}，我们会全额退款；如果两单都需要，请选择都保留，不选择则按原样发货。",
        "en": "You placed two orders of the same goods within a short time: {other} and {reference}. If "
        "that was a mistake, choose to cancel {reference} and we will refund it in full. If you want "
        "both, choose to keep both; without an answer both are delivered as ordered.",
    },
    "ordered_again": {
        "zh-CN": "您在短时间内再次下了内容相同的订单 {reference}。如果是误下，请选择取消 {reference}，我们会"
        "全额退款；如果两单都需要，请选择都保留，不选择则按原样发货。",
        "en": "You ordered the same goods again within a short time: {reference}. If that was a mistake, "
        "choose to cancel {reference} and we will refund it in full. If you want both, choose to keep "
        "both; without an answer both are delivered as ordered.",
    },
    "both_kept": {
        "zh-CN": "好的，两张订单都会照常为您处理，包括 {reference}。",
        "en": "Both orders will be delivered as ordered, {reference} among them. Thank you for telling us.",
    },
    "one_cancelled": {
        "zh-CN": "按您的选择，订单 {reference} 已取消，没有向您扣款。另一张订单照常处理。",
        "en": "As you chose, order {reference} has been cancelled; you were not charged for it. Your other "
        "order goes on as it was.",
    },
    "one_cancelled_refund": {
        "zh-CN": "按您的选择，订单 {reference} 已取消，{refund} 已办理全额退款，将按原支付方式退回。另一张订单"
        "照常处理。",
        "en": "As you chose, order {reference} has been cancelled and {refund} has been refunded to your "
        "original payment method. Your other order goes on as it was.",
    },
}

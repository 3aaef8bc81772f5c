"""What the customer is asked and told about an address no carrier serves."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "ask_pickup": {
        "zh-CN": "很抱歉，没有承运商能把您的订单 {reference} 送到所填的地址。"
        "您可以选择到附近的自提点取货、改用其他地址，或取消。",
        "en": "We are sorry: no carrier delivers your order {reference} to the address you gave. You can fetch it at "
        "a pickup "
        "point nearby, give another address, or cancel.",
    },
    "ask": {
        "zh-CN": "很抱歉，没有承运商能把您的订单 {reference} 送到所填的地址，附近也没有自提点。"
        "您可以改用其他地址，或取消。",
        "en": "We are sorry: no carrier delivers your order {reference} to the address you gave, and there is no "
        "pickup point "
        "nearby. You can give another address, or cancel.",
    },
    "ask_other": {
        "zh-CN": "好的，请在订单页面更正订单 {reference} 的收货地址。",
        "en": "Thank you. Please enter the other address for your order {reference} on your order page.",
    },
    "pickup_set": {
        "zh-CN": "订单 {reference} 已按您的选择改为到自提点取货。",
        "en": "Your order {reference} now goes to the pickup point you chose.",
    },
    "cancelled_refund": {
        "zh-CN": "很抱歉，您的订单 {reference} 因无法送达已取消。已付的 {refund} 已办理退款，将按原支付方式退回。",
        "en": "We are sorry: your order {reference} can't be delivered and has been cancelled. A refund of {refund} "
        "has "
        "been issued to your original payment method.",
    },
    "cancelled": {
        "zh-CN": "很抱歉，您的订单 {reference} 因无法送达已取消，没有向您扣款。",
        "en": "We are sorry: your order {reference} can't be delivered and has been cancelled. You were not charged.",
    },
}

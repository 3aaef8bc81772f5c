"""What the customer is asked and told about an order that nobody has paid."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "pay_order": {
        "zh-CN": "您的订单 {reference} 尚有 {rest} 未支付，我们已暂缓发货。请点击以下链接付款：{link} 。付款后"
        "订单会立即继续处理；如不再需要，请选择取消。若未付款，订单将被取消，不会向您扣款。",
        "en": "{rest} of your order {reference} is not paid yet, so we have put it on hold. You can pay "
        "it here: {link} . The order goes on as soon as it is paid. If you no longer want it, choose "
        "to cancel; if it is not paid, we will cancel it and charge nothing.",
    },
    "pay_order_unheld": {
        "zh-CN": "您的订单 {reference} 尚有 {rest} 未支付。请点击以下链接付款：{link} 。如不再需要，请选择取消。"
        "若未付款，订单将被取消，不会向您扣款。",
        "en": "{rest} of your order {reference} is not paid yet. You can pay it here: {link} . If you no longer "
        "want it, choose to cancel; if it is not paid, we will cancel it and charge nothing.",
    },
    "unpaid_cancelled": {
        "zh-CN": "订单 {reference} 未付款，现已取消，没有向您扣款。如仍需购买，请重新下单。",
        "en": "Order {reference} was not paid and has been cancelled. You were not charged. If you still "
        "want the goods, please place a new order.",
    },
    "unpaid_cancelled_refund": {
        "zh-CN": "订单 {reference} 未付清，现已取消。您已支付的款项合计 {refund} 已办理退款，将按原支付方式退回。",
        "en": "Order {reference} was not paid in full and has been cancelled. Everything you paid, {refund} "
        "in total, has been refunded to your original payment method.",
    },
}

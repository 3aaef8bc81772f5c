"""What a customer who has not paid yet is told about goods that are not there."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "sold_out": {
        "zh-CN": "很抱歉，您的订单 {reference} 中的{items}目前缺货，尚未扣款。您可以修改购物车，或取消。",
        "en": "We are sorry: we do not have enough of {items} for {reference} at the moment. You have not been "
        "charged. You can "
        "change the basket, or cancel.",
    },
    "sold_out_alternatives": {
        "zh-CN": "很抱歉，您的订单 {reference} 中的{items}目前缺货，尚未扣款。"
        "有货的类似商品：{alternatives}。您可以修改购物车，或取消。",
        "en": "We are sorry: we do not have enough of {items} for {reference} at the moment. You have not been "
        "charged. Similar "
        "products in stock: {alternatives}. You can change the basket, or cancel.",
    },
    "closed": {
        "zh-CN": "很抱歉，您的订单 {reference} 因缺货已取消，没有扣款。您可以改选其他商品，重新下单。",
        "en": "We are sorry: {reference} has been cancelled because the goods are out of stock. You were not "
        "charged. If "
        "you like, choose other goods and order again.",
    },
    "closed_refund": {
        "zh-CN": "很抱歉，您的订单 {reference} 因缺货已取消。已付的 {refund} 已办理退款，将按原支付方式退回。",
        "en": "We are sorry: {reference} has been cancelled because the goods are out of stock. A refund of {refund} "
        "has "
        "been issued to your original payment method.",
    },
}

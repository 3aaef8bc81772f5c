"""What the customer is told when a price was corrected."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "price_corrected": {
        "zh-CN": "您的订单 {reference} 在购物车与结账页显示的价格不一致，我们已按对您更优惠的价格更"
        "正。应付总额为 {total}，不会向您多收。",
        "en": "Cart and checkout showed different prices for {reference}. We have corrected it to "
        "the price that is better for you: the total is {total}, and you will not be charged more "
        "than that.",
    },
    "price_corrected_refund": {
        "zh-CN": "您的订单 {reference} 在购物车与结账页显示的价格不一致，我们已按对您更优惠的价格更"
        "正，总额为 {total}。多付的款项合计 {refund} 已办理退款，将按原支付方式退回。",
        "en": "Cart and checkout showed different prices for {reference}. We have corrected it to "
        "the price that is better for you: the total is {total}, and {refund} in total has been "
        "refunded to your original payment method.",
    },
}

"""What the customer is told when only a part was paid."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "pay_rest": {
        "zh-CN": "您的订单 {reference} 已收到 {captured}，还差 {rest}。请点击以下链接支付余款："
        "{link} 。如果您不想继续购买，请选择取消；如果余款未支付，我们会取消订单并退还已付款项。",
        "en": "We have received {captured} for {reference}; {rest} is still open. You can pay it "
        "here: {link} . If you no longer want the goods, choose to cancel; if the rest is not "
        "paid, we will cancel and refund what you paid.",
    },
    "cancelled_refund": {
        "zh-CN": "订单 {reference} 的余款未支付，现已取消。您已支付的款项合计 {refund} 已办理退款，将"
        "按原支付方式退回。",
        "en": "The rest of {reference} was not paid, so it has been cancelled. Everything you "
        "paid, {refund} in total, has been refunded to your original payment method.",
    },
}

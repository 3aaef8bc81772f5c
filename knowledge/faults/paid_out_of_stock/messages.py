"""What the customer is told when goods they paid for are missing."""

from __future__ import annotations

MESSAGES: dict[str, dict[str, str]] = {
    "ask": {
        "zh-CN": "很抱歉，您已付款的订单 {reference} 中的「{item}」有 {quantity} 件暂时缺货。请选择您"
        "希望的处理方式；如果我们没有收到您的选择，将为无法供货的部分办理退款。",
        "en": "We are sorry: {quantity} × “{item}” of your paid order {reference} is out of stock. "
        "Please choose what you would like. If we do not hear from you, we will refund what we "
        "can't supply.",
    },
    "ask_gift": {
        "zh-CN": "很抱歉，您已付款的订单 {reference} 中的「{item}」有 {quantity} 件暂时缺货。请选择您"
        "希望的处理方式；如果您接受替代商品，我们另外赠送您一张 {gift} 的专属优惠券。如果我们没有收到您的选择，将为无法"
        "供货的部分办理退款。",
        "en": "We are sorry: {quantity} × “{item}” of your paid order {reference} is out of stock. "
        "Please choose what you would like. If you take a substitute, you also get an exclusive coupon worth "
        "{gift}. If we do not hear from you, we will refund what we can't supply.",
    },
    "gift": {
        "zh-CN": "感谢您为订单 {reference} 接受替代商品：您的专属优惠券 {code}（价值 {gift}）已发放，下次购物时可用。",
        "en": "Thank you for taking a substitute in your order {reference}: your exclusive coupon {code}, worth "
        "{gift}, is ready for your next purchase.",
    },
    "gift_given": {
        "zh-CN": "感谢您为订单 {reference} 接受替代商品：价值 {gift} 的专属优惠券已存入您的账户，下次购物时可用。",
        "en": "Thank you for taking a substitute in your order {reference}: an exclusive coupon worth {gift} is in "
        "your account for your next purchase.",
    },
    "substituted": {
        "zh-CN": "已按您的选择更换订单 {reference} 中的缺货商品，订单总额为 {total}，您无需再付款。",
        "en": "As you chose, the missing item of your order {reference} has been replaced. The "
        "total is {total}; there is nothing more to pay.",
    },
    "substituted_refund": {
        "zh-CN": "已按您的选择更换订单 {reference} 中的缺货商品，订单总额为 {total}。差额已办理退款，"
        "合计 {refund}，将按原支付方式退回。",
        "en": "As you chose, the missing item of your order {reference} has been replaced. The "
        "total is {total}. A refund of {refund} in total has been issued to your original payment "
        "method.",
    },
    "backordered": {
        "zh-CN": "已按您的选择为订单 {reference} 中的「{item}」登记到货后发出，预计到货日期为 "
        "{expected_on}。您无需再付款。",
        "en": "As you chose, “{item}” of your order {reference} is on back-order and expected on "
        "{expected_on}. There is nothing more to pay.",
    },
    "cut": {
        "zh-CN": "订单 {reference} 中的缺货商品已取消，其余商品照常处理。订单总额现为 {total}，您只需承担这一金额。",
        "en": "The missing goods have been taken off your order {reference}; the rest goes ahead. "
        "The total is now {total}, and you will not be charged more than that.",
    },
    "cut_refund": {
        "zh-CN": "订单 {reference} 中的缺货商品已取消，其余商品照常处理。订单总额现为 {total}；退款合"
        "计 {refund}，将按原支付方式退回。",
        "en": "The missing goods have been taken off your order {reference}; the rest goes ahead. "
        "The total is now {total}, and a refund of {refund} in total has been issued to your "
        "original payment method.",
    },
    "changed": {
        "zh-CN": "订单 {reference} 已按您的选择调整，总额现为 {total}，您无需再付款。",
        "en": "Your order {reference} has been changed as discussed. The total is now {total}; "
        "there is nothing more to pay.",
    },
    "changed_refund": {
        "zh-CN": "订单 {reference} 已按您的选择调整，总额现为 {total}；退款合计 {refund}，将按原支付方式退回。",
        "en": "Your order {reference} has been changed as discussed. The total is now {total}, and "
        "a refund of {refund} in total has been issued to your original payment method.",
    },
    "back_in_stock": {
        "zh-CN": "好消息：订单 {reference} 的商品已重新备好，订单将按原样继续处理，您无需任何操作。",
        "en": "Good news: the goods for your order {reference} have been set aside after all. It "
        "goes ahead as you placed it; there is nothing you need to do.",
    },
    "cancelled_refund": {
        "zh-CN": "很抱歉，订单 {reference} 因缺货无法供货，现已取消。您支付的款项合计 {refund} 已办理"
        "退款，将按原支付方式退回。",
        "en": "We are sorry: your order {reference} can't be supplied and has been cancelled. "
        "Everything you paid, {refund} in total, has been refunded to your original payment method.",
    },
    "cancelled_uncharged": {
        "zh-CN": "很抱歉，订单 {reference} 因缺货无法供货，现已取消。我们没有向您扣款，如有付款授权也已撤销。",
        "en": "We are sorry: your order {reference} can't be supplied and has been cancelled. You "
        "were not charged, and any authorisation of a payment has been released.",
    },
}

"""What the chat tells a customer of their own case, of what was done and promised, and of their requests.

A sentence says what is wrong as the customer would notice it. What is ours to look into, a dispute, and why an account
is blocked are never told.
"""

from __future__ import annotations

from knowledge.vocabulary.codes import FaultCode

Words = dict[str, str]

_CHECKING: Words = {
    "zh-CN": "这笔订单的部分信息还需要核对。",
    "en": "Some details of this order have yet to be confirmed.",
}

WRONG: dict[str, Words] = {
    FaultCode.PAID_OUT_OF_STOCK: {
        "zh-CN": "您已付款，但部分商品目前缺货。",
        "en": "You have paid, but some of the goods are out of stock.",
    },
    FaultCode.PAID_ORDER_MISSING: {
        "zh-CN": "您已付款，但订单没有成功生成。",
        "en": "You have paid, but the order was not created.",
    },
    FaultCode.DUPLICATE_CHARGE: {
        "zh-CN": "这笔订单可能被重复扣款了。",
        "en": "You seem to have been charged twice for this order.",
    },
    FaultCode.AMOUNT_MISMATCH: {
        "zh-CN": "实收金额与订单应付金额不一致。",
        "en": "The amount taken and the total of this order don't agree.",
    },
    FaultCode.PARTIAL_PAYMENT: {
        "zh-CN": "目前只收到部分货款，还有余款未付。",
        "en": "Only part of the amount has been paid so far.",
    },
    FaultCode.REFUND_MISSING: {
        "zh-CN": "订单已取消，但应退的款项还没有退回。",
        "en": "The order was cancelled, but the money that is due back to you has not been returned yet.",
    },
    FaultCode.UNPAID_ORDER_LIVE: {
        "zh-CN": "订单已生成，但我们没有收到付款。",
        "en": "The order exists, but we have not received a payment for it.",
    },
    FaultCode.PAYMENT_DISPUTED: _CHECKING,
    FaultCode.PAYMENT_FAILED_STOCK_HELD: {"zh-CN": "付款没有成功。", "en": "The payment did not go through."},
    FaultCode.PAYMENT_FAILED: {"zh-CN": "付款没有成功。", "en": "The payment did not go through."},
    FaultCode.PAYMENT_UNCONFIRMED: {
        "zh-CN": "支付机构还没有确认您的付款结果。",
        "en": "The payment provider has not told us yet whether your payment went through.",
    },
    FaultCode.RESERVATION_TIMEOUT: {
        "zh-CN": "商品的库存没有及时为您留住。",
        "en": "The goods could not be set aside for you in time.",
    },
    FaultCode.COUPON_MISAPPLIED: {
        "zh-CN": "优惠券没有正确生效。",
        "en": "The coupon was not applied as it should have been.",
    },
    FaultCode.PRICE_MISMATCH: {
        "zh-CN": "购物车里的价格与结算价格不一致。",
        "en": "The price in the cart and the price at checkout differ.",
    },
    FaultCode.INCOMPLETE_INFORMATION: {
        "zh-CN": "收货信息不完整，暂时无法发货。",
        "en": "Part of the delivery information is missing, so the order can't be sent yet.",
    },
    FaultCode.ADDRESS_UNDELIVERABLE: {
        "zh-CN": "快递暂时无法送达这个收货地址。",
        "en": "No carrier delivers to this address.",
    },
    FaultCode.ACCOUNT_BLOCKED: _CHECKING,
    FaultCode.STOCK_INCONSISTENT: _CHECKING,
    FaultCode.UNUSUAL_AMOUNT: _CHECKING,
    FaultCode.REPEATED_SUBMISSION: {
        "zh-CN": "您多次提交了同一购物车，但还没有付款成功。",
        "en": "The same basket was submitted several times without a payment.",
    },
    FaultCode.DUPLICATE_ORDER: {
        "zh-CN": "您可能重复下了同一笔订单。",
        "en": "This looks like the same order twice.",
    },
    FaultCode.FULFILMENT_STALLED: {
        "zh-CN": "这笔订单的进度比预期慢了。",
        "en": "This order is running later than expected.",
    },
    FaultCode.MINOR_INFORMATION_ERROR: {
        "zh-CN": "收货信息里有一处小的格式问题。",
        "en": "There is a small mistake in the delivery information.",
    },
    FaultCode.ADDRESS_INACCURATE: {
        "zh-CN": "收货地址写得不够准确。",
        "en": "The delivery address is not quite accurate.",
    },
    FaultCode.ABANDONED_CHECKOUT: {
        "zh-CN": "这次结算还没有完成付款。",
        "en": "This checkout was not finished.",
    },
    FaultCode.TIMELINE_CONTRADICTION: _CHECKING,
    FaultCode.UNKNOWN_ANOMALY: _CHECKING,
}
"""What is wrong, by fault."""

_CHECKED: Words = {
    "zh-CN": "这笔订单的部分信息此前需要核对。",
    "en": "Some details of this order had to be confirmed.",
}

WAS: dict[str, Words] = {
    FaultCode.PAID_OUT_OF_STOCK: {
        "zh-CN": "您付款后，部分商品一度缺货。",
        "en": "Some of the goods you had paid for were out of stock.",
    },
    FaultCode.PAID_ORDER_MISSING: {
        "zh-CN": "您付款后，订单当时没有成功生成。",
        "en": "You had paid, but the order was not created at first.",
    },
    FaultCode.DUPLICATE_CHARGE: {
        "zh-CN": "这笔订单此前被重复扣款。",
        "en": "You had been charged twice for this order.",
    },
    FaultCode.AMOUNT_MISMATCH: {
        "zh-CN": "此前实收金额与订单应付金额不一致。",
        "en": "The amount taken and the total of this order did not agree.",
    },
    FaultCode.PARTIAL_PAYMENT: {
        "zh-CN": "此前只收到了部分货款。",
        "en": "Only part of the amount had been paid.",
    },
    FaultCode.REFUND_MISSING: {
        "zh-CN": "订单取消后，应退的款项当时没有及时退回。",
        "en": "After the order was cancelled, the money due back to you was not returned in time.",
    },
    FaultCode.UNPAID_ORDER_LIVE: {
        "zh-CN": "订单生成后，我们一直没有收到付款。",
        "en": "The order existed, but no payment had come in for it.",
    },
    FaultCode.PAYMENT_DISPUTED: _CHECKED,
    FaultCode.PAYMENT_UNCONFIRMED: {
        "zh-CN": "您的付款结果此前迟迟没有得到支付机构确认。",
        "en": "It took the payment provider a while to say whether your payment had gone through.",
    },
    FaultCode.RESERVATION_TIMEOUT: {
        "zh-CN": "商品的库存当时没有及时为您留住。",
        "en": "The goods could not be set aside for you in time.",
    },
    FaultCode.COUPON_MISAPPLIED: {
        "zh-CN": "优惠券此前没有正确生效。",
        "en": "The coupon had not been applied as it should have been.",
    },
    FaultCode.PRICE_MISMATCH: {
        "zh-CN": "此前购物车里的价格与结算价格不一致。",
        "en": "The price in the cart and the price at checkout did not match.",
    },
    FaultCode.INCOMPLETE_INFORMATION: {
        "zh-CN": "此前收货信息不完整。",
        "en": "Part of the delivery information was missing.",
    },
    FaultCode.ADDRESS_UNDELIVERABLE: {
        "zh-CN": "原来的收货地址快递无法送达。",
        "en": "No carrier delivered to the address first given.",
    },
    FaultCode.ACCOUNT_BLOCKED: _CHECKED,
    FaultCode.STOCK_INCONSISTENT: _CHECKED,
    FaultCode.UNUSUAL_AMOUNT: _CHECKED,
    FaultCode.REPEATED_SUBMISSION: {
        "zh-CN": "您此前多次提交了同一购物车，但没有付款成功。",
        "en": "The same basket had been submitted several times without a payment.",
    },
    FaultCode.DUPLICATE_ORDER: {
        "zh-CN": "此前看起来像是重复下了同一笔订单。",
        "en": "It had looked like the same order twice.",
    },
    FaultCode.FULFILMENT_STALLED: {
        "zh-CN": "这笔订单的进度一度比预期慢。",
        "en": "This order had been running later than expected.",
    },
    FaultCode.MINOR_INFORMATION_ERROR: {
        "zh-CN": "收货信息里原来有一处小的格式问题。",
        "en": "There was a small mistake in the delivery information.",
    },
    FaultCode.ADDRESS_INACCURATE: {
        "zh-CN": "原来的收货地址写得不够准确。",
        "en": "The delivery address was not quite accurate.",
    },
    FaultCode.TIMELINE_CONTRADICTION: _CHECKED,
    FaultCode.UNKNOWN_ANOMALY: _CHECKED,
}
"""What was wrong, once it is over; where a fault has no words here, those of `WRONG` do."""

NEXT: dict[str, Words] = {
    "us": {"zh-CN": "我们正在自动处理，您暂时无需操作。", "en": "We are working on it; you need not do anything."},
    "customer": {"zh-CN": "我们在等您的答复。", "en": "We are waiting for your answer."},
    "approval": {
        "zh-CN": "处理方案正在由同事确认。",
        "en": "A colleague has to confirm what is to be done.",
    },
    "person": {"zh-CN": "目前由{owner}负责跟进。", "en": "It is with {owner} now."},
    "person_by": {
        "zh-CN": "目前由{owner}负责跟进，最迟{by}给您答复。",
        "en": "It is with {owner} now; you will hear from us by {by} at the latest.",
    },
    "repaired": {"zh-CN": "现在已经处理好了。", "en": "This has been put right."},
    "self_cleared": {"zh-CN": "现在已恢复正常。", "en": "Everything is in order now."},
    "cancelled": {"zh-CN": "订单已取消，款项已退。", "en": "The order was cancelled and refunded."},
    "ended": {"zh-CN": "这件事已告一段落。", "en": "This matter is closed."},
    "no_fault": {
        "zh-CN": "订单本身没有发现问题。",
        "en": "We have found nothing wrong with the order itself.",
    },
}
"""What happens now, by whose turn it is or how it ended."""

DEEDS: dict[str, Words] = {
    "backorder_line": {"zh-CN": "缺货商品已改为预订", "en": "the missing goods were put on back-order"},
    "cancel_lines": {"zh-CN": "缺货商品已从订单中取消", "en": "the missing goods were taken off the order"},
    "cancel_order": {"zh-CN": "订单已取消", "en": "the order was cancelled"},
    "cancel_payment": {
        "zh-CN": "未完成的付款已取消，不会扣款",
        "en": "the open payment was cancelled; nothing is charged",
    },
    "choose_pickup": {"zh-CN": "已改为到自提点取货", "en": "delivery was changed to a pickup point"},
    "confirm_order": {"zh-CN": "订单已确认", "en": "the order was confirmed"},
    "create_order": {"zh-CN": "订单已为您补建", "en": "the order was created for you"},
    "create_payment_link": {"zh-CN": "付款链接已生成", "en": "a payment link was made"},
    "expire_checkout": {"zh-CN": "这次结算已关闭", "en": "the checkout was closed"},
    "hold_order": {"zh-CN": "订单已暂停发货", "en": "the order was put on hold"},
    "issue_coupon": {"zh-CN": "已向您发放优惠券", "en": "a coupon was issued to you"},
    "refund_payment": {"zh-CN": "已提交退款 {amount}", "en": "a refund of {amount} was submitted"},
    "reprice_checkout": {"zh-CN": "结算价格已更正", "en": "the price at checkout was corrected"},
    "reprice_order": {"zh-CN": "订单价格已更正", "en": "the price of the order was corrected"},
    "reserve_stock": {"zh-CN": "商品已为您预留", "en": "the goods were set aside for you"},
    "set_checkout_address": {"zh-CN": "收货地址已更新", "en": "the delivery address was updated"},
    "set_order_address": {"zh-CN": "订单收货地址已更新", "en": "the order's delivery address was updated"},
    "substitute_line": {"zh-CN": "缺货商品已更换", "en": "the missing goods were substituted"},
    "unhold_order": {"zh-CN": "订单已恢复", "en": "the order was taken off hold"},
}
"""What was done, by action; what a customer has no reason to hear of has no words here."""

PROMISED: dict[str, Words] = {
    "answer": {"zh-CN": "最迟{by}给您答复", "en": "you will hear from a colleague by {by}"},
    "outcome": {"zh-CN": "最迟{by}会有处理结果", "en": "this will be settled by {by}"},
    "refund": {"zh-CN": "退款最迟{by}原路到账", "en": "the refund arrives by {by} where you paid from"},
    "delivery": {"zh-CN": "缺货商品最迟{by}发出", "en": "the back-ordered goods are sent by {by}"},
    "by_hand": {"zh-CN": "{text}（最迟{by}）", "en": "{text} (by {by})"},
}
"""What was promised, by kind."""

REQUESTS: dict[str, tuple[str, str]] = {
    "cancel": ("取消订单", "cancel the order"),
    "refund": ("退款", "a refund"),
    "change_address": ("修改收货地址", "another delivery address"),
    "change_item": ("更换商品", "other goods"),
    "other": ("其他诉求", "something else"),
}
"""What a customer asks for, as staff read it: Chinese, English."""

SAID: dict[str, Words] = {
    "answer_taken": {
        "zh-CN": "好的，已收到您的选择：{label}。我们会按此处理，有结果会告诉您。",
        "en": "Thank you, we have your answer: {label}. It is being handled accordingly.",
    },
    "answer_again": {
        "zh-CN": "您之前已经选择了：{label}，无需重复操作。",
        "en": "You have chosen this before: {label}. There is nothing more you need to do.",
    },
    "rated": {"zh-CN": "感谢您的评价！", "en": "Thank you for your rating!"},
    "already_answered": {
        "zh-CN": "这个问题之前已经收到过您的答复，以第一次的答复为准。",
        "en": "This question was answered before; the first answer counts.",
    },
    "order_not_found": {
        "zh-CN": "在您的账户下没有找到这笔订单。",
        "en": "There is no such order in your account.",
    },
    "question_not_found": {
        "zh-CN": "没有找到这个待答复的问题。",
        "en": "There is no such open question.",
    },
    "invalid_choice": {
        "zh-CN": "可选的答复有：{labels}。",
        "en": "You can choose one of these: {labels}.",
    },
    "not_taken": {
        "zh-CN": "抱歉，暂时没能记下来，请稍后再试。",
        "en": "Sorry, this could not be taken just now. Please try again in a moment.",
    },
    "address_taken": {
        "zh-CN": "新的收货信息已收到，核对无误后就用它配送。",
        "en": "We have your delivery information. It is checked before it is used.",
    },
    "address_same": {
        "zh-CN": "这与我们现有的收货信息一致。",
        "en": "This is the delivery information we have already.",
    },
    "invalid_address": {
        "zh-CN": "这份收货信息有误：{detail}。",
        "en": "Something is wrong with this delivery information: {detail}.",
    },
    "passed_on": {
        "zh-CN": "您的消息已转达给{owner}，同事会直接在这里回复您，最迟{by}。",
        "en": "{owner} has your message and will answer you here, by {by} at the latest.",
    },
    "taken_up": {
        "zh-CN": "{owner}已接手，正在查看您的情况，稍后会在这里回复您。",
        "en": "{owner} is looking after this now and will answer you here.",
    },
    "back": {
        "zh-CN": "人工服务已结束，接下来由智能助手继续为您服务。",
        "en": "Our colleague has finished here. The assistant is at your service again.",
    },
}
"""The service's own sentences in a conversation."""

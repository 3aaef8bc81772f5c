"""What customers are told about their orders: states, payments, refunds, times; every fact is a parameter."""

from __future__ import annotations

ORDERS: dict[str, dict[str, str]] = {
    "no_orders": {
        "zh-CN": "您的账户下目前没有查到订单。",
        "en": "I can't find any order in your account.",
    },
    "not_yours": {
        "zh-CN": "在您的账户下没有查到订单 {ref}，麻烦您核对一下订单号。",
        "en": "I can't find an order {ref} in your account. Could you check the number?",
    },
    "which_order": {
        "zh-CN": "您有几笔订单，请问是哪一笔？",
        "en": "You have several orders. Which one is it about?",
    },
    "which_item": {"zh-CN": "{place}. {label}", "en": "{place}. {label}"},
    "head": {
        "zh-CN": "您的订单 {ref}（{goods}）目前{status}，合计 {total}。",
        "en": "Your order {ref} ({goods}, {total} in total) {status}.",
    },
    "head.no_order": {
        "zh-CN": "您的这笔购买 {ref}（{goods}，合计 {total}）目前还没有生成订单。",
        "en": "For your purchase {ref} ({goods}, {total} in total) there is no order yet.",
    },
    "head.unsubmitted": {
        "zh-CN": "您的 {ref}（{goods}，合计 {total}）还没有提交。",
        "en": "Your purchase {ref} ({goods}, {total} in total) has not been submitted yet.",
    },
    "head.over": {
        "zh-CN": "您的这笔购买 {ref}（{goods}，合计 {total}）{status}，没有生成订单。如仍需要，请重新下单。",
        "en": "Your purchase {ref} ({goods}, {total} in total) {status}, and no order came of it. If you still want "
        "the goods, please order again.",
    },
    "head.unknown": {
        "zh-CN": "您的订单 {ref}（{goods}，合计 {total}），目前的状态我这边看不到。",
        "en": "I can't see the present state of your order {ref} ({goods}, {total} in total).",
    },
    "status.created": {"zh-CN": "已下单，等待确认", "en": "has been placed and is waiting to be confirmed"},
    "status.confirmed": {"zh-CN": "已确认，等待发货", "en": "is confirmed and waiting to be shipped"},
    "status.on_hold": {"zh-CN": "处于暂停状态", "en": "is on hold"},
    "status.shipped": {"zh-CN": "已发货", "en": "has been shipped"},
    "status.delivered": {"zh-CN": "显示已送达", "en": "is shown as delivered"},
    "status.cancelled": {"zh-CN": "已取消", "en": "has been cancelled"},
    "status.expired": {"zh-CN": "已过期", "en": "has expired"},
    "known_late": {
        "zh-CN": "（商城系统暂时没有响应，这是上一次读到的情况。）",
        "en": "(The shop's system isn't answering just now; this is what it said last.)",
    },
    "done": {"zh-CN": "目前{what}。", "en": "So far {what}."},
    "done.over": {"zh-CN": "处理结果：{what}。", "en": "What was done: {what}."},
    "promised": {"zh-CN": "我们承诺：{what}。", "en": "You have our word: {what}."},
    "unchanged": {"zh-CN": "暂时没有新的变化。", "en": "There is nothing new yet."},
    "expected.us": {"zh-CN": "这一步的时限是 {at}。", "en": "The deadline for this step is {at}."},
    "expected.person": {
        "zh-CN": "现在由{owner}跟进，时限是 {at}。",
        "en": "{owner} is looking after it; the deadline for the answer is {at}.",
    },
    "expected.customer": {"zh-CN": "目前在等您的答复。", "en": "It is waiting for your answer."},
    "expected.customer_by": {
        "zh-CN": "目前在等您的答复，截止时间是 {at}。",
        "en": "It is waiting for your answer; please reply by {at}.",
    },
    "colleague": {"zh-CN": "同事", "en": "a colleague"},
    "nothing_wrong": {
        "zh-CN": "这笔订单我没有看到异常。",
        "en": "I see nothing wrong with this order.",
    },
    # -- when ---------------------------------------------------------------------------------------------------------
    "ship.expected": {"zh-CN": "预计发货时间：{at}。", "en": "Expected shipping date: {at}."},
    "ship.unknown": {
        "zh-CN": "系统里暂时没有预计发货时间，我不想给您一个不准的日期。",
        "en": "There is no shipping date on record yet, and I don't want to give you one that may be wrong.",
    },
    "ship.sent": {
        "zh-CN": "具体哪天送到我这边看不到，麻烦您看一下物流信息。",
        "en": "I can't see the day of delivery here; the carrier's tracking has it.",
    },
    "ship.overdue": {
        "zh-CN": "原定 {at} 发货，目前还没有发出。",
        "en": "It was due to ship by {at} and has not been sent yet.",
    },
    "ship.held": {
        "zh-CN": "订单目前是暂停状态，恢复之前没有确定的发货时间。",
        "en": "The order is on hold, so there is no firm shipping date at the moment.",
    },
    # -- money --------------------------------------------------------------------------------------------------------
    "refund.done": {"zh-CN": "付款 {amount}：已退 {refunded}。", "en": "Payment of {amount}: {refunded} refunded."},
    "refund.pending": {
        "zh-CN": "付款 {amount}：有 {pending} 的退款在处理，还没有到账。",
        "en": "Payment of {amount}: a refund of {pending} is pending and has not arrived yet.",
    },
    "refund.none": {
        "zh-CN": "这笔订单目前没有退款记录。",
        "en": "There is no refund on record for this order.",
    },
    "refund.not_charged": {
        "zh-CN": "我这边没有看到成功的付款，也没有退款记录。",
        "en": "I see no successful payment for this order, and no refund on record.",
    },
    "payments.head": {"zh-CN": "付款情况：", "en": "The payments I can see:"},
    "payments.item": {"zh-CN": "- {amount}，{status}", "en": "- {amount}, {status}"},
    "payments.none": {
        "zh-CN": "这笔订单我没有看到任何付款记录。",
        "en": "I can't see any payment for this order.",
    },
    "payments.failed": {
        "zh-CN": "付款没有成功。",
        "en": "The payment did not go through.",
    },
    "payments.taken_no_order": {
        "zh-CN": "您的付款 {amount} 我这边看到了，但订单还没有生成。",
        "en": "I can see your payment of {amount}, but there is no order for it yet.",
    },
    "charged.nothing": {
        "zh-CN": "这笔订单我没有看到成功的付款。",
        "en": "I can see no successful payment for this order.",
    },
    "charged.once": {
        "zh-CN": "成功的付款只有一笔：{amount}。",
        "en": "I can see one successful payment only: {amount}.",
    },
    "charged.more": {
        "zh-CN": "成功的付款有 {count} 笔：{amounts}。",
        "en": "I can see {count} successful payments: {amounts}.",
    },
    "total": {"zh-CN": "这笔订单的合计是 {total}。", "en": "The total of this order is {total}."},
    "prices": {"zh-CN": "- {title} × {quantity}，单价 {price}", "en": "- {title} × {quantity}, {price} each"},
    "coupon.nothing": {
        "zh-CN": "我这边没有看到优惠券异常的记录。",
        "en": "I see no coupon problem on record.",
    },
    "price.nothing": {
        "zh-CN": "我这边没有看到价格异常的记录，订单里的价格是：",
        "en": "I see no price problem on record. The prices in the order are:",
    },
    "pay.link": {"zh-CN": "您可以在这里完成付款：{link}", "en": "You can pay here: {link}"},
    "pay.over": {
        "zh-CN": "这次结算已经过期，没法再付款了。如仍需要，请重新下单。",
        "en": "This checkout has expired and can't be paid any more. If you still want the goods, please order again.",
    },
    "pay.none": {
        "zh-CN": "这笔订单我这边没有待付款的链接。",
        "en": "I have no payment link for this order.",
    },
    # -- alternatives -------------------------------------------------------------------------------------------------
    "options.head": {"zh-CN": "您可以选择：", "en": "You can choose:"},
    "options.all": {
        "zh-CN": "目前能为您提供的就是这些：",
        "en": "These are all the options I have at the moment:",
    },
    "options.which": {"zh-CN": "请问您想选哪一项？", "en": "Which of these would you like?"},
    "options.item": {"zh-CN": "{place}. {label}", "en": "{place}. {label}"},
    "options.ask": {
        "zh-CN": "点一下按钮，或者回复序号就可以。",
        "en": "Tap a button, or just reply with the number.",
    },
    "options.none": {
        "zh-CN": "这笔订单目前没有可以选择的替换商品。",
        "en": "I have no replacement to offer for this order at the moment.",
    },
    "question.link": {"zh-CN": "您也可以在这里处理：{link}", "en": "You can also do it here: {link}"},
}  # fmt: skip

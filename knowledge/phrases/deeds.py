"""What steps did, why one did not work, and what customers chose, in a word or three; `labels` shows them."""

from __future__ import annotations

Words = tuple[str, str]
"""Chinese, English."""

# `effect` in the case says in full what a step does.
DEEDS: dict[str, Words] = {
    "add_note": ("添加备注", "note added"),
    "backorder_line": ("改为预订", "back-ordered"),
    "cancel_lines": ("取消缺货商品", "missing lines cancelled"),
    "cancel_order": ("取消订单", "order cancelled"),
    "cancel_payment": ("取消付款", "payment cancelled"),
    "cancel_payment_link": ("作废付款链接", "payment link withdrawn"),
    "capture_payment": ("完成扣款", "payment captured"),
    "choose_pickup": ("改为自提", "pickup chosen"),
    "commit_reservation": ("占用库存", "stock committed"),
    "confirm_order": ("确认订单", "order confirmed"),
    "create_order": ("补建订单一次", "order created once"),
    "create_payment_link": ("生成补款链接", "payment link made"),
    "expire_checkout": ("关闭结算", "checkout closed"),
    "hold_order": ("暂停订单", "order put on hold"),
    "issue_coupon": ("发放优惠券", "coupon issued"),
    "refund_payment": ("退款", "refunded"),
    "release_coupon": ("释放优惠券", "coupon released"),
    "release_reservation": ("释放库存", "stock released"),
    "reprice_checkout": ("结算改为较优价格", "checkout gets the better price"),
    "reprice_order": ("订单改为较优价格", "order gets the better price"),
    "reserve_stock": ("预留库存", "stock reserved"),
    "resync_stock": ("同步库存", "stock figure set right"),
    "send_message": ("告知顾客", "customer told"),
    "set_checkout_address": ("补全结算地址", "address completed"),
    "set_order_address": ("补全订单地址", "order's address completed"),
    "substitute_line": ("换货", "substituted"),
    "unhold_order": ("解除暂停", "order taken off hold"),
    "by_human": ("人工处理", "handled by a person"),
    "none": ("未作处理", "nothing was done"),
}

# Why a call came to nothing: the shop contract's codes and our own.
REFUSALS: dict[str, Words] = {
    "already_cancelled": ("已经取消", "it is cancelled already"),
    "already_confirmed": ("已经确认", "it is confirmed already"),
    "checkout_expired": ("结算已失效", "the checkout has expired"),
    "circuit_open": ("连续无响应，暂停调用", "it failed too often and is left alone for a moment"),
    "connection": ("连接失败", "no connection"),
    "exceeds_captured": ("超出实收金额", "more than was captured"),
    "gateway_down": ("支付机构无响应", "the payment provider does not answer"),
    "key_reused": ("幂等键已用于其他请求", "the key was used for another request"),
    "no_definite_answer": ("没有明确答复", "no definite answer"),
    "not_found": ("不存在", "it does not exist"),
    "not_implemented": ("不支持", "it is not supported"),
    "not_paid": ("尚未付款", "it is not paid"),
    "order_exists": ("订单已存在", "there is an order already"),
    "out_of_stock": ("缺货", "out of stock"),
    "refunded_changed": ("期间已有其他退款", "somebody else refunded meanwhile"),
    "stale_version": ("期间有变动", "it has changed meanwhile"),
    "timeout": ("超时", "it took too long"),
    "unavailable": ("暂不可用", "it is unavailable"),
}

# By the id's part before the colon; the rest names the product or place.
CHOICES: dict[str, Words] = {
    "backorder": ("等待到货", "wait for it"),
    "cancel_one": ("取消一单并退款", "cancel one and refund it"),
    "keep": ("保留", "keep it"),
    "keep_both": ("两单都要", "keep both"),
    "no_cancel": ("不再需要，取消", "no, cancel it"),
    "no_other": ("填写其他地址", "no, another address"),
    "no_other_address": ("改用其他地址", "another address"),
    "no_refund": ("不需要，取消并退款", "no, cancel and refund"),
    "no_thanks": ("不用了", "no, thanks"),
    "pickup": ("到自提点取货", "fetch it at a pickup point"),
    "substitute": ("换货", "take a substitute"),
    "use_address": ("使用账户中保存的地址", "use the saved address"),
}

# Why a message did not reach its customer.
NOT_TOLD: dict[str, Words] = {
    "no_channel": ("没有可用的联系渠道", "no channel is allowed, or no address is known"),
    "no_messaging": ("商城不发送消息，也没有其他可用渠道", "the shop sends no messages, and there is no other way"),
    "no_carrier": ("该渠道已停用", "this channel is no longer connected"),
    "not_backed": ("内容与系统记录不符，已拦下", "it says what the records do not show, and was stopped"),
    "channel_refused": ("各渠道均拒收", "every channel refused it"),
    "opted_out": ("顾客已退订", "the customer has opted out"),
    "customer_erased": ("顾客资料已删除", "the customer's data was erased"),
    "address_unsupported": ("邮件服务器不支持该地址", "the mail server can't handle this address"),
    "content_refused": ("内容被拒收", "its content was refused"),
    "domain_unknown": ("邮箱域名不存在", "the address's domain does not exist"),
    "empty": ("消息内容为空", "there was no text"),
    "expired": ("长时间未能送达，已放弃", "it could not be delivered for too long"),
    "invalid_address": ("地址或号码无效", "the address or number is not valid"),
    "mailbox_disabled": ("邮箱已停用", "the mailbox is disabled"),
    "mailbox_full": ("邮箱已满", "the mailbox is full"),
    "mailbox_unknown": ("邮箱不存在", "there is no such mailbox"),
    "number_unknown": ("号码不存在", "there is no such number"),
    "refused": ("被拒收", "it was refused"),
    "too_large": ("邮件过大", "the letter is too large"),
    "too_long": ("短信过长", "the text is too long"),
    "undeliverable": ("无法投递", "it can't be delivered"),
    "undelivered": ("运营商未能送达", "the carrier could not deliver it"),
    "unavailable": ("服务暂不可用", "the service is unavailable"),
}

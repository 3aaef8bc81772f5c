"""Which writes can't be taken back, and why; previews, plans and undo all say the same."""

from __future__ import annotations

Words = dict[str, str]


def _words(zh: str, en: str) -> Words:
    return {"zh-CN": zh, "en": en}


LASTING: dict[str, Words] = {
    "add_note": _words("备注写入后无法撤回。", "A note can't be taken back."),
    "backorder_line": _words("顾客已得到新的到货日期，无法收回。", "The customer has been promised the date."),
    "cancel_lines": _words("取消的商品行不能再加回订单。", "Lines that were taken off can't be put back on an order."),
    "cancel_order": _words("已取消的订单不能恢复。", "A cancelled order can't be brought back."),
    "cancel_payment": _words("已取消的付款不能恢复，只能由顾客重新付款。",
                             "A cancelled payment can't be revived; only the customer can pay again."),
    "cancel_payment_link": _words("已取消的付款链接不能恢复，只能生成新的。",
                                  "A cancelled link can't be revived; only a new one can be made."),
    "capture_payment": _words("已扣的款只能另行退还。", "Money that was taken can only be refunded, by another plan."),
    "commit_reservation": _words("正式占用的库存不能改回预留。", "Committed stock can't become a mere hold again."),
    "confirm_order": _words("已确认的订单不能改回未确认。", "A confirmed order can't be made unconfirmed again."),
    "expire_checkout": _words("关闭的结算不能重新打开。", "A closed checkout can't be opened again."),
    "issue_coupon": _words("已发出的优惠券属于顾客。", "A coupon that was issued is the customer's."),
    "refund_payment": _words("退款不能收回。", "A refund can't be taken back."),
    "release_coupon": _words("优惠券只能由顾客再次使用。", "Only the customer can use the coupon again."),
    "reprice_checkout": _words("恢复原价会使顾客多付。", "The former price would cost the customer more."),
    "reprice_order": _words("恢复原价会使顾客多付。", "The former price would cost the customer more."),
    "resync_stock": _words("不会把错误的库存数重新展示。", "A wrong stock figure is not shown again."),
    "send_message": _words("已发出的消息不能收回。", "A message that was sent can't be taken back."),
}  # fmt: skip
"""By action; what is not named here can be undone, at least while nothing further has happened."""

UNKNOWN_BEFORE = _words("不知道原来的情况。", "It is not known how it was before.")
NOT_SET_BEFORE = _words("原来没有值，系统不能清空它。", "There was nothing before, and the system can't empty it.")
DEARER = LASTING["reprice_order"]
SHIPPED = _words("订单已发货。", "The order has left the warehouse.")
TAKEN = _words("库存已不足，无法重新预留。", "There is no longer enough stock to reserve it again.")
GONE = _words("它已经不是当初执行后的样子，无需或无法撤销。", "It is no longer as the step left it.")
COVERED = _words("随订单取消一并撤销。", "It goes with the order that is cancelled.")

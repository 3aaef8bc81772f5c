"""What codes are called in both languages: statuses, steps, severities, resolutions, kinds of evidence."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from knowledge.phrases import LANGUAGES, PhraseError, language_of, render
from knowledge.phrases.deeds import CHOICES, DEEDS, NOT_TOLD, REFUSALS

_LABELS: dict[str, dict[str, tuple[str, str]]] = {
    "severity": {"high": ("高", "high"), "medium": ("中", "medium"), "low": ("低", "low")},
    "case": {
        "open": ("待处理", "open"),
        "diagnosing": ("诊断中", "being diagnosed"),
        "repairing": ("修复中", "being repaired"),
        "awaiting_customer": ("等待顾客答复", "waiting for the customer"),
        "awaiting_approval": ("等待审批", "waiting for approval"),
        "handed_off": ("已转人工", "handed to a person"),
        "resolved": ("已解决（观察期内）", "resolved and still watched"),
        "closed": ("已关闭", "closed"),
    },
    "step": {
        "submit": ("提交订单", "submit"),
        "payment": ("付款", "payment"),
        "reservation": ("库存预留", "stock reservation"),
        "order": ("创建订单", "order creation"),
        "fulfilment": ("发货履约", "fulfilment"),
    },
    "notice": {
        "assigned": ("分派给您", "assigned to you"),
        "high_value": ("高优先级个案", "high-severity case"),
        "escalated": ("已升级", "escalated"),
        "promise_due": ("承诺即将到期", "promise due soon"),
        "promise_broken": ("承诺逾期", "promise broken"),
        "service_level": ("服务时限", "service level"),
        "relapse": ("问题复发", "broken again"),
        "customer_wrote": ("顾客来信", "the customer wrote"),
        "incident": ("批量事件", "incident"),
        "feedback": ("顾客评价", "customer's rating"),
    },
    "plan_step": {
        "pending": ("待执行", "pending"),
        "running": ("执行中", "running"),
        "done": ("已完成", "done"),
        "failed": ("失败", "failed"),
        "skipped": ("已跳过", "skipped"),
        "unknown": ("结果未知", "outcome unknown"),
    },
    "resolution": {
        "repaired": ("系统自动修复", "repaired by the system alone"),
        "repaired_with_approval": ("经审批后由系统修复", "repaired by the system with approval"),
        "alternative_accepted": ("顾客接受了替代方案", "the customer accepted an alternative"),
        "by_human": ("由人工解决", "solved by a person"),
        "self_cleared": ("异常自行消除", "cleared by itself"),
        "cancelled_refunded": ("已取消并退款", "cancelled and refunded"),
        "no_response": ("顾客未答复", "the customer did not answer"),
        "merged": ("已并入其他个案", "merged into another case"),
        "false_alarm": ("误报", "false alarm"),
    },
    "payment": {
        "requires_action": ("待顾客操作", "waiting for the customer's action"),
        "pending": ("处理中", "pending"),
        "authorized": ("已授权，未扣款", "authorised, not captured"),
        "captured": ("已扣款", "captured"),
        "failed": ("失败", "failed"),
        "cancelled": ("已取消", "cancelled"),
        "expired": ("已过期", "expired"),
        "paid": ("已付款", "paid"),
    },
    "order": {
        "created": ("已创建", "created"),
        "confirmed": ("已确认", "confirmed"),
        "on_hold": ("已暂停", "on hold"),
        "shipped": ("已发货", "shipped"),
        "delivered": ("已送达", "delivered"),
        "cancelled": ("已取消", "cancelled"),
    },
    "checkout": {
        "open": ("未提交", "not submitted"),
        "submitted": ("已提交", "submitted"),
        "completed": ("已完成", "completed"),
        "expired": ("已过期", "expired"),
        "cancelled": ("已取消", "cancelled"),
    },
    "reservation": {
        "held": ("预留中", "held"),
        "committed": ("已占用", "committed"),
        "released": ("已释放", "released"),
        "expired": ("已过期", "expired"),
    },
    "channel": {
        "sms": ("短信", "text message"),
        "email": ("邮件", "e-mail"),
        "in_app": ("站内消息", "in-app message"),
    },
    "action": DEEDS,
    "refusal": REFUSALS,
    "choice": CHOICES,
    "not_told": NOT_TOLD,
    "message": {
        "held": ("免打扰时段，暂缓发送", "waits for the end of quiet hours"),
        "queued": ("排队发送", "waits to be sent"),
        "sending": ("发送中", "being sent"),
        "delivered": ("已送达", "delivered"),
        "withdrawn": ("已撤回，未发送", "withdrawn, not sent"),
        "intended": ("待发送", "about to be sent"),
        "accepted": ("已发送", "sent"),
        "failed": ("发送失败", "not delivered"),
        "not_allowed": ("不允许发送", "not allowed"),
    },
    "occasion": {
        "chat_words": ("客服在聊天中留言", "a colleague wrote in the chat"),
        "abandoned_reminder": ("未完成结算的提醒", "reminder of the unfinished checkout"),
        "address": ("补全收货信息", "missing delivery information"),
        "address_other": ("补全收货信息", "missing delivery information"),
        "address_check": ("核对收货信息", "checking the delivery information"),
        "address_clarified": ("收货信息已整理", "delivery information written more clearly"),
        "address_corrected": ("收货信息已更正", "delivery information corrected"),
        "undeliverable": ("地址无法送达，请选择", "address can't be served, a choice"),
        "undeliverable_other": ("请更正收货地址", "another address"),
        "undeliverable_cancelled": ("无法送达，已取消", "can't be delivered, cancelled"),
        "pickup_set": ("已改为自提", "pickup arranged"),
        "sold_out": ("缺货，尚未付款", "not in stock, not paid yet"),
        "sold_out_closed": ("因缺货关闭", "closed for lack of stock"),
        "address_completed": ("收货信息已补全", "delivery information completed"),
        "order_made_good": ("订单已补建", "order made good"),
        "out_of_stock": ("缺货，请选择", "out of stock, a choice"),
        "out_of_stock_cancelled": ("缺货取消并退款", "cancelled for lack of stock"),
        "out_of_stock_outcome": ("缺货处理结果", "what became of the missing goods"),
        "backordered": ("缺货预订", "back-order"),
        "pay_rest": ("补付余款", "paying the rest"),
        "pay_order": ("支付订单", "paying the order"),
        "pay_again": ("重新付款", "paying again"),
        "payment_help": ("协助付款", "help with paying"),
        "payment_over": ("付款未成功", "payment failed"),
        "unpaid_cancelled": ("未付款订单已取消", "unpaid order cancelled"),
        "refund_made_good": ("补办退款", "refund made good"),
        "duplicate_refunded": ("重复扣款已退还", "second charge refunded"),
        "amount_corrected": ("金额更正", "amount corrected"),
        "duplicate_order": ("重复下单，请选择", "ordered twice, a choice"),
        "both_kept": ("两单都保留", "both orders kept"),
        "one_cancelled": ("重复订单已取消", "one of two orders cancelled"),
        "coupon_applied": ("优惠券已更正", "coupon corrected"),
        "coupon_refused": ("优惠券未能使用", "coupon could not be used"),
        "partial_refunded": ("已取消并退还部分付款", "cancelled, part payment returned"),
        "payment_failed": ("付款未成功", "payment failed"),
        "payment_not_confirmed": ("付款未获确认", "payment not confirmed"),
        "price_corrected": ("价格更正", "price corrected"),
        "handed_off": ("已转专人跟进", "a colleague took over"),
        "handoff_settled": ("已恢复正常", "settled after all"),
        "promise_late": ("为逾期致歉", "sorry for the delay"),
        "feedback": ("服务评价", "how we did"),
    },
    "promise": {
        "open": ("未到期", "open"),
        "kept": ("已兑现", "kept"),
        "broken": ("未兑现", "broken"),
        "cancelled": ("已不适用", "no longer applies"),
    },
    "team": {"service": ("客服团队", "the service team"), "supervisors": ("主管", "the supervisors")},
    "role": {
        "agent": ("客服", "an agent"),
        "senior_agent": ("高级客服", "a senior agent"),
        "supervisor": ("主管", "a supervisor"),
        "administrator": ("管理员", "an administrator"),
    },
    "evidence": {"event": ("事件", "event"), "read_back": ("回读", "read-back")},
    "system": {
        "events": ("事件记录", "the events"),
        "shop": ("商城", "the shop"),
        "payment": ("支付", "payment"),
        "order": ("订单", "the order"),
        "checkout": ("结算", "the checkout"),
        "cart": ("购物车", "the cart"),
        "inventory": ("库存系统", "inventory"),
        "wanted": ("需要", "wanted"),
        "available": ("可用", "available"),
        "due": ("应付", "due"),
        "captured": ("实收", "captured"),
    },
    "difference": {
        "checkout_status": ("结算状态不一致", "the checkout's status differs"),
        "checkout_total": ("结算总额不一致", "the checkout's total differs"),
        "payment_status": ("付款状态不一致", "the payment's status differs"),
        "order_status": ("订单状态不一致", "the order's status differs"),
        "line_price": ("单价不一致", "the unit price differs"),
        "stock_short": ("库存不足", "stock is short"),
        "stock_listed": ("商城展示库存与库存系统不一致", "the shop lists another stock than inventory"),
        "held_unpaid": ("付款失败但库存仍被占用", "payment failed but stock is still held"),
        "captured_and_due": ("实收与应付不一致", "captured and due differ"),
        "order_total": ("订单总额与结算总额不一致", "the order's total differs from the checkout's"),
        "kept_though_over": ("已取消或失效，款项仍未退还", "it is over, and money is still kept"),
        "paid_without_order": ("已付款但没有有效订单", "paid, but there is no live order"),
    },
}


def label(kind: str, code: Any, language: str) -> str:
    """What `code` of this kind is called; a code nobody named stands for itself, None is a dash."""
    if code is None:
        return "—"
    words = _LABELS[kind].get(str(code))
    return words[LANGUAGES.index(language_of(language))] if words else str(code).replace("_", " ")


def codes_of(kind: str) -> tuple[str, ...]:
    """Every code of this kind that has a name."""
    return tuple(_LABELS[kind])


def fault_title(code: str, language: str) -> str:
    """A fault's name from its own folder."""
    try:
        return render(code, "title", language)
    except PhraseError:  # a deployment may add codes of its own
        return code.replace("_", " ")


def cause_words(cause: Any, faults: Iterable[str], language: str) -> str:
    """A root cause in words: words by language as they are, a code by the texts of the case's faults."""
    if isinstance(cause, dict):
        return words_of(cause, language)
    for fault in faults:
        try:
            return render(fault, f"cause.{cause}", language).rstrip("。.")
        except PhraseError:
            continue
    return str(cause).replace("_", " ")


def words_of(words: Any, language: str) -> str:
    """`{language: text}` in this language (else whichever there is); plain text as it is."""
    if not isinstance(words, dict):
        return "" if words is None else str(words)
    return str(words.get(language_of(language)) or next(iter(words.values()), ""))


def in_both(kind: str, *codes: Any) -> dict[str, str]:
    """What these codes are called, by language; `kind` `fault` takes the titles of the faults' own folders."""
    name = fault_title if kind == "fault" else partial(label, kind)
    return {
        language: ("、" if language == "zh-CN" else ", ").join(name(code, language) for code in codes)
        for language in LANGUAGES
    }

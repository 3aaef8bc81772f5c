"""What every playbook shares: its context, the customer's answers, guards, the shapes of plans; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from knowledge.faults.figures import ACCEPTED, ENDED, OPEN, SENT, currencies, minor, split_agreed
from knowledge.policies import Policies
from knowledge.policies.preference import ordered
from knowledge.vocabulary.facts import Facts, PaymentFact, PaymentLinkFact, PickupPointFact, ProductFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep
from knowledge.vocabulary.snapshot import OrderSnapshot

Words = dict[str, str]
Alternative = dict[str, Any]  # a choice of a message: `{id, label: {zh-CN, en}}`
NEXT_CHUNK = 0.1  # seconds until the next look, where more of the same repair follows


class Asked(msgspec.Struct, frozen=True):
    """One question put to the customer in this episode, and what came of it. `at` is aware UTC.

    `choice` is the id of the option chosen; `replied` without a choice means words that a person has to read.
    `timed_out`: the reply time-out passed. `delivered` is False when no channel took the message.
    """

    occasion: str
    dedupe_key: str
    at: datetime
    choices: list[str] = []
    choice: str | None = None
    replied: bool = False
    timed_out: bool = False
    delivered: bool = True


class PlanContext(msgspec.Struct, frozen=True):
    """What a playbook may know beside finding and facts.

    `snapshot` is already corrected by the read-back. `asked` is by occasion, `substitutes` by the sku they could
    replace (in stock, best first, at their present price). `links` are those this case created. `done` holds
    "action|target" of every step performed in this episode; `refused` the code with which the shop definitely
    refused such a step (empty where nobody keeps it). `titles` are the products' names by sku, as far as known.
    `pickup_points` are those near the address, nearest first; read only where the address can't be served. `lifts`:
    by how many places experience moves an alternative, by fault and action (see policies.preference).
    """

    now: datetime
    policies: Policies
    snapshot: OrderSnapshot
    asked: dict[str, Asked] = {}
    substitutes: dict[str, list[ProductFact]] = {}
    links: list[PaymentLinkFact] = []
    done: frozenset[str] = frozenset()
    language: str = "zh-CN"
    can_message: bool = True
    refused: dict[str, str] = {}
    titles: dict[str, str] = {}
    pickup_points: list[PickupPointFact] = []
    lifts: dict[str, dict[str, float]] = {}


class Answer(StrEnum):
    """Where a question to the customer stands."""

    NOT_ASKED = "not_asked"
    WAITING = "waiting"
    UNREACHED = "unreached"
    TIMED_OUT = "timed_out"
    WORDS = "words"
    DECLINED = "declined"
    CHOSE = "chose"


def answer(ctx: PlanContext, occasion: str) -> Answer:
    """Where the question of this occasion stands; an answer goes before the time-out."""
    asked = ctx.asked.get(occasion)
    if asked is None:
        return Answer.WAITING if performed(ctx, "send_message", f"message:{occasion}") else Answer.NOT_ASKED
    if asked.choice:
        return Answer.DECLINED if asked.choice.startswith("no") else Answer.CHOSE
    if asked.replied:
        return Answer.WORDS
    if not asked.delivered:
        return Answer.UNREACHED
    return Answer.TIMED_OUT if asked.timed_out else Answer.WAITING


def performed(ctx: PlanContext, action: str, target: str) -> bool:
    """Whether this step was performed in this episode."""
    return f"{action}|{target}" in ctx.done


def performed_any(ctx: PlanContext, *actions: str) -> bool:
    """Whether a step with one of these actions was performed in this episode, whatever its target."""
    return any(key.split("|", 1)[0] in actions for key in ctx.done)


def preferred(ctx: PlanContext, fault: str, groups: Mapping[str, Sequence[Alternative]]) -> list[Alternative]:
    """The alternatives to offer, given by the action that does each, in the order that experience suggests.

    Their order is the policy's where nothing is known; what declines them all is added by the caller, last.
    """
    return [one for action in ordered(list(groups), ctx.lifts.get(fault, {})) for one in groups[action]]


# -- guards ---------------------------------------------------------------------------------------------------------


def unreadable(facts: Facts) -> bool:
    """Whether a part that every decision about money or stock needs wasn't read."""
    return any(part is None for part in (facts.checkout, facts.orders, facts.payments, facts.reservations))


def obstacle(facts: Facts, *, moves: bool = True, split: bool = False) -> str | None:
    """Why the machine must leave this to a human, None when nothing stands in the way.

    `moves` is False for playbooks that only let go (release stock, cancel what is unpaid), `split` True for those
    that can treat a purchase delivered as several orders which together ask what was agreed.
    """
    if unreadable(facts):
        return "facts_missing"
    if any(minor(p.disputed) for p in facts.payments or []):
        return "payment_disputed"
    if len(currencies(facts)) > 1:
        return "currency_mismatch"
    if sum(order.live for order in facts.orders or []) > 1 and not (split and split_agreed(facts)):
        return "several_orders"
    if moves and facts.customer is not None and facts.customer.status != "active":
        return "account_blocked"
    return None


def over(facts: Facts) -> bool:
    """Whether nothing will be delivered any more: the checkout ended or every order was cancelled."""
    if facts.live_order is not None:
        return False
    return bool(facts.orders) or (facts.checkout is not None and facts.checkout.status in ENDED)


def sent(facts: Facts) -> bool:
    """Whether any order has left the warehouse."""
    return any(order.status in SENT for order in facts.orders or [])


def in_flight(facts: Facts) -> list[PaymentFact]:
    """The payments that may still be captured by themselves while nothing was accepted yet."""
    payments = facts.payments or []
    return [] if any(p.status in ACCEPTED for p in payments) else [p for p in payments if p.status in OPEN]


def confirm_by(payment: PaymentFact, finding: Finding, ctx: PlanContext) -> datetime:
    """When the gateway's deadline for this payment's method passes."""
    view = ctx.snapshot.payments.get(payment.id)
    requested_at = (view.requested_at if view else None) or payment.created_at
    if requested_at is None:
        return finding.detectable_at
    return requested_at + ctx.policies.deadlines.payment_for(payment.method)


def can_retry(facts: Facts, now: datetime) -> bool:
    """Whether the customer may still pay this very checkout."""
    checkout = facts.checkout
    if checkout is None or checkout.status not in ("open", "submitted"):
        return False
    return checkout.payment_window_ends_at is None or checkout.payment_window_ends_at > now


def refused(ctx: PlanContext, action: str, target: str) -> bool:
    """Whether the shop has definitely refused this step in this episode: it isn't tried again."""
    return f"{action}|{target}" in ctx.refused


def create_refused(facts: Facts, ctx: PlanContext) -> bool:
    """Whether the shop has refused to create an order because the checkout expired meanwhile."""
    return ctx.refused.get(f"create_order|checkout:{facts.checkout_id}") == "checkout_expired"


def reference(facts: Facts) -> str:
    """The order's (or without one the checkout's) id, as messages name it."""
    orders = facts.orders or []
    return orders[-1].id if orders else facts.checkout_id


# -- plans ----------------------------------------------------------------------------------------------------------

REASONS: dict[str, Words] = {
    "account_blocked": {"zh-CN": "顾客账户状态异常", "en": "the customer's account is not active"},
    "address_problem": {"zh-CN": "承运商给出的问题不是缺少字段", "en": "the carrier objects to something else"},
    "already_shipped": {"zh-CN": "订单已发货", "en": "the order has left the warehouse"},
    "answer_overtaken": {
        "zh-CN": "顾客要求退款后，店铺又备好了货",
        "en": "the shop secured the goods after the customer had asked for a refund",
    },
    "cancel_not_effective": {
        "zh-CN": "支付已请求取消但仍处于待处理状态",
        "en": "the payment was cancelled, but is still pending",
    },
    "cannot_ask": {"zh-CN": "没有可用渠道询问顾客", "en": "no channel to ask the customer on"},
    "cannot_reach": {"zh-CN": "消息未能送达顾客", "en": "the message did not reach the customer"},
    "change_refused": {"zh-CN": "店铺拒绝修改订单或结算", "en": "the shop refused to change the order or the checkout"},
    "committed_without_order": {
        "zh-CN": "库存已提交出库但没有对应订单",
        "en": "stock is committed although there is no order",
    },
    "coupon_unread": {"zh-CN": "优惠券数据未能读取", "en": "the coupon could not be read"},
    "currency_mismatch": {"zh-CN": "涉及多种币种", "en": "more than one currency is involved"},
    "customer_silent": {"zh-CN": "顾客未在期限内答复", "en": "the customer did not answer in time"},
    "customer_wrote": {"zh-CN": "顾客用文字答复，需人工阅读", "en": "the customer answered in words"},
    "facts_missing": {"zh-CN": "部分系统数据未能读取", "en": "part of the systems could not be read"},
    "link_refused": {"zh-CN": "店铺拒绝生成付款链接", "en": "the shop refused to make a payment link"},
    "no_longer_paid": {"zh-CN": "读回显示订单未付清", "en": "the read-back shows that it is not paid"},
    "order_live": {"zh-CN": "已存在有效订单", "en": "a live order exists"},
    "order_on_hold": {
        "zh-CN": "货已备好，但订单被暂停，需人工解除",
        "en": "the goods are secured, but somebody put the order on hold",
    },
    "overpaid": {"zh-CN": "已收款高于应付金额", "en": "more was captured than is due"},
    "payment_disputed": {"zh-CN": "存在支付争议，禁止退款", "en": "a payment is disputed: refunds are blocked"},
    "payment_in_use": {"zh-CN": "仍有有效付款或授权", "en": "a payment or an authorisation is still alive"},
    "refund_missing": {
        "zh-CN": "订单或结算已结束，款项仍未退",
        "en": "checkout or order has ended and the money was kept",
    },
    "refunded_before": {"zh-CN": "此前的退款造成差额", "en": "an earlier refund explains the difference"},
    "short_changed": {"zh-CN": "待付金额已变化，付款链接作废", "en": "the rest has changed meanwhile"},
    "several_orders": {"zh-CN": "存在多个有效订单", "en": "there are several live orders"},
    "stock_unread": {"zh-CN": "库存数据未能读取", "en": "the stock could not be read"},
    "substitute_gone": {"zh-CN": "顾客选择的方案已无法执行", "en": "what the customer chose is no longer possible"},
    "total_unclear": {"zh-CN": "总额与明细不符", "en": "the total does not follow from its parts"},
    "pickup_not_effective": {
        "zh-CN": "已改自提，但订单上没有生效",
        "en": "the pickup point was chosen, but the order doesn't show it",
    },
    "pickup_without_order": {
        "zh-CN": "顾客选了自提点，但没有订单可改",
        "en": "a pickup point is chosen, but there is no order to send there",
    },
    "resync_refused": {
        "zh-CN": "商城拒绝重新同步库存",
        "en": "the shop refused to take over the stock figure",
    },
    "confirm_not_effective": {
        "zh-CN": "已确认过，但订单仍未确认",
        "en": "the order was confirmed, but the shop still shows it as new",
    },
    "confirm_refused": {"zh-CN": "店铺拒绝确认订单", "en": "the shop refused to confirm the order"},
    "reservation_refused": {"zh-CN": "有货却无法预留", "en": "there is stock, but it can't be reserved"},
    "shipment_exception": {
        "zh-CN": "承运商报告配送异常",
        "en": "the carrier reported a problem with the shipment",
    },
    "shipment_late": {
        "zh-CN": "逾期未发货，需仓库处理",
        "en": "the shipment is overdue: somebody has to ask the warehouse",
    },
    "left_on_hold": {
        "zh-CN": "订单被暂停，需人工解除",
        "en": "the order was put on hold and needs somebody to lift that",
    },
    "unknown_choice": {"zh-CN": "无法识别顾客的选择", "en": "the customer's choice is not known"},
}  # fmt: skip


def hand_off(finding: Finding, reason: str, steps: Iterable[PlanStep] = ()) -> Plan:
    """To a human, because of `reason` (a key of REASONS); `steps` are done before."""
    why = REASONS[reason]
    summary = {"zh-CN": f"转人工：{why['zh-CN']}。", "en": f"Hand off to a human: {why['en']}."}
    return Plan(fault=finding.code, summary=summary, steps=list(steps), then="hand_off", reason=reason)


def finished(finding: Finding, ctx: PlanContext, resolution: str = "repaired") -> Plan:
    """Nothing is left to do: `resolution` when this episode did something, else it cleared by itself."""
    summary = {"zh-CN": "无需再做任何操作。", "en": "Nothing is left to do."}
    return Plan(
        fault=finding.code,
        summary=summary,
        then="resolve",
        resolution=resolution if ctx.done else "self_cleared",
    )


def waiting(finding: Finding, seconds: float, summary: Words) -> Plan:
    """Nothing to do yet: look again after `seconds`."""
    return Plan(fault=finding.code, summary=summary, then="wait", wait_seconds=max(0.1, seconds))


def awaiting(finding: Finding, summary: Words, steps: Iterable[PlanStep] = (), resolution: str = "repaired") -> Plan:
    """The customer has (or, after the steps, will have) been asked."""
    steps = list(steps)
    choices = [choice["id"] for step in steps for choice in step.arguments.get("choices", [])]
    return Plan(
        fault=finding.code,
        summary=summary,
        steps=steps,
        then="await_customer",
        resolution=resolution,
        choices=choices,
    )


def acting(
    finding: Finding,
    facts: Facts,
    summary: Words,
    steps: Iterable[PlanStep],
    resolution: str = "repaired",
    needs_human: Iterable[str] = (),
    *,
    more: bool = False,
) -> Plan:
    """Steps, and then a read-back that proves them.

    `more`: this chunk is known not to be the last, so that what is left afterwards is no failure of it.
    """
    return Plan(
        fault=finding.code, summary=summary, steps=versioned(steps, facts), then="wait" if more else "verify",
        wait_seconds=NEXT_CHUNK if more else 0.0, resolution=resolution, needs_human=list(needs_human),
    )  # fmt: skip


# Writes that contract B guards by If-Match, and so by the version as read.
GUARDED = frozenset(
    {
        "confirm_order", "cancel_order", "cancel_lines", "backorder_line", "substitute_line", "set_order_address",
        "choose_pickup", "hold_order", "unhold_order", "reprice_order", "set_checkout_address", "reprice_checkout",
        "expire_checkout",
    }
)  # fmt: skip


def versioned(steps: Iterable[PlanStep], facts: Facts) -> list[PlanStep]:
    """The steps, with the version as read on the first guarded write to each order or checkout.

    Later writes of the same plan would find it stale. What follows `create_order` on the checkout goes without.
    """
    versions = {f"order:{order.id}": order.version for order in facts.orders or []}
    if facts.checkout is not None:
        versions[f"checkout:{facts.checkout.id}"] = facts.checkout.version
    result = []
    for step in steps:
        version = versions.get(step.target)
        if step.action in GUARDED and version is not None:
            step = msgspec.structs.replace(step, arguments={**step.arguments, "version": version})  # noqa: PLW2901
        if step.action in GUARDED or step.action == "create_order":
            versions.pop(step.target, None)
        result.append(step)
    return result


def is_settled(plan: Plan) -> bool:
    """Whether a playbook's plan says that nothing is left to do: every playbook's `settled` is this."""
    return plan.then == "resolve" and not plan.steps

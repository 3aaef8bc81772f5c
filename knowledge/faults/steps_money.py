"""Constructors of the writes that money needs beside those of `steps`: holds, discounts, coupons, notes; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from knowledge.faults.figures import Priced, minor
from knowledge.faults.planning import PlanContext, performed
from knowledge.faults.steps import shown, words
from knowledge.phrases import format_money
from knowledge.vocabulary.facts import CheckoutFact, OrderFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep

COUPON_CODE = {"from": "issue_coupon", "field": "code"}  # in a message of the same plan


# -- holding an order back ------------------------------------------------------------------------------------------


def hold_order(order: OrderFact, reason: str) -> PlanStep:
    return PlanStep(
        action="hold_order", target=f"order:{order.id}", arguments={"order_id": order.id, "reason": reason},
        effect=words(f"暂停订单 {order.id}，解除前不会发货。",
                     f"Order {order.id} is put on hold: it isn't shipped before that is lifted."),
        undo=words("解除暂停，订单照原样继续。", "Lift the hold: the order goes on as it was."),
    )  # fmt: skip


def unhold_order(order: OrderFact) -> PlanStep:
    return PlanStep(
        action="unhold_order", target=f"order:{order.id}", arguments={"order_id": order.id},
        effect=words(f"解除订单 {order.id} 的暂停，恢复到暂停前的状态。",
                     f"The hold of order {order.id} is lifted: it goes on as it was before."),
        undo=words("再次暂停该订单。", "Put the order on hold again."),
    )  # fmt: skip


def resume(order: OrderFact | None, ctx: PlanContext) -> list[PlanStep]:
    """Lifts the hold that this episode has put on the order; nothing where somebody else did."""
    if order is None or order.status != "on_hold" or not performed(ctx, "hold_order", f"order:{order.id}"):
        return []
    return [unhold_order(order)]


# -- prices and coupons ---------------------------------------------------------------------------------------------


def reprice(priced: Priced, prices: Mapping[str, Money], discount: int, new_total: Money) -> PlanStep:
    """New prices by line id, and the discount (minor units) named, so that the sum is certain.

    A line that isn't named keeps its price, in the cart too. The goodwill is what the total drops by.
    """
    is_order = isinstance(priced, OrderFact)
    kind, zh = ("order", "订单") if is_order else ("checkout", "结算")
    was, now = shown(priced.total), format_money(new_total)
    off = format_money(Money(discount, new_total.currency))
    lines = [{"line_id": line_id, "unit_price": price.json()} for line_id, price in prices.items()]
    cut = minor(priced.total) - new_total.amount
    return PlanStep(
        action=f"reprice_{kind}", target=f"{kind}:{priced.id}",
        arguments={f"{kind}_id": priced.id, "lines": lines,
                   "discount": Money(discount, new_total.currency).json()},
        effect=words(f"{zh} {priced.id} 按约定价格改价，优惠 {off}；总额由 {was} 变为 {now}。",
                     f"The {kind} {priced.id} gets the agreed prices and {off} off; its total goes from {was} to "
                     f"{now}."),
        undo=words("恢复原价（会使顾客多付，须顾客同意）。",
                   "Restore the former prices; the customer would pay more and has to agree."),
        goodwill=Money(cut, new_total.currency) if cut > 0 else None,
    )  # fmt: skip


def release_coupon(code: str, holder: CheckoutFact) -> PlanStep:
    """`holder` is the checkout that used it and is over."""
    return PlanStep(
        action="release_coupon", target=f"coupon:{code}",
        arguments={"code": code, "checkout_id": holder.id},
        effect=words(f"释放被已结束的结算 {holder.id} 占用的优惠券 {code}，可重新使用。",
                     f"Coupon {code} is taken back from checkout {holder.id}, which is over: it can be used again."),
    )  # fmt: skip


def issue_coupon(customer_id: str, amount: Money, expires_at: datetime, reason: str) -> PlanStep:
    """A new coupon for this customer alone. `expires_at` must not depend on the clock of the look."""
    worth, day = format_money(amount), expires_at.date().isoformat()
    arguments: dict[str, Any] = {"customer_id": customer_id, "amount": amount.json(), "reason": reason,
                                 "expires_at": expires_at.isoformat()}  # fmt: skip
    return PlanStep(
        action="issue_coupon", target=f"customer:{customer_id}", arguments=arguments,
        effect=words(f"向顾客发放一张 {worth} 的专属优惠券，{day} 前有效。",
                     f"The customer gets an exclusive coupon worth {worth}, valid until {day}."),
        goodwill=amount,
    )  # fmt: skip


def honour_discount(order: OrderFact, code: str, discount: Money) -> PlanStep:
    """The note that a discount stands although its coupon doesn't: what it costs us is counted like any goodwill."""
    worth = format_money(discount)
    text = f"Coupon {code}: the discount of {worth} was shown at submit and is honoured."
    return PlanStep(
        action="add_note", target=f"coupon:{code}", arguments={"order_id": order.id, "text": text},
        effect=words(f"在订单 {order.id} 上备注：优惠券 {code} 无效，但提交时已显示的优惠 {worth} 照常兑现。",
                     f"A note on order {order.id}: coupon {code} isn't valid, but the {worth} off that were shown at "
                     "submit stand."),
        goodwill=discount,
    )  # fmt: skip

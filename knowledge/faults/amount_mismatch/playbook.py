"""Plans that bring amounts back to what was agreed: the order's total down to it, the excess refunded exactly; pure."""

from __future__ import annotations

from typing import Any

import msgspec

from knowledge.faults import steps as do
from knowledge.faults.figures import (
    adds_up,
    captured_net,
    foreseeable,
    goods,
    minor,
    total_after,
    total_of,
    with_price,
)
from knowledge.faults.overpaid import barred, cancel_redundant, cancelled_in_vain, given_back, owed, reprice_refused
from knowledge.faults.paying import under_way
from knowledge.faults.planning import (
    PlanContext,
    acting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    performed,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_money import reprice
from knowledge.faults.unwinding import refund_excess
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.AMOUNT_MISMATCH
REASON = "amount_mismatch"


class Correction(msgspec.Struct, frozen=True):
    """New prices by line id and the discount (minor units) that make the order's total `target`.

    `certain`: the shop can't come to another sum by itself.
    """

    prices: dict[str, Money]
    discount: int
    target: int
    certain: bool


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Never raises a total; money in another currency and sums nobody can explain are a human's."""
    if reason := obstacle(facts, split=True):
        return hand_off(finding, reason)
    checkout, order, rounding = facts.checkout, facts.live_order, ctx.policies.rounding
    if over(facts):
        return finished(finding, ctx)
    if checkout is None or not checkout.lines:
        return hand_off(finding, "facts_missing")
    if not adds_up(checkout, rounding) or (order is not None and not adds_up(order, rounding)):
        return hand_off(finding, "total_unclear")
    if wait := under_way(finding, facts, ctx):
        return wait
    agreed = total_of(checkout)
    if order is not None and total_of(order) > agreed + rounding:
        if barred(order, facts, ctx, agreed):
            return hand_off(finding, "change_refused")
        if not reprice_refused(order, ctx):
            return _down(finding, facts, ctx, order, checkout)
    due = agreed if order is not None and total_of(order) > agreed else owed(facts, rounding)
    if due is None:
        return hand_off(finding, "total_unclear")
    return _give_back(finding, facts, ctx, due)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the order asks no more than was agreed, nothing above it is kept, and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _down(finding: Finding, facts: Facts, ctx: PlanContext, order: OrderFact, checkout: CheckoutFact) -> Plan:
    """The order's total comes down to the agreed one; where tax follows, money waits for the shop's own figure."""
    change = correction(order, checkout)
    if change is None:
        return hand_off(finding, "total_unclear")
    total = Money(change.target, checkout.lines[0].unit_price.currency)
    steps = [reprice(order, change.prices, change.discount, total)]
    if change.certain:
        refunds = refund_excess(facts, change.target, REASON, repays=True)
        steps += [*refunds, *_told(facts, ctx, total, refunds, corrected=True)]
    drop = total_of(order) - change.target
    deep = drop > ctx.policies.limits.price_drop_share * total_of(order)
    summary = words(f"把订单总额改回约定的 {do.shown(total)}，多收的退还。",
                    f"Bring the order back to the agreed {do.shown(total)}, refund what is above.")  # fmt: skip
    human = ["price_drop_share"] if deep else []
    return acting(finding, facts, summary, steps, needs_human=human, more=not change.certain)


def correction(order: OrderFact, checkout: CheckoutFact) -> Correction | None:
    """The checkout's prices and discount, and where other parts differ as much more off; None when that can't do.

    Only for what was agreed: a line that is new, or more of one, was not.
    """
    agreed = {line.line_id: line for line in checkout.lines}
    for line in order.lines:
        known = agreed.get(line.line_id)
        if known is None or known.sku != line.sku or line.quantity > known.quantity:
            return None
    prices = {line.line_id: agreed[line.line_id].unit_price for line in order.lines
              if line.unit_price != agreed[line.line_id].unit_price}  # fmt: skip
    discount = minor(checkout.discount)
    lines = [with_price(line, prices.get(line.line_id, line.unit_price)) for line in order.lines]
    certain, target = foreseeable(order, discount_named=True), total_of(checkout)
    after = total_after(order, lines, discount)
    if after >= total_of(order):  # nothing to be had from the prices: the difference lies elsewhere
        prices, lines, discount, after = {}, order.lines, minor(order.discount), total_of(order)
    if after > target and (certain or not (prices or discount != minor(order.discount))):
        discount, after = discount + after - target, target
    if discount > goods(lines):
        return None
    return Correction(prices, discount, after, certain)


def _give_back(finding: Finding, facts: Facts, ctx: PlanContext, due: int) -> Plan:
    if captured_net(facts) >= due and cancelled_in_vain(facts, ctx):
        return hand_off(finding, "cancel_not_effective")
    currency = facts.checkout.lines[0].unit_price.currency if facts.checkout else ""
    refunds = []
    if captured_net(facts) - due > ctx.policies.rounding:
        refunds = refund_excess(facts, due, REASON, repays=performed_any(ctx, "reprice_order"))
    ours = bool(refunds) or performed_any(ctx, "reprice_order", "refund_payment")
    steps = [*(cancel_redundant(facts, ctx, due) if ours else []), *refunds]
    steps += _told(facts, ctx, Money(due, currency), refunds, corrected=ours and _corrected(facts, ctx))
    if not steps and not ctx.done and _below(facts, ctx):
        return hand_off(finding, "total_unclear")
    if not steps:
        return finished(finding, ctx)
    summary = words("退还多收的款项。", "Refund exactly what was taken too much.")
    return acting(finding, facts, summary, steps)


def _below(facts: Facts, ctx: PlanContext) -> bool:
    """Whether the order asks less than was agreed, and nobody knows why: the customer paid no more than it asks."""
    order, checkout = facts.live_order, facts.checkout
    if order is None or checkout is None:
        return False
    return total_of(order) < total_of(checkout) - ctx.policies.rounding


def _corrected(facts: Facts, ctx: PlanContext) -> bool:
    order = facts.live_order
    return order is not None and performed(ctx, "reprice_order", f"order:{order.id}")


def _told(
    facts: Facts, ctx: PlanContext, total: Money, refunds: list[PlanStep], *, corrected: bool
) -> list[PlanStep]:
    params: dict[str, Any] = {"reference": reference(facts), "total": total.json()}
    back = given_back(refunds)
    if back:
        params["refund"] = [money.json() for money in back]
        phrase = "total_corrected_refund" if corrected else "amount_refunded"
    elif corrected:
        phrase = "total_corrected"
    elif performed_any(ctx, "refund_payment"):
        phrase = "amount_returned"
    else:
        return []
    return do.send_message(ctx, FAULT, "amount_corrected", phrase, params)

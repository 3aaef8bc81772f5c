"""Plans for paid purchases without stock: reserve, ask, substitute, back-order, cut, or give everything back; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from knowledge.faults import steps as do
from knowledge.faults.amount_mismatch import playbook as amount_mismatch
from knowledge.faults.duplicate_charge import playbook as duplicate_charge
from knowledge.faults.duplicate_charge.detector import redundant_payments
from knowledge.faults.figures import (
    adds_up,
    captured_net,
    foreseeable,
    lacking,
    own,
    total_after,
    total_of,
)
from knowledge.faults.paid_out_of_stock.shortage import Gap, Shortage
from knowledge.faults.paid_out_of_stock.telling import backordered, closing, currency_of, question
from knowledge.faults.planning import (
    NEXT_CHUNK,
    Answer,
    PlanContext,
    acting,
    awaiting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    performed_any,
    reference,
    refused,
    sent,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_delivery import note_backorder
from knowledge.faults.unwinding import StockChange, ended_by_us, refund_excess, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PAID_OUT_OF_STOCK
REASON = "out_of_stock"
FORWARD = ("reserve_stock", "confirm_order", "substitute_line", "backorder_line", "cancel_lines")
CHANGES = ("substitute_line", "backorder_line", "cancel_lines")
PRICED = ("substitute_line", "cancel_lines")  # what of ours lowers the total, so that captured may exceed it


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Nothing irrevocable is planned before every question is answered or timed out.

    Amounts that depend on a recomputation the contract doesn't fix (tax, an unnamed discount) wait for the next
    read-back, so that every refund is exact.
    """
    if reason := _obstacle(finding, facts, ctx):
        return hand_off(finding, reason)
    if ended_by_us(facts, ctx):
        return give_back(finding, facts, ctx)
    view = Shortage(finding, facts, ctx)
    if view.unread:
        return hand_off(finding, "stock_unread")
    if view.overtaken:
        return hand_off(finding, "answer_overtaken")
    if sent(facts):
        return _after_shipping(view)
    if not view.gaps:
        return _go_ahead(view)
    return _wait_or_ask(view) or _act(view)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the purchase is covered or wholly given back, the money is exact and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _obstacle(finding: Finding, facts: Facts, ctx: PlanContext) -> str | None:
    if reason := obstacle(facts):
        return reason
    if ended_by_us(facts, ctx):
        return None
    if over(facts):
        return "refund_missing"
    priced = facts.live_order or facts.checkout
    if priced is None or not priced.lines:
        return "facts_missing"
    currency = priced.lines[0].unit_price.currency
    if lacking(facts, Money(total_of(priced), currency), ctx.now) > ctx.policies.rounding:
        return "no_longer_paid"
    return None


# -- the customer's word --------------------------------------------------------------------------------------------


def _wait_or_ask(view: Shortage) -> Plan | None:
    states = [view.state(gap.line.sku) for gap in view.gaps]
    if Answer.WORDS in states:
        return hand_off(view.finding, "customer_wrote")
    if Answer.WAITING in states:
        return awaiting(view.finding, words("等待顾客就缺货商品作出选择。", "Waiting for the customer's choice."))
    gap = view.to_ask()
    if gap is None:
        return None
    sku = gap.line.sku
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.short_skus)
    summary = words(
        f"{sku} 缺 {gap.short} 件：请顾客选择处理方式（如换货、退款）。",
        f"{gap.short} × {sku} missing: the customer chooses what to do, such as a substitute or a refund.",
    )
    return awaiting(view.finding, summary, [*stock.reserve, *question(view, gap)], _resolution(view))


# -- acting on it ---------------------------------------------------------------------------------------------------


def _act(view: Shortage) -> Plan:
    given_up = view.given_up()
    if not view.left_without(given_up):
        return give_back(view.finding, view.facts, view.ctx)
    chosen = next((gap for gap in view.gaps if gap not in given_up), None)
    if chosen is not None and (reason := _impossible(view, chosen)):
        return hand_off(view.finding, reason)
    order = view.facts.live_order
    if order is None:
        return _create(view)
    if captured_net(view.facts) > total_of(order) + view.ctx.policies.rounding and not _priced(view):
        return _overpaid(view)
    if any(refused(view.ctx, action, f"order:{order.id}") for action in CHANGES):
        return hand_off(view.finding, "change_refused")
    if not adds_up(order, view.ctx.policies.rounding):
        return hand_off(view.finding, "total_unclear")
    if given_up:
        return _cut(view, order, given_up)
    if chosen is None:
        return hand_off(view.finding, "unknown_choice")
    if view.choice(chosen.line.sku) == "backorder":
        return _backorder(view, order, chosen)
    return _substitute(view, order, chosen)


def _overpaid(view: Shortage) -> Plan:
    """What was taken twice or too much goes back first, as its own playbook has it; then the goods are seen to."""
    twice = redundant_payments(view.ctx.snapshot, view.ctx.policies.rounding)
    playbook = duplicate_charge if twice else amount_mismatch
    plan: Plan = playbook.plan(view.finding, view.facts, view.ctx)
    if plan.then != "verify" or not plan.steps:
        return plan if plan.then == "wait" else hand_off(view.finding, "overpaid", plan.steps)
    return msgspec.structs.replace(plan, then="wait", wait_seconds=NEXT_CHUNK)


def _impossible(view: Shortage, gap: Gap) -> str | None:
    choice = view.choice(gap.line.sku)
    if choice == "backorder":
        return None if view.restock(gap.line) else "substitute_gone"
    if choice.startswith("substitute:"):
        return None if view.chosen_substitute(gap.line) else "substitute_gone"
    return "unknown_choice"


def _create(view: Shortage) -> Plan:
    """The order first: lines are changed there, and its own total is what money is measured by."""
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.short_skus)
    summary = words("先创建订单，再按结果调整。", "Create the order, then change it as decided.")
    steps = [*stock.reserve, do.create_order(view.facts.checkout_id)]
    return acting(view.finding, view.facts, summary, steps, _resolution(view), more=True)


def _cut(view: Shortage, order: OrderFact, gaps: list[Gap]) -> Plan:
    lines = view.left_without(gaps)
    total = total_after(order, lines)
    stock = StockChange(view.facts, view.finding, lines, skip=view.short_skus - {gap.line.sku for gap in gaps})
    quantities = {gap.line.line_id: gap.short for gap in gaps}
    cut = do.cancel_lines(order, quantities, REASON, Money(total, currency_of(order)))
    steps = [*stock.reserve, cut, *stock.release]
    if len(gaps) == len(view.gaps):
        steps += [*_confirm(view, order), *_settle_money(view, order, lines, total, "cut")]
    summary = words("取消缺货部分并退还差额，其余照常履行。",
                    "Take what is missing off the order, refund the difference, deliver the rest.")  # fmt: skip
    more = _more_follows(view, order, stock, handled=len(gaps))
    return acting(view.finding, view.facts, summary, steps, _resolution(view, "cancelled_refunded"), more=more)


def _substitute(view: Shortage, order: OrderFact, gap: Gap) -> Plan:
    """The whole line becomes the product of the customer's choice, for no more than was agreed."""
    product = view.chosen_substitute(gap.line)
    if product is None or product.unit_price is None:
        return hand_off(view.finding, "substitute_gone")
    price = min(product.unit_price, gap.line.unit_price, key=lambda money: money.amount)
    upgrade = (product.unit_price - price).amount * gap.line.quantity
    swapped = msgspec.structs.replace(
        gap.line, sku=product.sku, unit_price=price, requires_shipping=product.requires_shipping
    )
    lines = [swapped if line.line_id == gap.line.line_id else line for line in view.lines]
    total = total_after(order, lines)
    stock = StockChange(view.facts, view.finding, lines, skip=view.short_skus - {product.sku})
    change = do.substitute_line(order, gap.line, product.sku, price, upgrade)
    steps = [*stock.reserve, change, *stock.release]
    if len(view.gaps) == 1:
        steps += [*_confirm(view, order), *_settle_money(view, order, lines, total, "substituted")]
    summary = words(f"按顾客选择把 {gap.line.sku} 换成 {product.sku}。",
                    f"Substitute {product.sku} for {gap.line.sku} as the customer chose.")  # fmt: skip
    more = _more_follows(view, order, stock, handled=1)
    return acting(view.finding, view.facts, summary, steps, "alternative_accepted", more=more)


def _backorder(view: Shortage, order: OrderFact, gap: Gap) -> Plan:
    stock_fact = view.facts.stock[gap.line.sku]
    if stock_fact.restock_at is None:
        return hand_off(view.finding, "substitute_gone")
    sku, day = gap.line.sku, stock_fact.restock_at.date().isoformat()
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.short_skus)
    steps = [*stock.reserve, do.backorder_line(order, gap.line, stock_fact.restock_at)]
    if len(view.waited_for) > 1:  # of several lines each has to be known by itself afterwards
        steps.append(note_backorder(order, gap.line, day))
    steps += backordered(view, sku, day)
    summary = words(f"按顾客选择为 {sku} 登记缺货预订，预计 {day} 到货。",
                    f"Back-order {sku} as the customer chose, expected on {day}.")  # fmt: skip
    return acting(view.finding, view.facts, summary, steps, "alternative_accepted", more=True)


def give_back(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """Nothing can be delivered: the purchase is ended and everything kept goes back."""
    steps = unwind(facts, ctx, REASON)
    back = returned(facts)
    params: dict[str, Any] = {"reference": reference(facts)}
    if back:
        params["refund"] = back.json()
    phrase = "cancelled_refund" if back else "cancelled_uncharged"
    steps += do.send_message(ctx, FAULT, "out_of_stock_cancelled", phrase, params)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("无法供货：取消并退还全部已收款项，释放库存。",
                    "Nothing can be delivered: cancel, refund everything kept, release the stock.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")


# -- the goods are there --------------------------------------------------------------------------------------------


def _go_ahead(view: Shortage) -> Plan:
    """Everything is secured or can be: reserve it, make the order go on, settle what earlier changes left."""
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.backordered)
    order = view.facts.live_order
    if order is None:
        steps = [
            *stock.reserve,
            do.create_order(view.facts.checkout_id),
            *_confirm(view, None),
            *stock.release,
        ]
        return _proceed(view, [*steps, *closing(view, None, 0)])
    steps = [*stock.steps, *_confirm(view, order)]
    if order.status == "confirmed":
        steps += [do.commit_reservation(r) for r in own(view.facts) if r.status == "held" and _stays(r.id, stock)]
    if _priced(view):
        refunds = refund_excess(view.facts, total_of(order), REASON)
        steps += [*refunds, *closing(view, order, _sum(refunds))]
    else:
        steps += closing(view, order, 0)
    if not steps and order.status == "on_hold":
        return hand_off(view.finding, "order_on_hold")
    more = order.status == "confirmed" and bool(stock.missing)
    return _proceed(view, steps, more=more) if steps else finished(view.finding, view.ctx, _resolution(view))


def _after_shipping(view: Shortage) -> Plan:
    """The goods left: by our own repair, or (a human's business) although something was missing."""
    if view.gaps and not performed_any(view.ctx, *FORWARD):
        return hand_off(view.finding, "already_shipped")
    order = view.facts.live_order
    refunds = refund_excess(view.facts, total_of(order), REASON) if order and _priced(view) else []
    steps = [*refunds, *closing(view, order, _sum(refunds))]
    return _proceed(view, steps) if steps else finished(view.finding, view.ctx, _resolution(view))


def _proceed(view: Shortage, steps: list[PlanStep], *, more: bool = False) -> Plan:
    summary = words("库存足够：备货并让订单继续。", "The stock suffices: set it aside and let the order go on.")
    return acting(view.finding, view.facts, summary, steps, _resolution(view), more=more)


def _more_follows(view: Shortage, order: OrderFact, stock: StockChange, handled: int) -> bool:
    """Other gaps, money that waits for the shop's own figure, or a new reservation of a confirmed order to commit."""
    commits = order.status == "confirmed" and bool(stock.missing)
    return handled < len(view.gaps) or commits or not foreseeable(order, discount_named=False)


def _stays(reservation_id: str, stock: StockChange) -> bool:
    return all(step.target != f"reservation:{reservation_id}" for step in stock.steps)


def _confirm(view: Shortage, order: OrderFact | None) -> list[PlanStep]:
    """The confirmation an order still needs; one of nothing but back-ordered lines waits for its goods."""
    if order is None:
        return [do.confirm_order(None, view.facts.checkout_id)]
    step = do.confirm_order(order, view.facts.checkout_id)
    waits = bool(view.backordered) and not own(view.facts)
    never = refused(view.ctx, step.action, step.target)
    return [step] if order.status == "created" and not waits and not never else []


def _settle_money(view: Shortage, order: OrderFact, lines: Iterable[Line], total: int, kind: str) -> list[PlanStep]:
    """Refund and closing message where the new total is certain; else both come after the next read-back."""
    if not foreseeable(order, discount_named=False):
        return []
    refunds = refund_excess(view.facts, total, REASON)
    changed = msgspec.structs.replace(order, lines=list(lines), total=Money(total, currency_of(order)))
    return [*refunds, *closing(view, changed, _sum(refunds), kind)]


# -- small words ----------------------------------------------------------------------------------------------------


def _resolution(view: Shortage, otherwise: str = "repaired") -> str:
    asked = [a for key, a in view.ctx.asked.items() if key.startswith("out_of_stock:")]
    if any(a.choice and not a.choice.startswith("no") for a in asked):
        return "alternative_accepted"
    return "cancelled_refunded" if performed_any(view.ctx, "cancel_lines") else otherwise


def _priced(view: Shortage) -> bool:
    return performed_any(view.ctx, *PRICED)


def _sum(refunds: list[PlanStep]) -> int:
    return sum(step.goodwill.amount for step in refunds if step.goodwill)

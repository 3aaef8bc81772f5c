"""Plans for paid purchases without stock: reserve, ask, substitute, back-order, cut, or give everything back; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from knowledge.faults import steps as do
from knowledge.faults.figures import (
    available,
    captured_net,
    foreseeable,
    goods,
    lacking,
    own,
    refunded,
    total_after,
    total_of,
)
from knowledge.faults.paid_out_of_stock.shortage import Gap, Shortage, occasion
from knowledge.faults.planning import (
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
    sent,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import StockChange, ended_by_us, refund_excess, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PAID_OUT_OF_STOCK
REASON = "out_of_stock"
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
    if not view.gaps:
        return _go_ahead(view)
    return _wait_or_ask(view) or _act(view)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the purchase is covered or wholly given back, the money is exact and the customer knows."""
    return is_settled(plan(finding, facts, ctx))


def _obstacle(finding: Finding, facts: Facts, ctx: PlanContext) -> str | None:
    if reason := obstacle(facts):
        return reason
    if sent(facts):
        return "already_shipped"
    if over(facts):
        return None if ended_by_us(facts, ctx) else "refund_missing"
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
        return awaiting(view.finding, words("等待客户就缺货商品作出选择。", "Waiting for the customer's choice."))
    gap = view.to_ask()
    return _ask(view, gap) if gap else None


def _ask(view: Shortage, gap: Gap) -> Plan:
    """One question; what is there of the other lines is set aside meanwhile."""
    sku = gap.line.sku
    rest = view.left_without(view.gaps)
    params = {"reference": _reference(view.facts), "item": _title(view, sku), "quantity": gap.short}
    message = do.send_message(view.ctx, FAULT, occasion(sku), "ask", params, _choices(view, gap, bool(rest)))
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.short_skus)
    summary = words(f"{sku} 缺 {gap.short} 件：请客户选择替代、等待或退款。",
                    f"{gap.short} of {sku} are missing: the customer chooses a substitute, waiting or a refund.")  # fmt: skip
    return awaiting(view.finding, summary, [*stock.reserve, *message], _resolution(view))


def _choices(view: Shortage, gap: Gap, rest: bool) -> list[dict[str, Any]]:
    choices = []
    for product in view.substitutes(gap.line):
        price, title = do.format_money(product.unit_price or gap.line.unit_price), product.title or product.sku
        label = words(f"换成「{title}」，每件 {price}", f"Take “{title}” at {price} each instead")
        choices.append({"id": f"substitute:{product.sku}", "label": label})
    stock = view.facts.stock.get(gap.line.sku)
    if view.restock(gap.line) and stock and stock.restock_at:
        day = stock.restock_at.date().isoformat()
        label = words(f"等待到货（预计 {day}）", f"Wait for it (expected on {day})")
        choices.append({"id": "backorder", "label": label})
    refuse = (
        words("不需要，缺货部分退款，其余照常发货", "No, refund what is missing and send the rest")
        if rest
        else words("不需要，取消并退款", "No, cancel and refund me")
    )
    return [*choices, {"id": "no_refund", "label": refuse}]


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
        return hand_off(view.finding, "overpaid")
    if given_up:
        return _cut(view, order, given_up)
    if chosen is None:
        return hand_off(view.finding, "unknown_choice")
    if view.choice(chosen.line.sku) == "backorder":
        return _backorder(view, order, chosen)
    return _substitute(view, order, chosen)


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
    return acting(view.finding, view.facts, summary, steps, _resolution(view))


def _cut(view: Shortage, order: OrderFact, gaps: list[Gap]) -> Plan:
    lines = view.left_without(gaps)
    total = total_after(order, lines)
    stock = StockChange(view.facts, view.finding, lines, skip=view.short_skus - {gap.line.sku for gap in gaps})
    quantities = {gap.line.line_id: gap.short for gap in gaps}
    cut = do.cancel_lines(order, quantities, REASON, Money(total, _currency(order)))
    steps = [*stock.reserve, cut, *stock.release]
    if len(gaps) == len(view.gaps):
        steps += [*_confirm(view, order), *_settle_money(view, order, lines, total, "cut")]
    summary = words("取消缺货部分并退还差额，其余照常履行。",
                    "Take what is missing off the order, refund the difference, deliver the rest.")  # fmt: skip
    return acting(view.finding, view.facts, summary, steps, _resolution(view, "cancelled_refunded"))


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
    summary = words(f"按客户选择把 {gap.line.sku} 换成 {product.sku}。",
                    f"Substitute {product.sku} for {gap.line.sku} as the customer chose.")  # fmt: skip
    return acting(view.finding, view.facts, summary, steps, "alternative_accepted")


def _backorder(view: Shortage, order: OrderFact, gap: Gap) -> Plan:
    stock_fact = view.facts.stock[gap.line.sku]
    if stock_fact.restock_at is None:
        return hand_off(view.finding, "substitute_gone")
    sku, day = gap.line.sku, stock_fact.restock_at.date().isoformat()
    stock = StockChange(view.facts, view.finding, view.lines, skip=view.short_skus)
    params = {"reference": _reference(view.facts), "item": _title(view, sku), "expected_on": day}
    steps = [*stock.reserve, do.backorder_line(order, gap.line, stock_fact.restock_at)]
    steps += do.send_message(view.ctx, FAULT, f"backordered:{sku}", "backordered", params)
    summary = words(f"按客户选择为 {sku} 登记缺货预订，预计 {day} 到货。",
                    f"Back-order {sku} as the customer chose, expected on {day}.")  # fmt: skip
    return acting(view.finding, view.facts, summary, steps, "alternative_accepted")


def give_back(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """Nothing can be delivered: the purchase is ended and everything kept goes back."""
    steps = unwind(facts, ctx, REASON)
    back = returned(facts)
    params: dict[str, Any] = {"reference": _reference(facts)}
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
        steps = [*stock.reserve, do.create_order(view.facts.checkout_id), *_confirm(view, None), *stock.release]
        return _proceed(view, [*steps, *_closing(view, None, 0)])
    steps = [*stock.steps, *_confirm(view, order)]
    if order.status == "confirmed":
        steps += [do.commit_reservation(r) for r in own(view.facts) if r.status == "held" and _stays(r.id, stock)]
    if _priced(view):
        refunds = refund_excess(view.facts, total_of(order), REASON)
        steps += [*refunds, *_closing(view, order, _sum(refunds))]
    else:
        steps += _closing(view, order, 0)
    if not steps and order.status == "on_hold":
        return hand_off(view.finding, "order_on_hold")
    return _proceed(view, steps) if steps else finished(view.finding, view.ctx, _resolution(view))


def _proceed(view: Shortage, steps: list[PlanStep]) -> Plan:
    summary = words("库存足够：备货并让订单继续。", "The stock suffices: set it aside and let the order go on.")
    return acting(view.finding, view.facts, summary, steps, _resolution(view))


def _stays(reservation_id: str, stock: StockChange) -> bool:
    return all(step.target != f"reservation:{reservation_id}" for step in stock.steps)


def _confirm(view: Shortage, order: OrderFact | None) -> list[PlanStep]:
    """The confirmation an order still needs; one of nothing but back-ordered lines waits for its goods."""
    if order is None:
        return [do.confirm_order(None, view.facts.checkout_id)]
    step = do.confirm_order(order, view.facts.checkout_id)
    waits = bool(view.backordered) and not own(view.facts)
    refused = f"{step.action}|{step.target}" in view.ctx.refused
    return [step] if order.status == "created" and not waits and not refused else []


def _settle_money(view: Shortage, order: OrderFact, lines: Iterable[Line], total: int, kind: str) -> list[PlanStep]:
    """Refund and closing message where the new total is certain; else both come after the next read-back."""
    if not foreseeable(order, discount_named=False):
        return []
    refunds = refund_excess(view.facts, total, REASON)
    changed = msgspec.structs.replace(order, lines=list(lines), total=Money(total, _currency(order)))
    return [*refunds, *_closing(view, changed, _sum(refunds), kind)]


def _closing(view: Shortage, order: OrderFact | None, refund: int, kind: str | None = None) -> list[PlanStep]:
    """The message that tells how it ended, once; `refund` minor units are returned by the same plan.

    `kind` is what this plan does; without it, what earlier plans of the episode have done.
    """
    kinds = {kind} if kind else set()
    kinds |= {"cut"} if performed_any(view.ctx, "cancel_lines") else set()
    kinds |= {"substituted"} if performed_any(view.ctx, "substitute_line") else set()
    if not kinds and (view.backordered or not any(key.startswith("out_of_stock:") for key in view.ctx.asked)):
        return []
    params: dict[str, Any] = {"reference": _reference(view.facts)}
    if not kinds or order is None:
        return do.send_message(view.ctx, FAULT, "out_of_stock_outcome", "back_in_stock", params)
    phrase = kinds.pop() if len(kinds) == 1 else "changed"
    params["total"] = Money(total_of(order), _currency(order)).json()
    back = refund + sum(refunded(p) for p in view.facts.payments or [])
    if back:
        params["refund"] = Money(back, _currency(order)).json()
    return do.send_message(view.ctx, FAULT, "out_of_stock_outcome", f"{phrase}_refund" if back else phrase, params)


# -- small words ----------------------------------------------------------------------------------------------------


def _resolution(view: Shortage, otherwise: str = "repaired") -> str:
    asked = [a for key, a in view.ctx.asked.items() if key.startswith("out_of_stock:")]
    if any(a.choice and not a.choice.startswith("no") for a in asked):
        return "alternative_accepted"
    return "cancelled_refunded" if performed_any(view.ctx, "cancel_lines") else otherwise


def _priced(view: Shortage) -> bool:
    return performed_any(view.ctx, *PRICED)


def _reference(facts: Facts) -> str:
    order = (facts.orders or [None])[-1]
    return order.id if order else facts.checkout_id


def _title(view: Shortage, sku: str) -> str:
    return view.ctx.titles.get(sku, sku)


def _currency(order: OrderFact) -> str:
    return order.lines[0].unit_price.currency


def _sum(refunds: list[PlanStep]) -> int:
    return sum(step.goodwill.amount for step in refunds if step.goodwill)

"""Plans that make cart, checkout and order agree at the price better for the customer, and pay back the rest; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from knowledge.faults import steps as do
from knowledge.faults.figures import (
    Priced,
    adds_up,
    captured_net,
    foreseeable,
    goods,
    minor,
    refunded,
    sum_of_parts,
    total_after,
    total_of,
    with_price,
)
from knowledge.faults.overpaid import barred, fair_discount, reprice_refused
from knowledge.faults.payment_unconfirmed import playbook as payment_unconfirmed
from knowledge.faults.planning import (
    PlanContext,
    acting,
    confirm_by,
    finished,
    hand_off,
    in_flight,
    is_settled,
    obstacle,
    over,
    performed,
    performed_any,
    reference,
    waiting,
)
from knowledge.faults.price_mismatch.detector import matched
from knowledge.faults.steps import words
from knowledge.faults.steps_money import reprice
from knowledge.faults.unwinding import refund_excess
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.PRICE_MISMATCH
REASON = "price_difference"
LOOK_AGAIN = timedelta(seconds=5)  # while a payment is under way
OURS = ("reprice_order", "reprice_checkout")


class Better(msgspec.Struct, frozen=True):
    """The better prices by line id (of the lines that differ), and the checkout's whole payable total with them."""

    prices: dict[str, Money]
    total: int
    cheaper_in_cart: bool


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. An order, where there is one, is what counts; else the checkout is.

    Never raises a total: where the checkout already is the cheaper one, its price stands.
    """
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    checkout = facts.checkout
    if checkout is None or over(facts) or not checkout.lines:
        return finished(finding, ctx)
    if pending := in_flight(facts):
        deadline = min(confirm_by(p, finding, ctx) for p in pending)
        if deadline <= ctx.now:
            return payment_unconfirmed.plan(finding, facts, ctx)
        summary = words("付款正在进行，稍后再改价。", "A payment is under way: correct the price when it has ended.")
        return waiting(finding, min(LOOK_AGAIN, deadline - ctx.now).total_seconds(), summary)
    better = better_prices(checkout, ctx.policies.rounding)
    priced = facts.live_order or checkout
    return _correct(finding, facts, ctx, priced, better)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether what counts asks the better price and nothing above it is kept (the cart may still show a higher one)."""
    return is_settled(plan(finding, facts, ctx))


def better_prices(checkout: CheckoutFact, rounding: int) -> Better:
    """Cart or checkout, whichever whole payable total is lower with the same fees, tax and discount."""
    pairs = [
        (line, cart)
        for line, cart in matched(checkout.lines, checkout.cart_lines or [])
        if line.unit_price != cart.unit_price and line.unit_price.currency == cart.unit_price.currency
    ]
    difference = sum((cart.unit_price - line.unit_price).amount * line.quantity for line, cart in pairs)
    now, payable = total_of(checkout), sum_of_parts(checkout)
    charged_as_in_cart = abs(now - payable) > rounding and abs(now - payable - difference) <= rounding
    if difference < 0 and not charged_as_in_cart:
        return Better({line.line_id: cart.unit_price for line, cart in pairs}, max(0, now + difference), True)
    return Better({line.line_id: line.unit_price for line, _ in pairs}, now, False)


def _correct(finding: Finding, facts: Facts, ctx: PlanContext, priced: Priced, better: Better) -> Plan:
    """The price cut (while it may still be made), the refund that pays it, and word of both."""
    prices = _changes(priced, facts, better)
    lines, discount = _at(priced.lines, prices), minor(priced.discount)
    if facts.checkout is not None:
        discount = fair_discount(priced, lines, discount, facts.checkout, better.total)
    target = min(total_of(priced), total_after(priced, lines, discount))
    cut = total_of(priced) - target
    steps: list[PlanStep] = []
    if cut and not adds_up(priced, ctx.policies.rounding):
        return hand_off(finding, "total_unclear")
    if cut and barred(priced, facts, ctx, target):
        return hand_off(finding, "change_refused")
    if cut and not reprice_refused(priced, ctx):
        steps.append(_reprice(priced, prices, discount, target))
    elif not cut and (stands := _make_agree(facts, ctx, priced, better)):
        summary = words(
            "结算价更低，以结算价为准。", "The checkout is the cheaper one: its price stands for the cart too."
        )
        return acting(finding, facts, summary, stands)
    excess = captured_net(facts) - target
    ours = performed_any(ctx, *OURS)
    changed = bool(cut) or ours
    covered = discount <= goods(lines)  # else the shop may cap the discount
    certain = not steps or (covered and foreseeable(priced, discount_named=True))
    if certain and (changed or excess > ctx.policies.rounding):
        refunds = refund_excess(facts, target, REASON, repays=bool(steps) or ours)
        steps += refunds
        if steps or (ours and finding.details.get("better") != "checkout"):
            steps += _told(facts, ctx, priced, target, refunds)
    if not steps:
        return finished(finding, ctx)
    needs_human = ["price_drop_share"] if _too_deep(priced, prices, cut, ctx) else []
    summary = words(f"按较优价格改价，顾客应付 {do.shown(_money(priced, target))}。",
                    f"Correct to the better price: the customer owes {do.shown(_money(priced, target))}.")  # fmt: skip
    return acting(finding, facts, summary, steps, needs_human=needs_human, more=not certain)


def _changes(priced: Priced, facts: Facts, better: Better) -> dict[str, Money]:
    """The better price of each of its lines that has another one now."""
    agreed = {line.line_id: line for line in facts.checkout.lines} if facts.checkout else {}
    changes = {}
    for line in priced.lines:
        known = agreed.get(line.line_id)
        if known is None or known.sku != line.sku:
            continue  # changed since on purpose, by a substitution say
        price = better.prices.get(line.line_id, known.unit_price)
        if price != line.unit_price and price.currency == line.unit_price.currency:
            changes[line.line_id] = price
    return changes


def _at(lines: list[Line], prices: Mapping[str, Money]) -> list[Line]:
    return [with_price(line, prices.get(line.line_id, line.unit_price)) for line in lines]


def _reprice(priced: Priced, prices: Mapping[str, Money], discount: int, target: int) -> PlanStep:
    if discount > minor(priced.discount):  # not the prices alone were dearer than agreed
        return reprice(priced, prices, discount, _money(priced, target))
    change = do.reprice_checkout if isinstance(priced, CheckoutFact) else do.reprice_order
    step = change(priced, prices, _money(priced, target))  # type: ignore[arg-type]
    return msgspec.structs.replace(step, goodwill=_money(priced, total_of(priced) - target))


def _make_agree(facts: Facts, ctx: PlanContext, priced: Priced, better: Better) -> list[PlanStep]:
    """The checkout's own prices once more, so that a dearer cart follows.

    Once something is paid only where that certainly leaves the total as it is; an order settles the matter.
    """
    if not isinstance(priced, CheckoutFact) or not better.prices or priced.status not in ("open", "submitted"):
        return []
    key = f"checkout:{priced.id}"
    if performed(ctx, "reprice_checkout", key) or f"reprice_checkout|{key}" in ctx.refused:
        return []
    certain = foreseeable(priced, discount_named=True)
    if not (certain if facts.payments else adds_up(priced, ctx.policies.rounding)):
        return []
    return [do.reprice_checkout(priced, better.prices, _money(priced, total_of(priced)))]


def _too_deep(priced: Priced, prices: Mapping[str, Money], cut: int, ctx: PlanContext) -> bool:
    """Whether the whole total or any one line drops by more than the share a machine may grant."""
    share = ctx.policies.limits.price_drop_share
    drops = [(cut, total_of(priced))]
    drops += [(line.unit_price.amount - prices[line.line_id].amount, line.unit_price.amount)
              for line in priced.lines if line.line_id in prices]  # fmt: skip
    return any(was > 0 and drop > share * was for drop, was in drops)


def _told(facts: Facts, ctx: PlanContext, priced: Priced, target: int, refunds: list[PlanStep]) -> list[PlanStep]:
    back = sum(step.goodwill.amount for step in refunds if step.goodwill)
    back += sum(refunded(p) for p in facts.payments or [])
    params: dict[str, Any] = {"reference": reference(facts), "total": _money(priced, target).json()}
    if back:
        params["refund"] = _money(priced, back).json()
    phrase = "price_corrected_refund" if back else "price_corrected"
    return do.send_message(ctx, FAULT, "price_corrected", phrase, params)


def _money(priced: Priced, amount: int) -> Money:
    return Money(amount, priced.lines[0].unit_price.currency)

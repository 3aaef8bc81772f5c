"""What the customer is asked about missing goods, and told in the end; the playbook's messages as steps; pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import refunded, total_of
from knowledge.faults.paid_out_of_stock.shortage import Gap, Shortage, occasion
from knowledge.faults.planning import performed, performed_any, preferred, reference
from knowledge.faults.steps import words
from knowledge.faults.steps_money import COUPON_CODE, issue_coupon
from knowledge.phrases import format_money
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import OrderFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep

FAULT = FaultCode.PAID_OUT_OF_STOCK
VALID_FOR = timedelta(days=90)  # a coupon that thanks for taking a substitute


def question(view: Shortage, gap: Gap) -> list[PlanStep]:
    """The one question about a sku: substitutes, waiting, or the refund."""
    sku = gap.line.sku
    params: dict[str, Any] = {"reference": reference(view.facts), "item": title(view, sku), "quantity": gap.short}
    phrase = "ask"
    if view.substitutes(gap.line) and (worth := thanks_for(view, gap.line)):
        phrase, params["gift"] = "ask_gift", worth.json()
    return do.send_message(view.ctx, FAULT, occasion(sku), phrase, params, _choices(view, gap))


def _choices(view: Shortage, gap: Gap) -> list[dict[str, Any]]:
    substitutes, waiting = [], []
    for product in view.substitutes(gap.line):
        price, title = format_money(product.unit_price or gap.line.unit_price), product.title or product.sku
        label = words(f"换成「{title}」，每件 {price}", f"Take “{title}” at {price} each instead")
        substitutes.append({"id": f"substitute:{product.sku}", "label": label})
    stock = view.facts.stock.get(gap.line.sku)
    if view.restock(gap.line) and stock and stock.restock_at:
        day = stock.restock_at.date().isoformat()
        label = words(f"等待到货（预计 {day}）", f"Wait for it (expected on {day})")
        waiting.append({"id": "backorder", "label": label})
    refuse = (
        words("不需要，缺货部分退款，其余照常发货", "No, refund what is missing and send the rest")
        if view.left_without(view.gaps)
        else words("不需要，取消并退款", "No, cancel and refund me")
    )
    offered = preferred(view.ctx, FAULT, {"substitute_line": substitutes, "backorder_line": waiting})
    return [*offered, {"id": "no_refund", "label": refuse}]


def closing(view: Shortage, order: OrderFact | None, refund: int, kind: str | None = None) -> list[PlanStep]:
    """The message that tells how it ended, once; `refund` minor units are returned by the same plan.

    `kind` is what this plan does; without it, what earlier plans of the episode have done.
    """
    kinds = {kind} if kind else set()
    kinds |= {"cut"} if performed_any(view.ctx, "cancel_lines") else set()
    kinds |= {"substituted"} if performed_any(view.ctx, "substitute_line") else set()
    if not kinds and (view.backordered or not any(key.startswith("out_of_stock:") for key in view.ctx.asked)):
        return []
    params: dict[str, Any] = {"reference": reference(view.facts)}
    if not kinds or order is None:
        return do.send_message(view.ctx, FAULT, "out_of_stock_outcome", "back_in_stock", params)
    gift = gifts(view) if "substituted" in kinds else []
    phrase = kinds.pop() if len(kinds) == 1 else "changed"
    params["total"] = Money(total_of(order), currency_of(order)).json()
    if back := _back(view, order, refund):
        params["refund"] = Money(back, currency_of(order)).json()
    told = do.send_message(view.ctx, FAULT, "out_of_stock_outcome", f"{phrase}_refund" if back else phrase, params)
    return [*told, *gift]


def _back(view: Shortage, order: OrderFact, refund: int) -> int:
    """What went back for the goods that are gone, `refund` included: no more than they took off the agreed total (what
    was paid twice is told of by itself)."""
    back, checkout = refund + sum(refunded(p) for p in view.facts.payments or []), view.facts.checkout
    if checkout is None or not checkout.lines:
        return back
    return max(refund, min(back, max(0, total_of(checkout) - total_of(order))))


# -- the coupon that thanks for taking a substitute -----------------------------------------------------------------


def thanks_for(view: Shortage, line: Line) -> Money | None:
    """What the coupon for a substituted line is worth: a share of its price, capped; None without consent to
    marketing, or where policy names no cap for the currency."""
    customer, limits = view.facts.customer, view.ctx.policies.limits
    if customer is None or not customer.marketing_consent or not view.ctx.can_message:
        return None
    price = line.unit_price
    worth = min(int(limits.coupon_share * price.amount * line.quantity), limits.coupon_cap.get(price.currency, 0))
    return Money(worth, price.currency) if worth > 0 else None


def gifts(view: Shortage) -> list[PlanStep]:
    """One coupon for what the customer let us substitute, issued only now that it is in the order, and its message."""
    customer, bought = view.facts.customer, view.facts.checkout.lines if view.facts.checkout else []
    taken = [line for line in bought if view.choice(line.sku).startswith("substitute:")]
    worths = [worth for line in taken if (worth := thanks_for(view, line))]
    if customer is None or not worths:
        return []
    cap = view.ctx.policies.limits.coupon_cap.get(worths[0].currency, 0)
    worth = Money(min(sum(one.amount for one in worths), cap), worths[0].currency)
    step = issue_coupon(customer.id, worth, _expiry(view), "substitute_accepted")
    if f"{step.action}|{step.target}" in view.ctx.refused:
        return []
    given = performed(view.ctx, step.action, step.target)
    params: dict[str, Any] = {"reference": reference(view.facts), "gift": worth.json()}
    phrase = "gift_given" if given else "gift"
    message = do.send_message(
        view.ctx, FAULT, "substitute_gift", phrase, params if given else {**params, "code": COUPON_CODE}
    )
    return message if given or not message else [step, *message]


def _expiry(view: Shortage) -> datetime:
    """The same whenever it is worked out."""
    day = (view.finding.detectable_at + VALID_FOR).astimezone(UTC).date()
    return datetime.combine(day, time.max.replace(microsecond=0), tzinfo=UTC)


def backordered(view: Shortage, sku: str, day: str) -> list[PlanStep]:
    """The promise of a back-order; `day` is ISO 8601."""
    params = {"reference": reference(view.facts), "item": title(view, sku), "expected_on": day}
    return do.send_message(view.ctx, FAULT, f"backordered:{sku}", "backordered", params)


def title(view: Shortage, sku: str) -> str:
    """The product's name, its sku where nobody knows it."""
    return view.ctx.titles.get(sku, sku)


def currency_of(order: OrderFact) -> str:
    """The currency its lines are priced in."""
    return order.lines[0].unit_price.currency

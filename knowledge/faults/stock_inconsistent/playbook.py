"""Plans for a sku the shop shows otherwise than the inventory system counts it: the shop takes the count over; pure."""

from __future__ import annotations

from knowledge.faults.planning import PlanContext, acting, finished, hand_off, is_settled
from knowledge.faults.steps import words
from knowledge.faults.steps_delivery import resync_stock
from knowledge.vocabulary.facts import Facts, StockFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. The case is about a sku: `facts` hold its stock and no checkout.

    A figure that still differs after a resync is resynced once more; the journey counts failed repairs and brings a
    human then.
    """
    sku = str(finding.details.get("sku") or "")
    stock = facts.stock.get(sku)
    if stock is None or stock.shop_listed is None:
        return hand_off(finding, "stock_unread")
    if in_line(stock):
        return finished(finding, ctx)
    if ctx.refused.get(f"resync_stock|stock:{sku}"):
        return hand_off(finding, "resync_refused")
    summary = words(f"以库存系统为准同步 {sku} 的库存。", f"The shop takes over the inventory system's count of {sku}.")
    return acting(finding, facts, summary, [resync_stock(sku)])


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the shop shows what is available."""
    return is_settled(plan(finding, facts, ctx))


def in_line(stock: StockFact) -> bool:
    """Whether both systems say the same; a shop may show none where the other counts below zero."""
    return stock.shop_listed in (stock.available, max(0, stock.available))

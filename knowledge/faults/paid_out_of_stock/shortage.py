"""What is short of a paid purchase, what the customer was asked about it, and what can be offered; pure."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

import msgspec

from knowledge.faults.figures import available, needed, secured, stocked, with_quantity
from knowledge.faults.planning import Answer, PlanContext, answer, performed, performed_any
from knowledge.faults.steps_delivery import backorder_note
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import Facts, OrderFact, ProductFact
from knowledge.vocabulary.findings import Finding

MAX_QUESTIONS = 2  # skus a customer is asked about in one episode; further ones are refunded
MAX_SUBSTITUTES = 2
BACKORDER_WITHIN = timedelta(days=14)


def occasion(sku: str) -> str:
    """Under which the customer is asked about this sku."""
    return f"out_of_stock:{sku}"


class Gap(msgspec.Struct, frozen=True):
    """`short` units of the line that nothing covers."""

    line: Line
    short: int


class Shortage:
    """One purchase's lines against what is secured and available, in the light of the customer's answers."""

    def __init__(self, finding: Finding, facts: Facts, ctx: PlanContext) -> None:
        self.finding, self.facts, self.ctx = finding, facts, ctx
        source = facts.live_order or facts.checkout
        self.lines = [line for line in source.lines if line.quantity] if source else []
        self.needs_stock = stocked(facts, finding)

    @cached_property
    def unread(self) -> bool:
        """Whether the stock of something that must still be reserved wasn't read."""
        have = secured(self.facts)
        return any(
            n > have[sku] and sku not in self.facts.stock and not self._decided(sku) for sku, n in self._need.items()
        )

    @cached_property
    def backordered(self) -> frozenset[str]:
        """Skus whose back-order was entered in this episode."""
        order, wanted = self.facts.live_order, self.waited_for
        if order is None or not performed(self.ctx, "backorder_line", f"order:{order.id}"):
            return frozenset()
        return frozenset(wanted if len(wanted) == 1 else [sku for sku in wanted if self._noted(order, sku)])

    @cached_property
    def waited_for(self) -> list[str]:
        """Skus the customer chose to wait for."""
        return [a.occasion.partition(":")[2] for a in self.ctx.asked.values() if a.choice == "backorder"]

    def _noted(self, order: OrderFact, sku: str) -> bool:
        """Whether the back-order of this sku was entered: its note or its message, which follow it, were tried."""
        note = f"add_note|{backorder_note(order, sku)}"
        if note in self.ctx.done or note in self.ctx.refused:
            return True
        return performed(self.ctx, "send_message", f"message:backordered:{sku}")

    @cached_property
    def gaps(self) -> list[Gap]:
        """What nothing covers, line by line; back-ordered skus left out."""
        gaps = []
        for sku, short in self._short.items():
            covered = self._need[sku] - short
            for line in self.lines:
                if line.sku == sku and self.needs_stock(line):
                    gap = max(0, line.quantity - covered)
                    covered = max(0, covered - line.quantity)
                    gaps += [Gap(line, gap)] if gap else []
        return gaps

    @cached_property
    def short_skus(self) -> frozenset[str]:
        """The skus with gaps, and those that are back-ordered: nothing more is reserved of them."""
        return frozenset(self._short) | self.backordered

    @cached_property
    def overtaken(self) -> bool:
        """Whether the shop secured everything of a sku the customer has declined to wait for."""
        if performed_any(self.ctx, "cancel_lines"):
            return False
        have = secured(self.facts)
        return any(self.state(sku) is Answer.DECLINED and have[sku] >= n for sku, n in self._need.items())

    def state(self, sku: str) -> Answer:
        """Where the question about this sku stands."""
        return answer(self.ctx, occasion(sku))

    def choice(self, sku: str) -> str:
        """The id of what the customer chose, empty without."""
        asked = self.ctx.asked.get(occasion(sku))
        return (asked.choice or "") if asked else ""

    def given_up(self) -> list[Gap]:
        """Gaps for which there is no alternative, or none the customer took."""
        return [gap for gap in self.gaps if self.state(gap.line.sku) is not Answer.CHOSE]

    def left_without(self, gaps: list[Gap]) -> list[Line]:
        """The lines that remain when these gaps are taken off."""
        cut = {gap.line.line_id: gap.short for gap in gaps}
        lines = [with_quantity(line, line.quantity - cut.get(line.line_id, 0)) for line in self.lines]
        return [line for line in lines if line.quantity]

    def to_ask(self) -> Gap | None:
        """The next gap the customer can be offered something for."""
        if not self.ctx.can_message or sum(key.startswith("out_of_stock:") for key in self.ctx.asked) >= MAX_QUESTIONS:
            return None
        for gap in self.gaps:
            if self.state(gap.line.sku) is Answer.NOT_ASKED and (self.substitutes(gap.line) or self.restock(gap.line)):
                return gap
        return None

    def substitutes(self, line: Line) -> list[ProductFact]:
        """Up to two products in stock for the whole line that cost no more than was agreed for it."""
        if sum(gap.line.sku == line.sku for gap in self.gaps) > 1:
            return []  # one answer could not say for which line
        rows = [p for p in self.ctx.substitutes.get(line.sku, []) if self._fits(p, line)]
        return [p for p in rows if p.unit_price and p.unit_price <= line.unit_price][:MAX_SUBSTITUTES]

    def chosen_substitute(self, line: Line) -> ProductFact | None:
        """The product of the customer's choice, None when it is not to be had any more."""
        sku = self.choice(line.sku).removeprefix("substitute:")
        return next((p for p in self.ctx.substitutes.get(line.sku, []) if p.sku == sku and self._fits(p, line)), None)

    def restock(self, line: Line) -> bool:
        """Whether the line's goods are known to come in within 14 days."""
        stock = self.facts.stock.get(line.sku)
        if stock is None or stock.restock_at is None or sum(g.line.sku == line.sku for g in self.gaps) > 1:
            return False
        return self.ctx.now < stock.restock_at <= self.ctx.now + BACKORDER_WITHIN

    @cached_property
    def _need(self) -> dict[str, int]:
        need = needed(self.lines, self.needs_stock)
        return {sku: n for sku, n in need.items() if sku not in self.backordered}

    @cached_property
    def _short(self) -> dict[str, int]:
        have = secured(self.facts)
        short = {}
        for sku, need in self._need.items():
            missing = max(0, need - have[sku])
            uncovered = max(0, missing - available(self.facts, sku))
            if self._decided(sku):  # what the customer decided stands, though stock has come in meanwhile
                uncovered = uncovered or missing
            if uncovered:
                short[sku] = uncovered
        return short

    def _decided(self, sku: str) -> bool:
        if sum(line.sku == sku for line in self.lines) > 1:
            return False  # the answer was about one of the lines
        return self.state(sku) in (Answer.CHOSE, Answer.DECLINED)

    def _fits(self, product: ProductFact, line: Line) -> bool:
        price = product.unit_price
        same = price is not None and price.currency == line.unit_price.currency
        stock = self.facts.stock.get(product.sku)
        spare = self._spare(product.sku)
        enough = stock is None or stock.available + spare >= line.quantity
        return bool(product.active and same and enough and product.requires_shipping == line.requires_shipping)

    def _spare(self, sku: str) -> int:
        """Own units of the sku that no line needs: those a broken-off substitution has reserved."""
        return max(0, secured(self.facts)[sku] - needed(self.lines, self.needs_stock)[sku])

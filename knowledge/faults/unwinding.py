"""Taking a whole purchase back: order or checkout ended, money returned, stock released, customer told; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from knowledge.faults import steps as do
from knowledge.faults.figures import (
    OPEN,
    captured_net,
    kept,
    kept_net,
    minor,
    needed,
    own,
    reserve_lines,
    secured,
    stocked,
    surplus,
    valid_authorisation,
)
from knowledge.faults.planning import PlanContext, create_refused, over, performed_any
from knowledge.vocabulary.codes import PaymentKind
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import Facts, PaymentFact, ReservationFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep


def ended_by_us(facts: Facts, ctx: PlanContext) -> bool:
    """Whether this episode has ended the purchase (or found out that no order can be made of it any more)."""
    if facts.live_order is not None:
        return False
    return create_refused(facts, ctx) or (over(facts) and performed_any(ctx, "cancel_order", "expire_checkout"))


def unwind(facts: Facts, ctx: PlanContext, reason: str) -> list[PlanStep]:
    """Every step still needed until nothing of the purchase is left: no order, no money, no stock.

    First what could go on by itself is stopped: payments under way before the order, so that one that has just come
    through refuses while the order still lives; authorisations, which pay for goods that may leave at this moment,
    after it. Then all that is kept goes back, then the stock. An `order_exists` or `already_captured` on the way is a
    reason to read back and plan again; nothing is done twice then, for each step depends on what is read.
    """
    payments = facts.payments or []
    result = [do.cancel_payment_link(link) for link in ctx.links if link.status == "open"]
    result += [do.cancel_payment(p) for p in payments if p.status in OPEN]
    result += stop(facts, reason)
    result += [do.cancel_payment(p) for p in payments if valid_authorisation(p, ctx.now)]
    result += [do.refund_payment(p, kept(p), reason) for p in payments if kept(p)]
    return result + release_all(own(facts))


def stop(facts: Facts, reason: str) -> list[PlanStep]:
    """The order cancelled, or where there never was one, the checkout closed."""
    order = facts.live_order
    if order is not None:
        return [do.cancel_order(order, reason)]
    if not facts.orders and facts.checkout is not None and not over(facts):
        return [do.expire_checkout(facts.checkout.id, reason)]
    return []


def release_all(reservations: Iterable[ReservationFact]) -> list[PlanStep]:
    """One release per reservation id."""
    return [do.release_reservation(r) for r in {r.id: r for r in reservations}.values()]


def returned(facts: Facts) -> Money | None:
    """What the customer has back once `unwind` is done: everything ever captured; None when nothing was."""
    captured = [p.captured for p in facts.payments or [] if minor(p.captured)]
    return Money(sum(m.amount for m in captured if m), captured[0].currency) if captured and captured[0] else None


def refund_excess(facts: Facts, new_total: int, reason: str, *, repays: bool = False) -> list[PlanStep]:
    """Refunds exactly captured − `new_total` (minor units, surcharges aside), at most once per payment.

    Money goes back before gift cards, points and vouchers, and from one payment where one suffices.
    """
    excess = captured_net(facts) - new_total
    payments = sorted(facts.payments or [], key=lambda p: _refund_order(p, excess))
    result = []
    for payment in payments:
        amount = min(excess, kept_net(payment))
        if amount > 0:
            result.append(do.refund_payment(payment, amount, reason, repays=repays))
            excess -= amount
    return result


def _refund_order(payment: PaymentFact, excess: int) -> tuple[bool, bool, int, str]:
    return payment.kind != PaymentKind.MONEY, kept_net(payment) < excess, -kept_net(payment), payment.id


class StockChange:
    """The stock steps that bring what is set aside from what is secured now to what `lines` need.

    `reserve` comes before what depends on it, so that a refusal (`out_of_stock`) stops a plan while nothing has
    changed; `release` comes after. Reservations that are partly too much go first and are reserved again in part.
    """

    def __init__(self, facts: Facts, finding: Finding, lines: Iterable[Line], skip: Iterable[str] = ()) -> None:
        need = needed(lines, stocked(facts, finding))
        whole, split = surplus(facts, need)
        have = secured(facts)
        for reservation in split:
            have[reservation.sku] -= reservation.quantity
        before = dict(have)  # what is released only afterwards still counts when we reserve
        for reservation in whole:
            have[reservation.sku] -= reservation.quantity
        left_out = set(skip)
        self.missing: Mapping[str, int] = {
            sku: n - have.get(sku, 0) for sku, n in need.items() if sku not in left_out and n > have.get(sku, 0)
        }
        self.reserve: list[PlanStep] = release_all(split)
        if rows := reserve_lines(self.missing):
            self.reserve.append(do.reserve_stock(facts.checkout_id, rows, before))
        self.release: list[PlanStep] = release_all(whole)

    @property
    def steps(self) -> list[PlanStep]:
        """All of them."""
        return [*self.reserve, *self.release]

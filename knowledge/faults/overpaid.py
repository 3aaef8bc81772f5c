"""What the customer owes, and giving back exactly what was taken above it; pure."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import msgspec

from knowledge.faults import steps as do
from knowledge.faults.figures import (
    OPEN,
    Priced,
    adds_up,
    captured_net,
    foreseeable,
    goods,
    kept,
    kept_net,
    minor,
    split_agreed,
    total_after,
    total_of,
    valid_authorisation,
)
from knowledge.faults.paying import cancel_links
from knowledge.faults.planning import PlanContext, performed, refused
from knowledge.faults.unwinding import refund_excess
from knowledge.vocabulary.codes import PaymentKind
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact, PaymentFact
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import PlanStep

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def owed(facts: Facts, rounding: int) -> int | None:
    """What is due for what the customer keeps, in minor units; None when the totals don't say.

    The agreed total of the checkout; a lower one of the order where it follows from a change on purpose, or where
    nothing above it is kept.
    """
    checkout, order = facts.checkout, facts.live_order
    if checkout is None or not checkout.lines:
        return None
    agreed = total_of(checkout)
    if order is None or total_of(order) >= agreed - rounding or split_agreed(facts):
        return agreed
    clear = changed_on_purpose(order, checkout, rounding) or captured_net(facts) <= total_of(order) + rounding
    return total_of(order) if clear else None


def changed_on_purpose(order: OrderFact, checkout: CheckoutFact, rounding: int) -> bool:
    """Whether the order's lower total follows from other lines or a larger discount, not from a fee that is gone."""
    extras = all(
        minor(getattr(order, part)) >= minor(getattr(checkout, part)) for part in ("shipping_fee", "fees")
    )
    other = _content(order.lines) != _content(checkout.lines) or minor(order.discount) > minor(checkout.discount)
    return extras and other and adds_up(order, rounding)


def fair_discount(priced: Priced, lines: list[Line], discount: int, checkout: CheckoutFact, fair: int) -> int:
    """The discount (minor units) that makes `priced` at these lines ask no more than `fair`, at least `discount`.

    An order of the goods that were agreed may ask more for another reason too (its shipping fee, say): as much more
    comes off, where the sum is certain.
    """
    after = total_after(priced, lines, discount)
    if after <= fair or not foreseeable(priced, discount_named=True) or _goods(priced.lines) != _goods(checkout.lines):
        return discount
    more = discount + after - fair
    return more if more <= goods(lines) else discount


def refund_redundant(facts: Facts, ctx: PlanContext, due: int, reason: str) -> list[PlanStep]:
    """Refunds exactly what is captured above `due`: what was taken twice of one payment, whole redundant payments
    (the latest first, with their surcharge), and only then a part of another."""
    payments = facts.payments or []
    excess = captured_net(facts) - due
    back: Counter[str] = Counter()
    for payment in payments:
        over = min(excess, minor(payment.captured) - minor(payment.amount), kept(payment)) if payment.amount else 0
        if over > 0:
            back[payment.id] += over
            excess -= over
    left = [_after(p, back[p.id]) for p in payments]
    for payment in sorted(left, key=lambda p: (*_taken_at(p, ctx), p.id), reverse=True):
        worth = kept_net(payment)
        if payment.kind == PaymentKind.MONEY and 0 < worth <= excess:
            back[payment.id] += kept(payment)
            excess -= worth
    rest = msgspec.structs.replace(facts, payments=[_after(p, back[p.id]) for p in payments])
    for step in refund_excess(rest, due, reason):
        back[step.arguments["payment_id"]] += step.arguments["amount"]["amount"]
    return [do.refund_payment(p, back[p.id], reason) for p in payments if back[p.id] > 0]


def reprice_refused(priced: Priced, ctx: PlanContext) -> bool:
    """Whether the shop doesn't change this price any more; what was taken above the right one goes back anyway."""
    kind = "order" if isinstance(priced, OrderFact) else "checkout"
    return refused(ctx, f"reprice_{kind}", f"{kind}:{priced.id}")


def barred(priced: Priced, facts: Facts, ctx: PlanContext, target: int) -> bool:
    """Whether a refused price can't be made good by a refund: there is no order yet, or not all of the right total
    (`target`, minor units) was captured, so that the wrong one may still be charged."""
    if not reprice_refused(priced, ctx):
        return False
    return not isinstance(priced, OrderFact) or captured_net(facts) < target - ctx.policies.rounding


def cancel_redundant(facts: Facts, ctx: PlanContext, due: int) -> list[PlanStep]:
    """Where everything due is captured: cancels what could still be taken beside it, links and payments alike."""
    if captured_net(facts) < due or not captured_net(facts):
        return []
    return [*cancel_links(ctx), *(do.cancel_payment(p) for p in alive(facts, ctx))]


def alive(facts: Facts, ctx: PlanContext) -> list[PaymentFact]:
    """The payments by which money may still be taken."""
    return [p for p in facts.payments or [] if p.status in OPEN or valid_authorisation(p, ctx.now)]


def cancelled_in_vain(facts: Facts, ctx: PlanContext) -> bool:
    """Whether a payment is still alive although this episode has cancelled it."""
    return any(performed(ctx, "cancel_payment", f"payment:{p.id}") for p in alive(facts, ctx))


def given_back(steps: list[PlanStep]) -> list[Money]:
    """What these refunds return, one sum per currency."""
    sums: Counter[str] = Counter()
    for step in steps:
        if step.action == "refund_payment" and step.goodwill is not None:
            sums[step.goodwill.currency] += step.goodwill.amount
    return [Money(amount, currency) for currency, amount in sums.items()]


def _goods(lines: list[Line]) -> set[tuple[str, str, int]]:
    return {(line.line_id, line.sku, line.quantity) for line in lines if line.quantity}


def _content(lines: list[Line]) -> set[tuple[str, str, int, int]]:
    return {(line.line_id, line.sku, line.quantity, line.unit_price.amount) for line in lines if line.quantity}


def _taken_at(payment: PaymentFact, ctx: PlanContext) -> tuple[datetime, datetime]:
    """When it was captured, and when begun: what is only read back counts as captured at the moment of reading."""
    view, begun = ctx.snapshot.payments.get(payment.id), payment.created_at or _LONG_AGO
    return (view.captured_at if view else None) or begun, begun


def _after(payment: PaymentFact, refund: int) -> PaymentFact:
    """The payment once `refund` minor units more are on their way back."""
    if not refund or payment.captured is None:
        return payment
    pending = Money(minor(payment.refund_pending) + refund, payment.captured.currency)
    return msgspec.structs.replace(payment, refund_pending=pending)

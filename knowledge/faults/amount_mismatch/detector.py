"""Finds money that doesn't fit what was agreed: a little too much taken, another total, another currency."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from knowledge.faults.context import Context
from knowledge.faults.duplicate_charge.detector import redundant_payments
from knowledge.faults.reading import CONFIRMATIONS, evidence, live_total, over, payment_marks, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, heard_at

STEP = Step.PAYMENT
SEVERITY = Severity.MEDIUM


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """At most one finding, the gravest: captured above due, then another currency, then the order's total.

    Whole redundant payments are `duplicate_charge`, shortfalls `partial_payment`, kept money of what is over
    `refund_missing`: none of them is found here.
    """
    if s.total is None or over(s):
        return []
    return _excess(s, s.total, ctx) or _currency(s, s.total, ctx) or _order_total(s, s.total, ctx)


def _excess(s: OrderSnapshot, total: Money, ctx: Context) -> list[Finding]:
    excess = s.captured_net() - total.amount
    if excess <= ctx.rounding or redundant_payments(s, ctx.rounding):
        return []
    marks = payment_marks(s, (p for p in s.money_payments() if p.kept), "payment.captured")
    at = max((p.captured_at for p in s.money_payments() if p.captured_at), default=s.submitted_at or ctx.now)
    cause = "captured_too_much"
    return [_finding(cause, Severity.HIGH, marks, heard_at(marks, at), _amounts(total, excess, s.captured_net()))]


def _currency(s: OrderSnapshot, total: Money, ctx: Context) -> list[Finding]:
    foreign = [p for p in s.payments.values() if p.kept and p.currency not in ("", total.currency)]
    if not foreign:
        return []
    marks = payment_marks(s, foreign, *CONFIRMATIONS)
    at = max((p.captured_at for p in foreign if p.captured_at), default=s.submitted_at or ctx.now)
    taken = Money(foreign[0].kept, foreign[0].currency)
    amounts = {"difference": taken, "found": taken, "agreed": total}
    return [_finding("other_currency", SEVERITY, marks, heard_at(marks, at), amounts)]


def _order_total(s: OrderSnapshot, total: Money, ctx: Context) -> list[Finding]:
    """The live orders ask something else than agreed; neither a refund nor a change on purpose settles it.

    Below the agreed total there is time: another part of a split order may come within `deadlines.order`,
    and the refund of a reduced order within `deadlines.refund`. Where just what the order asks was taken, it may have
    been changed unheard: a read-back confirms first.
    """
    asked = live_total(s)
    if asked is None or abs(asked - total.amount) <= ctx.rounding:
        return []
    kept = s.captured_net()
    changed, taken = s.marks_of("order.changed"), abs(kept - asked) <= ctx.rounding
    marks = said(s, "order.created", "order.changed", read_back="order")
    marks = [m for m in marks if m.entity in {o.id for o in s.live_orders}][-1:]
    submit = said(s, "checkout.submitted", read_back="checkout")[-1:]
    at = heard_at([*marks, *submit], marks[-1].at if marks else s.submitted_at or ctx.now)
    if asked < total.amount:
        if (taken and _on_purpose(s)) or (changed and kept <= asked):
            return []
        at += ctx.refund_deadline if changed or len(s.orders) > len(s.live_orders) else ctx.order_deadline
    amounts = _amounts(total, abs(asked - total.amount), asked)
    severity = Severity.HIGH if kept > asked + ctx.rounding else SEVERITY
    weak = taken and asked < total.amount
    return [_finding("order_total_differs", severity, [*submit, *marks], at, amounts, confirm=weak)]


def _on_purpose(s: OrderSnapshot) -> bool:
    """Whether somebody reduced the orders: said so, cancelled a part, gave money back, or changed goods or discount.

    Other goods may also be a part of what is sent and captured piece by piece; where nobody told the orders' goods,
    money that is authorised beyond what was captured says so.
    """
    if s.marks_of("order.changed") or len(s.orders) > len(s.live_orders):
        return True
    if any(p.refunded or p.refund_pending for p in s.payments.values()):
        return True
    told = [o.lines for o in s.live_orders]
    ordered = [line for lines in told for line in lines or []]
    if all(told) and s.lines:
        other = _goods(ordered) != _goods(s.lines)
    else:
        other = any(p.authorized > p.captured or p.open for p in s.money_payments())
    off = sum(o.discount.amount for o in s.live_orders if o.discount)
    return other or off > (s.discount.amount if s.discount else 0)


def _goods(lines: list[Line]) -> Counter[tuple[str, int]]:
    """Units by sku and unit price, however they are spread over lines and orders."""
    units: Counter[tuple[str, int]] = Counter()
    for line in lines:
        units[line.sku, line.unit_price.amount] += line.quantity
    return +units


def _amounts(total: Money, difference: int, found: int) -> dict[str, Money]:
    return {
        "difference": Money(difference, total.currency),
        "found": Money(found, total.currency),
        "agreed": total,
    }


def _finding(
    cause: str,
    severity: Severity,
    marks: list[Mark],
    detectable_at: datetime,
    amounts: dict[str, Money],
    *,
    confirm: bool = False,
) -> Finding:
    return Finding(
        code=FaultCode.AMOUNT_MISMATCH,
        severity=severity,
        step=STEP,
        cause=cause,
        detectable_at=detectable_at,
        evidence=evidence(marks),
        at_risk=amounts["difference"],
        confirm=confirm,
        details={name: amount.json() for name, amount in amounts.items()},
    )

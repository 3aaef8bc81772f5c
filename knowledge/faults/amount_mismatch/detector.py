"""Finds money that doesn't fit what was agreed: a little too much taken, another total, another currency."""

from __future__ import annotations

from datetime import datetime

from knowledge.faults.context import Context
from knowledge.faults.duplicate_charge.detector import redundant_payments
from knowledge.faults.reading import CONFIRMATIONS, evidence, live_total, over, payment_marks, said
from knowledge.vocabulary.codes import FaultCode, Severity, Step
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
    and the refund of a reduced order within `deadlines.refund`.
    """
    asked = live_total(s)
    if asked is None or abs(asked - total.amount) <= ctx.rounding:
        return []
    kept = s.captured_net()
    changed = s.marks_of("order.changed")
    marks = said(s, "order.created", "order.changed", read_back="order")
    marks = [m for m in marks if m.entity in {o.id for o in s.live_orders}][-1:]
    submit = said(s, "checkout.submitted", read_back="checkout")[-1:]
    at = heard_at([*marks, *submit], marks[-1].at if marks else s.submitted_at or ctx.now)
    if asked < total.amount:
        if abs(kept - asked) <= ctx.rounding or (changed and kept <= asked):
            return []
        at += ctx.refund_deadline if changed or len(s.orders) > len(s.live_orders) else ctx.order_deadline
    amounts = _amounts(total, abs(asked - total.amount), asked)
    severity = Severity.HIGH if kept > asked + ctx.rounding else SEVERITY
    return [_finding("order_total_differs", severity, [*submit, *marks], at, amounts)]


def _amounts(total: Money, difference: int, found: int) -> dict[str, Money]:
    return {
        "difference": Money(difference, total.currency),
        "found": Money(found, total.currency),
        "agreed": total,
    }


def _finding(
    cause: str, severity: Severity, marks: list[Mark], detectable_at: datetime, amounts: dict[str, Money]
) -> Finding:
    return Finding(
        code=FaultCode.AMOUNT_MISMATCH,
        severity=severity,
        step=STEP,
        cause=cause,
        detectable_at=detectable_at,
        evidence=evidence(marks),
        at_risk=amounts["difference"],
        details={name: amount.json() for name, amount in amounts.items()},
    )

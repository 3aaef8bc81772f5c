"""Plans for payments that failed while nothing is held: say why in plain words, offer a fresh link once; pure."""

from __future__ import annotations

from datetime import UTC, datetime

from knowledge.faults.offering import offer
from knowledge.faults.payment_failed.messages import WHY
from knowledge.faults.planning import PlanContext, Words, is_settled, reference
from knowledge.vocabulary.codes import FaultCode, PaymentStatus
from knowledge.vocabulary.facts import Facts, PaymentFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.PAYMENT_FAILED
OCCASION = "pay_again"
FAILED = frozenset({PaymentStatus.FAILED, PaymentStatus.EXPIRED, PaymentStatus.CANCELLED})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
# Gateways' failure codes by what a customer can do about them. What isn't listed (suspected fraud, say) is told as
# a plain refusal of the bank.
_CLASSES = {
    "funds": ("insufficient_funds", "insufficient_balance", "not_sufficient_funds", "low_balance"),
    "card": ("expired_card", "card_expired", "invalid_card", "incorrect_number", "incorrect_cvc", "invalid_cvc",
             "invalid_expiry", "card_not_supported"),
    "limit": ("limit_exceeded", "over_limit", "amount_limit", "card_velocity_exceeded"),
    "authentication": ("authentication_failed", "authentication_required", "3ds_failed", "otp_failed",
                       "wrong_password"),
    "technical": ("processing_error", "gateway_error", "gateway_timeout", "network_error", "system_error", "timeout",
                  "issuer_unavailable"),
}  # fmt: skip


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. What is paid by the link makes no order by itself: `paid_order_missing` sees to that."""
    params = {"reference": reference(facts), "why": why(facts, ctx)}
    return offer(finding, facts, ctx, OCCASION, "pay_again", params, closed="payment_over")


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether it is paid, or the customer knows and no link is left."""
    return is_settled(plan(finding, facts, ctx))


def why(facts: Facts, ctx: PlanContext) -> Words:
    """Why the latest payment failed, in words by language."""
    failed = [p for p in facts.payments or [] if p.status in FAILED]
    if not failed:
        return WHY["declined"]
    last = max(failed, key=lambda p: (_ended_at(p, ctx), p.id))
    if last.status is not PaymentStatus.FAILED:
        return WHY["not_finished"]
    code = (last.failure_code or "").lower()
    return WHY[next((name for name, codes in _CLASSES.items() if code in codes), "declined")]


def _ended_at(payment: PaymentFact, ctx: PlanContext) -> datetime:
    view = ctx.snapshot.payments.get(payment.id)
    return (view.ended_at if view else None) or payment.updated_at or payment.created_at or _LONG_AGO

"""Plans for checkouts the customer left: one reminder to those who agreed to it, never a second; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.planning import Answer, PlanContext, answer, awaiting, hand_off, is_settled
from knowledge.faults.steps import words
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.ABANDONED_CHECKOUT
OCCASION = "abandoned_reminder"


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The reminder, then the wait, then the end. A reminder sent is not a repair."""
    if _came_back(facts):
        return _closed(finding, "self_cleared")
    state = answer(ctx, OCCASION)
    if state is Answer.WAITING:
        return awaiting(finding, words("等待顾客回来付款。", "Waiting for the customer to come back."))
    if state is Answer.WORDS:
        return hand_off(finding, "customer_wrote")
    if state is not Answer.NOT_ASKED or not _may_remind(facts, ctx):
        return _closed(finding, "no_response")
    reminder = do.send_message(ctx, FAULT, OCCASION, "reminder", {"reference": facts.checkout_id})
    return awaiting(finding, words("发送一次提醒。", "Send the one reminder."), reminder, "no_response")


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the customer came back, or nothing more may be said to them."""
    return is_settled(plan(finding, facts, ctx))


def _came_back(facts: Facts) -> bool:
    """Whether the checkout was paid (or a payment begun), ordered, or ended."""
    ended = facts.checkout is not None and facts.checkout.status not in ("open", "submitted")
    return bool(ended or facts.orders or facts.payments)


def _may_remind(facts: Facts, ctx: PlanContext) -> bool:
    """Marketing consent, an active account and an allowed channel."""
    customer = facts.customer
    consents = customer is not None and customer.marketing_consent and customer.status == "active"
    return bool(consents and customer and customer.allowed_channels and ctx.can_message)


def _closed(finding: Finding, resolution: str) -> Plan:
    summary = words("不再打扰顾客。", "Nothing more is said to the customer.")
    return Plan(fault=finding.code, summary=summary, then="resolve", resolution=resolution)

"""Plans for a basket that was ordered twice: the customer says which orders go on, and only then one ends; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    finished,
    hand_off,
    is_settled,
    obstacle,
    reference,
    sent,
)
from knowledge.faults.steps import words
from knowledge.faults.unwinding import ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.DUPLICATE_ORDER
REASON = "duplicate_order"
OCCASION = "duplicate_order"
CANCEL, KEEP = "cancel_one", "keep_both"


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Without the customer's word both orders go on as they were ordered."""
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    if ended_by_us(facts, ctx):
        return _cancel(finding, facts, ctx)
    if facts.live_order is None:
        return finished(finding, ctx)
    match answer(ctx, OCCASION):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客选择。", "Waiting for the customer's choice."))
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.UNREACHED:
            return hand_off(finding, "cannot_reach")
        case Answer.CHOSE:
            return _chosen(finding, facts, ctx, ctx.asked[OCCASION].choice)
    return finished(finding, ctx, "no_response")


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the customer wants both (or doesn't say), or the later one is wholly taken back."""
    return is_settled(plan(finding, facts, ctx))


def _ask(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask")
    other = finding.details.get("other_order_id")
    params: dict[str, Any] = {"reference": reference(facts), "other": other}
    later = reference(facts)
    choices = [
        {"id": CANCEL, "label": words(f"取消订单 {later} 并退款", f"Cancel {later} and refund it")},
        {"id": KEEP, "label": words("两单都要", "Keep both")},
    ]
    phrase = "ordered_twice" if other else "ordered_again"
    message = do.send_message(ctx, FAULT, OCCASION, phrase, params, choices)
    summary = words("同一购物车下了两单：请顾客选择取消后一单或都保留。",
                    "The same basket was ordered twice: the customer cancels the later one or keeps both.")  # fmt: skip
    return awaiting(finding, summary, message, "no_response")


def _chosen(finding: Finding, facts: Facts, ctx: PlanContext, choice: str | None) -> Plan:
    if choice == CANCEL:
        return hand_off(finding, "already_shipped") if sent(facts) else _cancel(finding, facts, ctx)
    if choice != KEEP:
        return hand_off(finding, "unknown_choice")
    message = do.send_message(ctx, FAULT, "both_kept", "both_kept", {"reference": reference(facts)})
    if not message:
        return finished(finding, ctx, "alternative_accepted")
    summary = words("顾客两单都要：照常履行。", "The customer wants both: they go on as ordered.")
    return acting(finding, facts, summary, message, "alternative_accepted")


def _cancel(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """With the customer's consent: the later order ends, all its money goes back, its stock is released."""
    steps = unwind(facts, ctx, REASON)
    back = returned(facts)
    params: dict[str, Any] = {"reference": reference(facts)}
    if back:
        params["refund"] = back.json()
    phrase = "one_cancelled_refund" if back else "one_cancelled"
    steps += do.send_message(ctx, FAULT, "one_cancelled", phrase, params)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("按顾客选择取消后一单、全额退款并释放库存。",
                    "Cancel the later order as the customer chose, refund it whole, release its stock.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")

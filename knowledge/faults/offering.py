"""One offer of a payment link to a customer whose payments don't get through, and its end; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import kept, lacking
from knowledge.faults.overpaid import alive
from knowledge.faults.paying import ask_to_pay, cancel_links, least_total, pay_state
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    awaiting,
    can_retry,
    finished,
    hand_off,
    obstacle,
    over,
    performed,
    refused,
)
from knowledge.faults.steps import words
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

NO_THANKS = {"id": "no_thanks", "label": {"zh-CN": "不用了，谢谢", "en": "No, thanks"}}
# What says that a payment failed, or offers another way to pay: of all these a customer hears one.
OFFERS = ("pay_again", "payment_help")
WORD_OF_IT = ("payment_failed", "payment_not_confirmed", "payment_over")


def offer(
    finding: Finding, facts: Facts, ctx: PlanContext, occasion: str, phrase: str, params: dict[str, Any],
    closed: str | None = None,
) -> Plan:  # fmt: skip
    """The link over the whole due, the wait, the end.

    Nobody is asked while another payment may still succeed, and nothing is done where money was taken or an order
    made: other faults see to that. `closed` is said instead where the customer can't pay this checkout any more.
    """
    if reason := obstacle(facts):
        return hand_off(finding, reason, cancel_links(ctx))
    due = least_total(facts)
    if due is None or over(facts) or facts.live_order is not None:
        return _end(finding, facts, ctx)
    if lacking(facts, due, ctx.now) <= ctx.policies.rounding:
        return _paid(finding, facts, ctx)
    if any(kept(p) for p in facts.payments or []):
        return _end(finding, facts, ctx)
    match pay_state(ctx, occasion, due):
        case Answer.NOT_ASKED if _heard(ctx, occasion) or alive(facts, ctx) or not ctx.can_message:
            return _end(finding, facts, ctx)
        case Answer.NOT_ASKED if not can_retry(facts, ctx.now):
            return _say_closed(finding, facts, ctx, closed, params)
        case Answer.NOT_ASKED if refused(ctx, "create_payment_link", f"checkout:{facts.checkout_id}"):
            return hand_off(finding, "link_refused", cancel_links(ctx))
        case Answer.NOT_ASKED:
            steps = ask_to_pay(facts, ctx, finding.code, occasion, due, phrase, params, [NO_THANKS])
            shown = do.shown(due)
            summary = words(f"向顾客提供一个金额为 {shown} 的付款链接。",
                            f"Offer the customer a payment link over {shown}.")  # fmt: skip
            return awaiting(finding, summary, steps)
        case Answer.WAITING if can_retry(facts, ctx.now) or alive(facts, ctx):
            return awaiting(finding, words("等待顾客付款。", "Waiting for the customer to pay."))
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.CHOSE:
            return hand_off(finding, "unknown_choice")
    return _end(finding, facts, ctx)


def _heard(ctx: PlanContext, occasion: str) -> bool:
    """Whether the customer heard of the failed payment in this episode otherwise."""
    others = [o for o in OFFERS if o != occasion]
    said = any(key.startswith(f"{o}:") for key in ctx.asked for o in others)
    return said or any(key in ctx.asked or performed(ctx, "send_message", f"message:{key}") for key in WORD_OF_IT)


def _say_closed(
    finding: Finding, facts: Facts, ctx: PlanContext, closed: str | None, params: dict[str, Any]
) -> Plan:
    message = do.send_message(ctx, finding.code, "payment_over", closed, params) if closed else []
    if not message:
        return _end(finding, facts, ctx)
    summary = words("付款时间已过：告知顾客付款未成功。", "The time to pay has passed: say that the payment failed.")
    return acting(finding, facts, summary, [*cancel_links(ctx), *message], "no_response")


def _paid(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    if links := cancel_links(ctx):
        summary = words("已付清：作废多余的付款链接。", "Paid in full: the link that is left over is cancelled.")
        return acting(finding, facts, summary, links)
    return finished(finding, ctx)


def _end(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """No link stays behind. An offer that nobody took is no repair."""
    if links := cancel_links(ctx):
        summary = words("不再等待付款：作废付款链接。", "No payment is waited for any more: cancel the link.")
        return acting(finding, facts, summary, links, "no_response")
    return finished(finding, ctx, "no_response")



"""Plans for purchases of which only a part was paid: collect the rest by a link, or give everything back; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, captured_net, lacking
from knowledge.faults.paying import ask_to_pay, cancel_links, least_total, pay_state, refunds_explain, under_way
from knowledge.faults.payment_unconfirmed import playbook as payment_unconfirmed
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    awaiting,
    can_retry,
    finished,
    hand_off,
    is_settled,
    obstacle,
    over,
    reference,
    refused,
    sent,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_money import resume
from knowledge.faults.unwinding import ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.PARTIAL_PAYMENT
REASON = "partial_payment"
OCCASION = "pay_rest"
REFUSE = {"id": "no_refund", "label": {"zh-CN": "不再支付，取消并退款", "en": "No, cancel and refund me"}}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk: link and question, the wait, then nothing more (paid) or everything back."""
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    if ended_by_us(facts, ctx):
        return _give_back(finding, facts, ctx)
    due = least_total(facts)
    if over(facts) or due is None:
        return hand_off(finding, "refund_missing" if over(facts) else "facts_missing")
    rest = lacking(facts, due, ctx.now)
    if rest <= ctx.policies.rounding:
        return _paid(finding, facts, ctx)
    if refunds_explain(facts, due, ctx.policies.rounding):
        return hand_off(finding, "refunded_before", cancel_links(ctx))
    return _collect(finding, facts, ctx, Money(rest, due.currency))


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether it is paid and no link can be paid twice, or everything was given back."""
    return is_settled(plan(finding, facts, ctx))


def _paid(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    if steps := [*cancel_links(ctx), *resume(facts.live_order, ctx)]:
        summary = words("已付清：作废多余的付款链接，解除我们所作的暂停。",
                        "Paid in full: no link is left over, and no hold of ours.")  # fmt: skip
        return acting(finding, facts, summary, steps)
    return finished(finding, ctx)


def _collect(finding: Finding, facts: Facts, ctx: PlanContext, rest: Money) -> Plan:
    match pay_state(ctx, OCCASION, rest):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, rest)
        case None:
            return hand_off(finding, "short_changed", cancel_links(ctx))
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客支付余款。", "Waiting for the customer to pay the rest."))
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.CHOSE:
            return hand_off(finding, "unknown_choice")
        case Answer.UNREACHED:
            return hand_off(finding, "cannot_reach", cancel_links(ctx))
        case _ if sent(facts):
            return hand_off(finding, "already_shipped", cancel_links(ctx))
        case Answer.TIMED_OUT if wait := under_way(finding, facts, ctx):
            return wait
    return _give_back(finding, facts, ctx)


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, rest: Money) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask", cancel_links(ctx))
    if wait := under_way(finding, facts, ctx):
        return wait
    if any(p.status in OPEN for p in facts.payments or []):
        return payment_unconfirmed.plan(finding, facts, ctx)
    if _uncollectable(facts, ctx):
        return hand_off(finding, "already_shipped") if sent(facts) else _give_back(finding, facts, ctx)
    params = {"reference": reference(facts), "captured": Money(captured_net(facts), rest.currency).json(),
              "rest": rest.json()}  # fmt: skip
    steps = ask_to_pay(facts, ctx, FAULT, OCCASION, rest, "pay_rest", params, [REFUSE])
    shown = do.shown(rest)
    summary = words(f"请顾客用付款链接补付 {shown}。", f"Ask the customer to pay the remaining {shown} by a link.")
    return awaiting(finding, summary, steps)


def _uncollectable(facts: Facts, ctx: PlanContext) -> bool:
    """Whether no link can be had: the shop has refused one, or the time to pay is over and nothing was ordered."""
    if refused(ctx, "create_payment_link", f"checkout:{facts.checkout_id}"):
        return True
    return facts.live_order is None and not can_retry(facts, ctx.now)


def _give_back(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The link goes first: a payment by it that came in meanwhile refuses, and everything is read and planned anew."""
    steps = unwind(facts, ctx, REASON)
    if back := returned(facts):
        params = {"reference": reference(facts), "refund": back.json()}
        steps += do.send_message(ctx, FAULT, "partial_refunded", "cancelled_refund", params)
    if not steps:
        return finished(finding, ctx, "cancelled_refunded")
    summary = words("余款未付：取消、退还已收款项并释放库存。",
                    "The rest was not paid: cancel, refund what was taken, release the stock.")  # fmt: skip
    return acting(finding, facts, summary, steps, "cancelled_refunded")

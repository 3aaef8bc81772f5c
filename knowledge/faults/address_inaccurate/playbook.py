"""Plans for addresses that are a little inaccurate and still deliverable: the carrier's form, or a note; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.delivering import changed, copy_to_order, going, same_place, set_address, standing
from knowledge.faults.incomplete_information.addresses import merged
from knowledge.faults.minor_information_error.playbook import params
from knowledge.faults.planning import PlanContext, acting, finished, hand_off, is_settled, performed
from knowledge.faults.steps import words
from knowledge.faults.steps_delivery import add_note
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.ADDRESS_INACCURATE
NOTE = words(
    "收货地址不够准确，承运商表示仍可配送；派送前请先联系收件人。",
    "The address is not exact; the carrier says it can deliver. Please call the recipient before delivery.",
)


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk: the carrier's form where it is the same place; else a note for whoever sends the order.

    The carrier delivers anyway, so that nobody has to be asked.
    """
    if (stop := standing(finding, facts, ctx)) or facts.checkout is None:
        return stop or hand_off(finding, "facts_missing")
    if moved := copy_to_order(finding, facts, ctx):
        return moved
    given, verdict = going(facts), facts.serviceability
    if given is None or verdict is None:
        return hand_off(finding, "facts_missing")
    if not verdict.deliverable:
        return finished(finding, ctx)  # another fault: found as it is now
    target = merged(given, verdict.normalised)
    if changed(given, target) and same_place(given, target, loose_street=True):
        about = params(facts, changed(given, target))
        message = do.send_message(ctx, FAULT, "address_clarified", "address_clarified", about)
        if steps := set_address(facts, ctx, "serviceability", target, message):
            summary = words("采用承运商的标准写法。", "Write the address as the carrier does; tell the customer.")
            return acting(finding, facts, summary, steps)
    if not verdict.reason:
        return finished(finding, ctx)
    return _noted(finding, facts, ctx)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the address is written as the carrier has it, or whoever sends the order knows."""
    return is_settled(plan(finding, facts, ctx))


def _noted(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    order = facts.live_order
    set_by_us = order is not None and performed(ctx, "set_order_address", f"order:{order.id}")
    if order is None or set_by_us or performed(ctx, "add_note", f"order:{order.id}"):
        return finished(finding, ctx)
    summary = words("可以配送：备注派送前联系收件人。", "It can be delivered: a note asks to call before delivery.")
    return acting(finding, facts, summary, [add_note(order, NOTE)])

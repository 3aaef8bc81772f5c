"""Plans for addresses that are only written wrongly: corrected without asking, or the customer is asked; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.delivering import (
    changed,
    copy_to_order,
    corrected,
    going,
    same_place,
    set_address,
    standing,
    unanswered,
)
from knowledge.faults.incomplete_information.addresses import merged
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    finished,
    hand_off,
    is_settled,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.phrases import field_names
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.MINOR_INFORMATION_ERROR
OCCASION = "address_check"
ABOUT = {
    "postcode_format": ["postcode"], "postcode_mismatch": ["postcode"], "phone_format": ["phone"],
    "fields_swapped": ["recipient", "phone"],
}  # fmt: skip


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk: the carrier's form where it is the same place written better, else our own rule, else ask.

    The customer hears which fields were corrected; what they hold stands in no plan.
    """
    if (stop := standing(finding, facts, ctx)) or facts.checkout is None:
        return stop or hand_off(finding, "facts_missing")
    if moved := copy_to_order(finding, facts, ctx, OCCASION):
        return moved
    given, verdict = going(facts), facts.serviceability
    if given is None or verdict is None:
        return hand_off(finding, "facts_missing")
    if verdict.deliverable and not verdict.reason:
        return finished(finding, ctx)
    if not verdict.deliverable and verdict.reason not in ABOUT:
        return finished(finding, ctx)  # another objection: another fault
    source, target = _better(facts, given)
    if target is None:
        return _as_it_is(finding, facts, ctx)
    about = params(facts, changed(given, target))
    message = do.send_message(ctx, FAULT, "address_corrected", "address_corrected", about)
    steps = set_address(facts, ctx, source, target, message)
    if not steps:
        return _as_it_is(finding, facts, ctx)
    summary = words("更正收货信息的书写并告知顾客。", "Correct how the address is written; tell the customer.")
    return acting(finding, facts, summary, steps)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether what will be sent is written as the carrier wants it."""
    return is_settled(plan(finding, facts, ctx))


def _better(facts: Facts, given: Address) -> tuple[str, Address | None]:
    """Where the correct form comes from, and the form; None where there is none or it is how it was given."""
    normalised = facts.serviceability.normalised if facts.serviceability else None
    theirs = merged(given, normalised)
    if normalised is not None and same_place(given, theirs) and changed(given, theirs):
        return "serviceability", theirs
    ours = corrected(given)
    return "corrected", ours if changed(given, ours) else None


def _as_it_is(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """Nothing (more) to correct by ourselves: only the customer knows."""
    verdict = facts.serviceability
    if performed_any(ctx, "set_checkout_address", "set_order_address"):
        return hand_off(finding, "address_problem")
    about = ABOUT.get((verdict.reason if verdict else None) or "", ["text"])
    match answer(ctx, OCCASION):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, about)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客核对收货信息。", "Waiting for the customer to check the address."))
    return unanswered(finding, ctx, OCCASION) or hand_off(finding, "unknown_choice")


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, about: list[str]) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask")
    message = do.send_message(ctx, FAULT, OCCASION, "ask", params(facts, about))
    zh, en = "、".join(field_names(about, "zh-CN")), ", ".join(field_names(about, "en"))
    return awaiting(finding, words(f"请顾客核对：{zh}。", f"Ask the customer to check: {en}."), message)


def params(facts: Facts, about: list[str]) -> dict[str, object]:
    """What a message about these fields needs; it names them, never what they hold."""
    zh, en = "、".join(field_names(about, "zh-CN")), ", ".join(field_names(about, "en"))
    return {"reference": reference(facts), "fields": words(zh, en)}

"""Plans for addresses that lack something: complete what is implied, else ask for exactly what is missing; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.delivering import completed, copy_to_order, going, set_address, standing, told, unanswered
from knowledge.faults.incomplete_information.addresses import (
    completes,
    from_history,
    lacks,
    merged,
)
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

FAULT = FaultCode.INCOMPLETE_INFORMATION
OCCASION = "address"
OTHER = "address_other"
USE = {"id": "use_address", "label": {"zh-CN": "使用账户中保存的地址", "en": "Use the address saved in my account"}}
NO_OTHER = {"id": "no_other", "label": {"zh-CN": "不，我要填写其他地址", "en": "No, I will give another address"}}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. `facts.serviceability` must be the carrier's word on where the goods go (see `going`).

    In this order: what the customer's own words imply, what the carrier makes of them, the one former address that
    fits (confirmed by the customer first), a question for exactly what is missing then. Steps name where the address
    comes from, never the address.
    """
    if (stop := standing(finding, facts, ctx)) or facts.checkout is None:
        return stop or hand_off(finding, "facts_missing")
    if moved := copy_to_order(finding, facts, ctx, OCCASION):
        return moved
    given, verdict = going(facts), facts.serviceability
    missing = lacks(given, verdict)
    if not missing:
        return finished(finding, ctx)  # what else the carrier may object to is a fault of its own
    if performed_any(ctx, "set_checkout_address", "set_order_address") and OCCASION not in ctx.asked:
        return hand_off(finding, "address_problem")  # the carrier still misses what we have filled in
    own, still = completed(given, missing)
    if own is not None and not still:
        return _fill(finding, facts, ctx, "completed", own)
    if given is not None and verdict is not None and completes(given, verdict.normalised, missing):
        return _fill(finding, facts, ctx, "serviceability", merged(given, verdict.normalised))
    return _by_customer(finding, facts, ctx, still)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether what will be sent has a whole address."""
    return is_settled(plan(finding, facts, ctx))


def _fill(finding: Finding, facts: Facts, ctx: PlanContext, source: str, target: Address) -> Plan:
    steps = set_address(facts, ctx, source, target, told(facts, ctx))
    summary = words("补全收货地址并告知顾客。", "Complete the address and tell the customer.")
    return acting(finding, facts, summary, steps) if steps else hand_off(finding, "address_problem")


def _by_customer(finding: Finding, facts: Facts, ctx: PlanContext, missing: list[str]) -> Plan:
    occasion = OTHER if answer(ctx, OCCASION) is Answer.DECLINED else OCCASION
    match answer(ctx, occasion):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, missing, occasion)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客补充信息。", "Waiting for what the customer was asked for."))
        case Answer.CHOSE:
            return _use_former(finding, facts, ctx)
    return unanswered(finding, ctx, occasion) or hand_off(finding, "customer_silent")


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, missing: list[str], occasion: str) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask")
    former = _former(facts) if occasion == OCCASION else None
    params = {"reference": reference(facts), "fields": field_names(missing, ctx.language)}
    if former is not None:
        params["place"] = _place(former)
    message = do.send_message(
        ctx, FAULT, occasion, "ask_or_use" if former else "ask", params, [USE, NO_OTHER] if former else None
    )
    zh, en = "、".join(field_names(missing, "zh-CN")), ", ".join(field_names(missing, "en"))
    return awaiting(finding, words(f"请顾客补充：{zh}。", f"Ask the customer for: {en}."), message)


def _place(address: Address) -> str:
    """Province and city, as each country writes them: 浙江省杭州市; Edinburgh, Scotland."""
    parts = [part for part in (address.province, address.city) if part]
    if all(part.isascii() for part in parts):
        return ", ".join(reversed(parts)) or "—"
    return "".join(parts)


def _use_former(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    if ctx.asked[OCCASION].choice != "use_address":
        return hand_off(finding, "unknown_choice")
    former = _former(facts)
    if former is None:
        return hand_off(finding, "substitute_gone")
    return _fill(finding, facts, ctx, "customer_history", former)


def _former(facts: Facts) -> Address | None:
    """What was given, completed from the one former address that fits; None where none or several do."""
    if facts.customer is None:
        return None
    given = going(facts)
    return from_history(given, facts.customer.addresses, lacks(given, facts.serviceability))

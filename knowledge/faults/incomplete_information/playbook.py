"""Plans for addresses that lack something: complete what is implied, else ask for exactly what is missing; pure."""

from __future__ import annotations

from knowledge.faults import steps as do
from knowledge.faults.figures import SENT
from knowledge.faults.incomplete_information.addresses import completes, from_history, lacks, present
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    finished,
    hand_off,
    is_settled,
    over,
    performed,
    performed_any,
    reference,
)
from knowledge.faults.steps import words
from knowledge.phrases import field_names
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.INCOMPLETE_INFORMATION
OCCASION = "address"
OTHER = "address_other"
USE = {"id": "use_address", "label": {"zh-CN": "使用账户中保存的地址", "en": "Use the address saved in my account"}}
NO_OTHER = {"id": "no_other", "label": {"zh-CN": "不，我要填写其他地址", "en": "No, I will give another address"}}


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. `facts.serviceability` must be the carrier's word on the checkout's own address.

    Only what the customer's own words imply is filled in unasked; what is taken from history is confirmed first.
    Steps name where the address comes from, never the address.
    """
    checkout, order = facts.checkout, facts.live_order
    if checkout is None or facts.orders is None:
        return hand_off(finding, "facts_missing")
    if sum(o.live for o in facts.orders) > 1:
        return hand_off(finding, "several_orders")
    if over(facts) or _nothing_to_ship(checkout, order):
        return finished(finding, ctx)
    missing = lacks(checkout.shipping_address, facts.serviceability)
    if not missing:
        return _complete(finding, facts, ctx, checkout)
    if order is not None and not lacks(order.shipping_address) and _holds(order, missing):
        return finished(finding, ctx)  # the order, which is what is sent, has an address of its own
    verdict = facts.serviceability
    if verdict is not None and completes(checkout.shipping_address, verdict.normalised, missing):
        return _fill(finding, facts, ctx, "serviceability")
    return _by_customer(finding, facts, ctx, missing)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether what will be sent has a whole address."""
    return is_settled(plan(finding, facts, ctx))


def _nothing_to_ship(checkout: CheckoutFact, order: OrderFact | None) -> bool:
    lines = order.lines if order else checkout.lines
    if order is not None and (order.pickup_point_id or order.status in SENT):
        return True
    return bool(lines) and not any(line.requires_shipping for line in lines)


def _holds(order: OrderFact, fields: list[str]) -> bool:
    have = present(order.shipping_address)
    return all(have.get(field) for field in fields)


def _complete(finding: Finding, facts: Facts, ctx: PlanContext, checkout: CheckoutFact) -> Plan:
    """The checkout's address is whole: the order has to have it, too."""
    verdict, order = facts.serviceability, facts.live_order
    if verdict is not None and not verdict.deliverable:
        return hand_off(finding, "address_problem")
    if order is None:
        return finished(finding, ctx)
    theirs, ours = present(checkout.shipping_address), present(order.shipping_address)
    copied = performed(ctx, "set_order_address", f"order:{order.id}")
    behind = any(field not in ours for field in theirs if field != "text")
    corrected = OCCASION in ctx.asked and theirs != ours  # the customer answered by correcting the checkout
    if not theirs or copied or not (behind or corrected):
        return finished(finding, ctx)
    steps = [do.set_order_address(order, "checkout")]
    steps += do.send_message(ctx, FAULT, "address_completed", "address_completed", {"reference": reference(facts)})
    return acting(
        finding, facts, words("把结账中更正的地址写入订单。", "Copy the corrected address to the order."), steps
    )


def _fill(finding: Finding, facts: Facts, ctx: PlanContext, source: str) -> Plan:
    """Order first: once the checkout is whole, the carrier has nothing left to complete."""
    order, checkout_id = facts.live_order, facts.checkout_id
    if performed_any(ctx, "set_checkout_address"):
        return hand_off(finding, "address_problem")
    steps = [do.set_order_address(order, source)] if order else []
    if f"set_checkout_address|checkout:{checkout_id}" not in ctx.refused:
        steps.append(do.set_checkout_address(checkout_id, source))
    steps = [step for step in steps if f"{step.action}|{step.target}" not in ctx.done]
    steps += do.send_message(ctx, FAULT, "address_completed", "address_completed", {"reference": reference(facts)})
    summary = words("补全收货地址并告知顾客。", "Complete the address and tell the customer.")
    return acting(finding, facts, summary, steps) if steps else hand_off(finding, "address_problem")


def _by_customer(finding: Finding, facts: Facts, ctx: PlanContext, missing: list[str]) -> Plan:
    state = answer(ctx, OCCASION)
    if state is Answer.DECLINED:
        state = answer(ctx, OTHER)
        if state is Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, missing, OTHER)
    match state:
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, missing, OCCASION)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客补充信息。", "Waiting for what the customer was asked for."))
        case Answer.CHOSE:
            return _use_former(finding, facts, ctx, missing)
        case Answer.WORDS:
            return hand_off(finding, "customer_wrote")
        case Answer.UNREACHED:
            return hand_off(finding, "cannot_reach")
    return hand_off(finding, "customer_silent")


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, missing: list[str], occasion: str) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask")
    offer = occasion == OCCASION and _former(facts, missing)
    phrase = "ask_or_use" if offer else "ask"
    params = {"reference": reference(facts), "fields": field_names(missing, ctx.language)}
    message = do.send_message(ctx, FAULT, occasion, phrase, params, [USE, NO_OTHER] if offer else None)
    zh, en = "、".join(field_names(missing, "zh-CN")), ", ".join(field_names(missing, "en"))
    return awaiting(finding, words(f"请顾客补充：{zh}。", f"Ask the customer for: {en}."), message)


def _use_former(finding: Finding, facts: Facts, ctx: PlanContext, missing: list[str]) -> Plan:
    if ctx.asked[OCCASION].choice != "use_address":
        return hand_off(finding, "unknown_choice")
    if not _former(facts, missing):
        return hand_off(finding, "substitute_gone")
    return _fill(finding, facts, ctx, "customer_history")


def _former(facts: Facts, missing: list[str]) -> bool:
    """Whether the customer's history holds exactly one address that would do."""
    if facts.customer is None or facts.checkout is None:
        return False
    return from_history(facts.checkout.shipping_address, facts.customer.addresses, missing) is not None

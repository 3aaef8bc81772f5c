"""Plans for addresses no carrier serves: pickup, another address or everything back, as the customer says; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.delivering import changed, copy_to_order, going, same_place, set_address, standing, unanswered
from knowledge.faults.figures import lacking, minor, paid_later, total_of, valid_authorisation
from knowledge.faults.incomplete_information.addresses import merged
from knowledge.faults.paying import under_way
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    awaiting,
    can_retry,
    finished,
    hand_off,
    is_settled,
    obstacle,
    performed,
    preferred,
    reference,
    waiting,
)
from knowledge.faults.steps import words
from knowledge.faults.steps_delivery import choose_pickup
from knowledge.faults.unwinding import ended_by_us, returned, unwind
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts, PickupPointFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

FAULT = FaultCode.ADDRESS_UNDELIVERABLE
OCCASION = "undeliverable"
OTHER = "undeliverable_other"
REASON = "address_undeliverable"
NEAREST = 3  # pickup points offered at once
LOOK_AGAIN = 60.0  # seconds, while the order for a chosen pickup point is not there yet
WAIT_FOR_ORDER = timedelta(hours=1)  # from the question
ELSEWHERE = frozenset({"incomplete", "postcode_format", "postcode_mismatch", "phone_format", "fields_swapped"})

OTHER_ADDRESS = words("不，我要改用其他地址", "No, I will give another address")
REFUND = words("不需要，取消并全额退款", "No, cancel and refund everything")
CANCEL = words("不需要，取消订单", "No, cancel it")


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk. Nothing is changed before the customer has chosen; only then money goes back.

    `ctx.pickup_points` are the nearest ones to where the goods go. Silence brings a human where anything was
    paid; what nobody paid for is closed.
    """
    if ended_by_us(facts, ctx):
        return _give_back(finding, facts, ctx)
    if (stop := standing(finding, facts, ctx)) or facts.checkout is None:
        return _fetched(finding, facts, ctx) or stop or hand_off(finding, "facts_missing")
    if moved := copy_to_order(finding, facts, ctx, OCCASION):
        return moved
    verdict = facts.serviceability
    if verdict is None:
        return hand_off(finding, "facts_missing")
    if verdict.deliverable or verdict.reason in ELSEWHERE:
        return finished(finding, ctx)
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    return _carriers_form(finding, facts, ctx) or _by_customer(finding, facts, ctx)


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether the goods can reach the customer, or everything was given back."""
    return is_settled(plan(finding, facts, ctx))


def _carriers_form(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan | None:
    """A carrier that can't find the street may know how it is written."""
    given = going(facts)
    normalised = facts.serviceability.normalised if facts.serviceability else None
    if given is None or normalised is None or OCCASION in ctx.asked:
        return None
    target = merged(given, normalised)
    if not changed(given, target) or not same_place(given, target, loose_street=True):
        return None
    steps = set_address(facts, ctx, "serviceability", target, [])
    if not steps:
        return None
    summary = words("采用承运商的标准写法，再核实能否送达。", "Write the address as the carrier does, then ask it.")
    return acting(finding, facts, summary, steps)


# -- the customer's word --------------------------------------------------------------------------------------------


def _by_customer(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    asked = ctx.asked.get(OCCASION)
    choice = (asked.choice or "") if asked else ""
    if choice == "no_refund":
        return _give_back(finding, facts, ctx)
    occasion = OTHER if choice == "no_other_address" else OCCASION
    match answer(ctx, occasion):
        case Answer.NOT_ASKED:
            return _ask(finding, facts, ctx, occasion)
        case Answer.WAITING:
            return awaiting(finding, words("等待顾客选择收货方式。", "Waiting for how the customer wants the goods."))
        case Answer.CHOSE:
            return _pickup(finding, facts, ctx, choice)
        case Answer.TIMED_OUT if not _anything_paid(facts, ctx):
            return under_way(finding, facts, ctx) or _give_back(finding, facts, ctx)
    return unanswered(finding, ctx, occasion) or hand_off(finding, "unknown_choice")


def _ask(finding: Finding, facts: Facts, ctx: PlanContext, occasion: str) -> Plan:
    if not ctx.can_message:
        return hand_off(finding, "cannot_ask")
    params = {"reference": reference(facts)}
    if occasion == OTHER:
        message = do.send_message(ctx, FAULT, OTHER, "ask_other", params)
        return awaiting(finding, words("请顾客更正收货地址。", "Ask the customer for another address."), message)
    offered = [_offer(point) for point in ctx.pickup_points[:NEAREST]]
    paid = _anything_paid(facts, ctx)
    other = [{"id": "no_other_address", "label": OTHER_ADDRESS}]
    choices = preferred(ctx, FAULT, {"choose_pickup": offered, "set_order_address": other})
    choices.append({"id": "no_refund", "label": REFUND if paid else CANCEL})
    message = do.send_message(ctx, FAULT, OCCASION, "ask_pickup" if offered else "ask", params, choices)
    summary = words("请顾客选择自提、更正地址或取消。", "The customer chooses: pickup, another address, or cancel.")
    return awaiting(finding, summary, message)


def _offer(point: PickupPointFact) -> dict[str, Any]:
    name, distance = point.name or point.id, point.distance_m
    if distance is None:
        label = words(f"到「{name}」自提", f"Fetch it at “{name}”")
    else:
        far = f"{distance:.0f} m" if distance < 1000 else f"{distance / 1000:.1f} km"
        label = words(f"到「{name}」自提（{far}）", f"Fetch it at “{name}” ({far} away)")
    return {"id": f"pickup:{point.id}", "label": label}


# -- acting on it ---------------------------------------------------------------------------------------------------


def _pickup(finding: Finding, facts: Facts, ctx: PlanContext, choice: str) -> Plan:
    """The chosen point goes to the order; the contract knows none for a checkout, so that an order is waited for."""
    chosen = choice.removeprefix("pickup:")
    if not choice.startswith("pickup:") or choice not in ctx.asked[OCCASION].choices:
        return hand_off(finding, "unknown_choice")
    order = facts.live_order
    if order is None:
        patient = ctx.now < ctx.asked[OCCASION].at + WAIT_FOR_ORDER
        if patient and (_paid(facts, ctx) or can_retry(facts, ctx.now)):
            summary = words("顾客已选自提点，等待订单生成。", "The pickup point is chosen; waiting for the order.")
            return waiting(finding, LOOK_AGAIN, summary)
        return hand_off(finding, "pickup_without_order")
    if ctx.refused.get(f"choose_pickup|order:{order.id}"):
        return hand_off(finding, "substitute_gone")
    if performed(ctx, "choose_pickup", f"order:{order.id}"):
        return hand_off(finding, "pickup_not_effective")
    point = next((p for p in ctx.pickup_points if p.id == chosen), PickupPointFact(id=chosen))
    steps = [choose_pickup(order, point), *_told(facts, ctx)]
    summary = words("按顾客选择改为自提。", "The customer fetches the goods, as chosen.")
    return acting(finding, facts, summary, steps, "alternative_accepted")


def _fetched(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan | None:
    """The order goes to the chosen point: only the customer may still have to be told, and the outcome to be named."""
    order = facts.live_order
    if order is None or not order.pickup_point_id or not performed(ctx, "choose_pickup", f"order:{order.id}"):
        return None
    summary = words("告知顾客已改为自提。", "Tell the customer where the goods will be.")
    message = _told(facts, ctx)
    if message:
        return acting(finding, facts, summary, message, "alternative_accepted")
    return finished(finding, ctx, "alternative_accepted")


def _told(facts: Facts, ctx: PlanContext) -> list[PlanStep]:
    return do.send_message(ctx, FAULT, "pickup_set", "pickup_set", {"reference": reference(facts)})


def _give_back(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """Cancelled on request, or closed because nobody answered and nobody paid."""
    if reason := obstacle(facts):
        return hand_off(finding, reason)
    steps = unwind(facts, ctx, REASON)
    back = returned(facts)
    params: dict[str, Any] = {"reference": reference(facts)}
    if back:
        params["refund"] = back.json()
    phrase = "cancelled_refund" if back else "cancelled"
    steps += do.send_message(ctx, FAULT, "undeliverable_cancelled", phrase, params)
    asked = ctx.asked.get(OCCASION)
    silent = not (asked and asked.choice == "no_refund")
    resolution = "no_response" if silent and not back else "cancelled_refunded"
    if not steps:
        return finished(finding, ctx, resolution)
    summary = words("取消，退还全部已收款项，释放库存。", "Cancel, give back everything kept, release the stock.")
    return acting(finding, facts, summary, steps, resolution)


def _anything_paid(facts: Facts, ctx: PlanContext) -> bool:
    """Whether any money was taken, secured or promised: then nobody closes the purchase unasked."""
    payments = facts.payments or []
    return bool(facts.live_order) or paid_later(facts) or any(
        minor(p.captured) or valid_authorisation(p, ctx.now) for p in payments
    )


def _paid(facts: Facts, ctx: PlanContext) -> bool:
    priced = facts.live_order or facts.checkout
    if priced is None or not priced.lines:
        return False
    due = Money(total_of(priced), priced.lines[0].unit_price.currency)
    return lacking(facts, due, ctx.now) <= ctx.policies.rounding

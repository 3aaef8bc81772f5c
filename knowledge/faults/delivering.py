"""What the playbooks about addresses and deliveries share: when there is nothing to do, how an address is set; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

import msgspec

from knowledge.addresses import complete
from knowledge.faults import steps as do
from knowledge.faults.figures import SENT
from knowledge.faults.incomplete_information.addresses import lacks, present
from knowledge.faults.planning import (
    Answer,
    PlanContext,
    acting,
    answer,
    finished,
    hand_off,
    over,
    performed,
    performed_any,
    reference,
    refused,
)
from knowledge.faults.steps import words
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address
from knowledge.vocabulary.facts import CheckoutFact, Facts, OrderFact
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan, PlanStep

TOLD = "address_completed"
_DIVISIONS = ("province", "city", "district")


def standing(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan | None:
    """The plan where an address is none of our business any more (or not readable); None where it is."""
    if facts.checkout is None or facts.orders is None:
        return hand_off(finding, "facts_missing")
    if sum(order.live for order in facts.orders) > 1:
        return hand_off(finding, "several_orders")
    if over(facts) or nothing_to_ship(facts.checkout, facts.live_order):
        return finished(finding, ctx)
    return None


def nothing_to_ship(checkout: CheckoutFact, order: OrderFact | None) -> bool:
    """Whether no carrier needs the address: fetched by the customer, sent already, or nothing to be shipped."""
    lines = order.lines if order else checkout.lines
    if order is not None and (order.pickup_point_id or order.status in SENT):
        return True
    return bool(lines) and not any(line.requires_shipping for line in lines)


def unanswered(finding: Finding, ctx: PlanContext, occasion: str) -> Plan | None:
    """To a human because nobody can go by this answer: words, silence, a message that never arrived."""
    reasons = {
        Answer.WORDS: "customer_wrote", Answer.UNREACHED: "cannot_reach", Answer.TIMED_OUT: "customer_silent",
    }  # fmt: skip
    reason = reasons.get(answer(ctx, occasion))
    return hand_off(finding, reason) if reason else None


def shortage_begun(ctx: PlanContext) -> bool:
    """Whether a shortage of paid goods is being dealt with in this episode: that is carried on to its end."""
    asked = any(key.startswith(("out_of_stock", "backordered:")) for key in ctx.asked)
    return asked or performed_any(ctx, "cancel_lines", "substitute_line", "backorder_line")


# -- setting an address ---------------------------------------------------------------------------------------------


def going(facts: Facts) -> Address | None:
    """Where the goods go, which is what the carrier was asked about: the live order's address, else the checkout's."""
    source = facts.live_order or facts.checkout
    return source.shipping_address if source else None


def set_address(
    facts: Facts, ctx: PlanContext, source: str, target: Address, message: list[PlanStep]
) -> list[PlanStep]:
    """The steps that make the goods go to `target`, which `source` gives again when they are sent, and tell of it.

    The order comes first and then the message; a checkout that said the same as the order follows it. No steps where
    nothing is to be set (any more).
    """
    order, checkout, given = facts.live_order, facts.checkout, going(facts)
    steps = []
    if order is not None and present(given) != present(target):
        steps.append(do.set_order_address(order, source))
    if checkout is not None and present(given) != present(target) and (
        order is None or present(checkout.shipping_address) == present(given)
    ):
        steps.append(do.set_checkout_address(checkout.id, source))
    keys = (*ctx.done, *ctx.refused)
    steps = [step for step in steps if f"{step.action}|{step.target}" not in keys]
    return [*steps[:1], *message, *steps[1:]] if steps else []


def copy_to_order(finding: Finding, facts: Facts, ctx: PlanContext, occasion: str = "") -> Plan | None:
    """The plan that gives the order what the customer has corrected in the checkout; None where there is nothing.

    The checkout counts as corrected when it was given an address after the order was made (or after the question
    `occasion`), or holds fields that the order lacks. A shop may write an address otherwise on its orders: what was
    set once is set again only when the customer has changed it since.
    """
    if told_here := _from_conversation(finding, facts, ctx):
        return told_here
    order, checkout = facts.live_order, facts.checkout
    if order is None or checkout is None or refused(ctx, "set_order_address", f"order:{order.id}"):
        return None
    if performed(ctx, "set_order_address", f"order:{order.id}") and not _changed_again(ctx, order):
        return None
    theirs, ours = present(checkout.shipping_address), present(order.shipping_address)
    behind = any(name not in ours for name in theirs if name != "text")
    if theirs == ours or lacks(checkout.shipping_address) or not (behind or _corrected_since(ctx, order, occasion)):
        return None
    steps = [do.set_order_address(order, "checkout"), *told(facts, ctx)]
    summary = words("把结算中更正的地址写入订单。", "Copy the corrected address to the order.")
    return acting(finding, facts, summary, steps, more=True)


def _from_conversation(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan | None:
    """The plan that gives the shop what the customer told us, which it has not heard from anybody."""
    target, order, checkout = facts.given, facts.live_order, facts.checkout
    if target is None or lacks(target) or present(going(facts)) == present(target):
        return None
    again = order is not None and _changed_again(ctx, order)
    steps = []
    if order is not None and _may_set(ctx, "set_order_address", f"order:{order.id}", again=again):
        steps = [do.set_order_address(order, "conversation"), *told(facts, ctx)]
    behind = checkout is not None and present(checkout.shipping_address) != present(target)
    if checkout is not None and behind and (steps or order is None) and _may_set(
        ctx, "set_checkout_address", f"checkout:{checkout.id}", again=again
    ):
        steps = [*steps, do.set_checkout_address(checkout.id, "conversation"), *([] if steps else told(facts, ctx))]
    if not steps:
        return None
    summary = words("把顾客在对话中给出的地址写入订单。", "Set the address that the customer gave in a conversation.")
    return acting(finding, facts, summary, steps, more=True)


def _may_set(ctx: PlanContext, action: str, target: str, *, again: bool) -> bool:
    """Not refused, and not set already: a shop may write an address otherwise."""
    return not refused(ctx, action, target) and (again or not performed(ctx, action, target))


def _corrected_since(ctx: PlanContext, order: OrderFact, occasion: str) -> bool:
    at, asked = _given_at(ctx), ctx.asked.get(occasion)
    return at is not None and any(at > since for since in (order.created_at, asked.at if asked else None) if since)


def _given_at(ctx: PlanContext) -> datetime | None:
    """When the customer last gave an address: that a read-back shows another one doesn't say who changed which.

    A shop that leaves addresses out of its events still tells that the checkout was updated.
    """
    updates = ctx.snapshot.marks_of("checkout.submitted", "checkout.updated")
    at = ctx.snapshot.address.at if ctx.snapshot.address else None
    if any(mark.at == at for mark in updates):
        return at
    return max((mark.at for mark in updates if mark.type == "checkout.updated"), default=None)


def _changed_again(ctx: PlanContext, order: OrderFact) -> bool:
    """Whether the customer gave an address after our last word and after the order last changed.

    Without either nobody knows when it was set: then it stays as it is.
    """
    ours = [asked.at for asked in ctx.asked.values()]
    ours += [mark.at for mark in ctx.snapshot.marks_of("order.changed", entity=order.id)]
    at = _given_at(ctx)
    return at is not None and bool(ours) and at > max(ours)


def told(facts: Facts, ctx: PlanContext) -> list[PlanStep]:
    """The message that the address is complete now."""
    return do.send_message(ctx, FaultCode.INCOMPLETE_INFORMATION, TOLD, TOLD, {"reference": reference(facts)})


# -- comparing addresses --------------------------------------------------------------------------------------------


def changed(given: Address | None, target: Address | None) -> list[str]:
    """The fields that `target` writes otherwise, but for the free text."""
    old, new = present(given), present(target)
    return [name for name in new if name != "text" and new[name] != old.get(name)]


def same_place(given: Address | None, target: Address | None, *, loose_street: bool = False) -> bool:
    """Whether `target` only writes what the customer gave otherwise: its form, its postcode, fields swapped.

    `loose_street`: the street may be worded otherwise as long as its numbers stay.
    """
    old, new = present(given), present(target)
    both = [name for name in old if name in new and name != "text"]
    differing = [name for name in both if folded(old[name]) != folded(new[name])]
    if sorted(folded(old[name]) for name in differing) == sorted(folded(new[name]) for name in differing):
        return True  # the same values in other fields
    return all(_alike(name, old[name], new[name], loose_street=loose_street) for name in differing)


def _alike(name: str, old: str, new: str, *, loose_street: bool) -> bool:
    if name == "postcode":
        return True
    if name == "phone":
        one, other = _digits(old).lstrip("0"), _digits(new).lstrip("0")
        return min(len(one), len(other)) >= 7 and (one.endswith(other) or other.endswith(one))
    if name in _DIVISIONS:
        return folded(new).startswith(folded(old)) or folded(old).startswith(folded(new))
    return name == "street" and loose_street and _numbers(old) <= _numbers(new)


def folded(value: str) -> str:
    """Letters, digits and Chinese characters only, narrow and in lower case."""
    return "".join(char for char in unicodedata.normalize("NFKC", value).casefold() if char.isalnum())


def _digits(value: str) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", value))


def _numbers(value: str) -> set[str]:
    return set(re.findall(r"\d+", unicodedata.normalize("NFKC", value)))


def corrected(given: Address) -> Address:
    """The address with what is plainly miswritten put right: full-width letters and digits, blanks, phone and
    recipient in each other's place. Nothing is added and nothing is left out.
    """
    fields = {name: " ".join(_narrow(value).split()) for name, value in present(given).items()}
    recipient, phone = fields.get("recipient", ""), fields.get("phone", "")
    if _mobile(recipient) and not re.search(r"\d", phone):
        fields |= {"recipient": phone, "phone": recipient}
    if mobile := _mobile(fields.get("phone", "")):
        fields["phone"] = mobile
    if re.fullmatch(r"\d[\d ]+\d", postcode := fields.get("postcode", "")) and len(postcode.replace(" ", "")) == 6:
        fields["postcode"] = postcode.replace(" ", "")
    return msgspec.convert({name: value for name, value in fields.items() if value}, Address)


def _narrow(value: str) -> str:
    """Full-width letters, digits and blanks made narrow; Chinese punctuation stays."""
    return "".join(unicodedata.normalize("NFKC", c) if re.match(r"[０-９Ａ-Ｚａ-ｚ－　]", c) else c for c in value)


def _mobile(value: str) -> str | None:
    """A Chinese mobile number in its plain form; None for anything else."""
    found = re.fullmatch(r"(?:\+?86)?(1[3-9]\d{9})", re.sub(r"[\s()（）-]", "", value))
    return found[1] if found else None


def completed(given: Address | None, missing: Iterable[str]) -> tuple[Address | None, list[str]]:
    """`given` with what it implies itself, and which of the missing fields are still missing then."""
    missing = list(missing)
    if given is None:
        return None, missing
    found = complete(given)
    filled = {one.field for one in found.filled}
    return found.address, [name for name in missing if name not in filled]

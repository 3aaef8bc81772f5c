"""Every plan that the house's own rules have for what was seen: the playbook's, and what may be chosen instead. Pure.

A person picks one of them; the journey asks again whether it is still among them before it performs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from assistant.plans.choosing import HUMAN_FIRST, choose
from assistant.plans.forbidden import forbidden
from assistant.plans.planner import same
from knowledge.faults.catalogue import CATALOGUE
from knowledge.faults.planning import Asked, PlanContext
from knowledge.policies.preference import ALTERNATIVES
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

# In policy's order. `fallback` is what the playbook does where nobody answers: it declines everything, and comes last.
PLAYBOOK, ASKS_FIRST, OTHER_FAULT, FALLBACK = "playbook", "asks_first", "other_fault", "fallback"
MAX_QUESTIONS = 4  # that a fallback supposes to be unanswered
_TO_THE_FRONT = 10.0  # places


class Variant(msgspec.Struct, frozen=True):
    """One plan, whose finding it treats, and how it came about; `first` is the alternative that it offers first."""

    name: str
    finding: Finding
    plan: Plan
    first: str = ""


def variants(
    findings: Sequence[Finding], begun: Sequence[Finding], facts: Facts, context: PlanContext
) -> list[Variant]:
    """Plans with at least one step that nothing forbids, no two alike, in policy's order.

    None at all where a fault forbids everything else, or where what is wrong can't be said from what was read.
    """
    if any(f.code in HUMAN_FIRST for f in [*findings, *begun]):
        return []
    found: list[Variant] = []
    for one in _candidates(findings, begun, facts, context):
        if not one.plan.steps or forbidden(one.plan, facts, context):
            continue
        if not any(same(msgspec.to_builtins(known.plan), one.plan) for known in found):
            found.append(one)
    return found


def offered_first(plan: Plan, fault: str) -> str:
    """The action behind the first choice that a plan's question offers; empty where it asks nothing of that kind."""
    known = {"substitute": "substitute_line", "backorder": "backorder_line", "pickup": "choose_pickup",
             "no_other_address": "set_order_address", "no_other": "set_order_address"}  # fmt: skip
    action = known.get((plan.choices[0] if plan.choices else "").split(":", 1)[0], "")
    return action if action in ALTERNATIVES.get(fault, ()) else ""


# -- parts ----------------------------------------------------------------------------------------------------------


def _candidates(
    findings: Sequence[Finding], begun: Sequence[Finding], facts: Facts, context: PlanContext
) -> Iterator[Variant]:
    choice = choose(findings, begun, facts, context)
    if choice is None:
        return
    lead = choice.finding
    if choice.plan is not None:
        yield Variant(PLAYBOOK, lead, choice.plan, offered_first(choice.plan, lead.code))
    for action in ALTERNATIVES.get(lead.code, ()):
        lifted = {**context.lifts, str(lead.code): {action: _TO_THE_FRONT}}
        plan = _plan(lead, facts, msgspec.structs.replace(context, lifts=lifted))
        if plan is not None and offered_first(plan, lead.code) == action:
            yield Variant(ASKS_FIRST, lead, plan, action)
    for other in findings:
        plan = _plan(other, facts, context) if other.code != lead.code else None
        if plan is not None:
            yield Variant(OTHER_FAULT, other, _alone(plan))
    plan = _unanswered(lead, facts, context)
    if plan is not None:
        yield Variant(FALLBACK, lead, _alone(plan))


def _plan(finding: Finding, facts: Facts, context: PlanContext) -> Plan | None:
    playbook = CATALOGUE[finding.code].plan
    return playbook(finding, facts, context) if playbook is not None else None


def _unanswered(finding: Finding, facts: Facts, context: PlanContext) -> Plan | None:
    """What the playbook does where nobody answers what was asked, or would be; None where it asks nothing."""
    asked = {
        key: msgspec.structs.replace(one, timed_out=True, replied=False) if not one.choice else one
        for key, one in context.asked.items()
    }
    supposed = asked != context.asked
    for _ in range(MAX_QUESTIONS):
        ctx = msgspec.structs.replace(context, asked=asked)
        plan = _plan(finding, facts, ctx)
        if plan is None or plan.then != "await_customer":
            return plan if supposed else None
        questions = [s.arguments["occasion"] for s in plan.steps if s.action == "send_message"]
        if not questions:
            return None  # it waits for something else than an answer
        asked |= {key: Asked(key, key, context.now, timed_out=True) for key in questions}
        supposed = True
    return None


def _alone(plan: Plan) -> Plan:
    """A plan that is not what the playbook would go on with: it is performed, read back, and then a person's again."""
    return msgspec.structs.replace(plan, then="verify", wait_seconds=0.0) if plan.then == "wait" else plan

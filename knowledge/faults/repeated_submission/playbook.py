"""Plans for customers who submit the same basket again and again: one offer of a payment link; pure."""

from __future__ import annotations

from knowledge.faults.offering import offer
from knowledge.faults.planning import PlanContext, is_settled, reference
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.plans import Plan

FAULT = FaultCode.REPEATED_SUBMISSION
OCCASION = "payment_help"


def plan(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan:
    """The next chunk, for the checkout of the last submit alone; the others are left to expire."""
    return offer(finding, facts, ctx, OCCASION, "payment_help", {"reference": reference(facts)})


def settled(finding: Finding, facts: Facts, ctx: PlanContext) -> bool:
    """Whether it is paid, or the offer was made and no link is left."""
    return is_settled(plan(finding, facts, ctx))

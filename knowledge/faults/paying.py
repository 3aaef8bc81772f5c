"""Collecting money by a payment link: one open link at a time, over exactly what is lacking, never twice; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from knowledge.faults import steps as do
from knowledge.faults.figures import OPEN, minor, total_of
from knowledge.faults.planning import Answer, PlanContext, answer, confirm_by, waiting
from knowledge.faults.steps import words
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.plans import Plan, PlanStep

LOOK_AGAIN = timedelta(seconds=5)  # while a payment is under way
MAX_ASKED = 2  # amounts a customer is asked for in one episode: the first, and once more where it has changed


def least_total(facts: Facts) -> Money | None:
    """What may be asked for at most: the lower total of checkout and live order; None while neither has lines."""
    priced = [one for one in (facts.checkout, facts.live_order) if one is not None and one.lines]
    if not priced:
        return None
    return Money(min(total_of(one) for one in priced), priced[0].lines[0].unit_price.currency)


def occasion_of(occasion: str, amount: Money) -> str:
    """The occasion of a question about this amount: another amount is another question."""
    return f"{occasion}:{amount.amount}"


def pay_state(ctx: PlanContext, occasion: str, amount: Money) -> Answer | None:
    """Where the question to pay this amount stands; None when it has changed once too often to ask again.

    What the customer said to an earlier amount still counts: who declined or wrote is not asked again.
    """
    asked = [key for key in ctx.asked if key.startswith(f"{occasion}:")]
    states = {key: answer(ctx, key) for key in asked}
    for said in (Answer.WORDS, Answer.CHOSE, Answer.DECLINED, Answer.TIMED_OUT):
        if said in states.values():
            return said
    state = answer(ctx, occasion_of(occasion, amount))
    if state is Answer.NOT_ASKED and len(asked) >= MAX_ASKED:
        return None
    return state


def ask_to_pay(
    facts: Facts, ctx: PlanContext, fault: str, occasion: str, amount: Money, phrase: str, params: dict[str, Any],
    choices: list[dict[str, Any]],
) -> list[PlanStep]:  # fmt: skip
    """Every open link cancelled, a new one over `amount`, and the message that carries it (`{link}`)."""
    filled = {**params, "link": {"link_from": "create_payment_link"}}
    message = do.send_message(ctx, fault, occasion_of(occasion, amount), phrase, filled, choices)
    return [*cancel_links(ctx), do.create_payment_link(facts.checkout_id, amount), *message]


def cancel_links(ctx: PlanContext) -> list[PlanStep]:
    """Nobody can pay by a link of this case any more."""
    return [do.cancel_payment_link(link) for link in ctx.links if link.status == "open"]


def refunds_explain(facts: Facts, due: Money, rounding: int) -> bool:
    """Whether enough was once captured, so that a refund (not the customer) left the difference."""
    ever = sum(max(0, minor(p.captured) - minor(p.surcharge)) for p in facts.payments or [])
    return ever >= due.amount - rounding


def under_way(finding: Finding, facts: Facts, ctx: PlanContext) -> Plan | None:
    """The wait while a payment is open within its deadline; None when none is.

    Not while that is open is a second way to pay offered.
    """
    deadlines = [confirm_by(p, finding, ctx) for p in facts.payments or [] if p.status in OPEN]
    left = min((at - ctx.now for at in deadlines if at > ctx.now), default=None)
    if left is None:
        return None
    summary = words("另一笔付款正在进行。", "Another payment is under way.")
    return waiting(finding, min(LOOK_AGAIN, left).total_seconds(), summary)

"""What no plan may do, whoever wants it: checked again on every plan that a person could choose. Pure."""

from __future__ import annotations

from collections import Counter

from knowledge.faults.figures import kept, minor
from knowledge.faults.planning import PlanContext
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.plans import Plan, PlanStep

# What only lets go of something: allowed although the account is blocked.
LETS_GO = frozenset(
    {"release_reservation", "cancel_payment", "cancel_payment_link", "expire_checkout", "release_coupon", "add_note"}
)
# Deeds that the customer must have chosen, by the choice's id (a prefix of it where it names a product or place).
_CHOSEN = {"substitute_line": "substitute:", "choose_pickup": "pickup:", "backorder_line": "backorder"}
_MARKETING = ("abandoned_reminder",)  # occasions of messages that advertise


def forbidden(plan: Plan, facts: Facts, context: PlanContext) -> str | None:
    """Why this plan may not be suggested, as a code; None when nothing speaks against it.

    `payment_disputed`, `account_blocked`, `no_marketing_consent`, `no_consent`, `exceeds_kept`, `currency_mismatch`.
    """
    if any(minor(p.disputed) for p in facts.payments or []):
        return "payment_disputed"
    customer = facts.customer
    if customer is not None and customer.status != "active" and any(s.action not in LETS_GO for s in plan.steps):
        return "account_blocked"
    if any(map(_advertises, plan.steps)) and not (customer is not None and customer.marketing_consent):
        return "no_marketing_consent"
    choices = [asked.choice for asked in context.asked.values() if asked.choice]
    if any(not _consented(step, choices, facts) for step in plan.steps):
        return "no_consent"
    return _too_much(plan, facts)


def _advertises(step: PlanStep) -> bool:
    return step.action == "issue_coupon" or (
        step.action == "send_message" and step.arguments.get("occasion") in _MARKETING
    )


def _consented(step: PlanStep, choices: list[str], facts: Facts) -> bool:
    """Whether the step needs no word of the customer, or has it."""
    if step.action == "cancel_order":
        live = sum(order.live for order in facts.orders or [])
        return live < 2 or any(choice.startswith("cancel_one") for choice in choices)
    if step.arguments.get("address_from") == "customer_history":
        return "use_address" in choices
    wanted = _CHOSEN.get(step.action)
    if wanted is None:
        return True
    named = {"substitute_line": "to_sku", "choose_pickup": "pickup_point_id"}.get(step.action)
    return f"{wanted}{step.arguments[named]}" in choices if named else wanted in choices


def _too_much(plan: Plan, facts: Facts) -> str | None:
    """No payment gives back more than is kept of it, surcharge included."""
    back: Counter[str] = Counter()
    payments = {p.id: p for p in facts.payments or []}
    for step in plan.steps:
        if step.action != "refund_payment":
            continue
        payment = payments.get(str(step.arguments.get("payment_id")))
        amount = step.arguments.get("amount") or {}
        if payment is None:
            return "exceeds_kept"
        if payment.captured is not None and amount.get("currency") != payment.captured.currency:
            return "currency_mismatch"
        back[payment.id] += int(amount.get("amount", 0))
        if back[payment.id] > kept(payment) + minor(payment.surcharge):
            return "exceeds_kept"
    return None

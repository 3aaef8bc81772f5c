"""Looks up who a customer is to the shop and what they bought before."""

from __future__ import annotations

from knowledge.vocabulary.facts import CustomerFact
from tools.connectors.ports import CustomerReader
from tools.lookups.optional import unless_refused


def customer_history(reader: CustomerReader, customer_id: str) -> CustomerFact | None:
    """Tier, account state, consents, past orders and lifetime value; None for a customer that nobody knows,
    or of whom the customer system refuses to speak.

    Raises:
        UnavailableError: the customer system doesn't answer, or refuses our token: who is blocked must be seen.
    """
    return unless_refused("customer", lambda: reader.customer(customer_id), needs_right=True)

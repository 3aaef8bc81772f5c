"""Looks up who a customer is to the shop and what they bought before."""

from __future__ import annotations

from knowledge.vocabulary.facts import CustomerFact
from tools.connectors.ports import CustomerReader


def customer_history(reader: CustomerReader, customer_id: str) -> CustomerFact | None:
    """Tier, account state, consents, past orders and lifetime value; None for a customer that nobody knows.

    Raises:
        UnavailableError: the customer system doesn't answer.
    """
    return reader.customer(customer_id)

"""Looks up whether a payment link was paid, and by which payment."""

from __future__ import annotations

from knowledge.vocabulary.facts import PaymentLinkFact
from tools.connectors.ports import PaymentReader


def payment_link(reader: PaymentReader, link_id: str) -> PaymentLinkFact | None:
    """The link's state (open, paid, cancelled, expired) and its payment; None for a link that doesn't exist.

    Raises:
        UnavailableError: the payment system doesn't answer.
    """
    return reader.payment_link(link_id)

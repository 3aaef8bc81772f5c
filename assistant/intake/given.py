"""The address that a customer gave us in a conversation; examine plans with it, and repair sends it to the shop."""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.tables import events
from knowledge.vocabulary.events import Address

CHAT = "urn:helloword:chat"
"""The source of the events that the chatbot emits for a customer."""

_LOOKED_AT = 20  # newest events of a checkout that may carry an address


def given_address(tx: sa.Connection, vault: Vault, checkout_id: str, since: datetime) -> Address | None:
    """The address of a conversation, as the chatbot merged it with what the shop had.

    None where the customer gave another one at the shop later, or none since `since` (aware UTC), or was erased.
    """
    told = (
        sa.select(events.c.source, events.c.at, events.c.data, events.c.vault_ref)
        .where(events.c.checkout_id == checkout_id, events.c.type.in_(("checkout.submitted", "checkout.updated")))
        .order_by(events.c.at.desc(), events.c.seq.desc()).limit(_LOOKED_AT)
    )  # fmt: skip
    last = next((row for row in tx.execute(told) if row.data.get("shipping_address")), None)
    if last is None or last.source != CHAT or last.at < since or last.vault_ref is None:
        return None
    kept = vault.get(tx, last.vault_ref)
    address = kept.get("shipping_address") if isinstance(kept, dict) else None
    return msgspec.convert(address, Address) if address else None

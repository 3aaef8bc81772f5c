"""What the vault holds of a customer's name, phones, e-mails and addresses: a conversation masks exactly these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import vault as vault_table

_KINDS = ("event", "read_back", "former_address", "contact")  # of vault rows: those whose fields say what they are
_MOST = 200  # rows of a customer, the newest
_FIELDS = {"name": "name", "recipient": "name", "phone": "phone", "email": "email", "street": "address"}
_ADDRESSES = frozenset({"shipping_address", "addresses", "normalised", "former_address"})  # whose `text` is one too
_CUSTOMER = "c:"


class KnownPeople:
    """Reads personal values to be masked; keeps nothing."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def of(self, owner: str) -> set[tuple[str, str]]:
        """`(kind, value)` of everything personal under this customer_ref, the customer's guest checkouts included.

        Raises:
            UnavailableError: `store_unavailable`.
        """
        with self._store.read() as tx:
            owners = [owner]
            if owner.startswith(_CUSTOMER):
                owners = self._vault.refs_of_customer(tx, owner.removeprefix(_CUSTOMER))
            query = (
                sa.select(vault_table.c.ref)
                .where(vault_table.c.customer_ref.in_(owners[:_MOST]), vault_table.c.kind.in_(_KINDS))
                .order_by(vault_table.c.created_at.desc())
                .limit(_MOST)
            )
            records = self._vault.get_many(tx, tx.execute(query).scalars())
        return {found for record in records.values() for found in _values(record, "")}


def _values(record: Any, name: str) -> Iterator[tuple[str, str]]:
    """The personal values in a record that stands under `name`."""
    if isinstance(record, list):
        for item in record:
            yield from _values(item, name)
    elif isinstance(record, Mapping):
        for field, value in record.items():
            if not isinstance(value, str):
                yield from _values(value, field)
            elif field in _FIELDS:
                yield _FIELDS[field], value
            elif field == "text" and (name in _ADDRESSES or "street" in record or "recipient" in record):
                yield "address", value

"""The vault: the one place where personal data is stored, each customer's under a key of their own."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assistant.security.master_key import KEY_BYTES
from assistant.store.batches import among, insert_ignoring, insert_rows
from assistant.store.tables import checkouts, vault, vault_keys
from knowledge.vocabulary.errors import HellowordError

NONCE_BYTES = 12
CACHED_KEYS = 8_192
_PEPPER = "system:fingerprints"
# The first bytes of a wrapped key name the master key it is under.
_MASTER_ID_BYTES = 4


class VaultError(HellowordError):
    """Stop: the master key is not the one this database was written with, or a stored value was tampered with."""


class Value(NamedTuple):
    """A value to put: `ref` is `new_ref()`'s."""

    ref: str
    customer_ref: str
    kind: str
    value: Any


class _Key(NamedTuple):
    generation: int
    cipher: AESGCM


def customer_ref(customer_id: str | None, checkout_id: str | None) -> str:
    """Whose key personal data is under: the customer's, or the checkout's for guests and the unknown."""
    return f"c:{customer_id}" if customer_id else f"g:{checkout_id}"


def new_ref() -> str:
    """A vault reference nobody used before."""
    return f"v_{os.urandom(16).hex()}"


class Vault:
    """Envelope encryption, AES-256-GCM: values under their customer's key, keys under the master key.

    Methods run inside the caller's transaction. Keys are cached by their wrapped form as just read from the database,
    so that a key destroyed by any process is never used again.
    """

    def __init__(self, master_key: bytes, *, previous: Sequence[bytes] = ()) -> None:
        for key in (master_key, *previous):
            if len(key) != KEY_BYTES:
                raise ValueError(f"a master key has {KEY_BYTES} bytes")
        self._master_id = _id_of(master_key)
        self._masters = {_id_of(key): AESGCM(key) for key in (*previous, master_key)}
        self._cache: OrderedDict[bytes, AESGCM] = OrderedDict()
        self._lock = threading.Lock()

    # -- values -----------------------------------------------------------------------------------------------------

    def put(self, tx: sa.Connection, customer_ref: str, kind: str, value: Any, now: datetime) -> str:
        """Encrypts a JSON value for this customer and returns its ref."""
        ref = new_ref()
        self.put_many(tx, [Value(ref, customer_ref, kind, value)], now)
        return ref

    def put_many(self, tx: sa.Connection, values: Sequence[Value], now: datetime) -> None:
        """Encrypts and inserts many values; customers without a key get one."""
        if not values:
            return
        keys = self._keys(tx, {v.customer_ref for v in values}, now)
        rows = []
        for item in values:
            key = keys[item.customer_ref]
            nonce = os.urandom(NONCE_BYTES)
            aad = _value_aad(item.ref, item.customer_ref, item.kind, key.generation)
            sealed = nonce + key.cipher.encrypt(nonce, msgspec.json.encode(item.value), aad)
            rows.append(
                {"ref": item.ref, "customer_ref": item.customer_ref, "kind": item.kind, "generation": key.generation,
                 "ciphertext": sealed, "created_at": now}
            )  # fmt: skip
        insert_rows(tx, vault, rows)

    def get(self, tx: sa.Connection, ref: str) -> Any | None:
        """The value; None when there is none or the customer's key was destroyed.

        Raises:
            VaultError: `vault_tampered`, `wrong_master_key`.
        """
        return self.get_many(tx, [ref]).get(ref)

    def get_many(self, tx: sa.Connection, refs: Iterable[str]) -> dict[str, Any]:
        """Values by ref; refs that don't exist, or whose key was destroyed, are missing.

        Raises:
            VaultError: as `get`.
        """
        wanted = sorted(set(refs))
        if not wanted:
            return {}
        same_key = (vault_keys.c.customer_ref == vault.c.customer_ref) & (vault_keys.c.generation == vault.c.generation)
        query = sa.select(vault, vault_keys.c.wrapped_key).join(vault_keys, same_key)
        query = query.where(among(tx, vault.c.ref, wanted), vault_keys.c.wrapped_key.is_not(None))
        return {row["ref"]: self._opened(row) for row in tx.execute(query).mappings()}

    def delete(self, tx: sa.Connection, refs: Iterable[str]) -> None:
        """Removes values that were replaced."""
        gone = sorted(set(refs))
        if gone:
            tx.execute(vault.delete().where(among(tx, vault.c.ref, gone)))

    def _opened(self, row: sa.RowMapping) -> Any:
        cipher = self._unwrap(row["customer_ref"], row["generation"], row["wrapped_key"])
        aad = _value_aad(row["ref"], row["customer_ref"], row["kind"], row["generation"])
        sealed = bytes(row["ciphertext"])
        try:
            return msgspec.json.decode(cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad))
        except InvalidTag as error:
            raise VaultError("vault_tampered", f"vault value {row['ref']} does not fit its row") from error

    # -- keys -------------------------------------------------------------------------------------------------------

    def _keys(self, tx: sa.Connection, refs: set[str], now: datetime) -> dict[str, _Key]:
        keys = self._known_keys(tx, refs)
        missing = sorted(refs - keys.keys())
        if not missing:
            return keys
        # Another worker may be first: whoever's row stands is read back and used by both.
        rows = [
            {"customer_ref": ref, "generation": 1, "wrapped_key": self._wrap(ref, 1, os.urandom(KEY_BYTES)),
             "created_at": now, "destroyed_at": None}
            for ref in missing
        ]  # fmt: skip
        insert_ignoring(tx, vault_keys, ["customer_ref"], rows)
        keys |= self._known_keys(tx, set(missing))
        for ref in sorted(refs - keys.keys()):
            self._renew(tx, ref)
        if erased := refs - keys.keys():
            keys |= self._known_keys(tx, erased)
        return keys

    def _known_keys(self, tx: sa.Connection, refs: set[str]) -> dict[str, _Key]:
        query = sa.select(vault_keys.c.customer_ref, vault_keys.c.generation, vault_keys.c.wrapped_key)
        query = query.where(among(tx, vault_keys.c.customer_ref, sorted(refs)), vault_keys.c.wrapped_key.is_not(None))
        return {row[0]: _Key(row[1], self._unwrap(*row)) for row in tx.execute(query)}

    def _renew(self, tx: sa.Connection, ref: str) -> None:
        """A new key for a customer who was erased and came back; what was erased stays unreadable."""
        generation = tx.execute(sa.select(vault_keys.c.generation).where(vault_keys.c.customer_ref == ref)).scalar_one()
        tx.execute(
            vault_keys.update()
            .where(
                vault_keys.c.customer_ref == ref,
                vault_keys.c.generation == generation,
                vault_keys.c.wrapped_key.is_(None),
            )
            .values(generation=generation + 1, wrapped_key=self._wrap(ref, generation + 1, os.urandom(KEY_BYTES)))
        )

    def _wrap(self, ref: str, generation: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return self._master_id + nonce + self._masters[self._master_id].encrypt(nonce, key, _key_aad(ref, generation))

    def _unwrap(self, ref: str, generation: int, wrapped: bytes) -> AESGCM:
        wrapped = bytes(wrapped)
        with self._lock:
            cipher = self._cache.get(wrapped)
            if cipher is not None:
                self._cache.move_to_end(wrapped)
                return cipher
        cipher = AESGCM(self._unwrapped(ref, generation, wrapped))
        with self._lock:
            self._cache[wrapped] = cipher
            if len(self._cache) > CACHED_KEYS:
                self._cache.popitem(last=False)
        return cipher

    def _unwrapped(self, ref: str, generation: int, wrapped: bytes) -> bytes:
        wrong = "HELLOWORD_MASTER_KEY is not the key this database was written with"
        master = self._masters.get(wrapped[:_MASTER_ID_BYTES])
        if master is None:
            raise VaultError("wrong_master_key", wrong)
        body = wrapped[_MASTER_ID_BYTES:]
        try:
            return master.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _key_aad(ref, generation))
        except InvalidTag as error:
            raise VaultError("wrong_master_key", wrong) from error

    # -- erasure and rotation ---------------------------------------------------------------------------------------

    def destroy(self, tx: sa.Connection, customer_ref: str, now: datetime | None = None) -> None:
        """Erasure: destroys the customer's key, which leaves their rows unreadable, and removes the rows too."""
        row = vault_keys.c.customer_ref == customer_ref
        wrapped = tx.execute(sa.select(vault_keys.c.wrapped_key).where(row)).scalar_one_or_none()
        if wrapped is not None:
            with self._lock:
                self._cache.pop(bytes(wrapped), None)
        at = now or datetime.now(UTC)
        tx.execute(vault_keys.update().where(row).values(wrapped_key=None, destroyed_at=at))
        tx.execute(vault.delete().where(vault.c.customer_ref == customer_ref))

    def is_erased(self, tx: sa.Connection, customer_ref: str) -> bool:
        """Whether this customer's key was destroyed, and no new one made since."""
        destroyed = (vault_keys.c.customer_ref == customer_ref) & vault_keys.c.wrapped_key.is_(None)
        return tx.execute(sa.select(vault_keys.c.customer_ref).where(destroyed)).first() is not None

    def refs_of_customer(self, tx: sa.Connection, customer_id: str) -> list[str]:
        """Every customer_ref their data may be under: their own, and their checkouts' from before they were known."""
        query = sa.select(checkouts.c.checkout_id).where(checkouts.c.customer_id == customer_id)
        return [customer_ref(customer_id, None), *(customer_ref(None, row) for row in tx.execute(query).scalars())]

    def rewrap(self, tx: sa.Connection, new_master: bytes) -> int:
        """Rotation: puts every customer's key under `new_master` and uses it from now on. Returns how many keys.

        Values aren't touched. Other processes need the new key at their next start.
        """
        old_id, self._master_id = self._master_id, _id_of(new_master)
        self._masters[self._master_id] = AESGCM(new_master)
        try:
            query = (
                sa.select(vault_keys).where(vault_keys.c.wrapped_key.is_not(None)).order_by(vault_keys.c.customer_ref)
            )
            rows = [
                {"the_ref": row["customer_ref"], "wrapped_key": self._wrap(
                    row["customer_ref"], row["generation"],
                    self._unwrapped(row["customer_ref"], row["generation"], bytes(row["wrapped_key"])))}
                for row in tx.execute(query).mappings().all()
            ]  # fmt: skip
            if rows:
                statement = vault_keys.update().where(vault_keys.c.customer_ref == sa.bindparam("the_ref"))
                tx.execute(statement.values(wrapped_key=sa.bindparam("wrapped_key")), rows)
        except BaseException:
            self._master_id = old_id
            raise
        return len(rows)

    # -- fingerprints -----------------------------------------------------------------------------------------------

    def pepper(self, tx: sa.Connection, now: datetime) -> bytes:
        """The secret under which bodies are hashed: a plain hash of a phone number could be guessed.

        Made on first use; don't keep it before `tx` is committed.
        """
        self._keys(tx, {_PEPPER}, now)
        query = sa.select(vault_keys).where(vault_keys.c.customer_ref == _PEPPER)
        row = tx.execute(query).mappings().one()
        return self._unwrapped(_PEPPER, row["generation"], bytes(row["wrapped_key"]))


def _id_of(master: bytes) -> bytes:
    return sha256(b"helloword master key" + master).digest()[:_MASTER_ID_BYTES]


def _value_aad(ref: str, owner: str, kind: str, generation: int) -> bytes:
    return f"value\x1f{ref}\x1f{owner}\x1f{kind}\x1f{generation}".encode()


def _key_aad(owner: str, generation: int) -> bytes:
    return f"key\x1f{owner}\x1f{generation}".encode()

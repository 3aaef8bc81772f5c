"""Stores what the shop said of a checkout (masked, by part) and gives it back as Facts; intake calls it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from assistant.security.vault import Value, Vault, new_ref
from assistant.store.batches import among, upsert_rows
from assistant.store.tables import read_backs
from knowledge.vocabulary.facts import CouponFact, Facts, standing_key
from knowledge.vocabulary.personal import COARSE
from knowledge.vocabulary.read_back import same_code, still_counts

# The parts of Facts that can be read apart; each is kept with the time it was read.
PARTS = ("checkout", "orders", "payments", "reservations", "stock", "customer", "serviceability", "coupon")
_HAVE_STATUS = frozenset({"checkout", "orders", "payments", "reservations"})
_MASKED = "‹masked›"  # stands for a personal value: that there is one is known, what it says is in the vault
_PERSONAL = frozenset({"name", "email", "phone"})
_ADDRESSES = frozenset({"shipping_address", "normalised"})
_PAST_ORDER = frozenset({"id", "total", "at", "status"})  # contract B's fields of a customer's past orders
# The mark of a read-back of everything, made to confirm what events told.
CONFIRMED = "confirmed"

Parts = dict[str, dict[str, Any]]


def parts_of(facts: Facts, *, confirms: bool) -> tuple[Parts, dict[str, Any]]:
    """`(parts, personal)`: each part that was read, masked; and the whole of those in which something was masked."""
    parts: Parts = {}
    personal: dict[str, Any] = {}
    for name in PARTS:
        value = getattr(facts, name)
        if value is None or (name == "stock" and not value):
            continue
        whole = msgspec.to_builtins(value)
        masked = _mask(whole)
        parts[name] = {"at": msgspec.to_builtins(facts.at), "value": masked, "ref": None}
        if masked != whole:
            personal[name] = whole
    if confirms:
        parts[CONFIRMED] = {"at": msgspec.to_builtins(facts.at), "value": None, "ref": None}
    return parts, personal


def _mask(value: Any) -> Any:
    """The same shape, with personal values replaced: converts back to the same struct."""
    if isinstance(value, list):
        return [_mask(item) for item in value]
    if not isinstance(value, dict):
        return value
    masked: dict[str, Any] = {}
    for key, item in value.items():
        if key in _ADDRESSES and item is not None:
            masked[key] = _mask_address(item)
        elif key == "addresses":
            masked[key] = [_mask_address(address) for address in item]
        elif key == "orders":
            masked[key] = [{k: v for k, v in order.items() if k in _PAST_ORDER} for order in item]
        elif key in _PERSONAL:
            masked[key] = _MASKED if item else item
        else:
            masked[key] = _mask(item)
    return masked


def _mask_address(address: dict[str, Any]) -> dict[str, Any]:
    """Keeps which fields are there, and the coarse ones."""
    return {k: v if k in COARSE or not str(v or "").strip() else _MASKED for k, v in address.items()}


def merge(known: Parts, new: Parts) -> tuple[Parts, list[str]]:
    """`(merged, replaced)`: of each part the later reading, and the vault refs of the readings it replaces.

    A later reading remembers since when what carries no time of its own has had its status. A coupon that counted
    once is kept as it was read then.
    """
    merged = dict(known)
    replaced = []
    for name, part in new.items():
        old = merged.get(name)
        if old is not None and (_at(old) > _at(part) or (name == "coupon" and _still_counts(old, part))):
            continue
        if old is not None and old.get("ref"):
            replaced.append(old["ref"])
        merged[name] = part | {"since": _since(name, old, part)} if old is not None else part
    return merged, replaced


def _still_counts(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    was, now = (msgspec.convert(part["value"], CouponFact) for part in (old, new))
    return same_code(was.code, now.code) and still_counts(was.status, now.status, now.used_by_checkout_id)


def _since(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """When things of a part were first read in their status, by key; those that tell, or just changed, are missing."""
    before = {key: status for key, status, _ in _standing(name, old["value"])}
    known = old.get("since") or {}
    return {
        key: known.get(key, old["at"])
        for key, status, told in _standing(name, new["value"]) if not told and before.get(key) == status
    }  # fmt: skip


def _standing(name: str, value: Any) -> Iterator[tuple[str, str, bool]]:
    """Key and status of each thing of a part, and whether the shop says since when."""
    if name in _HAVE_STATUS:
        for one in value if isinstance(value, list) else [value]:
            yield standing_key(name, one["id"], one.get("sku")), one["status"], one.get("updated_at") is not None


def facts_from(checkout_id: str, parts: Parts) -> list[Facts]:
    """Read-backs to apply, oldest first: one Facts per moment, holding what was read then."""
    moments: dict[datetime, dict[str, Any]] = {}
    for name, part in parts.items():
        if name in PARTS:
            moment = moments.setdefault(_at(part), {"since": {}})
            moment[name] = part["value"]
            moment["since"] |= part.get("since") or {}
    return [
        msgspec.convert({"checkout_id": checkout_id, "at": at, **values}, Facts)
        for at, values in sorted(moments.items())
    ]


def confirmed_at(parts: Parts) -> datetime | None:
    """When everything was last read to confirm a finding."""
    return _at(parts[CONFIRMED]) if CONFIRMED in parts else None


def _at(part: Mapping[str, Any]) -> datetime:
    return msgspec.convert(part["at"], datetime)


class ReadBacks:
    """The read_backs table."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def load(self, tx: sa.Connection, checkout_ids: Iterable[str]) -> dict[str, Parts]:
        """Stored parts by checkout."""
        query = sa.select(read_backs.c.checkout_id, read_backs.c.facts)
        rows = tx.execute(query.where(among(tx, read_backs.c.checkout_id, checkout_ids)))
        return {row[0]: row[1] for row in rows}

    def store(
        self, tx: sa.Connection, known: Parts, facts: Facts, owner: str, now: datetime, *, confirms: bool
    ) -> Parts:
        """Merges a read-back into what is known of its checkout (`known`); returns the whole."""
        parts, personal = parts_of(facts, confirms=confirms)
        if not parts:
            return known
        for name in personal:
            parts[name]["ref"] = new_ref()
        merged, replaced = merge(known, parts)
        kept = [name for name in personal if merged[name]["ref"] == parts[name]["ref"]]
        values = [Value(parts[name]["ref"], owner, "read_back", personal[name]) for name in kept]
        self._vault.put_many(tx, values, now)
        self._vault.delete(tx, replaced)
        row = {"checkout_id": facts.checkout_id, "at": max(_at(part) for part in merged.values()), "facts": merged}
        upsert_rows(tx, read_backs, ["checkout_id"], [row], ["at", "facts"])
        return merged

    def unmasked(self, tx: sa.Connection, checkout_id: str, parts: Parts) -> list[Facts]:
        """`facts_from` with the personal values put back; what was erased stays masked."""
        values = self._vault.get_many(tx, [part["ref"] for part in parts.values() if part.get("ref")])
        whole = {name: {**part, "value": values.get(part["ref"], part["value"])} for name, part in parts.items()}
        return facts_from(checkout_id, whole)

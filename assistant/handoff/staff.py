"""The register of staff: who works here, what they can, when they work; the API and `helloword staff` call it.

E-mail address and chat addresses are in the vault; they are shown masked.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.handoff.crew import load_of
from assistant.handoff.desk import Desk
from assistant.handoff.staff_checks import checked, refuse
from assistant.security.keys import Keys
from assistant.security.principals import ForbiddenError, Principal, Role, Scope
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from assistant.store.tables import api_keys
from assistant.store.tables_people import staff
from assistant.triage.routing import ANY
from assistant.triage.shifts import hours_of, on_shift
from knowledge.phrases import LANGUAGES, language_of
from knowledge.policies.approvals import RANKS
from knowledge.vocabulary.errors import ConflictError, NotFoundError

MANAGERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)

DEFAULTS: dict[str, Any] = {
    "role": "agent", "languages": list(LANGUAGES), "skills": [ANY], "time_zone": "UTC", "shifts": [], "capacity": 8,
    "away": False, "active": True, "reads": "en", "email": None, "chat": [], "key_id": None,
}  # fmt: skip


class Register:
    """Adds, lists and changes members of staff. Every change is one transaction in which no case is given out."""

    def __init__(self, store: Store, vault: Vault, keys: Keys, desk: Desk, time_zone: str = "UTC") -> None:
        self._store, self._vault, self._keys, self._desk = store, vault, keys, desk
        self._defaults = {**DEFAULTS, "time_zone": time_zone}

    def add(self, values: Mapping[str, Any], who: Principal, now: datetime | None = None) -> dict[str, Any]:
        """A new member of staff; fields that are not named have defaults. Returns them as `get` does.

        Raises:
            InputError: `invalid_staff` names the field.
            ForbiddenError: `forbidden` unless `who` is a supervisor, or an administrator where one is appointed.
            ConflictError: `key_taken` when another member comes with that key.
        """
        now = now or utcnow()
        given = checked({**self._defaults, **_reads(values), **values})
        _may_manage(who, given)
        staff_id = f"st_{secrets.token_hex(6)}"
        with self._store.begin() as tx:
            self._desk.take_turn(tx)
            self._check_key(tx, staff_id, given)
            row = _columns(given) | {"contact_ref": self._put_contact(tx, staff_id, given, now)}
            tx.execute(staff.insert().values(id=staff_id, created_at=now, updated_at=now, version=1, **row))
            self._desk.give_out(tx, now)
        self._keys.forget()
        return self.get(staff_id)

    def change(
        self, staff_id: str, values: Mapping[str, Any], who: Principal, now: datetime | None = None
    ) -> dict[str, Any]:
        """Changes the named fields of a member. Cases that nobody has taken up yet leave those who leave.

        Raises:
            NotFoundError: `staff_not_found`.
            InputError, ForbiddenError, ConflictError: as `add`.
        """
        now = now or utcnow()
        with self._store.begin() as tx:
            self._desk.take_turn(tx)
            row = self._row(tx, staff_id)
            known = {name: row[name] for name in ("name", *DEFAULTS) if name in row} | self._contact(tx, row)
            given = checked({**known, **values})
            _may_manage(who, given, known)
            self._check_key(tx, staff_id, given)
            changed = _columns(given) | {"updated_at": now, "version": row["version"] + 1}
            if {"email", "chat"} & values.keys():
                changed["contact_ref"] = self._put_contact(tx, staff_id, given, now, instead_of=row["contact_ref"])
            tx.execute(staff.update().where(staff.c.id == staff_id).values(**changed))
            self._desk.give_out(tx, now)
        self._keys.forget()
        return self.get(staff_id)

    def set_away(self, who: Principal, away: bool, now: datetime | None = None) -> dict[str, Any]:
        """A member of staff says of themselves that they are away, or back.

        Raises:
            ForbiddenError: `forbidden` for whoever is no member of staff.
        """
        now, me = now or utcnow(), own_id(who)
        with self._store.begin() as tx:
            self._desk.take_turn(tx)
            version = self._row(tx, me)["version"] + 1
            tx.execute(staff.update().where(staff.c.id == me).values(away=away, updated_at=now, version=version))
            self._desk.give_out(tx, now)
        return self.get(me)

    def remove(self, staff_id: str, who: Principal, now: datetime | None = None) -> None:
        """They work here no more: their cases go to others, their key and contact data are gone, their history stays.

        Raises:
            NotFoundError: `staff_not_found`.
            ForbiddenError: as `add`.
        """
        with self._store.read() as tx:
            key_id = self._row(tx, staff_id)["key_id"]
        self.change(staff_id, {"active": False, "key_id": None, "email": None, "chat": []}, who, now)
        if key_id is not None:
            self._keys.revoke_key(key_id)

    def bind_key(self, staff_id: str, key_id: str, who: Principal) -> dict[str, Any]:
        """From now on whoever presents this key is this member of staff.

        Raises:
            NotFoundError, InputError, ForbiddenError, ConflictError: as `change`.
        """
        return self.change(staff_id, {"key_id": key_id}, who)

    # -- reading ----------------------------------------------------------------------------------------------------

    def get(self, staff_id: str, now: datetime | None = None) -> dict[str, Any]:
        """One member: the columns, contact data masked, `load` (open cases) and `on_shift`.

        Raises:
            NotFoundError: `staff_not_found`.
        """
        with self._store.read() as tx:
            return self._shown(tx, self._row(tx, staff_id), now or utcnow())

    def everybody(self, *, active_only: bool = True, now: datetime | None = None) -> list[dict[str, Any]]:
        """The members, by name; those who have left too unless `active_only`."""
        query = sa.select(staff).order_by(staff.c.name, staff.c.id)
        with self._store.read() as tx:
            rows = tx.execute(query.where(staff.c.active) if active_only else query).mappings().all()
            return [self._shown(tx, row, now or utcnow()) for row in rows]

    def _row(self, tx: sa.Connection, staff_id: str) -> sa.RowMapping:
        row = tx.execute(sa.select(staff).where(staff.c.id == staff_id.replace("\0", "?"))).mappings().first()
        if row is None:
            raise NotFoundError("staff_not_found", f"there is no member of staff {staff_id}")
        return row

    def _shown(self, tx: sa.Connection, row: sa.RowMapping, now: datetime) -> dict[str, Any]:
        contact = self._contact(tx, row)
        shown = {name: row[name] for name in ("id", "name", *DEFAULTS) if name in row}
        return shown | {
            "email": _mask_email(contact["email"]), "chat": [_mask_chat(url) for url in contact["chat"]],
            "load": load_of(tx, row["id"]), "on_shift": on_shift(hours_of(row["time_zone"], row["shifts"]), now),
            "last_assigned_at": row["last_assigned_at"], "version": row["version"],
        }  # fmt: skip

    def _contact(self, tx: sa.Connection, row: sa.RowMapping) -> dict[str, Any]:
        kept = self._vault.get(tx, row["contact_ref"]) if row["contact_ref"] else None
        return {"email": (kept or {}).get("email"), "chat": (kept or {}).get("chat", [])}

    # -- writing ----------------------------------------------------------------------------------------------------

    def _put_contact(
        self, tx: sa.Connection, staff_id: str, given: Mapping[str, Any], now: datetime, instead_of: str | None = None
    ) -> str | None:
        if instead_of is not None:
            self._vault.delete(tx, [instead_of])
        contact = {"email": given["email"], "chat": given["chat"]}
        return self._vault.put(tx, f"s:{staff_id}", "contact", contact, now) if any(contact.values()) else None

    def _check_key(self, tx: sa.Connection, staff_id: str, given: Mapping[str, Any]) -> None:
        key_id = given["key_id"]
        if key_id is None:
            return
        usable = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
        if tx.execute(sa.select(api_keys.c.id).where(usable)).first() is None:
            refuse("key_id", "must be the id of a key that is not revoked")
        if tx.execute(sa.select(staff.c.id).where(staff.c.key_id == key_id, staff.c.id != staff_id)).first():
            raise ConflictError("key_taken", f"another member of staff comes with the key {key_id}")


def _reads(values: Mapping[str, Any]) -> dict[str, str]:
    """Told in the first language that they speak with customers, unless they say otherwise."""
    languages = values.get("languages")
    first = languages[0] if isinstance(languages, list) and languages else None
    return {"reads": language_of(first)} if isinstance(first, str) else {}


def own_id(who: Principal) -> str:
    """The staff id of whoever is on the register.

    Raises:
        ForbiddenError: `forbidden` for a key that is bound to nobody.
    """
    if who.kind != "staff":
        raise ForbiddenError("forbidden", "this key belongs to no member of staff: see helloword staff add")
    return who.id


def _may_manage(who: Principal, given: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> None:
    if not who.has_role(*MANAGERS):
        raise ForbiddenError("forbidden", f"needs one of the roles {', '.join(MANAGERS)}")
    highest = max(RANKS.index(role) for role in who.roles)
    if max(RANKS.index(row["role"]) for row in (given, known or given)) > highest:
        raise ForbiddenError("forbidden", "an administrator's entry is an administrator's to change")
    if given["key_id"] not in (None, (known or {}).get("key_id")) and Scope.ADMIN not in who.scopes:
        raise ForbiddenError("forbidden", f"binding a key needs the scope {Scope.ADMIN}")


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("email", "chat")}


# -- masking --------------------------------------------------------------------------------------------------------


def _mask_email(address: str | None) -> str | None:
    if address is None:
        return None
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain}"


def _mask_chat(url: str) -> str:
    return f"{url.split('://', 1)[0]}://***"

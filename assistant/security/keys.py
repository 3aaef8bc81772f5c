"""API keys: made, listed, revoked, and turned into principals; the HTTP edge and the CLI call it."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from assistant.security.principals import Principal, Role, Scope, UnauthenticatedError
from assistant.store.engine import Store, utcnow
from assistant.store.tables import api_keys
from assistant.store.tables_people import staff
from knowledge.vocabulary.errors import InputError, NotFoundError

PREFIX = "hw_"
CACHE_SECONDS = 1.0  # how long a revoked key may still work in another process, at most twice this
_MISS_SECONDS = 0.2  # unknown keys ask the database at most so often
_BOOTSTRAP = "bootstrap"
_Enum = TypeVar("_Enum", Scope, Role)


class KeyInfo(msgspec.Struct, frozen=True):
    """An API key without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    role: Role | None
    created_at: datetime
    revoked_at: datetime | None = None


class Keys:
    """API keys of one deployment. `bootstrap` is HELLOWORD_API_KEY: every scope and the supervisor's role."""

    def __init__(self, store: Store, bootstrap: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._bootstrap = _hash(bootstrap) if bootstrap else None
        self._clock = clock
        self._lock = threading.Lock()
        self._active: dict[str, Principal] = {}
        self._loaded_at = float("-inf")

    def create_key(
        self, name: str, scopes: Iterable[Scope | str], role: Role | str | None = None, now: datetime | None = None
    ) -> tuple[KeyInfo, str]:
        """A new key and its secret, which is shown once and never stored.

        Raises:
            InputError: `invalid_key`: no name, an unknown scope or role.
        """
        if not 1 <= len(name) <= 128:
            raise InputError("invalid_key", "name", "must have 1 to 128 characters")
        granted = sorted({_known(Scope, "scopes", scope) for scope in scopes})
        if not granted:
            raise InputError("invalid_key", "scopes", "a key needs at least one scope")
        info = KeyInfo(
            id=f"key_{secrets.token_hex(8)}", name=name, scopes=granted,
            role=_known(Role, "role", role) if role else None, created_at=now or utcnow(),
        )  # fmt: skip
        secret = PREFIX + secrets.token_urlsafe(32)
        with self._store.begin() as tx:
            tx.execute(api_keys.insert().values(hash=_hash(secret), **msgspec.structs.asdict(info)))
        self.forget()
        return info, secret

    def revoke_key(self, key_id: str, now: datetime | None = None) -> None:
        """Revokes the key: at once here, within two seconds everywhere. Revoking twice changes nothing.

        Raises:
            NotFoundError: `key_not_found`.
        """
        with self._store.begin() as tx:
            mine = api_keys.c.id == key_id
            if tx.execute(sa.select(api_keys.c.id).where(mine)).first() is None:
                raise NotFoundError("key_not_found", f"there is no key {key_id}")
            tx.execute(
                api_keys.update().where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=now or utcnow())
            )
        self.forget()

    def list_keys(self) -> list[KeyInfo]:
        """Every key, oldest first, revoked ones too."""
        with self._store.read() as tx:
            rows = tx.execute(sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)).mappings().all()
        return [_info(row) for row in rows]

    def authenticate(self, bearer: str | None) -> Principal:
        """Who presents this `Authorization` header value (`Bearer hw_…`, or the bare key).

        Raises:
            UnauthenticatedError: `unauthenticated`.
            UnavailableError: the database doesn't answer.
        """
        presented = (bearer or "").strip()
        if presented[:7].lower() == "bearer ":
            presented = presented[7:].strip()
        if not presented:
            raise UnauthenticatedError("unauthenticated", "an API key is needed: Authorization: Bearer KEY")
        digest = _hash(presented)
        if self._bootstrap is not None and hmac.compare_digest(digest, self._bootstrap):
            return Principal("key", _BOOTSTRAP, _BOOTSTRAP, frozenset({Role.SUPERVISOR}), frozenset(Scope))
        # A SHA-256 of 32 random bytes is looked up, so how long it takes tells nothing about any key.
        principal = self._keys(CACHE_SECONDS).get(digest) or self._keys(_MISS_SECONDS).get(digest)
        if principal is None:
            raise UnauthenticatedError("unauthenticated", "this API key is unknown or was revoked")
        return principal

    def _keys(self, max_age: float) -> dict[str, Principal]:
        with self._lock:
            if self._clock() - self._loaded_at <= max_age:
                return self._active
            started = self._clock()
            with self._store.read() as tx:
                rows = tx.execute(_PEOPLES_KEYS).mappings().all()
            self._active = {row["hash"]: _principal(row) for row in rows}
            self._loaded_at = started
            return self._active

    def forget(self) -> None:
        """Asks the database at the next use: a key, or the person it belongs to, was changed here."""
        with self._lock:
            self._loaded_at = float("-inf")


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _known(kind: type[_Enum], field: str, value: str) -> _Enum:
    try:
        return kind(value)
    except ValueError as error:
        raise InputError("invalid_key", field, f"{value!r} is none of {', '.join(kind)}") from error


def _info(row: sa.RowMapping) -> KeyInfo:
    return KeyInfo(
        id=row["id"], name=row["name"], scopes=[Scope(s) for s in row["scopes"]],
        role=Role(row["role"]) if row["role"] else None, created_at=row["created_at"], revoked_at=row["revoked_at"],
    )  # fmt: skip


# The keys in use, with the member of staff who comes with one; a key of somebody who has left opens nothing.
_PEOPLES_KEYS = (
    sa.select(
        api_keys, staff.c.id.label("staff_id"), staff.c.name.label("staff_name"), staff.c.role.label("staff_role")
    )
    .outerjoin(staff, staff.c.key_id == api_keys.c.id)
    .where(api_keys.c.revoked_at.is_(None), staff.c.id.is_(None) | staff.c.active)
)


def _principal(row: sa.RowMapping) -> Principal:
    info = _info(row)
    if row["staff_id"] is not None:
        role = frozenset({Role(row["staff_role"])})
        return Principal("staff", row["staff_id"], row["staff_name"], role, frozenset(info.scopes))
    roles = frozenset({info.role}) if info.role else frozenset()
    return Principal("key", info.id, info.name, roles, frozenset(info.scopes))

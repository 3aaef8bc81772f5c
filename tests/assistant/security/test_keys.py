"""API keys let in whom they name, and nobody else, soon after they are revoked."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assistant.security.keys import CACHE_SECONDS, Keys
from assistant.security.principals import SYSTEM, ForbiddenError, Principal, Role, Scope, UnauthenticatedError
from assistant.store.engine import Store
from assistant.store.tables import api_keys
from knowledge.vocabulary.errors import InputError, NotFoundError
from tests.assistant.conftest import NOW


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_key_is_its_principal(store: Store) -> None:
    keys = Keys(store)
    info, secret = keys.create_key("shop", ["events:write", Scope.EVENTS_READ], "agent", NOW)
    assert secret.startswith("hw_")
    assert len(secret) >= 43 + 3
    scopes = frozenset({Scope.EVENTS_WRITE, Scope.EVENTS_READ})
    assert keys.authenticate(f"Bearer {secret}") == Principal("key", info.id, "shop", frozenset({Role.AGENT}), scopes)
    assert keys.authenticate(secret) == keys.authenticate(f"bearer  {secret} ")


def test_the_secret_is_stored_nowhere(store: Store) -> None:
    _, secret = Keys(store).create_key("shop", ["chat"])
    with store.read() as tx:
        assert secret not in str(tx.execute(sa.select(api_keys)).all())


@pytest.mark.parametrize(
    "bearer", [None, "", "Bearer", "Bearer ", "hw_unknown", "Bearer hw_unknown", "Basic x", "é\udcff"]
)
def test_whoever_is_unknown_is_refused(store: Store, bearer: str | None) -> None:
    keys = Keys(store, "bootstrap-key")
    keys.create_key("shop", ["chat"])
    with pytest.raises(UnauthenticatedError, match="unauthenticated"):
        keys.authenticate(bearer)


def test_the_bootstrap_key_may_everything(store: Store) -> None:
    principal = Keys(store, "bootstrap-key").authenticate("Bearer bootstrap-key")
    for scope in Scope:
        principal.require(scope)
    assert principal.has_role("supervisor")
    assert not principal.has_role(Role.ADMINISTRATOR)


def test_an_empty_bootstrap_key_opens_nothing(store: Store) -> None:
    with pytest.raises(UnauthenticatedError):
        Keys(store, "").authenticate("Bearer ")


def test_a_missing_scope_is_named() -> None:
    with pytest.raises(ForbiddenError, match="cases:write") as refused:
        Principal("key", "k", "k", scopes=frozenset({Scope.CASES_READ})).require(Scope.CASES_WRITE)
    assert (refused.value.status, refused.value.code) == (403, "forbidden")
    SYSTEM.require(Scope.ADMIN)


def test_a_revoked_key_stops_working_everywhere_within_two_seconds(store: Store) -> None:
    clock = Clock()
    here, elsewhere = Keys(store, clock=clock), Keys(store, clock=clock)
    info, secret = here.create_key("shop", ["chat"])
    assert elsewhere.authenticate(secret).id == info.id
    here.revoke_key(info.id, NOW)
    here.revoke_key(info.id)
    with pytest.raises(UnauthenticatedError):
        here.authenticate(secret)
    clock.now += 2.0
    assert CACHE_SECONDS <= 2.0
    with pytest.raises(UnauthenticatedError):
        elsewhere.authenticate(secret)
    assert [key.revoked_at for key in here.list_keys()] == [NOW]


def test_a_new_key_works_at_once_in_another_process(store: Store) -> None:
    clock = Clock()
    here, elsewhere = Keys(store, clock=clock), Keys(store, clock=clock)
    with pytest.raises(UnauthenticatedError):
        elsewhere.authenticate("hw_unknown")
    clock.now += 0.5  # still within the cache's time
    _, secret = here.create_key("shop", ["chat"])
    assert elsewhere.authenticate(secret).name == "shop"


def test_requests_do_not_each_ask_the_database(store: Store) -> None:
    clock = Clock()
    keys = Keys(store, clock=clock)
    _, secret = keys.create_key("shop", ["chat"])
    keys.authenticate(secret)
    asked: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    for _ in range(50):
        keys.authenticate(secret)
        with pytest.raises(UnauthenticatedError):
            keys.authenticate("hw_unknown")
    assert not [statement for statement in asked if "api_keys" in statement]


def test_what_is_no_key_is_refused_by_field(store: Store) -> None:
    keys = Keys(store)
    for arguments, field in [(("", ["chat"]), "name"), (("k", []), "scopes"), (("k", ["all"]), "scopes")]:
        with pytest.raises(InputError) as refused:
            keys.create_key(*arguments)
        assert refused.value.field == field
    with pytest.raises(InputError, match="role"):
        keys.create_key("k", ["chat"], "king")
    with pytest.raises(NotFoundError, match="key_nothing"):
        keys.revoke_key("key_nothing")

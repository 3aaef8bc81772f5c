"""The register: what an entry may hold, who may change it, and what becomes of contact data and keys."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from assistant.handoff.staff import DEFAULTS
from assistant.handoff.staff_checks import checked
from assistant.security.principals import ForbiddenError, Principal, Role, Scope, UnauthenticatedError
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import vault
from assistant.store.tables_people import staff
from knowledge.vocabulary.errors import ConflictError, InputError, NotFoundError
from tests.assistant.handoff.routing_desk import ADMIN, SUPERVISOR, House, person

CONTACT = {"email": "li.wei@example.com", "chat": ["wecombot://secret-key"]}


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    return House(store, vault)


def test_only_a_name_is_needed(house: House) -> None:
    one = house.register.add({"name": "Li Wei"}, SUPERVISOR)
    assert (one["role"], one["skills"], one["capacity"], one["shifts"]) == ("agent", ["*"], 8, [])
    assert (one["away"], one["active"], one["on_shift"], one["load"]) == (False, True, True, 0)
    assert one["email"] is None


def test_they_are_told_things_in_the_first_language_they_speak(house: House) -> None:
    assert house.register.add({"name": "Li", "languages": ["zh-CN", "en"]}, SUPERVISOR)["reads"] == "zh-CN"
    assert house.register.add({"name": "Li", "languages": ["zh-CN"], "reads": "en"}, SUPERVISOR)["reads"] == "en"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 129), ("name", "a\0b"), ("name", 7), ("role", "boss"), ("role", None),
        ("languages", []), ("languages.0", ["Chinese, please"]), ("languages.1", ["en", 5]), ("skills", []),
        ("skills.0", ["everything"]), ("skills", "*"), ("time_zone", "Mars/Olympus"), ("time_zone", None),
        ("shifts.0.start", [{"days": [0], "start": "25:00", "end": "18:00"}]), ("shifts", {}), ("capacity", 0),
        ("capacity", 201), ("capacity", True), ("capacity", "8"), ("away", "yes"), ("active", None), ("reads", "fr"),
        ("email", "nobody"), ("email", "l***@example.com"), ("email", "a@b.c\n"), ("chat.0", ["http:/x"]),
        ("chat.1", ["slack://a/b/c", "file:///etc/passwd"]), ("chat", "slack://a"), ("key_id", ""),
        ("salary", 1),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    with pytest.raises(InputError) as refused:
        checked({**DEFAULTS, "name": "Li", field.split(".")[0]: value})
    assert (refused.value.code, refused.value.field) == ("invalid_staff", field)


def test_of_a_wrong_entry_or_change_nothing_is_kept(house: House) -> None:
    for wrong in ({"capacity": 0}, {"key_id": "key_nobody"}, {"skills": ["everything"]}):
        with pytest.raises(InputError):
            house.register.add({"name": "Li", **wrong}, ADMIN)
    assert house.register.everybody() == []
    li = house.hire("Li")
    with pytest.raises(InputError):
        house.register.change(li, {"name": "Xu", "capacity": 0}, ADMIN)
    assert house.register.get(li)["name"] == "Li"


def test_contact_data_is_in_the_vault_shown_masked_and_gone_with_its_owner(house: House) -> None:
    one = house.register.add({"name": "Li", **CONTACT}, SUPERVISOR)
    assert (one["email"], one["chat"]) == ("l***@example.com", ["wecombot://***"])
    row = stored(house, one["id"])
    with house.store.read() as tx:
        assert house.register._vault.get(tx, row["contact_ref"]) == CONTACT
    assert "example.com" not in str(row)
    house.register.change(one["id"], {"capacity": 3}, SUPERVISOR)
    assert stored(house, one["id"])["contact_ref"] == row["contact_ref"]
    changed = house.register.change(one["id"], {"email": "new@example.com"}, SUPERVISOR)
    assert (changed["email"], changed["chat"]) == ("n***@example.com", ["wecombot://***"])
    house.register.remove(one["id"], SUPERVISOR)
    with house.store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(vault).where(vault.c.kind == "contact")) == 0
    assert house.register.everybody() == []
    assert [p["active"] for p in house.register.everybody(active_only=False)] == [False]


def stored(house: House, staff_id: str) -> dict[str, Any]:
    with house.store.read() as tx:
        return dict(tx.execute(sa.select(staff).where(staff.c.id == staff_id)).mappings().one())


def test_supervisors_manage_the_register_and_nobody_rises_above_themselves(house: House) -> None:
    li = house.hire("Li")
    for nobody in (person(li), person(li, role=Role.SENIOR_AGENT), Principal("key", "k", "k")):
        with pytest.raises(ForbiddenError):
            house.register.add({"name": "Friend"}, nobody)
        with pytest.raises(ForbiddenError):
            house.register.change(li, {"role": "supervisor"}, nobody)
    with pytest.raises(ForbiddenError):
        house.register.change(li, {"role": "administrator"}, SUPERVISOR)
    house.register.change(li, {"role": "administrator"}, ADMIN)
    with pytest.raises(ForbiddenError):
        house.register.change(li, {"capacity": 1}, SUPERVISOR)


def test_everybody_says_themselves_that_they_are_away(house: House) -> None:
    li = house.hire("Li")
    assert house.register.set_away(person(li), True)["away"] is True
    assert house.register.set_away(person(li), False)["away"] is False
    with pytest.raises(ForbiddenError):
        house.register.set_away(SUPERVISOR_KEY, True)
    with pytest.raises(NotFoundError):
        house.register.set_away(person("st_nobody"), True)


SUPERVISOR_KEY = Principal("key", "k", "k", frozenset({Role.SUPERVISOR}), frozenset({Scope.CASES_WRITE}))


def test_whoever_presents_a_persons_key_is_that_person(house: House) -> None:
    info, secret = house.keys.create_key("Li's", [Scope.CASES_READ, Scope.CASES_WRITE], Role.SUPERVISOR)
    assert house.keys.authenticate(secret).kind == "key"
    li = house.hire("Li", role="senior_agent", key_id=info.id)
    expected = Principal(
        "staff", li, "Li", frozenset({Role.SENIOR_AGENT}), frozenset({Scope.CASES_READ, Scope.CASES_WRITE})
    )
    assert house.keys.authenticate(secret) == expected  # the role is the register's, not the key's
    house.change(li, role="agent", name="Li Wei")
    assert house.keys.authenticate(secret).roles == {Role.AGENT}
    house.change(li, active=False)
    with pytest.raises(UnauthenticatedError):
        house.keys.authenticate(secret)
    house.change(li, active=True)
    assert house.keys.authenticate(secret).id == li
    house.register.remove(li, SUPERVISOR)
    with pytest.raises(UnauthenticatedError):
        house.keys.authenticate(secret)


def test_a_key_is_one_persons_and_binding_it_needs_the_right(house: House) -> None:
    info, _ = house.keys.create_key("Li's", [Scope.CASES_READ])
    li, xu = house.hire("Li", key_id=info.id), house.hire("Xu")
    with pytest.raises(ConflictError, match="key_taken"):
        house.register.bind_key(xu, info.id, ADMIN)
    with pytest.raises(ForbiddenError, match="admin"):
        house.register.bind_key(xu, info.id, SUPERVISOR_KEY)
    house.register.change(li, {"capacity": 4}, SUPERVISOR_KEY)  # with its key as it is
    house.keys.revoke_key(info.id)
    house.change(li, key_id=None)
    with pytest.raises(InputError, match="key_id"):
        house.register.bind_key(xu, info.id, ADMIN)

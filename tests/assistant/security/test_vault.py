"""The vault keeps personal data readable for us, for nobody else, and after erasure for no one."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.security.vault import Value, Vault, VaultError, customer_ref, new_ref
from assistant.store.engine import Store
from assistant.store.tables import checkouts, vault_keys
from assistant.store.tables import vault as values
from tests.assistant.conftest import NOW

ALICE, BOB = customer_ref("alice", "ck-1"), customer_ref(None, "ck-2")


def put(store: Store, keeper: Vault, owner: str, value: Any, kind: str = "event") -> str:
    with store.begin() as tx:
        return keeper.put(tx, owner, kind, value, NOW)


def get(store: Store, keeper: Vault, ref: str) -> Any:
    with store.read() as tx:
        return keeper.get(tx, ref)


def test_what_is_put_comes_back(store: Store, vault: Vault) -> None:
    value = {"phone": "13800000000", "recipient": "张伟", "n": [1, 2.5, None, True]}
    assert get(store, vault, put(store, vault, ALICE, value)) == value
    assert get(store, vault, "v_nothing") is None


def test_a_ref_names_customer_or_checkout() -> None:
    assert (ALICE, BOB) == ("c:alice", "g:ck-2")


def test_another_process_with_the_same_master_key_reads_it(store: Store) -> None:
    master = os.urandom(32)
    ref = put(store, Vault(master), ALICE, "secret")
    assert get(store, Vault(master), ref) == "secret"


def test_nothing_of_a_value_can_be_read_from_the_tables(store: Store, vault: Vault) -> None:
    put(store, vault, ALICE, {"phone": "13800000000", "name": "Zoë Quartermain"})
    with store.read() as tx:
        for table in (values, vault_keys):
            for row in tx.execute(sa.select(table)):
                told = b" ".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
                assert b"13800000000" not in told
                assert b"Quartermain" not in told


def test_an_erased_customer_is_unreadable_and_others_are_not(store: Store, vault: Vault) -> None:
    alice, bob = put(store, vault, ALICE, "a"), put(store, vault, BOB, "b")
    other_process = Vault(b"\0" * 32, previous=())
    other_process._masters = dict(vault._masters)
    assert get(store, other_process, alice) == "a"  # it has her key cached now
    with store.begin() as tx:
        vault.destroy(tx, ALICE)
    for keeper in (vault, other_process):
        assert get(store, keeper, alice) is None
        assert get(store, keeper, bob) == "b"


def test_a_row_written_at_the_moment_of_erasure_stays_unreadable(store: Store, vault: Vault) -> None:
    ref = put(store, vault, ALICE, "a")
    with store.read() as tx:
        row = dict(tx.execute(sa.select(values)).mappings().one())
    with store.begin() as tx:
        vault.destroy(tx, ALICE)
        tx.execute(values.insert().values(**row))
    fresh = put(store, vault, ALICE, "she came back")
    assert get(store, vault, ref) is None
    assert get(store, vault, fresh) == "she came back"


def test_a_customers_refs_include_checkouts_from_before_they_were_known(store: Store, vault: Vault) -> None:
    row = {"customer_ref": "g:ck-9", "snapshot": {}, "version": 1, "updated_at": NOW}
    with store.begin() as tx:
        tx.execute(checkouts.insert().values(checkout_id="ck-9", customer_id="alice", **row))
        tx.execute(checkouts.insert().values(checkout_id="ck-8", customer_id="bob", **row))
        assert vault.refs_of_customer(tx, "alice") == ["c:alice", "g:ck-9"]


@pytest.mark.parametrize("column", ["ref", "customer_ref", "kind", "ciphertext"])
def test_a_value_moved_to_another_row_is_noticed(store: Store, vault: Vault, column: str) -> None:
    ref = put(store, vault, ALICE, "a", kind="event")
    other = put(store, vault, BOB, "b", kind="reply")

    with store.begin() as tx:
        theirs = tx.execute(sa.select(values.c[column]).where(values.c.ref == other)).scalar_one()
        if column == "ref":
            tx.execute(values.delete().where(values.c.ref == other))
        tx.execute(values.update().where(values.c.ref == ref).values({column: theirs}))
    with pytest.raises(VaultError, match="vault_tampered"):
        get(store, vault, other if column == "ref" else ref)


def test_a_wrong_master_key_says_so(store: Store, vault: Vault) -> None:
    ref = put(store, vault, ALICE, "a")
    with pytest.raises(VaultError, match="HELLOWORD_MASTER_KEY"):
        get(store, Vault(os.urandom(32)), ref)
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short")


def test_rotation_keeps_every_value_and_needs_the_new_key(store: Store) -> None:
    old, new = os.urandom(32), os.urandom(32)
    keeper = Vault(old)
    refs = {put(store, keeper, f"c:{n}", n): n for n in range(5)}
    with store.begin() as tx:
        keeper.destroy(tx, "c:4")
        assert keeper.rewrap(tx, new) == 4
    for reader in (keeper, Vault(new), Vault(new, previous=[old])):
        assert [get(store, reader, ref) for ref in refs] == [0, 1, 2, 3, None]
    with pytest.raises(VaultError, match="wrong_master_key"):
        get(store, Vault(old), next(iter(refs)))


def test_many_values_of_many_customers_in_one_go(store: Store, vault: Vault) -> None:
    many = [Value(new_ref(), f"c:{n % 300}", "event", {"n": n}) for n in range(2_500)]
    with store.begin() as tx:
        vault.put_many(tx, many, NOW)
    with store.read() as tx:
        assert vault.get_many(tx, [v.ref for v in many]) == {v.ref: v.value for v in many}
        assert tx.execute(sa.select(sa.func.count()).select_from(vault_keys)).scalar_one() == 300


def test_workers_that_meet_a_new_customer_at_once_agree_on_one_key(store: Store) -> None:
    master, refs, errors = os.urandom(32), [], []
    together = threading.Barrier(6)

    def work(n: int) -> None:
        together.wait()
        try:
            refs.append((put(store, Vault(master), ALICE, n), n))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    reader = Vault(master)
    assert [get(store, reader, ref) for ref, _ in refs] == [n for _, n in refs]


def test_the_pepper_is_the_same_for_every_process_and_survives_rotation(store: Store) -> None:
    old, new = os.urandom(32), os.urandom(32)
    with store.begin() as tx:
        pepper = Vault(old).pepper(tx, NOW)
    with store.begin() as tx:
        keeper = Vault(old)
        assert keeper.pepper(tx, NOW) == pepper
        keeper.rewrap(tx, new)
        assert Vault(new).pepper(tx, NOW) == pepper

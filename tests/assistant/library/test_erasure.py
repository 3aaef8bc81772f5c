"""An erased customer leaves nothing in the library: not now, not after a rebuild, not in the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.library.feed import LibraryFeed
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases
from knowledge.library.library import Library
from tests.assistant.agent.conftest import FakeReader
from tests.assistant.library.test_feed import resolve, row_of_case

CASE, CUSTOMER = "case_price_mismatch", "c-1"
MARKERS = (
    "王小明", "Zhang Wei", "世纪大道100号", "13800138000", "zhang.wei@example.com", "我要投诉你们", "utterly furious",
)  # fmt: skip


@pytest.fixture
def feed(store: Store, reader: FakeReader, library: Library) -> LibraryFeed:
    return LibraryFeed(store, reader, library)


def planted(reader: FakeReader, **values: Any) -> None:
    """A solved case in which personal words stand wherever words can stand."""
    words = " ".join(MARKERS)
    address = {"recipient": MARKERS[0], "street": MARKERS[2], "text": words, "missing": ["phone", words]}
    resolve(reader, CASE, note=words, **values)
    case = reader.cases[CASE]
    case["timeline"].append({"at": None, "actor": MARKERS[1], "what": words, "evidence": []})
    reply = {"choice": words, "replied_at": "2026-03-02T09:00:00Z", "text": words}
    case["messages"] = [{"occasion": "address:1", "channel": "sms", **reply}]
    case["plan"][0]["arguments"] = {"reason": words}
    case["owner"] = {"kind": "person", "id": "s-1", "name": MARKERS[1]}
    snapshot = reader.orders[str(case["checkout_id"])]["snapshot"]
    snapshot |= {"address": address, "contact": {"phone": MARKERS[3], "email": MARKERS[4]}}


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def in_database(store: Store) -> None:
    row = row_of_case(CASE, "closed") | {"customer_id": CUSTOMER}
    with store.begin() as tx:
        tx.execute(cases.insert().values(**row))


def test_nothing_personal_is_written_even_while_the_case_is_there(
    feed: LibraryFeed, reader: FakeReader, library: Library, tmp_path: Path
) -> None:
    planted(reader)
    feed.bring_up_to_date(CASE)
    assert library.get(CASE) is not None
    kept = on_disk(tmp_path / "chroma")
    assert CASE.encode() in kept
    assert [marker for marker in MARKERS if marker.encode() in kept] == []


def test_an_erased_customer_is_out_at_once_and_stays_out(
    feed: LibraryFeed, store: Store, vault: Vault, reader: FakeReader, library: Library, tmp_path: Path
) -> None:
    planted(reader)
    in_database(store)
    feed.bring_up_to_date(CASE)
    assert feed.forget(CUSTOMER) == 1
    assert library.get(CASE) is None
    owner = customer_ref(CUSTOMER, None)
    with store.begin() as tx:
        vault.put(tx, owner, "chat", {"text": "x"}, utcnow())
        vault.destroy(tx, owner)
    feed.bring_up_to_date(CASE)
    assert feed.rebuild() == 0
    kept = on_disk(tmp_path / "chroma")
    assert [marker for marker in MARKERS if marker.encode() in kept] == []


def test_without_an_erasure_a_forgotten_case_comes_back_with_a_rebuild(
    feed: LibraryFeed, store: Store, reader: FakeReader, library: Library
) -> None:
    resolve(reader)
    in_database(store)
    feed.forget(CUSTOMER)
    assert library.count() == 0
    assert feed.rebuild() == 1


def test_whoever_comes_back_after_an_erasure_has_new_cases_in_the_library(
    feed: LibraryFeed, store: Store, vault: Vault, reader: FakeReader, library: Library
) -> None:
    owner = customer_ref(CUSTOMER, None)
    with store.begin() as tx:
        vault.put(tx, owner, "chat", {"text": "x"}, utcnow())
        vault.destroy(tx, owner)
    resolve(reader, detected_at="2999-01-01T00:00:00Z")
    feed.bring_up_to_date(CASE)
    assert library.get(CASE) is not None
    with store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(cases)) == 0

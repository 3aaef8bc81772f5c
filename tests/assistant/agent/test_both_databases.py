"""A conversation on SQLite and on PostgreSQL: kept between turns, nothing personal in any table but the vault."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assistant.agent.checkpoints import FILE, open_checkpoints, thread_id
from assistant.agent.history import ChatLog
from assistant.agent.staff import CaseAgent
from assistant.security.principals import Principal
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from tests.assistant.agent.conftest import FakeReader, answer, ask, ask_all, make_agent

CASE = "case_paid_order_missing"
PHONE = "13800138000"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", database_url=database_url.replace("+psycopg", ""))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    engine = make_engine(settings.database)
    yield Store(engine)
    engine.dispose()


async def _remembered(settings: Settings, thread: str) -> tuple[int, list[Any]]:
    async with open_checkpoints(settings) as saver:
        kept = [item async for item in saver.alist({"configurable": {"thread_id": thread}})]
        return len(kept), kept[0].checkpoint["channel_values"]["messages"]


def test_the_conversation_is_kept_and_only_its_last_state(
    agent: CaseAgent, settings: Settings, store: Store, vault: Vault
) -> None:
    ask_all(agent, CASE, [f"这单怎么了？我的电话{PHONE}", "what was tried already?", "谁在负责"])
    count, messages = asyncio.run(_remembered(settings, thread_id(CASE, "staff:anna")))
    assert count == 1
    assert [m.type for m in messages] == ["human", "ai", "tool", "ai"] * 3
    assert PHONE not in str(messages)
    log = ChatLog(store, vault)
    assert [m.role for m in log.messages(thread_id(CASE, "staff:anna"))] == ["user", "assistant"] * 3
    assert PHONE in log.messages(thread_id(CASE, "staff:anna"))[0].text
    assert log.messages(thread_id(CASE, "staff:ben")) == []


def test_no_table_but_the_vault_holds_it(agent: CaseAgent, store: Store, settings: Settings) -> None:
    assert answer(ask(agent, CASE, f"what is wrong? {PHONE}"))["text"]
    tables = sa.MetaData()
    with store.read() as tx:
        tables.reflect(tx)
        assert {"chat_messages", "vault"} <= set(tables.tables)
        for table in tables.tables.values():
            for row in tx.execute(sa.select(table)):
                assert PHONE not in str(tuple(row))
                assert PHONE.encode() not in b"".join(bytes(v) for v in row if isinstance(v, bytes | memoryview))
    assert (settings.home / FILE).exists() == store.is_sqlite


def test_a_long_conversation_is_bounded(agent: CaseAgent, settings: Settings) -> None:
    ask_all(agent, CASE, ["hello"] * 12)
    _, messages = asyncio.run(_remembered(settings, thread_id(CASE, "staff:anna")))
    assert len([m for m in messages if m.type == "human"]) == 8


def test_a_principal_with_a_very_long_id_has_a_conversation_too(agent: CaseAgent) -> None:
    somebody = Principal("staff", "x" * 300, "Somebody")
    assert answer(ask(agent, CASE, "hello", principal=somebody))["text"]
    assert len(thread_id(CASE, somebody.ref)) <= 128
    assert thread_id(CASE, somebody.ref) != thread_id(CASE, "staff:" + "x" * 299 + "y")


def test_two_questions_at_once_in_one_conversation_are_answered_one_after_the_other(
    settings: Settings, store: Store, vault: Vault, reader: FakeReader, library: Library,
    embedder: UniversalSentenceEmbedder,
) -> None:  # fmt: skip
    agent = make_agent(settings, store, vault, reader, library, embedder)
    anna = Principal("staff", "anna", "Anna")

    async def one(text: str) -> list[Any]:
        return [event async for event in agent.stream(CASE, text, None, anna)]

    async def both() -> tuple[list[Any], list[Any]]:
        return await asyncio.gather(one("这单怎么了"), one("what is wrong?"))

    chinese, english = asyncio.run(both())
    assert (answer(chinese)["language"], answer(english)["language"]) == ("zh-CN", "en")
    _, messages = asyncio.run(_remembered(settings, thread_id(CASE, anna.ref)))
    assert [m.type for m in messages] == ["human", "ai", "tool", "ai"] * 2

"""A shop's cases without a database: what the reader, the library and the agent of these tests work on."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.agent.breaker import Breaker
from assistant.agent.engine import Agent
from assistant.agent.ports import StreamEvent
from assistant.agent.staff import CaseAgent
from assistant.security.principals import Principal, Scope
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine
from assistant.store.tables import metadata
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library
from knowledge.vocabulary.errors import NotFoundError
from tests.assistant.agent.cases import CASES, ORDERS, solved_cases

ANNA = Principal("staff", "anna", "Anna", frozenset(), frozenset({Scope.CHAT, Scope.CASES_READ}))


class FakeReader:
    """Cases and orders as JSON; counts its reads. It has no way to write, as the protocol has none."""

    def __init__(self) -> None:
        self.cases, self.orders = copy.deepcopy(CASES), copy.deepcopy(ORDERS)
        self.read: list[str] = []

    def case(self, case_id: str, language: str = "en") -> dict[str, Any]:
        self.read.append(f"case {case_id}")
        if case_id not in self.cases:
            raise NotFoundError("case_not_found", f"there is no case {case_id}")
        spoken: dict[str, Any] = in_language(self.cases[case_id], language)
        return spoken

    def order(self, checkout_id: str) -> dict[str, Any]:
        self.read.append(f"order {checkout_id}")
        return copy.deepcopy(self.orders[checkout_id])


def in_language(value: Any, language: str) -> Any:
    """A copy with `{language: words}` said in one language, as the house's views do."""
    if isinstance(value, dict):
        return (
            value[language]
            if set(value) == {"zh-CN", "en"}
            else {k: in_language(v, language) for k, v in value.items()}
        )
    return [in_language(item, language) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()


@pytest.fixture(scope="session")
def library(embedder: UniversalSentenceEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(embedder, shop="demo", path=tmp_path_factory.mktemp("chroma"))
    for case in solved_cases():
        library.add(case)
    return library


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    engine = make_engine(settings.database)
    metadata.create_all(engine)
    yield Store(engine)
    engine.dispose()


@pytest.fixture
def vault() -> Vault:
    return Vault(bytes(range(32)))


def make_agent(
    settings: Settings, store: Store, vault: Vault, reader: FakeReader, library: Library,
    embedder: UniversalSentenceEmbedder, breaker: Breaker | None = None,
) -> CaseAgent:  # fmt: skip
    """The staff's conversation on an agent of its own."""
    return CaseAgent(Agent(settings, store, vault, embedder, breaker=breaker), reader, library, embedder)


@pytest.fixture
def agent(
    settings: Settings,
    store: Store,
    vault: Vault,
    reader: FakeReader,
    library: Library,
    embedder: UniversalSentenceEmbedder,
) -> CaseAgent:
    return make_agent(settings, store, vault, reader, library, embedder)


def ask(
    agent: CaseAgent, case_id: str, text: str, language: str | None = None, principal: Principal = ANNA
) -> list[StreamEvent]:
    return ask_all(agent, case_id, [text], language, principal)[0]


def ask_all(
    agent: CaseAgent, case_id: str, texts: list[str], language: str | None = None, principal: Principal = ANNA
) -> list[list[StreamEvent]]:
    """Several turns of one conversation, in one event loop as in a server."""

    async def collected() -> list[list[StreamEvent]]:
        return [[event async for event in agent.stream(case_id, text, language, principal)] for text in texts]

    return asyncio.run(collected())


def answer(events: list[StreamEvent]) -> dict[str, Any]:
    """The one message of a stream."""
    [done] = [event.data for event in events if event.event == "message.done"]
    return done


def as_shown(events: list[StreamEvent]) -> str:
    """What somebody who follows the deltas has on the screen at the end."""
    shown = ""
    for event in events:
        if event.event == "message.delta":
            shown = event.data["text"] if event.data.get("start") else shown + event.data["text"]
    return shown

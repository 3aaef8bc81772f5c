"""Builds the conversation's objects: embedder, library, agent and the feed that keeps the library in step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from assistant.agent.engine import Agent
from assistant.agent.ports import CaseReader
from assistant.agent.staff import CaseAgent
from assistant.library.feed import LibraryFeed
from assistant.library.wiring import build_embedder, build_library, staff_help
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.library import Library

log = structlog.get_logger(__name__)

WARM_UP_AFTER = 5.0  # seconds after the start: orders go first
FEED_EVERY = 1.0  # seconds between two looks at the outbox


@dataclass(frozen=True)
class Conversation:
    """What the rooms around the agent need of it: `engine` drives every voice, `agent` is the staff's."""

    engine: Agent
    agent: CaseAgent
    library: Library
    feed: LibraryFeed


def build_conversation(settings: Settings, store: Store, vault: Vault, reader: CaseReader) -> Conversation:
    """Everything wired; nothing heavy is loaded yet."""
    embedder = build_embedder(settings)
    library = build_library(settings, embedder)
    engine = Agent(settings, store, vault, embedder)
    agent = CaseAgent(engine, reader, library, embedder)
    agent.help_search = staff_help(library)
    feed = LibraryFeed(store, reader, library, examples=settings.library_seed == "on")
    return Conversation(engine, agent, library, feed)


class FeedLoop:
    """A background thread that drains the outbox and loads the models ahead of the first question."""

    def __init__(self, conversation: Conversation, *warm_ups: Callable[[], object]) -> None:
        """`warm_ups` are called once, some seconds after the start."""
        self._conversation, self._warm_ups = conversation, (conversation.agent.warm_up, *warm_ups)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="library-feed", daemon=True)

    def start(self) -> None:
        """Starts draining."""
        self._thread.start()

    def stop(self) -> None:
        """Stops after the case being handled."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _loop(self) -> None:
        if not self._stop.wait(WARM_UP_AFTER):
            for warm_up in self._warm_ups:
                self._try(warm_up)
        while not self._stop.wait(FEED_EVERY):
            self._try(self._conversation.feed.bring_examples)
            self._try(self._conversation.feed.drain)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # the outbox keeps its rows: the next look tries again
            log.warning("library.feed_failed", error=type(error).__name__)

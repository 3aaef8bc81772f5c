"""Builds the conversation's objects: embedder, library, agent and the feed that keeps the library in step."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from assistant.agent.agent import CaseAgent
from assistant.agent.library_feed import LibraryFeed
from assistant.agent.ports import CaseReader
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.library.library import Library

log = structlog.get_logger(__name__)

WARM_UP_AFTER = 5.0  # seconds after the start: orders go first
FEED_EVERY = 1.0  # seconds between two looks at the outbox


@dataclass(frozen=True)
class Conversation:
    """What the rooms around the agent need of it."""

    agent: CaseAgent
    library: Library
    feed: LibraryFeed


def build_conversation(settings: Settings, store: Store, vault: Vault, reader: CaseReader) -> Conversation:
    """Everything wired; nothing heavy is loaded yet."""
    embedder = UniversalSentenceEmbedder()
    shop = urlsplit(settings.shop_url).netloc or "shop"
    library = Library(embedder, shop=shop, path=settings.home / "library", chroma_url=settings.chroma_url)
    agent = CaseAgent(settings, store, vault, reader, library, embedder)
    return Conversation(agent, library, LibraryFeed(store, reader, library))


class FeedLoop:
    """A background thread that drains the outbox and loads the models ahead of the first question."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
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
            self._try(self._conversation.agent.warm_up)
        while not self._stop.wait(FEED_EVERY):
            self._try(self._conversation.feed.drain)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # the outbox keeps its rows: the next look tries again
            log.warning("library.feed_failed", error=type(error).__name__)

"""Builds the chatbot's objects from the rooms below; the application calls it once. Nothing heavy is loaded yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from assistant.agent.voices import Voice
from assistant.cases.asked import AskedCases
from assistant.cases.records import Cases
from assistant.chatbot.desk import Counter
from assistant.chatbot.requests import Requests
from assistant.chatbot.service import ChatService, TurnMaker
from assistant.chatbot.sessions import Sessions
from assistant.chatbot.silence import Silence
from assistant.chatbot.staff_side import StaffSide
from assistant.chatbot.tokens import Tokens
from assistant.chatbot.transcript import Transcript
from assistant.chatbot.turns import Turns
from assistant.chatbot.voice import make_voice
from assistant.handoff.wiring import Staffing
from assistant.notifications.inbox import Receive
from assistant.plans.store import Plans
from assistant.promises.guard import PromiseGuard
from assistant.security.vault import Vault
from assistant.settings import Settings
from assistant.store.engine import Store
from knowledge.library.embedders import Embedder
from knowledge.library.library import Library
from tools.connectors.ports import ShopReader

MOST_ARTICLES = 3


@dataclass(frozen=True)
class Chatbot:
    """What the API needs; `silence` is the office's view of the customers' conversations."""

    tokens: Tokens
    sessions: Sessions
    service: ChatService
    silence: Silence
    staff_side: StaffSide
    counter: Counter
    voice: Callable[[], Voice]  # heavy: to be made ahead of the first customer


def build_chatbot(
    settings: Settings, store: Store, vault: Vault, cases: Cases, plans: Plans, staffing: Staffing, receive: Receive,
    reader: ShopReader, library: Library, engine: TurnMaker, embedder: Embedder,
    *, voice: Callable[[], Voice] | None = None,
) -> Chatbot:  # fmt: skip
    """Everything wired; `voice` stands in for the chatbot's own.

    Raises:
        SettingError: the public key of the settings is none.
    """
    transcript = Transcript(store, vault)
    sessions = Sessions(store, transcript, settings.chat_rate)
    asked = AskedCases(cases, plans, settings.policies)
    requests = Requests(store, cases, asked, staffing.desk, staffing.promises, sessions)
    silence = Silence(store, cases, sessions, transcript)
    counter = Counter(store, vault, reader, receive, requests, _help(library), settings.time_zone)
    voice = voice or _voice(store, embedder)
    service = ChatService(store, sessions, transcript, Turns(store), silence, counter, engine, voice)
    side = StaffSide(store, cases, sessions, transcript, staffing.outgoing, staffing.promises)
    return Chatbot(Tokens(settings), sessions, service, silence, side, counter, voice)


def _help(library: Library) -> Callable[[str, str], list[dict[str, Any]]]:
    def search(query: str, language: str) -> list[dict[str, Any]]:
        found = library.search_help(query, audience="customer", language=language, limit=MOST_ARTICLES)
        shown: list[dict[str, Any]] = msgspec.to_builtins(found)
        return shown

    return search


def _voice(store: Store, embedder: Embedder) -> Callable[[], Voice]:
    """The chatbot's voice, made when the first customer writes: what it understands with takes a moment to load."""

    @lru_cache(maxsize=1)
    def voice() -> Voice:
        from knowledge.talk.understand import understand

        return make_voice(lambda text: understand(text, "customer", embedder), PromiseGuard(store).sentence)

    return voice

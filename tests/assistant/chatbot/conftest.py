"""What the chatbot's tests share: the voice with its real ears, and a customer who talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from assistant.agent.voices import Voice
from assistant.chatbot.voice import make_voice
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.talk.understand import Understood, understand
from tests.assistant.chatbot.talking import Talker


@pytest.fixture(scope="session")
def embedder() -> UniversalSentenceEmbedder:
    return UniversalSentenceEmbedder()


@pytest.fixture(scope="session")
def ears(embedder: UniversalSentenceEmbedder) -> Callable[[str], Understood]:
    """What a customer's message means; each text is read once."""
    known: dict[str, Understood] = {}

    def listen(text: str) -> Understood:
        if text not in known:
            known[text] = understand(text, "customer", embedder)
        return known[text]

    return listen


@pytest.fixture(scope="session")
def voice(ears: Callable[[str], Understood]) -> Voice:
    return make_voice(ears)


@pytest.fixture(scope="session")
def talker(embedder: UniversalSentenceEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talker]:
    """One agent for all conversations of this room."""
    talker = Talker(tmp_path_factory.mktemp("chatbot"), embedder)
    yield talker
    talker.close()

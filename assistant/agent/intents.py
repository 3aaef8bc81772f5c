"""What a service agent asks, as `knowledge.talk` understands it; called by the offline model."""

from __future__ import annotations

from knowledge.library.embedders import Embedder
from knowledge.talk.intents import StaffIntent as Intent
from knowledge.talk.understand import understand, warm_up


class IntentClassifier:
    """Knows what a question asks."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def intents(self, text: str) -> list[Intent]:
        """What is asked, in the order it is asked: one to three intents.

        A question of several clauses may ask several things. Small talk beside a real question is left out;
        what nobody can make out is `OUT_OF_SCOPE`.
        """
        understood = understand(text, "staff", self._embedder)
        return [Intent(intent) for intent in understood.asked if intent in understood.intents]

    def warm_up(self) -> None:
        """Loads weights and encoder, so that the first question isn't the slow one."""
        warm_up(self._embedder)


__all__ = ["Intent", "IntentClassifier"]

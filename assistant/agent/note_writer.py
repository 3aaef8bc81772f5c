"""Asks the configured model for a hand-over note; the wiring hands this to the hand-off's prose, which checks it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from assistant.agent.masking import Masker
from assistant.agent.models import make_endpoint
from assistant.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def make_note_writer(settings: Settings) -> Callable[[str, str], str] | None:
    """`ask(instructions, facts) -> text`, masked before the model, unmasked for the person; None without an endpoint.

    What is called raises whatever the endpoint's client raises. Nothing heavy is loaded before it is called.
    """
    if not settings.llm_url:
        return None
    lock, made = threading.Lock(), list[Any]()

    def model() -> BaseChatModel:
        with lock:
            if not made:
                made.append(make_endpoint(settings))
            found: BaseChatModel = made[0]
            return found

    def ask(instructions: str, facts: str) -> str:
        masker = Masker()
        answer = model().invoke([("system", instructions), ("user", str(masker.mask(facts)))])
        return str(masker.unmask(str(answer.text)))

    return ask

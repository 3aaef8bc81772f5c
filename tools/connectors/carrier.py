"""Carrier: one message to one address; notifications sends letters, SMTP and SMS carry them and report back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from tools.connectors.outcome import Outcome


class Letter(msgspec.Struct, frozen=True):
    """One message to one person.

    `key`: the message's dedupe key; the same key is the same message, whoever sends it again.
    `to`: an e-mail address or an E.164 phone number, never several.
    `text`: already in `language` (zh-CN or en), like the labels of `choices`, `[{id, label}]`.
    """

    key: str
    to: str
    text: str
    language: str
    subject: str | None = None
    choices: list[dict[str, str]] = []


class Report(msgspec.Struct, frozen=True):
    """What a carrier tells later about a letter; `code` says why it failed, `at` is aware UTC."""

    provider_ref: str
    state: Literal["accepted", "delivered", "failed"]
    code: str = ""
    at: datetime | None = None


class Carrier(Protocol):
    """One way out to a customer; safe to use from several threads.

    `channel`: email or sms. `name`: smtp or sms, what `messages.via` says.
    """

    channel: str
    name: str

    def provider_ref(self, letter: Letter) -> str:
        """The carrier's name for the letter, known before it is sent: derived from its key alone."""
        ...

    def send(self, letter: Letter, committing: Callable[[], None]) -> Outcome:
        """Sends it once; calls `committing()` right before the point from which the carrier may have taken it.

        Returns ok `{provider_ref}`, rejected (its address or text will never do), retryable (not taken) or unknown.
        An exception out of `committing` passes through, and then nothing was sent.
        """
        ...


def whole_text(letter: Letter) -> str:
    """The letter's text, and below it what can be answered, numbered, one a line."""
    listed = [f"{number}. {choice['label']}" for number, choice in enumerate(letter.choices, 1)]
    return "\n\n".join([letter.text.rstrip(), *(["\n".join(listed)] if listed else [])])

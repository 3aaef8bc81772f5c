"""The write verb on messages: one message to one customer, at most once per `dedupe_key`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from knowledge.vocabulary.events import Contact
from tools.actions.action import Action, Arguments, require, unreadable
from tools.actions.arguments import Text, each_once


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to pick; `id` names its deed (`substitute:SKU`), or begins with `no` to decline."""

    id: Text
    label: Text


class SendMessage(Arguments, frozen=True, kw_only=True):
    """To a customer or, for guests, a contact; `language` is BCP 47."""

    channel: Literal["sms", "email", "in_app"]
    language: Text
    text: Text
    dedupe_key: Text
    customer_id: Text | None = None
    contact: Contact | None = None
    checkout_id: Text | None = None
    subject: Text | None = None
    choices: list[Choice] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        require(self.customer_id is not None or self.contact is not None, "customer_id or contact must be given")
        each_once([choice.id for choice in self.choices], "a choice")


ACTIONS: tuple[Action[Any], ...] = (
    Action(name="send_message", arguments=SendMessage, path="/messages", applied_by=unreadable, keep=("id",)),
)

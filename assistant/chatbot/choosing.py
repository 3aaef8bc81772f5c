"""Which offered option a customer's `{choice}` is; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from knowledge.vocabulary.errors import ConflictError, InputError


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """An option of the offer `dedupe_key` in the message `message_id`; `label` is what the customer read."""

    dedupe_key: str
    message_id: str
    id: str
    label: str


def chosen_from(offers: Sequence[dict[str, Any]], choice: str, dedupe_key: str | None = None) -> Chosen:
    """The option of the newest open offer that has it (`offers`: newest first); of one that is named, where one is.

    Raises:
        InputError: `invalid_choice` names what was offered last.
        ConflictError: `already_answered` where all that offered it have been answered.
    """
    asked = [offer for offer in offers if dedupe_key in (None, offer["dedupe_key"])]
    still = [offer for offer in asked if offer["chosen"] is None]
    for offer in still:
        for option in offer["options"]:
            if option["id"] == choice:
                return Chosen(dedupe_key=offer["dedupe_key"], message_id=offer["message_id"], id=choice,
                              label=option["label"])  # fmt: skip
    if any(option["id"] == choice for offer in asked for option in offer["options"]):
        raise ConflictError("already_answered", "this was answered before")
    ids = [option["id"] for option in still[0]["options"]] if still else []
    raise InputError("invalid_choice", "choice", f"must be one of {', '.join(ids) or 'no choices at all'}")

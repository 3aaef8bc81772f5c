"""What customers write back in words: STOP, or the number or label of a choice; opening asks."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.notifications.opt_outs import CHANNELS, opt_out
from assistant.security.vault import Vault, customer_ref
from assistant.store.engine import Store

# What customers are told to write who want no more messages (the list of the carriers' association CTIA without
# "cancel", which may mean an order; 退订, TD and T in China).
_STOP = frozenset({
    "stop", "stopall", "stop all", "unsubscribe", "end", "quit", "opt out", "optout",
    "退订", "td", "t", "拒收", "取消订阅", "不要再发", "停止发送",
})  # fmt: skip
_LONGEST = 200  # characters: what is longer is a letter to a person


class Replies:
    """Understands plain words, where there is nothing to misunderstand."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def text_of(self, tx: sa.Connection, data: Mapping[str, Any]) -> str | None:
        """The words of a (masked) `customer.replied`; None without any, or where they were erased."""
        ref = data["text"].get("ref") if isinstance(data.get("text"), Mapping) else None
        kept = self._vault.get(tx, ref) if isinstance(ref, str) else None
        words = kept.get("text") if isinstance(kept, dict) else kept
        return words if isinstance(words, str) else None

    def stop(self, tx: sa.Connection, case: Mapping[str, Any], channel: str | None, now: datetime) -> str | None:
        """Writes down that the customer wants nothing more by this channel (sms where none is known); which one."""
        wanted = channel if channel in CHANNELS else "sms"
        owner = customer_ref(case["customer_id"], case["checkout_id"])
        return wanted if opt_out(tx, self._store, owner, wanted, now, source="reply") else None


def is_stop(text: str) -> bool:
    """Whether these words, and nothing else, ask for no more messages."""
    return _plain(text) in _STOP


def choice_in(text: str, choices: Sequence[Mapping[str, Any]]) -> str | None:
    """The choice that these words name: its number (from 1), its label in either language or its id; None for none.

    `choices`: `{id, label: {zh-CN, en}}`. Where two choices would fit, none does.
    """
    if len(text) > _LONGEST:
        return None
    words = _plain(text)
    if not words:
        return None
    named = [c["id"] for n, c in enumerate(choices, 1) if words in (str(n), _plain(str(c["id"])), *_labels(c))]
    return named[0] if len(named) == 1 else None


def _labels(choice: Mapping[str, Any]) -> list[str]:
    label = choice.get("label")
    return [_plain(str(words)) for words in label.values()] if isinstance(label, Mapping) else []


def _plain(text: str) -> str:
    """Lower case, full-width forms folded, without punctuation around it."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).strip(" .,;:!?。，；：！？()[]【】（）「」“”\"'")


"""Masker: swaps personal data for numbered placeholders before a model sees it, and back before a person does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.vocabulary.known_values import KnownValues
from knowledge.vocabulary.personal import replace_personal

PLACEHOLDER = re.compile(r"‹(email|id|phone|card|address|name)(?::\d+)?›")
# Fields whose value names a thing: a long number there is the thing's, nobody's phone or card.
_IDENTITIES = re.compile(
    r"(?:[a-z0-9_]*_)?(?:id|ids|ref|sku|code|key|cite|version)|at|[a-z_]+_at|expected_by|in_reply_to", re.ASCII
)  # fmt: skip
_PEOPLE = frozenset({"customer_id", "user_id", "buyer_id", "recipient_id", "openid_ref"})
_NAMES_A_THING = re.compile(r"[\w.:/+#-]{1,160}", re.ASCII)


class Masker:
    """The map between placeholders (`‹phone:1›`) and what they stand for, during one turn of a conversation.

    The same value has the same placeholder. `known` is the map of earlier turns, so that what the model remembers
    of them still means the same; it is personal data and belongs in the vault. Safe to use from several threads.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.names: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._values: KnownValues | None = None
        self._lock = threading.Lock()
        self.remember(known or {})

    def remember(self, known: Mapping[str, str]) -> None:
        """Takes up the placeholders of earlier turns."""
        with self._lock:
            self.names |= known
            self._placeholders |= {value: name for name, value in known.items()}

    def learn(self, values: Iterable[tuple[str, str]]) -> None:
        """Masks these very values too, however they are written: `(kind, value)` with the kinds of KnownValues."""
        with self._lock:
            self._values = KnownValues([*(self._values.values if self._values else ()), *values])

    def mask(self, value: Any) -> Any:
        """`value` (text, or JSON with texts) with personal data as placeholders.

        Covers e-mail and postal addresses, phone, id-card and card numbers, and the learned values. Placeholders that
        already stand in the text are no names of ours, and lose their number.
        """
        return self._each(value, "", ours=False)

    def mask_again(self, value: Any) -> Any:
        """`mask` for what was masked before, or made by a model that knows our placeholders: those stay."""
        return self._each(value, "", ours=True)

    def unmask(self, value: Any) -> Any:
        """The reverse of `mask`; a placeholder nobody knows (any more) loses its number."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self.names.get(found.group(), f"‹{found[1]}›"), value)
        if isinstance(value, Mapping):
            return {self.unmask(key): self.unmask(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.unmask(item) for item in value]
        return value

    def _each(self, value: Any, field: str, *, ours: bool) -> Any:
        if isinstance(value, str):
            return self._text(value, field, ours)
        if isinstance(value, Mapping):
            return {
                self._each(key, "", ours=ours): self._each(item, str(key), ours=ours) for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._each(item, field, ours=ours) for item in value]
        return value

    def _text(self, text: str, field: str, ours: bool) -> str:
        def plain(found: re.Match[str]) -> str:
            return found.group() if ours and found.group() in self.names else f"‹{found[1]}›"

        text = PLACEHOLDER.sub(plain, text) if "‹" in text else text
        if self._values is not None:
            text = self._values.replace(text, self._name)
        names_a_thing = _IDENTITIES.fullmatch(field) and field not in _PEOPLE and _NAMES_A_THING.fullmatch(text)
        return text if names_a_thing else replace_personal(text, self._name)

    def _name(self, kind: str, original: str) -> str:
        with self._lock:
            if original not in self._placeholders:
                number = sum(1 for name in self.names if name.startswith(f"‹{kind}:")) + 1
                self._placeholders[original] = f"‹{kind}:{number}›"
                self.names[f"‹{kind}:{number}›"] = original
            return self._placeholders[original]

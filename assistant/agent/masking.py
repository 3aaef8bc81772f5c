"""Masker: swaps personal data for numbered placeholders before a model sees it, and back before a person does."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from knowledge.vocabulary.personal import replace_personal

PLACEHOLDER = re.compile(r"‹(email|id|phone):\d+›")


class Masker:
    """The map between placeholders (`‹phone:1›`) and what they stand for, during one turn of a conversation.

    The same value has the same placeholder. `known` is the map of earlier turns, so that what the model remembers
    of them still means the same; it is personal data and belongs in the vault. Safe to use from several threads.
    """

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.names: dict[str, str] = dict(known or {})
        self._placeholders = {value: name for name, value in self.names.items()}
        self._lock = threading.Lock()

    def mask(self, value: Any) -> Any:
        """`value` (text, or JSON with texts) with e-mail addresses, phone and id-card numbers as placeholders.

        Placeholders that already stand in the text are no names of ours, and lose their number.
        """
        if isinstance(value, str):
            return replace_personal(PLACEHOLDER.sub(r"‹\1›", value), self._name)
        if isinstance(value, Mapping):
            return {self.mask(key): self.mask(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask(item) for item in value]
        return value

    def unmask(self, value: Any) -> Any:
        """The reverse of `mask`; a placeholder nobody knows (any more) loses its number."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self.names.get(found.group(), f"‹{found[1]}›"), value)
        if isinstance(value, Mapping):
            return {self.unmask(key): self.unmask(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.unmask(item) for item in value]
        return value

    def _name(self, kind: str, original: str) -> str:
        with self._lock:
            if original not in self._placeholders:
                number = sum(1 for name in self.names if name.startswith(f"‹{kind}:")) + 1
                self._placeholders[original] = f"‹{kind}:{number}›"
                self.names[f"‹{kind}:{number}›"] = original
            return self._placeholders[original]

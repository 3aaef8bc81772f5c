"""Reads the table of dialogues (`dialogues.toml`)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from tests.assistant.chatbot.talking import Turn

_BUTTON = "⟹ "


class Dialogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scene of `scenes.py` in both languages; see the head of the table."""

    name: str
    scene: str
    zh: list[str]
    en: list[str]
    says: dict[str, str]
    did: list[str] = []
    never: str = ""
    buttons: int | None = None

    def turns(self, language: str) -> list[Turn]:
        """What the customer does, as a Talker takes it."""
        lines = self.zh if language == "zh-CN" else self.en
        return [("", line.removeprefix(_BUTTON)) if line.startswith(_BUTTON) else line for line in lines]


def _read() -> list[Dialogue]:
    table = tomllib.loads((Path(__file__).parent / "dialogues.toml").read_text(encoding="utf-8"))
    return msgspec.convert(table["dialogue"], list[Dialogue])


DIALOGUES = _read()

"""What a message says: its phrase in the customer's language and zone, and its choices; messages and preview use it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

import msgspec

from knowledge.phrases import PhraseError, Texts, render
from knowledge.vocabulary.codes import FaultCode

SOURCES = ("handoff", "promises", "followup", "chat")
"""Wording beside the faults': `knowledge/phrases/<source>_messages.py`."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")

Choices = list[dict[str, str]]


class Said(msgspec.Struct, frozen=True):
    """A message in words; `choices` are `{id, label}` in the same language."""

    text: str
    subject: str | None = None
    choices: Choices = []


def wording_of(source: str) -> Texts:
    """All messages of a source: a fault's code, or one of SOURCES.

    Raises:
        PhraseError: `unknown_phrase` for a source that has none.
    """
    name = f"knowledge.phrases.{source}_messages" if source in SOURCES else None
    try:
        texts: Texts = import_module(name or f"knowledge.faults.{FaultCode(source).value}.messages").MESSAGES
    except (ValueError, ModuleNotFoundError) as error:
        raise PhraseError("unknown_phrase", f"no messages belong to {source!r}") from error
    return texts


def said(
    source: str, phrase: str, language: str, params: Mapping[str, Any], choices: Sequence[Mapping[str, Any]] = (),
    *, zone: str | None = None,
) -> Said:  # fmt: skip
    """The message in words. Times among `params` (also as RFC 3339 text) are shown by the clock of `zone` (IANA).

    Raises:
        PhraseError: `unknown_phrase`, `missing_parameter`.
    """
    texts = wording_of(source)
    shown = {name: _told(value, language) for name, value in params.items()}
    subject = f"{phrase}_subject"
    return Said(
        text=render(texts, phrase, language, zone=zone, **shown),
        subject=render(texts, subject, language, zone=zone, **shown) if subject in texts else None,
        choices=[{"id": c["id"], "label": c["label"].get(language, c["label"]["en"])} for c in choices],
    )


def resolved(params: Mapping[str, Any] | None, results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Parameters with what they take from the plan's earlier steps put in."""
    return {name: _from_results(value, results) for name, value in (params or {}).items()}


def storable(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON holds them; a time becomes RFC 3339 text, which `said` knows again."""
    kept: dict[str, Any] = msgspec.to_builtins(dict(params))
    return kept


def _from_results(value: Any, results: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(value, dict) and "link_from" in value:
        return results.get(value["link_from"], {}).get("url", "")
    if isinstance(value, dict) and set(value) == {"from", "field"}:
        return results.get(value["from"], {}).get(value["field"], "")
    return value


def _told(value: Any, language: str) -> Any:
    if isinstance(value, dict) and "en" in value:
        return value.get(language, value["en"])
    if isinstance(value, str) and _TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    return value

"""Loads the example in a fault's folder: the catalogue's tests, and whoever wants a checkout with a known fault.

An `example.json` holds `events` (contract A, one checkout's, oldest first), `now`, and `expected` (`code`, `cause`,
`detectable_at`). Where a fault needs more than events it may hold `read_back` (a list of Facts in JSON, `checkout_id`
left out, oldest first), `history` (History in JSON) and `scores` (Scores in JSON). One about a sku names the `sku`,
and its events are that sku's.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

import knowledge.faults
from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.policies import Policies
from knowledge.vocabulary.background import History, Scores
from knowledge.vocabulary.events import Event, parse_event
from knowledge.vocabulary.facts import Facts
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.read_back import apply_read_back
from knowledge.vocabulary.snapshot import OrderSnapshot
from knowledge.vocabulary.stock import level_of

FOLDER = Path(knowledge.faults.__file__).parent


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the example must be found as."""

    code: str
    cause: str
    detectable_at: datetime


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One example as its file says it; times are aware UTC."""

    now: datetime
    expected: Expected
    events: list[dict[str, Any]] = []
    read_back: list[dict[str, Any]] = []
    history: History | None = None
    scores: Scores | None = None
    sku: str | None = None

    @property
    def told(self) -> list[Event]:
        """The events, each received when it happened."""
        return [parse_event(raw, datetime.fromisoformat(raw["time"])) for raw in self.events]

    @property
    def facts(self) -> list[Facts]:
        """What was read back, oldest first."""
        return [msgspec.convert({"checkout_id": self.checkout_id, **raw}, Facts) for raw in self.read_back]

    @property
    def checkout_id(self) -> str:
        """The checkout the events are about; empty where there are none."""
        told = self.told
        return (told[0].checkout_id or "") if told else ""

    @property
    def snapshot(self) -> OrderSnapshot:
        """The events folded and corrected by what was read back."""
        snapshot = fold(self.checkout_id, [] if self.sku else self.told)
        for facts in self.facts:
            snapshot = apply_read_back(snapshot, facts)
        return snapshot

    @property
    def context(self) -> Context:
        """The default policies, and the background the example brings."""
        stock = level_of(self.sku, self.told) if self.sku else None
        return Context(self.now, Policies(), history=self.history, scores=self.scores, stock=stock)

    def found(self) -> list[Finding]:
        """All that the catalogue finds in it, running deadlines included."""
        return detect_all(self.snapshot, self.context)


def example(code: str) -> Example:
    """The example in the folder of this fault."""
    return msgspec.convert(json.loads((FOLDER / code / "example.json").read_text(encoding="utf-8")), Example)

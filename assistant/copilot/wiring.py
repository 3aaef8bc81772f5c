"""Builds the copilot's objects from the rooms below; the application calls it once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from assistant.cases.commands import Commands
from assistant.cases.examine import Examiner
from assistant.cases.records import Case, Cases
from assistant.cases.views import Views
from assistant.copilot.deciding import Deciding
from assistant.copilot.panel import Panel
from assistant.copilot.seeing import Seer
from assistant.copilot.suggestions import Suggestions
from assistant.followup.learning import Learning
from assistant.library.precedents import like, summary
from assistant.plans.planner import Planner
from assistant.plans.rehearsal import Rehearsal
from assistant.plans.store import Plans
from assistant.promises.guard import PromiseGuard
from assistant.security.vault import Vault
from assistant.store.engine import Store
from knowledge.library.embedders import Embedder
from knowledge.library.library import Library
from knowledge.library.solved import Similar
from knowledge.phrases import language_of

log = structlog.get_logger(__name__)
MOST = 8  # precedents asked for
_GAPS = re.compile(r" *(\n) *| {2,}")  # that a sentence leaves which was cut


@dataclass(frozen=True)
class Copilot:
    """What the API and the staff's conversation need."""

    suggestions: Suggestions
    panel: Panel
    seer: Seer


def build_copilot(
    store: Store, vault: Vault, cases: Cases, plans: Plans, views: Views, commands: Commands, rehearsal: Rehearsal,
    examiner: Examiner, planner: Planner, learning: Learning, library: Library, embedder: Embedder | None = None,
) -> Copilot:  # fmt: skip
    """Everything wired; nothing heavy is loaded yet."""
    precedents = Precedents(library)
    seer = Seer(store, cases, plans, examiner, planner)
    deciding = Deciding(store, commands, seer, rehearsal)
    guard = Guarded(PromiseGuard(store))
    suggestions = Suggestions(store, seer, rehearsal, learning, deciding, precedents.outcomes, guard)
    mood = Moods(embedder) if embedder is not None else None
    panel = Panel(store, vault, views, seer, suggestions, precedents.shown, *([mood] if mood else []))
    return Copilot(suggestions, panel, seer)


class Precedents:
    """Similar cases from the library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def outcomes(self, case: Case) -> Sequence[Similar]:
        """Of the same fault, those that came back included: they speak against what was done."""
        codes = [str(f["code"]) for f in case["faults"]]
        return self._search(case, MOST, fault=codes[0] if codes else None, stayed_only=False)

    def shown(self, case: Case, limit: int) -> list[dict[str, Any]]:
        """Contract D's items of `similar`."""
        return [one.json() for one in self._search(case, limit, stayed_only=False)]

    def _search(self, case: Case, limit: int, **which: Any) -> list[Similar]:
        text = summary(case, language_of(str(case["language"] or "en")))
        return self._library.search(text, limit=limit, exclude=case["id"], like=like(case), **which)


class Guarded:
    """The promise guard as a draft's last check: a sentence that nothing backs does not get into it."""

    def __init__(self, guard: PromiseGuard) -> None:
        self._guard = guard

    def __call__(self, text: str, language: str, case_id: str) -> str:
        """The draft without the sentences that claim what is not so."""
        found = self._guard.check(text, language, case_id)
        for violation in found:
            log.info("copilot.reply_cut", case_id=case_id, why=violation.why)
            text = _without(text, violation.sentence)
        return _GAPS.sub(lambda gap: gap[1] or " ", text).strip() if found else text


def _without(text: str, sentence: str) -> str:
    """A sentence that has its line to itself goes with the line."""
    line = re.compile(rf"^ *{re.escape(sentence)} *(?:\n|\Z)", re.MULTILINE)
    return line.sub("", text, count=1) if line.search(text) else text.replace(sentence, "")


class Moods:
    """How a customer seems to feel, by the talk room's model."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __call__(self, text: str) -> dict[str, Any] | None:
        """`{kind, strength}`; strength from 0 to 1."""
        from knowledge.talk.understand import understand

        mood = understand(text, "customer", self._embedder).mood
        return {"kind": str(mood.kind), "strength": round(float(mood.strength), 3)}

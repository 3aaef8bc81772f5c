"""SolvedCase: what is remembered of a case once it is solved, masked; Similar: one found again, with why."""

from __future__ import annotations

from typing import Any

import msgspec

from knowledge.library.reasons import Reason
from knowledge.vocabulary.personal import mask_text

LANGUAGES = ("zh-CN", "en")


class Tried(msgspec.Struct, frozen=True):
    """One step that was tried: the action's verb and how it ended (`done`, `failed`, …)."""

    action: str
    status: str


class SolvedCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One solved case, as a precedent. Nothing personal: ids, codes, catalogue words and masked words only.

    `summary` says what was wrong and why, `story` the circumstances, what was tried and how it ended, `outcome` the
    resolution; each in words per language (`zh-CN`, `en`; a case that is known in one language only has one).
    `resolution` is contract C's code, `faults` all codes with the leading one (`fault`) among them. `metadata` is
    neutral of language: scalars to filter and weigh by (`currency`, `value_band`, `relapses`, `rating` 1 to 5,
    `resolved_at` RFC 3339, …). `stayed_resolved` turns False when the case came back. `example`: a seed from the demo
    shop, no case of this one.
    """

    case_id: str
    fault: str
    step: str
    severity: str
    summary: dict[str, str]
    story: dict[str, str] = {}
    cause: str = ""
    faults: list[str] = []
    tried: list[Tried] = []
    outcome: dict[str, str] = {}
    resolution: str = ""
    stayed_resolved: bool = True
    example: bool = False
    metadata: dict[str, str | int | float | bool] = {}

    def masked(self) -> SolvedCase:
        """The same with every e-mail address, phone and id-card number in its words masked."""
        return msgspec.structs.replace(
            self,
            summary={language: mask_text(text) for language, text in self.summary.items()},
            story={language: mask_text(text) for language, text in self.story.items()},
            outcome={language: mask_text(text) for language, text in self.outcome.items()},
            cause=mask_text(self.cause),
            metadata={k: mask_text(v) if isinstance(v, str) else v for k, v in self.metadata.items()},
        )

    def texts(self) -> dict[str, str]:
        """What it is found by, per language in which it is known: summary and story."""
        return {language: f"{words} {self.story.get(language, '')}".strip() for language, words in self.summary.items()}


class Similar(msgspec.Struct, frozen=True):
    """A solved case found again; `score` from 0 to 1, higher is better, and what it is made of."""

    case: SolvedCase
    score: float
    why: list[Reason] = []

    def json(self) -> dict[str, Any]:
        """Contract D's item of `GET /v1/cases/{id}/similar`, with the words of outcome and circumstances, and why."""
        case = self.case
        return {
            "case_id": case.case_id, "score": round(self.score, 4), "fault": case.fault,
            "summary": case.summary, "tried": [msgspec.to_builtins(step) for step in case.tried],
            "outcome": case.resolution, "outcome_text": case.outcome, "stayed_resolved": case.stayed_resolved,
            "story": case.story, "example": case.example, "why": [reason.json() for reason in self.why],
        }  # fmt: skip

"""SolvedCase: what is remembered of a case once it is solved, masked; Similar: one found again."""

from __future__ import annotations

from typing import Any

import msgspec

from knowledge.vocabulary.personal import mask_text

LANGUAGES = ("zh-CN", "en")


class Tried(msgspec.Struct, frozen=True):
    """One step that was tried: the action's verb and how it ended (`done`, `failed`, …)."""

    action: str
    status: str


class SolvedCase(msgspec.Struct, frozen=True, kw_only=True):
    """One solved case, as a precedent. Nothing personal: ids and masked words only.

    `summary` and `outcome` are words per language (`zh-CN`, `en`); `resolution` is contract C's code.
    `metadata` is neutral of language: scalars to filter and weigh by (currency, number of steps, …).
    `stayed_resolved` turns False when the case came back.
    """

    case_id: str
    fault: str
    step: str
    severity: str
    summary: dict[str, str]
    tried: list[Tried] = []
    outcome: dict[str, str] = {}
    resolution: str = ""
    stayed_resolved: bool = True
    metadata: dict[str, str | int | float | bool] = {}

    def masked(self) -> SolvedCase:
        """The same with every e-mail address, phone and id-card number in its words masked."""
        return msgspec.structs.replace(
            self,
            summary={language: mask_text(text) for language, text in self.summary.items()},
            outcome={language: mask_text(text) for language, text in self.outcome.items()},
            metadata={k: mask_text(v) if isinstance(v, str) else v for k, v in self.metadata.items()},
        )


class Similar(msgspec.Struct, frozen=True):
    """A solved case found again; `score` is the cosine, 0 to 1, higher is nearer."""

    case: SolvedCase
    score: float

    def json(self) -> dict[str, Any]:
        """Contract C's item of `GET /v1/cases/{id}/similar`, and `resolution` words as `outcome_text`."""
        case = self.case
        return {
            "case_id": case.case_id, "score": round(self.score, 4), "fault": case.fault,
            "summary": case.summary, "tried": [msgspec.to_builtins(step) for step in case.tried],
            "outcome": case.resolution, "outcome_text": case.outcome, "stayed_resolved": case.stayed_resolved,
        }  # fmt: skip

"""Shows a seed as a case of contract C, marked as an example, so that a citation of one opens like any other."""

from __future__ import annotations

from typing import Any

from knowledge.library.seeds import seed
from knowledge.library.solved import SolvedCase
from knowledge.phrases import language_of
from knowledge.phrases.labels import label
from knowledge.vocabulary.codes import CaseStatus

_NONE = (
    "checkout_id", "order_id", "customer_id", "owner", "queued_at", "due_at", "first_action_at", "snoozed_until",
    "merged_into", "plan_state", "assignment", "service_level", "value",
)  # fmt: skip


def example_case(case_id: str, language: str = "en") -> dict[str, Any] | None:
    """The example of this id in contract C's shape with `example: true`; None when there is none.

    What would tell of one order (ids, owner, evidence) is null or empty: seeds keep none of it.
    """
    found = seed(case_id)
    return None if found is None else _shown(found, language_of(language))


def _shown(found: SolvedCase, language: str) -> dict[str, Any]:
    at = found.metadata.get("resolved_at")
    story = " ".join(words[language] for words in (found.summary, found.story) if language in words)
    return dict.fromkeys(_NONE) | {
        "id": found.case_id, "example": True, "subject": {"kind": "checkout", "id": found.case_id},
        "faults": [
            {"code": code, "detected_at": at, "confidence": 1.0, "evidence": [], "cleared_at": at}
            for code in found.faults or [found.fault]
        ],
        "severity": found.severity, "priority": 0,
        "priority_terms": {"order_value": 0, "customer_value": 0, "complexity": 0, "cost": 0},
        "status": CaseStatus.CLOSED,
        "root_cause": {"step": found.step, "cause": found.cause, "evidence": [], "pipeline": [], "ruled_out": [],
                       "certainty": None},
        "plan_version": 1 if found.tried else 0,
        "plan": [
            {"id": f"{found.case_id}:{place}", "action": step.action, "arguments": {}, "undo": None,
             "effect": label("action", step.action, language), "needs_approval": False, "status": step.status}
            for place, step in enumerate(found.tried)
        ],
        "detectable_at": at, "detected_at": at, "resolved_at": at, "resolution": found.resolution,
        "language": language, "episode": int(found.metadata.get("episode", 1)), "promises": [], "messages": [],
        "timeline": [{"at": at, "actor": "system", "what": story, "evidence": []}],
        "stayed_resolved": found.stayed_resolved, "rating": found.metadata.get("rating"),
    }  # fmt: skip

"""What a case is remembered by: its summary in words, and the SolvedCase made of it. Pure; for the feed and the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.library.solved import LANGUAGES, SolvedCase, Tried
from knowledge.phrases.labels import cause_words, fault_title, label
from knowledge.vocabulary.codes import CaseStatus, Resolution

_Case = Mapping[str, Any]
_ENDED = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
_NO_PRECEDENT = (Resolution.MERGED, Resolution.FALSE_ALARM)
_STOPS = {"zh-CN": "。", "en": ". "}


def is_precedent(case: _Case) -> bool:
    """Whether something can be learnt from this case: it is solved, and was a fault of its own."""
    return (
        case["status"] in _ENDED and case.get("resolution") not in (None, *_NO_PRECEDENT) and bool(case.get("faults"))
    )


def summary(case: _Case, language: str) -> str:
    """What was wrong and why, in one or two sentences; nothing personal, no ids."""
    codes = [str(fault["code"]) for fault in case.get("faults") or []]
    parts = [fault_title(code, language) for code in dict.fromkeys(codes)]
    if root := case.get("root_cause"):
        parts.append(cause_words(root.get("cause"), codes, language))
    return _STOPS[language].join(part.rstrip("。. ") for part in parts) + _STOPS[language].strip()


def solved_case(case: _Case) -> SolvedCase:
    """The precedent of a case that is one."""
    value = case.get("value") or {}
    facts = {
        "currency": value.get("currency"), "value": value.get("amount"), "episode": case.get("episode"),
        "resolved_at": case.get("resolved_at"), "priority": case.get("priority"),
    }  # fmt: skip
    return SolvedCase(
        case_id=str(case["id"]),
        fault=str(case["faults"][0]["code"]),
        step=str((case.get("root_cause") or {}).get("step") or ""),
        severity=str(case["severity"]),
        summary={language: summary(case, language) for language in LANGUAGES},
        tried=[
            Tried(str(step["action"]), str(step["status"]))
            for step in case.get("plan") or []
            if step.get("status") not in (None, "pending")
        ],
        outcome={language: label("resolution", case["resolution"], language) for language in LANGUAGES},
        resolution=str(case["resolution"]),
        metadata={name: fact for name, fact in facts.items() if fact is not None},
    )

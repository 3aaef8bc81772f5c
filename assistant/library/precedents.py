"""What a case is remembered by: its words, and the SolvedCase made of it. Pure; for the feed and the copilot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.library.telling import circumstances, told_story, value_band
from knowledge.library.solved import LANGUAGES, SolvedCase, Tried
from knowledge.library.weighing import Like
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
    codes = faults_of(case)
    parts = [fault_title(code, language) for code in codes]
    if root := case.get("root_cause"):
        parts.append(cause_words(root.get("cause"), codes, language))
    return _STOPS[language].join(part.rstrip("。. ") for part in parts) + _STOPS[language].strip()


def asked(case: _Case, order: Mapping[str, Any] | None, language: str) -> str:
    """What to look for in the library to find cases like this one: what is wrong, and the circumstances so far."""
    return f"{summary(case, language)} {circumstances(case, order, language)}".strip()


def like(case: _Case) -> Like:
    """The facts of a case that others are compared by."""
    root = case.get("root_cause") or {}
    return Like(
        faults=tuple(faults_of(case)), cause=_code(root.get("cause")), step=str(root.get("step") or ""),
        severity=str(case.get("severity") or ""),
    )  # fmt: skip


def faults_of(case: _Case) -> list[str]:
    """The codes of its faults, the leading one first."""
    return list(dict.fromkeys(str(fault["code"]) for fault in case.get("faults") or []))


def solved_case(
    case: _Case, order: Mapping[str, Any] | None = None, tried: Sequence[Tried] | None = None,
    past: Sequence[Mapping[str, Any]] = (),
) -> SolvedCase:  # fmt: skip
    """The precedent of a case that is one.

    Args:
        case: contract C's case as JSON.
        order: its order (`CaseReader.order`), for the circumstances; None where there is none.
        tried: every step that was tried, oldest first; without it, those of the case's last plan.
        past: what became of its episodes, oldest first (`stayed`, `rating`).
    """
    if tried is None:
        tried = [
            Tried(str(step["action"]), str(step["status"]))
            for step in case.get("plan") or []
            if step.get("status") not in (None, "pending")
        ]
    root, facts = case.get("root_cause") or {}, _facts(case, order, past)
    return SolvedCase(
        case_id=str(case["id"]),
        fault=str(case["faults"][0]["code"]), faults=faults_of(case),
        step=str(root.get("step") or ""), cause=_code(root.get("cause")),
        severity=str(case["severity"]),
        summary={language: summary(case, language) for language in LANGUAGES},
        story={language: told_story(case, order, tried, facts, language) for language in LANGUAGES},
        tried=list(tried),
        outcome={language: label("resolution", case["resolution"], language) for language in LANGUAGES},
        resolution=str(case["resolution"]),
        metadata={name: fact for name, fact in facts.items() if fact is not None},
    )  # fmt: skip


def _facts(
    case: _Case, order: Mapping[str, Any] | None, past: Sequence[Mapping[str, Any]]
) -> dict[str, str | int | float | bool]:
    value = case.get("value") or {}
    channel = next((str(m["channel"]) for m in case.get("messages") or [] if m.get("channel")), None)
    facts = {
        "currency": value.get("currency"), "value_band": value_band(value), "episode": case.get("episode"),
        "resolved_at": case.get("resolved_at"), "channel": channel,
        "tier": (((order or {}).get("snapshot") or {}).get("customer") or {}).get("tier"),
        "relapses": sum(one.get("stayed") is False for one in past),
        "rating": past[-1].get("rating") if past else None,
    }  # fmt: skip
    return {name: fact for name, fact in facts.items() if fact not in (None, "")}


def _code(cause: Any) -> str:
    """A cause's code; one that is told in words has none."""
    return cause if isinstance(cause, str) else ""

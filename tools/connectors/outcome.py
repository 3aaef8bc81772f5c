"""Outcome: how a write in an outside system ended; every writer returns one, repair decides what follows."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

OutcomeKind = Literal["ok", "rejected", "retryable", "unknown"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one write ended.

    `ok`: applied; `value` is the answer's JSON (None for 204).
    `rejected`: definitely not applied; `code` is the shop's own (`order_exists`), `value` the
    problem's further members.
    `retryable`: definitely not applied; send the same key and bytes again after `retry_after` seconds.
    `unknown`: perhaps applied; read back, then at most send the same key and bytes again.
    """

    kind: OutcomeKind
    value: Any = None
    code: str = ""
    detail: str = ""
    status: int | None = None
    retry_after: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether we know for certain what came of it and needn't send it again."""
        return self.kind in ("ok", "rejected")


def ok(value: Any = None, status: int | None = 200) -> Outcome:
    """It was applied; `value` is what the system answered."""
    return Outcome(kind="ok", value=value, status=status)


def rejected(code: str, detail: str = "", status: int | None = None, value: Any = None) -> Outcome:
    """The system refused it and changed nothing."""
    return Outcome(kind="rejected", code=code, detail=detail, status=status, value=value)


def retryable(code: str, retry_after: float = 1.0, detail: str = "", status: int | None = None) -> Outcome:
    """It was certainly not applied and may be sent again after `retry_after` seconds."""
    return Outcome(kind="retryable", code=code, detail=detail, status=status, retry_after=retry_after)


def unknown(detail: str, code: str = "unknown", status: int | None = None) -> Outcome:
    """Nobody knows whether it was applied."""
    return Outcome(kind="unknown", code=code, detail=detail, status=status)

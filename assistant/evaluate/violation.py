"""What an invariant's check says: a violation, and a whole verdict; made by the invariants, printed by the audit."""

from __future__ import annotations

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """One place where an invariant (1 to 8 of SPEC.md) does not hold; `subject` is an id of the shop or of ours."""

    invariant: int
    subject: str
    detail: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant's result: how many `checked`, where it is violated, and what nothing we can read would show."""

    invariant: int
    wording: str
    checked: int
    of_what: str
    violations: list[Violation] = []
    not_checkable: list[str] = []

    @property
    def holds(self) -> bool:
        """Whether nothing that could be checked contradicts it."""
        return not self.violations

"""Finding: what a detector says is wrong; Evidence: what it says it from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.money import Money


class Evidence(msgspec.Struct, frozen=True):
    """One piece of evidence: an event or a read-back, when it was true, and what it said."""

    kind: Literal["event", "read_back"]
    ref: str
    at: datetime
    value: Any = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of one snapshot.

    `detectable_at` may lie in the future: the fault is real from then on unless something changes (a step's
    deadline). `confirm` says that a read-back has to agree before a case is opened. `at_risk` is the money that
    would be lost or wrongly kept. `details` are numbers and ids for the playbook and the texts, nothing personal.
    `key` tells two occurrences apart where no event does.
    """

    code: FaultCode
    severity: Severity
    step: Step
    cause: str
    detectable_at: datetime
    evidence: list[Evidence]
    confidence: float = 1.0
    at_risk: Money | None = None
    details: dict[str, Any] = {}
    confirm: bool = False
    key: str = ""

    @property
    def fingerprint(self) -> str:
        """Identifies the same fault on the same evidence: what was settled once is not opened again for it."""
        refs = sorted(e.ref for e in self.evidence if e.kind == "event")
        return "|".join([self.code, *refs, *([self.key] if self.key else [])])

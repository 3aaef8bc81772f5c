"""What the three faults of addresses that a carrier names have in common: the finding from its word; pure."""

from __future__ import annotations

from typing import Any

from knowledge.faults.incomplete_information.detector import missing_fields
from knowledge.faults.reading import address_marks, evidence, goes_to_address, verdict_marks
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import AddressState, OrderSnapshot, heard_at, implied_by


def found_by_carrier(
    s: OrderSnapshot, address: AddressState, code: FaultCode, severity: Severity, cause: str,
    details: dict[str, Any] | None = None,
) -> list[Finding]:  # fmt: skip
    """The finding; none where nothing goes to the address, or it lacks something (another fault).

    Without an event a read-back has to say it again. `details` default to what the carrier would write differently.
    """
    if not goes_to_address(s) or missing_fields(address)[0]:
        return []
    told = verdict_marks(s)
    marks = [*address_marks(s), *told]
    fields = {"fields": address.normalised or implied_by(address.verdict), "deliverable": address.deliverable}
    return [
        Finding(
            code=code, severity=severity, step=Step.SUBMIT, cause=cause,
            detectable_at=heard_at(marks, s.submitted_at or marks[-1].at), evidence=evidence(marks), at_risk=s.total,
            confirm=not any(m.type.startswith("address.") for m in told),
            details={"verdict": address.verdict, **(fields if details is None else details)},
        )
    ]  # fmt: skip

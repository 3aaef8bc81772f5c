"""Finds addresses that are a little inaccurate and can be delivered to all the same."""

from __future__ import annotations

from knowledge.faults.carriers_word import found_by_carrier
from knowledge.faults.context import Context
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot

STEP = Step.SUBMIT
SEVERITY = Severity.LOW
REASONS = frozenset({"postcode_mismatch", "street_unclear"})


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """The carrier delivers, or doesn't say that it won't, but knows another postcode or a clearer street.

    Without an event a read-back has to say it again.
    """
    address = s.address
    if address is None or address.verdict not in REASONS or address.deliverable is False:
        return []
    return found_by_carrier(s, address, FaultCode.ADDRESS_INACCURATE, SEVERITY, address.verdict or "street_unclear")

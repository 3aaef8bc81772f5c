"""Finds delivery information that is slightly wrong and can be put right without asking."""

from __future__ import annotations

from knowledge.faults.carriers_word import found_by_carrier
from knowledge.faults.context import Context
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import AddressState, OrderSnapshot

STEP = Step.SUBMIT
SEVERITY = Severity.LOW
REASONS = frozenset({"postcode_format", "phone_format", "fields_swapped"})


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """The carrier says that a postcode or phone is badly written, that fields are swapped, or won't deliver for a
    postcode of another place; nothing is missing. Without an event a read-back has to say it again.
    """
    address = s.address
    if address is None or not _correctable(address):
        return []
    code = FaultCode.MINOR_INFORMATION_ERROR
    return found_by_carrier(s, address, code, SEVERITY, address.verdict or "postcode_format")


def _correctable(address: AddressState) -> bool:
    return address.verdict in REASONS or (address.verdict == "postcode_mismatch" and address.deliverable is False)

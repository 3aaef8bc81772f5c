"""Finds complete addresses that no carrier serves."""

from __future__ import annotations

from knowledge.faults.carriers_word import found_by_carrier
from knowledge.faults.context import Context
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import AddressState, OrderSnapshot

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM
# What the carrier can say that is another fault than this one, whether it delivers or not.
_ELSEWHERE = frozenset({"accepted", "incomplete", "postcode_format", "postcode_mismatch", "phone_format",
                        "fields_swapped"})  # fmt: skip


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Nothing is missing, and the carrier won't deliver there, for `no_carrier` or for words of its own.

    Without an event a read-back has to say it again.
    """
    address = s.address
    if address is None or not _refused(address):
        return []
    cause = "street_unclear" if address.verdict == "street_unclear" else "no_carrier"
    details = {
        "country": address.country, "province": address.province, "city": address.city,
        "order_id": next((o.id for o in s.live_orders), None),
    }  # fmt: skip
    return found_by_carrier(s, address, FaultCode.ADDRESS_UNDELIVERABLE, SEVERITY, cause, details)


def _refused(address: AddressState) -> bool:
    if address.verdict is None or address.verdict in _ELSEWHERE or address.deliverable:
        return False
    return address.verdict != "street_unclear" or address.deliverable is False

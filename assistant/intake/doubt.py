"""Which findings a read-back has to confirm first, and for how long that is waited for; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot

# After that a deadline that passed counts without the shop's word: a shop that is down must not hide its orders.
PATIENCE = timedelta(seconds=3)
# What only a carrier can confirm.
OF_ADDRESSES = frozenset(
    {FaultCode.INCOMPLETE_INFORMATION, FaultCode.MINOR_INFORMATION_ERROR, FaultCode.ADDRESS_INACCURATE,
     FaultCode.ADDRESS_UNDELIVERABLE}
)  # fmt: skip


# What events tell well enough to count where there is no shop to ask.
TOLD = frozenset({FaultCode.INCOMPLETE_INFORMATION, FaultCode.PAID_OUT_OF_STOCK})


class Sorted(NamedTuple):
    """What is due: `sure` is handed on, `ask` wants a read-back, `look_at` is when to look again without one."""

    sure: list[Finding]
    ask: bool
    look_at: datetime | None


def sort_due(
    snapshot: OrderSnapshot, findings: Iterable[Finding], now: datetime, confirmed: datetime | None, *, connected: bool
) -> Sorted:
    """Sorts what is due; `confirmed` is when everything was last read back, `connected` whether there is a shop to ask.

    One that wants confirming is sure when a read-back left it standing. One that rests on an event that did not come,
    which may be the event's fault, is asked about too, but not for longer than PATIENCE; nor is any grave one that
    events told.
    """
    sure: list[Finding] = []
    ask, looks = False, []
    for finding in findings:
        if finding.detectable_at > now:
            continue
        read = confirmed is not None and confirmed >= finding.detectable_at
        patient_until = finding.detectable_at + PATIENCE
        told = finding.code in TOLD and finding.confidence >= 1
        if finding.confirm and not (told and (not connected or finding.severity is Severity.HIGH)):
            if read and not _unasked(snapshot, finding):
                sure.append(finding)
            ask = ask or not read
        elif read or not connected or now >= patient_until or not (finding.confirm or _hasty(snapshot, finding)):
            sure.append(finding)
        else:
            ask = True
            looks.append(patient_until)
    return Sorted(sure, ask, min(looks, default=None))


def _unasked(snapshot: OrderSnapshot, finding: Finding) -> bool:
    """Whether it is a weak one about an address on which no carrier could be asked."""
    address = snapshot.address
    weak = finding.code in OF_ADDRESSES and finding.confidence < 1
    return weak and address is not None and bool(address.present) and address.verdict is None


def _hasty(snapshot: OrderSnapshot, finding: Finding) -> bool:
    """Whether it rests on a deadline, or on a carrier's word about an address that was told anew since.

    That a gateway keeps silent while nothing goes on is the fault itself, whatever it says when it is asked.
    """
    if finding.code is FaultCode.PAYMENT_UNCONFIRMED and not snapshot.live_orders:
        return False
    refs = {e.ref for e in finding.evidence}
    marks = [m for m in snapshot.marks if m.ref in refs]
    if not marks:
        return False
    if max(m.received_at for m in marks) < finding.detectable_at:
        return True
    given = snapshot.address.at if snapshot.address else None
    verdicts = [m.at for m in marks if m.type == "address.rejected"]
    return finding.code in OF_ADDRESSES and given is not None and bool(verdicts) and max(verdicts) < given

"""Finds paid checkouts and orders whose lines no stock is set aside for."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import all_sent, covered, evidence, over, paying, said, shortfall
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, heard_at

STEP = Step.RESERVATION
SEVERITY = Severity.HIGH


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """Paid, not sent, and the reservation failed or was lost, and what is held now doesn't cover the lines.

    A checkout without any word of a reservation is not found here: that is a missed deadline, not stock. Stock that
    was given back may belong to a cancellation under way, or be set aside anew: a read-back confirms first.
    """
    paid_at = ctx.paid_at(s)
    if paid_at is None or over(s) or all_sent(s):
        return []
    lost = [r for r in s.reservations.values() if r.status in ("released", "expired")]
    if s.reservation_failed_at is None and not lost:
        return []
    marks, stock = paying(s), _stock_marks(s)
    if covered(s) or not stock:
        return []
    missing, is_lost = shortfall(s), bool(lost) and not _failed_last(s)
    return [
        Finding(
            code=FaultCode.PAID_OUT_OF_STOCK,
            severity=SEVERITY,
            step=STEP,
            cause="reservation_lost" if is_lost else "reservation_failed",
            detectable_at=heard_at([*marks, *stock], paid_at),
            evidence=evidence(marks, stock),
            at_risk=s.total,
            confirm=is_lost,
            details={
                "missing_skus": dict(sorted(missing.items())),
                "skus": sorted(missing) or sorted({r.sku for r in lost}),
                "order_id": next((o.id for o in s.live_orders), None),
                "total": s.total.json() if s.total else None,
            },
        )
    ]


def _stock_marks(s: OrderSnapshot) -> list[Mark]:
    """The last word that stock was refused or lost."""
    told = said(s, "inventory.reservation_failed", "inventory.released", "inventory.expired", read_back="reservations")
    return told[-1:]


def _failed_last(s: OrderSnapshot) -> bool:
    lost = [r.at for r in s.reservations.values() if r.status in ("released", "expired")]
    return s.reservation_failed_at is not None and s.reservation_failed_at >= max(lost, default=s.reservation_failed_at)

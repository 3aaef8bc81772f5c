"""Finds a sku that the shop shows otherwise than the inventory system counts it, beyond the tolerated lag."""

from __future__ import annotations

from knowledge.faults.context import Context
from knowledge.faults.reading import iso
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import OrderSnapshot

STEP = Step.RESERVATION
SEVERITY = Severity.MEDIUM


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """The sku that is looked at (`ctx.stock`), due when the lag has passed since it was first seen to differ so.

    A checkout's own snapshot has no sku to look at: a sku is a subject of its own.
    """
    level = ctx.stock
    if level is None or not level.differing:
        return []
    first, last = level.standing[0], level.standing[-1]
    told = [first] if first is last or last.kind == "event" else [first, last]
    return [
        Finding(
            code=FaultCode.STOCK_INCONSISTENT,
            severity=SEVERITY,
            step=STEP,
            cause="shop_shows_more" if last.difference > 0 else "shop_shows_less",
            detectable_at=max(first.heard_at, first.at + ctx.stock_lag),
            evidence=[one.evidence() for one in told],
            details={
                "sku": level.sku, "shop_listed": last.shop_listed, "available": last.available,
                "on_hand": last.on_hand, "difference": abs(last.difference), "since": iso(first.at),
            },
            key=first.ref,
        )
    ]  # fmt: skip

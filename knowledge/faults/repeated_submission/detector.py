"""Finds customers who submit the same basket again and again without any payment being accepted."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from knowledge.faults.context import Context
from knowledge.faults.reading import ACCEPTED, iso, said
from knowledge.vocabulary.background import Purchase, basket_of
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Evidence, Finding
from knowledge.vocabulary.snapshot import OrderSnapshot, heard_at

STEP = Step.SUBMIT
SEVERITY = Severity.MEDIUM


class Try(NamedTuple):
    """One submit of the basket; sorts by time."""

    at: datetime
    ref: str
    checkout_id: str
    evidence: Evidence


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """As many submits of one basket within the duplicate window as policy names, all unpaid since.

    Counts repeated submits of one checkout and those of the customer's other checkouts; the finding belongs to the
    checkout whose submit was one too many, and is due when the retry grace after that has passed.
    """
    if not s.lines or s.status == "cancelled" or s.live_orders or _accepted(s):
        return []
    if ctx.history is None and s.customer_id is not None:
        return []  # only the whole picture counts
    basket = basket_of(s.lines)
    same = [p for p in (ctx.history.purchases if ctx.history else []) if p.basket == basket]
    run = _run([*_own(s), *_others(same)], s.checkout_id, ctx)
    if not run:
        return []
    marks = said(s, "checkout.submitted", read_back="checkout")
    return [
        Finding(
            code=FaultCode.REPEATED_SUBMISSION,
            severity=SEVERITY,
            step=STEP,
            cause="payments_fail" if s.payments else "never_paid",
            detectable_at=heard_at([m for m in marks if m.at <= run[-1].at], run[-1].at + ctx.retry_grace),
            evidence=[one.evidence for one in run],
            at_risk=s.total,
            details={
                "submits": len(run), "minutes": int((run[-1].at - run[0].at).total_seconds() // 60),
                "checkout_ids": list(dict.fromkeys(one.checkout_id for one in run)),
                "since": iso(run[0].at), "payment_ids": sorted(s.payments),
            },
        )
    ]  # fmt: skip


def _accepted(s: OrderSnapshot) -> bool:
    return s.due == 0 or any(p.status in ACCEPTED for p in s.payments.values())


def _own(s: OrderSnapshot) -> list[Try]:
    marks = said(s, "checkout.submitted", read_back="checkout") if s.submitted_at else []
    return [Try(m.at, m.ref, s.checkout_id, m.evidence()) for m in marks]


def _others(purchases: list[Purchase]) -> list[Try]:
    """The submits of the other checkouts; a payment puts an end to all that was tried before it."""
    paid = max((p.paid_at for p in purchases if p.paid_at), default=None)
    return [
        Try(one.at, one.ref, p.checkout_id, one.evidence())
        for p in purchases if p.paid_at is None
        for one in p.submits if paid is None or one.at > paid
    ]  # fmt: skip


def _run(tries: list[Try], checkout_id: str, ctx: Context) -> list[Try]:
    """The first `submits` tries of a row of them without a longer pause, if the last one is this checkout's."""
    tries, needed = sorted(tries), ctx.policies.deadlines.submits
    start = 0
    while start + needed <= len(tries):
        end = start + needed - 1
        if tries[end].at - tries[start].at > ctx.duplicate_window:
            start += 1
            continue
        if tries[end].checkout_id == checkout_id:
            return tries[start : end + 1]
        while end + 1 < len(tries) and tries[end + 1].at - tries[end].at <= ctx.duplicate_window:
            end += 1
        start = end + 1
    return []

"""Finds what looks like nothing that was ever seen, by the novelty model's score."""

from __future__ import annotations

from typing import Any

from knowledge.faults.context import Context
from knowledge.faults.reading import bought, covered, evidence, said
from knowledge.vocabulary.background import NoveltyScore
from knowledge.vocabulary.codes import FaultCode, Severity, Step
from knowledge.vocabulary.findings import Finding
from knowledge.vocabulary.snapshot import Mark, OrderSnapshot, heard_at

STEP = Step.ORDER
SEVERITY = Severity.MEDIUM
NAMED = 5  # features that are told
MOST_OF_IT = 0.75  # share of a score
WITHOUT_CHECKOUT = "payment_without_checkout"  # opened by the cases' room: a payment that matches no checkout
# How often somebody did something: where all went well in the end, a habit.
HABITS = frozenset({
    "corrections", "noise", "times_reserved", "submits", "payments_open", "payments_lost", "asked", "payment_kinds",
})  # fmt: skip


def detect(s: OrderSnapshot, ctx: Context) -> list[Finding]:
    """One finding for a submitted checkout whose score is above the model's threshold.

    The catalogue drops it where another fault explains the same checkout. Habits that led to a whole purchase are
    none, and as long as the customer is busy they may.
    """
    novelty = ctx.scores.novelty if ctx.scores else None
    if novelty is None or novelty.score <= novelty.threshold or s.submitted_at is None:
        return []
    since, habits = s.submitted_at, _only_habits(novelty)
    if habits and _went_well(s, ctx):
        return []
    if habits:
        since = max(since, s.last_activity_at or since) + ctx.abandoned_deadline
    marks = _first_marks(s)
    return [
        Finding(
            code=FaultCode.UNKNOWN_ANOMALY,
            severity=SEVERITY,
            step=STEP,
            cause="never_seen",
            detectable_at=heard_at(s.marks, since),
            evidence=evidence(marks),
            confidence=_confidence(novelty),
            at_risk=s.total,
            details=_details(novelty),
            confirm=True,
        )
    ]


def _went_well(s: OrderSnapshot, ctx: Context) -> bool:
    """Whether it was paid and ordered, and what has to be sent is set aside where anybody tells of that."""
    stocked = not s.requires_shipping or not s.reservations or covered(s)
    return bool(s.live_orders) and bought(s, ctx.paid_at(s)) and stocked


def _only_habits(novelty: NoveltyScore) -> bool:
    """Whether habits make nearly all of the score, and what is left of it would not have spoken."""
    habits = sum(share for name, _, share in novelty.features if name in HABITS)
    return habits > MOST_OF_IT and novelty.score * (1 - habits) <= novelty.threshold


def _first_marks(s: OrderSnapshot) -> list[Mark]:
    """The submit, and the first of what was said of payments, stock and orders.

    What comes later would make it another finding each time: a person who looked once has looked.
    """
    kinds = [said(s, kind)[:1] for kind in ("payment.", "inventory.", "order.")]
    return [m for group in (said(s, "checkout.submitted", read_back="checkout")[:1], *kinds) for m in group]


def _confidence(novelty: NoveltyScore) -> float:
    """0.5 at the threshold, towards 1 at twice the threshold and beyond."""
    return round(min(1.0, 0.5 * novelty.score / novelty.threshold), 3) if novelty.threshold > 0 else 0.5


def _details(novelty: NoveltyScore) -> dict[str, Any]:
    strongest = [[name, round(value, 3), round(share, 3)] for name, value, share in novelty.features[:NAMED]]
    return {
        "score": round(novelty.score, 3), "threshold": round(novelty.threshold, 3), "model": novelty.model,
        "features": strongest, "strongest": [name for name, _, _ in strongest],
    }  # fmt: skip

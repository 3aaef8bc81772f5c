"""What is known of a suggestion when it is made, for the model that says how likely it settles the case."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from assistant.copilot.options import Option
from assistant.copilot.ranking import Place, precedent_weight
from assistant.copilot.seeing import Seen
from knowledge.library.solved import Similar
from knowledge.models.confidence import Confidence, Sample, shipped

_PARTS = ("checkout", "orders", "payments", "reservations", "customer")


@lru_cache(maxsize=1)
def model() -> Confidence:
    """The model that comes with the product, loaded once.

    Raises:
        ArtefactError: it was changed or is gone.
    """
    return shipped()[0]


def sample_of(option: Option, seen: Seen, *, n: float = 0.0, good: float = 0.0) -> Sample:
    """The option as the model knows it; `n` and `good` are outcomes known of it here."""
    steps = option.plan.steps if option.plan else []
    sight, case = seen.sight, seen.case
    return Sample(
        fault=option.fault, option=option.option, kind=option.kind, variant=option.variant,
        certainty=round(option.certainty, 4), completeness=completeness(seen), value=case["value_amount"] or 0,
        steps=sum(s.action != "send_message" for s in steps),
        asks=option.plan is not None and option.plan.then == "await_customer",
        money=any(s.goodwill is not None or s.action == "refund_payment" for s in steps),
        refused=len(sight.context.refused) if sight else 0, rounds=case["failed_repairs"], n=n, good=good,
    )  # fmt: skip


def confidence_of(place: Place, seen: Seen, precedents: Sequence[Similar]) -> tuple[float, Sample]:
    """The probability that the case stays resolved without another human step, and what it was made from."""
    alike, stayed = precedent_weight(place.option, precedents)
    learned = place.learned.good
    sample = sample_of(place.option, seen, n=learned["of"] + alike, good=learned["hits"] + stayed)
    return round(model().score(sample), 4), sample


def completeness(seen: Seen) -> float:
    """The share of what decides about the case that was read back just now, 0 to 1."""
    if seen.sight is None:
        return 0.0
    facts = seen.sight.look.facts
    if seen.case["subject_kind"] == "sku":
        return 1.0 if facts.stock else 0.0
    read = [getattr(facts, part) is not None for part in _PARTS]
    skus = {line.sku for line in seen.sight.look.snapshot.lines or []}
    read.append(not skus - facts.stock.keys())
    read.append(seen.case["root_cause"] is not None)
    return round(sum(read) / len(read), 4)

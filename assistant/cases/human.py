"""When a customer's cases need a person although the machine could go on; the journey asks before it plans."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from assistant.cases.records import Case
from assistant.store.tables import cases
from knowledge.policies import Limits
from knowledge.vocabulary.codes import Resolution, Severity

_NO_FAULT = (Resolution.FALSE_ALARM, Resolution.SELF_CLEARED, Resolution.MERGED)


def breaks_again_and_again(tx: sa.Connection, case: Case, limits: Limits) -> bool:
    """Whether so many earlier orders of this customer have broken lately that a person should look at this one.

    Other checkouts' cases count, those that were no fault or of low severity do not. A case that something has been
    done about, or that a person has given back, is past this question.
    """
    if case["customer_id"] is None or case["first_action_at"] is not None:
        return False
    earlier = sa.select(sa.func.count(sa.distinct(cases.c.checkout_id))).where(
        cases.c.customer_id == case["customer_id"],
        cases.c.checkout_id.is_not(None), cases.c.checkout_id != case["checkout_id"],
        cases.c.detected_at < case["detected_at"],
        cases.c.detected_at > case["detected_at"] - timedelta(days=limits.repeated_days),
        cases.c.severity != Severity.LOW,
        cases.c.resolution.is_(None) | cases.c.resolution.not_in(_NO_FAULT),
    )  # fmt: skip
    return (tx.scalar(earlier) or 0) >= limits.repeated_faults

"""Whether a message that waits still makes sense; the dispatcher asks before it sends one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from assistant.cases.records import ENDED, Case
from assistant.notifications.texts import SOURCES
from assistant.store.tables import messages
from knowledge.phrases.handoff_messages import BY_REASON
from knowledge.vocabulary.codes import CaseStatus

# A case that stands so waits for no answer that the machine could use.
_NOT_ASKING = (*ENDED, CaseStatus.HANDED_OFF, CaseStatus.AWAITING_APPROVAL)
_UNTIL_IT_ENDS = (
    *(("handoff", phrase) for phrase in ("handed_off", *BY_REASON)),
    ("promises", "answer_late"), ("promises", "outcome_late"),
)  # fmt: skip


def is_moot(tx: sa.Connection, row: dict[str, Any], case: Case) -> bool:
    """A question whose case no longer waits for it; a case merged into another one, or that began anew; a message that
    a newer one of the same occasion has replaced; word of an answer to come, once the case has ended."""
    if case["merged_into"] is not None or not case["live"]:
        return True
    if row["episode"] != case["episode"] and (row["asks"] or row["source"] in SOURCES):
        return True
    if row["asks"] and (case["status"] in _NOT_ASKING or row["replied_at"] is not None or row["timed_out"]):
        return True
    if case["status"] in ENDED and (row["source"], row["phrase"]) in _UNTIL_IT_ENDS:
        return True
    newer = sa.select(messages.c.dedupe_key).where(
        messages.c.case_id == row["case_id"], messages.c.occasion == row["occasion"], messages.c.at > row["at"],
        messages.c.dedupe_key != row["dedupe_key"], messages.c.state.notin_(("failed", "withdrawn")),
    )  # fmt: skip
    return tx.scalar(newer.limit(1)) is not None

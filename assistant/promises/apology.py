"""What the customer hears of a promise: sorry and a new time when it was broken, a word when it became needless."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.handoff.audience import may_tell
from assistant.notifications.outgoing import Outgoing
from assistant.promises.keeping import Row
from assistant.store.tables import messages
from knowledge.phrases.promised import ANSWER, KINDS, OUTCOME
from knowledge.vocabulary.codes import CaseStatus, Resolution

Case = dict[str, Any]
NewTime = Callable[[sa.Connection, Case, datetime], datetime]

_OVER = (CaseStatus.RESOLVED, CaseStatus.CLOSED)
# Endings that come without a word of their own to somebody who waits for one.
_SILENT = (Resolution.SELF_CLEARED, Resolution.FALSE_ALARM)


class Apology:
    """Queues the messages; `new_time` says until when a person will have answered."""

    def __init__(self, outgoing: Outgoing, new_time: NewTime) -> None:
        self._outgoing, self._new_time = outgoing, new_time

    def offer(self, tx: sa.Connection, case: Case, promise: Row, now: datetime) -> None:
        """Says sorry with a new time, where the customer waits for what was promised.

        Once per promise, and not for a time that an apology has named: two are enough, from then on it is people's.
        """
        if promise["kind"] not in KINDS or not may_tell(case):
            return
        if promise["kind"] in (ANSWER, OUTCOME) and case["status"] in _OVER:
            return
        if _source_of(tx, promise) == "promises":
            return
        params = {"order": _order(case), "expected_by": self._new_time(tx, case, now).isoformat()}
        self._outgoing.queue(
            tx, case, source="promises", occasion=f"promise_late:{promise['id']}", phrase=f"{promise['kind']}_late",
            params=params, now=now,
        )  # fmt: skip

    def settled(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Everything came right before the person who was announced had to write: that is said instead."""
        if case["resolution"] in _SILENT and may_tell(case):
            self._outgoing.queue(
                tx, case, source="handoff", occasion="handoff_settled", phrase="settled",
                params={"order": _order(case)}, now=now,
            )  # fmt: skip


def _source_of(tx: sa.Connection, promise: Row) -> str | None:
    source: str | None = tx.scalar(sa.select(messages.c.source).where(messages.c.dedupe_key == promise["source"]))
    return source


def _order(case: Case) -> str:
    return str(case["order_id"] or case["checkout_id"])

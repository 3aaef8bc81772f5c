"""What carriers tell later, recorded: delivered, or come back; the delivery-report API and the mail pipe call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
import structlog

from assistant.cases.records import Case, Cases
from assistant.notifications.messages import Row, find
from assistant.notifications.routes import Way
from assistant.notifications.settling import Settling
from assistant.store.engine import Store, utcnow
from assistant.store.tables import messages
from tools.connectors.carrier import Report
from tools.connectors.outcome import ok

log = structlog.get_logger(__name__)

_UNDER_WAY = ("intended", "sending")


class Recorded(msgspec.Struct, frozen=True):
    """How many reports changed a message, told nothing new, or name no message of ours."""

    recorded: int = 0
    known: int = 0
    unknown: int = 0


class Reports:
    """Records delivery reports; each may come twice, and in any order. `clock` is aware UTC."""

    def __init__(
        self, store: Store, cases: Cases, settling: Settling, clock: Callable[[], datetime] = utcnow
    ) -> None:
        self._store, self._cases, self._settling, self._clock = store, cases, settling, clock

    def record(self, reports: Sequence[Report]) -> Recorded:
        """Records them one by one.

        Raises:
            UnavailableError: the database can't take them now; the sender reports again.
        """
        counted = {"recorded": 0, "known": 0, "unknown": 0}
        for report in reports:
            counted[self._record(report)] += 1
        if counted["unknown"]:
            log.info("report.unknown", count=counted["unknown"])
        return Recorded(**counted)

    def _record(self, report: Report) -> str:
        with self._store.begin() as tx:
            query = sa.select(messages.c.dedupe_key, messages.c.case_id)
            named = tx.execute(query.where(messages.c.provider_ref == report.provider_ref)).first()
            if named is None:
                return "unknown"
            case = self._cases.lock(tx, named[1])
            row = find(tx, named[0])
            if row is None or row["provider_ref"] != report.provider_ref:
                return "known"  # it is on another route by now
            return "recorded" if self._apply(tx, case, row, report, self._clock()) else "known"

    def _apply(self, tx: sa.Connection, case: Case, row: Row, report: Report, now: datetime) -> bool:
        state = row["state"]
        if report.state == "delivered" and state in (*_UNDER_WAY, "accepted"):
            self._settling.delivered(tx, case, row, min(report.at or now, now), now)
            return True
        if report.state == "accepted" and state in _UNDER_WAY:
            self._settling.taken(tx, case, row, ok(), now)
            return True
        if report.state == "failed" and state in (*_UNDER_WAY, "accepted"):
            return self._came_back(tx, case, row, report.code or "undelivered", now)
        return False  # a phone that has it does not give it back; what failed or was withdrawn stays so

    def _came_back(self, tx: sa.Connection, case: Case, row: Row, code: str, now: datetime) -> bool:
        """On to the next route, once; after that nobody is told any more."""
        if row["replied_at"] is not None:
            return False  # whoever answered has read it
        way = msgspec.convert(row["way"] or {}, Way)
        if any(one.late for one in way.tried):
            self._settling.failed(tx, case, row, code, now)
        else:
            self._settling.refused(tx, case, row, code, now, late=row["state"] == "accepted")
        return True

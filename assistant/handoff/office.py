"""The office: everything that happens to people when a case moves (`People`), one room after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from assistant.cases.people import Owner
from assistant.followup.followup import FollowUp
from assistant.handoff.alerts import Alerts
from assistant.handoff.desk import Desk
from assistant.handoff.parting import Parting
from assistant.promises.ledger import Promises
from assistant.promises.service_levels import ServiceLevels
from assistant.security.principals import Principal

Case = dict[str, Any]


class Chat(Protocol):
    """The customers' conversations, which hear of what happens to their cases."""

    def claimed(self, tx: sa.Connection, case: Case, who: Principal, now: datetime) -> None:
        """A person has taken the locked case up."""

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """No person has the locked case any more."""


class Office:
    """Implements `assistant.cases.people.People`."""

    def __init__(
        self, desk: Desk, alerts: Alerts, parting: Parting, promises: Promises, levels: ServiceLevels,
        follow_up: FollowUp,
    ) -> None:  # fmt: skip
        self._desk, self._alerts, self._parting = desk, alerts, parting
        self._promises, self._levels, self._follow_up = promises, levels, follow_up
        self.chat: Chat | None = None  # the wiring puts the customers' conversations here

    def opened(self, tx: sa.Connection, case: Case, now: datetime) -> None:
        """Whoever has to know at detection is told; clocks start."""
        self._follow_up.opened(tx, case, now)
        if not case["live"]:
            return
        if case["episode"] > 1:  # in a new case nothing has been promised yet
            self._promises.moved(tx, case)
        self._alerts.opened(tx, case, now)
        self._levels.opened(tx, case, now)

    def owner_for(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> Owner:
        """The desk decides."""
        return self._desk.owner_for(tx, case, why, now)

    def handed(self, tx: sa.Connection, case: Case, why: str, now: datetime, actor: str) -> None:
        """The owner is told, then the customer."""
        self._desk.handed(tx, case, why, now, actor)
        self._promises.moved(tx, case)
        self._parting.handed(tx, case, why, now)
        self._levels.settled(tx, case, now)

    def claimed(self, tx: sa.Connection, case: Case, who: Principal, now: datetime) -> None:
        """The assignment is theirs."""
        self._desk.claimed(tx, case, who, now)
        self._levels.settled(tx, case, now)
        self._promises.moved(tx, case)
        if self.chat is not None:
            self.chat.claimed(tx, case, who, now)

    def ended(self, tx: sa.Connection, case: Case, how: str, now: datetime) -> None:
        """Assignment and promises end; a resolved case is followed up."""
        self._desk.ended(tx, case, how, now)
        self._promises.ended(tx, case, how, now)
        self._levels.ended(tx, case, how, now)
        if how == "resolved":
            self._follow_up.ended(tx, case, how, now)
        if self.chat is not None:
            self.chat.ended(tx, case, how, now)

    def closing(self, tx: sa.Connection, case: Case, now: datetime) -> datetime | None:
        """Closed once the last read-back has been made."""
        return self._follow_up.closing(tx, case, now)

    def wrote(self, tx: sa.Connection, case: Case, ref: str, now: datetime) -> None:
        """The owner is told."""
        self._parting.wrote(tx, case, ref, now)

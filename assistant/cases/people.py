"""What happens to people when a case moves: who gets it, who is told. Cases call it; the hand-off's office does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from assistant.security.principals import Principal
from knowledge.vocabulary.codes import CaseStatus

Owner = dict[str, str]
"""`owner_kind` (person or team), `owner_id`, `owner_name`: columns of a case."""

TEAM: Owner = {"owner_kind": "team", "owner_id": "service", "owner_name": "Service team"}
SUPERVISORS: Owner = {"owner_kind": "team", "owner_id": "supervisors", "owner_name": "Supervisors"}


ASKED_BY_CUSTOMER = ("customer_asked", "customer_request")
"""Reasons for a hand-off that only a person's answer settles: such a case doesn't end because the systems agree."""
CONVERSATION = "conversation"  # kind of subject: a customer's chat that is about no purchase


def stays_theirs(case: dict[str, Any]) -> bool:
    """Whether the case is a person's to end: handed off, and one is at it, or its customer has asked for one."""
    theirs = case["claimed_at"] is not None or case["handed_off_why"] in ASKED_BY_CUSTOMER
    return bool(case["status"] == CaseStatus.HANDED_OFF and theirs)


class People(Protocol):
    """Every method runs inside the transaction that moves the case, after its row was locked; `now` is aware UTC."""

    def opened(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> None:
        """The case was opened, opened again, or got another fault: clocks start, and who has to know is told."""

    def owner_for(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime) -> Owner:
        """Who gets a case that is handed off for this reason (a code of the wording's reasons)."""

    def handed(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime, actor: str) -> None:
        """The case has the owner in its row now: they are told, and so is the customer where that is due."""

    def claimed(self, tx: sa.Connection, case: dict[str, Any], who: Principal, now: datetime) -> None:
        """A person took it."""

    def ended(self, tx: sa.Connection, case: dict[str, Any], how: str, now: datetime) -> None:
        """It is nobody's to do any more: `resolved`, `handed_back` by its owner, `resumed` by the machine."""

    def closing(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> datetime | None:
        """The follow-up time of a resolved case has passed: None when it may be closed now, else when to ask again."""

    def wrote(self, tx: sa.Connection, case: dict[str, Any], ref: str, now: datetime) -> None:
        """The customer wrote or chose (the event `ref`) while a person has the case: they are told."""


class Nobody:
    """Without an office everything goes to the service team, and nobody is told."""

    def opened(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> None:
        """Nothing."""

    def owner_for(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime) -> Owner:
        """The team."""
        return dict(TEAM)

    def handed(self, tx: sa.Connection, case: dict[str, Any], why: str, now: datetime, actor: str) -> None:
        """Nothing."""

    def claimed(self, tx: sa.Connection, case: dict[str, Any], who: Principal, now: datetime) -> None:
        """Nothing."""

    def ended(self, tx: sa.Connection, case: dict[str, Any], how: str, now: datetime) -> None:
        """Nothing."""

    def closing(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> datetime | None:
        """It may be closed."""
        return None

    def wrote(self, tx: sa.Connection, case: dict[str, Any], ref: str, now: datetime) -> None:
        """Nothing."""


NOBODY: People = Nobody()


class Batching(Protocol):
    """Which cases may wait for others before their journey starts; each method runs in the caller's transaction."""

    def takes(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> bool:
        """Whether the locked case was put into a batch; else it starts at once."""

    def holds(self, tx: sa.Connection, case: dict[str, Any]) -> bool:
        """Whether the case waits in a batch."""


class AtOnce:
    """Nothing waits."""

    def takes(self, tx: sa.Connection, case: dict[str, Any], now: datetime) -> bool:
        """No."""
        return False

    def holds(self, tx: sa.Connection, case: dict[str, Any]) -> bool:
        """No."""
        return False


NO_BATCHES: Batching = AtOnce()

"""What the customer is told when a person takes over: what happens next, and by when. A promise is made of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.cases.people import TEAM
from assistant.cases.wording import say
from assistant.handoff.audience import has_reason_to_know
from assistant.handoff.desk import Desk
from assistant.notifications.notices import Notices
from assistant.notifications.outgoing import Outgoing
from assistant.store.tables import chat_sessions, messages, timeline
from knowledge.phrases.handoff_messages import BY_REASON

Case = dict[str, Any]
OCCASION = "handed_off"


class Parting:
    """The customer's side of a hand-off: what they are told, and what they say while a person has their case."""

    def __init__(self, desk: Desk, outgoing: Outgoing, notices: Notices) -> None:
        self._desk, self._outgoing, self._notices = desk, outgoing, notices

    def handed(self, tx: sa.Connection, case: Case, why: str, now: datetime) -> None:
        """Tells the customer, where they have reason to know; when that is accepted the ledger has the promise.

        Once per episode: whoever gets the case next, the customer has been told that somebody has it.
        """
        if not has_reason_to_know(case, why, in_touch=_in_touch(tx, case)) or _told_in_chat(tx, case):
            return
        expected_by = self._desk.expected_by(tx, case, now)
        params = {"order": case["order_id"] or case["checkout_id"], "expected_by": expected_by.isoformat()}
        phrase = why if why in BY_REASON else "handed_off"
        self._outgoing.queue(tx, case, source="handoff", occasion=OCCASION, phrase=phrase, params=params, now=now)

    def wrote(self, tx: sa.Connection, case: Case, ref: str, now: datetime) -> None:
        """The customer wrote while a person has the case: its owner is told, once per event."""
        owner = (case["owner_kind"] or TEAM["owner_kind"], case["owner_id"] or TEAM["owner_id"])
        text = say("notice_customer_wrote", order=case["order_id"] or case["checkout_id"] or case["subject_id"])
        key = f"{case['id']}:wrote:{hashlib.sha256(ref.encode()).hexdigest()[:32]}"
        self._notices.put(tx, owner, "customer_wrote", text, now, dedupe_key=key, case=case)


def _told_in_chat(tx: sa.Connection, case: Case) -> bool:
    """Whether the customer was told in a chat, in this episode, that a person has it: they are not told twice."""
    told = sa.select(chat_sessions.c.id).where(
        chat_sessions.c.case_id == case["id"], chat_sessions.c.handed_off_at >= case["detected_at"]
    )
    return tx.execute(told.limit(1)).first() is not None


def _in_touch(tx: sa.Connection, case: Case) -> bool:
    """Whether the customer was told or asked something in this episode, or wrote."""
    heard = sa.select(messages.c.dedupe_key).where(
        messages.c.case_id == case["id"], messages.c.episode == case["episode"],
        messages.c.state.in_(("accepted", "delivered")) | messages.c.replied_at.is_not(None),
    )  # fmt: skip
    wrote = sa.select(timeline.c.seq).where(
        timeline.c.case_id == case["id"], timeline.c.at >= case["detected_at"], timeline.c.actor.startswith("customer:")
    )
    return tx.execute(heard.limit(1)).first() is not None or tx.execute(wrote.limit(1)).first() is not None

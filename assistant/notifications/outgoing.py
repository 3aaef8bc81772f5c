"""Messages to customers that no plan's step sends: queued in the transaction of what they tell of, sent by a timer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.notifications.messages import TIMER, language_for
from assistant.notifications.routes import Way
from assistant.notifications.texts import storable
from assistant.store.engine import Store
from assistant.store.tables import messages
from assistant.timers.timers import set_timer

Case = dict[str, Any]


class Outgoing:
    """Queues messages; the dispatcher composes them when they go out, in the customer's language and channel."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def queue(
        self, tx: sa.Connection, case: Case, *, source: str, occasion: str, phrase: str, params: dict[str, Any],
        now: datetime, choices: Sequence[dict[str, Any]] = (),
    ) -> str | None:  # fmt: skip
        """Queues one message of this case and episode and returns its dedupe key; None when it was queued before.

        `source` names its wording: a fault's code, or `handoff`, `promises`, `followup`
        (`knowledge/phrases/<source>_messages.py`). `params` are the phrase's, nothing personal among them; `order` is
        given to every phrase. `choices`: `[{id, label: {zh-CN, en}}]`. None as well for a case that is only detected
        (`live` is false): its customer is told nothing.
        """
        if not case["live"]:
            return None
        key = f"{case['id']}:{case['episode']}:{occasion}"
        row = {
            "dedupe_key": key, "case_id": case["id"], "episode": case["episode"], "occasion": occasion,
            "checkout_id": case["checkout_id"], "customer_id": case["customer_id"], "channel": None,
            "language": language_for(case, None, None), "phrase": phrase, "choices": list(choices), "state": "queued",
            "at": now, "timed_out": False, "source": source, "asks": False, "way": Way(), "attempts": 0,
            "params": storable({"order": case["order_id"] or case["checkout_id"], **params}),
        }  # fmt: skip
        new = self._store.insert_new(messages, "dedupe_key").values(**row).returning(messages.c.dedupe_key)
        if tx.execute(new).first() is None:
            return None
        set_timer(tx, TIMER, key, now)
        return key

"""What customers answered to the question how we did: pages of it, and the share of the content; the API calls it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.cursors import literal_time, packed, unpacked
from assistant.store.engine import Store
from assistant.store.tables import cases
from assistant.store.tables_people import feedback
from knowledge.models.intervals import rate
from knowledge.vocabulary.errors import InputError

SATISFIED = 4  # a rating from which a customer counts as satisfied: the usual "top two of five"
CSAT = {
    "en": "Ratings of 4 or 5 among all ratings given in the period",
    "zh-CN": "期间内全部评分中 4 分及以上的占比",
}


class Ratings:
    """Reads the feedback table. Words come from the vault; those of an erased customer are gone."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store, self._vault = store, vault

    def page(
        self, since: datetime | None, until: datetime | None, limit: int, cursor: str | None
    ) -> dict[str, Any]:
        """Answered feedback, the latest first, and `csat` of the whole period: `since` included, `until` not.

        Raises:
            InputError: `invalid_cursor`, `invalid_filter` for a period that ends before it begins.
        """
        if since and until and until <= since:
            raise InputError("invalid_filter", "to", "must lie after from")
        within: sa.ColumnElement[bool] = feedback.c.answered_at.is_not(None)
        if since:
            within &= feedback.c.answered_at >= since
        if until:
            within &= feedback.c.answered_at < until
        place = sa.tuple_(feedback.c.answered_at, feedback.c.case_id, feedback.c.episode)
        order = [feedback.c.answered_at.desc(), feedback.c.case_id.desc(), feedback.c.episode.desc()]
        known = sa.select(feedback, cases.c.checkout_id, cases.c.order_id, cases.c.faults).join(
            cases, cases.c.id == feedback.c.case_id
        )
        query = known.where(within)
        if cursor:
            at, case_id, episode = unpacked(cursor, datetime, str, int)
            query = query.where(place < sa.tuple_(literal_time(at), case_id, episode))
        with self._store.read() as tx:
            rows = [dict(row) for row in tx.execute(query.order_by(*order).limit(limit + 1)).mappings()]
            words = self._vault.get_many(tx, [r["words_ref"] for r in rows[:limit] if r["words_ref"]])
            given = tx.execute(sa.select(
                sa.func.count(feedback.c.rating), sa.func.count(sa.case((feedback.c.rating >= SATISFIED, 1)))
            ).where(within)).one()  # fmt: skip
        items = [_item(row, words) for row in rows[:limit]]
        return {
            "items": items, "next": _cursor(rows[limit - 1]) if len(rows) > limit else None,
            "csat": {**rate(int(given[1]), int(given[0])), "definition": CSAT},
        }  # fmt: skip


def text_of(value: Any) -> str | None:
    """Words as the vault has them: alone, or among what was personal in the event that brought them."""
    return value.get("text") if isinstance(value, dict) else value


def _item(row: dict[str, Any], words: dict[str, Any]) -> dict[str, Any]:
    names = (
        "case_id", "episode", "checkout_id", "order_id", "customer_id", "rating", "channel", "asked_at", "answered_at",
    )  # fmt: skip
    item = {name: row[name] for name in names}
    faults = row["faults"] or []
    return item | {"fault": faults[0]["code"] if faults else None, "text": text_of(words.get(row["words_ref"]))}


def _cursor(row: dict[str, Any]) -> str:
    return packed([row["answered_at"], row["case_id"], row["episode"]])

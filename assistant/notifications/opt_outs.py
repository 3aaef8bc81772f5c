"""What customers want no messages by: a channel, or questions how we did; the routes, the API and replies use it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.store.tables_people import opt_outs
from knowledge.vocabulary.errors import InputError

CHANNELS = ("sms", "email", "in_app")
FEEDBACK = "feedback"


def opted_out(tx: sa.Connection, customer_ref: str) -> frozenset[str]:
    """The channels (and `feedback`) that this customer wants nothing by. `customer_ref` as in the vault."""
    query = sa.select(opt_outs.c.channel).where(opt_outs.c.customer_ref == customer_ref)
    return frozenset(tx.scalars(query))


def listed(tx: sa.Connection, customer_ref: str) -> list[dict[str, Any]]:
    """`[{channel, at, source}]`, in the order of the channels' names."""
    query = sa.select(opt_outs.c.channel, opt_outs.c.at, opt_outs.c.source)
    mine = opt_outs.c.customer_ref == customer_ref
    return [dict(row) for row in tx.execute(query.where(mine).order_by(opt_outs.c.channel)).mappings()]


def opt_out(
    tx: sa.Connection, store: Store, customer_ref: str, channel: str, now: datetime, *, source: str
) -> bool:
    """Writes it down; False when it was known. `source` says who told: `reply`, or a principal.

    Raises:
        InputError: `invalid_channel`.
    """
    row = {"customer_ref": customer_ref, "channel": checked(channel), "at": now, "source": source[:128]}
    new = store.insert_new(opt_outs, "customer_ref", "channel").values(**row).returning(opt_outs.c.channel)
    return tx.execute(new).first() is not None


def opt_in(tx: sa.Connection, customer_ref: str, channel: str) -> bool:
    """Takes it back; False when there was none.

    Raises:
        InputError: `invalid_channel`.
    """
    mine = (opt_outs.c.customer_ref == customer_ref) & (opt_outs.c.channel == checked(channel))
    return bool(tx.execute(opt_outs.delete().where(mine)).rowcount)


def checked(channel: str) -> str:
    """The channel, where it is one.

    Raises:
        InputError: `invalid_channel` names them.
    """
    allowed = (*CHANNELS, FEEDBACK)
    if channel not in allowed:
        raise InputError("invalid_channel", "channel", f"must be one of {', '.join(allowed)}")
    return channel

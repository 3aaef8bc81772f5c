"""Whether a message to a customer says only what is so; notifications ask it right before one leaves (P8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from assistant.promises.grounds import Ground, of_case
from knowledge.phrases.claimed import CLAIMED, PROVEN
from knowledge.phrases.promised import amounts_of
from knowledge.talk.deeds import NO_CHARGE, REFUND

NOT_BACKED = "not_backed"
"""Why a message was stopped: a code of the wording's reasons, and of what is said of messages that did not go out."""


def unbacked(
    tx: sa.Connection, case_id: str, source: str | None, phrase: str, params: Mapping[str, Any]
) -> list[str]:
    """The deeds (`knowledge.talk.deeds`) that this phrase says were done and that nothing shows; empty where it may go.

    A deed is shown by an effect of the case (or of another one about the same purchase) that ended well, or by what
    the systems said last. A sum named as refunded must have gone back, or be on its way.
    """
    claimed = CLAIMED.get((source or "", phrase), frozenset())
    if not claimed & (PROVEN | {NO_CHARGE}):
        return []
    ground = of_case(tx, case_id)
    missing = (claimed & PROVEN) - ground.done
    if NO_CHARGE in claimed and not ground.silent and NO_CHARGE not in ground.done:
        missing |= {NO_CHARGE}
    if REFUND in claimed and _more_than(params.get("refund"), ground):
        missing |= {REFUND}
    return sorted(missing)


def _more_than(said: Any, ground: Ground) -> bool:
    return any(ground.given_back.get(currency, 0) < amount for currency, amount in amounts_of(said).items())

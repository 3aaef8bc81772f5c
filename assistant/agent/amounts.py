"""Sums over a snapshot's payments, and amounts as get_order shows them; nothing here guesses what is owed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from knowledge.faults.reading import live_total, over
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot

Json = Mapping[str, Any]


class Sums(msgspec.Struct, frozen=True):
    """Minor units of the total's currency.

    `left_to_pay` and `kept_above_due` are said only where every reading agrees: an order that was repriced after
    the submit has two totals, and then the lower one counts for what is left, the higher for what is too much.
    """

    authorized: int
    captured: int
    refunded: int
    refund_pending: int
    disputed: int
    kept: int
    left_to_pay: int
    kept_above_due: int

    @classmethod
    def of(cls, s: OrderSnapshot, now: datetime) -> Sums:
        """The sums of a snapshot that has a total."""
        payments = s.money_payments()
        names = ("captured", "refunded", "refund_pending", "disputed", "kept")
        plain = {name: sum(getattr(p, name) for p in payments) for name in names}
        reserved = [p for p in payments if p.status is PaymentStatus.AUTHORIZED]
        authorized = sum(max(0, (p.authorized or p.amount) - p.captured) for p in reserved)
        agreed, asked, kept = s.due or 0, live_total(s), s.captured_net()
        least, most = min(agreed, agreed if asked is None else asked), max(agreed, asked or 0)
        settled = s.paid_at(now) is not None or over(s)
        left = 0 if settled else max(0, least - kept - authorized)
        above = kept if over(s) else max(0, kept - most)
        return cls(authorized=authorized, left_to_pay=_whole(left), kept_above_due=_whole(above), **plain)


def _whole(amount: int) -> int:
    """One minor unit of rounding is no difference."""
    return amount if amount > 1 else 0


def shown(money: Money | None) -> dict[str, Any] | None:
    """An amount as JSON with the words to quote."""
    return {**money.json(), "text": str(money)} if money is not None else None


def shown_json(money: Json | None) -> dict[str, Any] | None:
    """`shown`, from the contract's JSON form."""
    return shown(Money(money["amount"], money["currency"])) if money else None

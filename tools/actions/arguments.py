"""Parts that several actions' arguments share: amounts, lines, addresses, times, and their own rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from knowledge.vocabulary.events import ADDRESS_FIELDS, Address
from knowledge.vocabulary.money import Money
from tools.actions.action import require

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=5_000)]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its offset."""
Version = int | str | None
"""An order's or checkout's version as last read; the shop refuses (412) when it changed since."""


class LineQuantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line_id: Text
    quantity: Quantity


class LinePrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`unit_price` in minor units, not negative."""

    line_id: Text
    unit_price: Money

    def __post_init__(self) -> None:
        not_negative(self.unit_price, "unit_price")


class SkuQuantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sku: Text
    quantity: Quantity


def positive(amount: Money) -> None:
    """ValueError unless it is more than nothing."""
    require(amount.amount > 0, "amount must be more than 0 minor units")


def not_negative(amount: Money | None, name: str) -> None:
    """ValueError when it is less than nothing."""
    require(amount is None or amount.amount >= 0, f"{name} must not be negative")


def each_once(names: Sequence[str], what: str) -> None:
    """ValueError when something is named twice."""
    require(len(set(names)) == len(names), f"{what} must not be named twice")


def not_empty(address: Address) -> None:
    """ValueError when it has no field: a reference that nobody resolved would erase the shop's address."""
    require(any(getattr(address, field) for field in ADDRESS_FIELDS), "address must have at least one field")


def repricing(lines: Sequence[LinePrice], discount: Money | None) -> None:
    """ValueError unless new prices name each line once, or there is a new discount."""
    each_once([line.line_id for line in lines], "a line")
    require(bool(lines) or discount is not None, "lines or discount must be given")
    not_negative(discount, "discount")

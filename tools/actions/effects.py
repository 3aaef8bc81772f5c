"""How an effect is recognised in what is read back; shared by the actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from knowledge.vocabulary.events import ADDRESS_FIELDS, Address
from knowledge.vocabulary.facts import CheckoutFact, OrderFact
from knowledge.vocabulary.money import Money
from tools.actions.action import Applied, Arguments
from tools.actions.arguments import LinePrice
from tools.connectors.ports import ShopReader

A = TypeVar("A", bound=Arguments)
F = TypeVar("F")


def shown_by(
    read: Callable[[ShopReader, A], F | None],
    sees: Callable[[A, F], bool | None],
    absent: bool | None = False,
) -> Applied[A]:
    """An `applied_by` that reads one thing and looks at it; `absent` is the answer when it doesn't exist."""

    def applied(arguments: A, reader: ShopReader) -> bool | None:
        fact = read(reader, arguments)
        return absent if fact is None else sees(arguments, fact)

    return applied


def address_is(actual: Address | None, wanted: Address) -> bool:
    """Whether every field that was to be set reads back the same."""
    return actual is not None and all(
        (getattr(actual, field) or "").strip() == value.strip()
        for field in ADDRESS_FIELDS
        if (value := getattr(wanted, field))
    )


def pricing_is(fact: CheckoutFact | OrderFact, lines: Sequence[LinePrice], discount: Money | None) -> bool:
    """Whether the lines' prices, and the discount if one was to be set, read back as wanted."""
    prices = {line.line_id: line.unit_price for line in fact.lines}
    if any(prices.get(line.line_id) != line.unit_price for line in lines):
        return False
    return discount is None or (fact.discount.amount if fact.discount else 0) == discount.amount


def remaining_is(quantities: dict[str, int], expected: dict[str, int]) -> bool:
    """Whether each named line has the expected quantity; a line that is gone has 0."""
    return all(quantities.get(line_id, 0) == quantity for line_id, quantity in expected.items())

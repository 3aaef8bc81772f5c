"""Healthy orders for the tests of training, without a demo shop."""

from __future__ import annotations

import msgspec

from assistant.training.fitting import Lived
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.snapshot import OrderSnapshot
from tests.knowledge.checkouts import Story


def order(number: int, total: int = 10_000) -> Lived:
    """One order of about `total`, as it grew from the submit on."""
    price = total + 37 * (number % 11)
    story = Story().submit(total=price).reserve().pay("requested", 0.2, price).pay("captured", 0.5, price)
    story.order("created", 0.8, total=price)
    grown = [fold("ck", story.events[:count]) for count in range(1, len(story.events) + 1)]
    return Lived([_renamed(snapshot, number, price) for snapshot in grown])


def orders(count: int) -> list[Lived]:
    """So many of them."""
    return [order(number) for number in range(count)]


def _renamed(snapshot: OrderSnapshot, number: int, price: int) -> OrderSnapshot:
    snapshot.checkout_id = f"ck-{number}"
    unit = Money(price // 2, "CNY")
    snapshot.lines = [msgspec.structs.replace(line, unit_price=unit) for line in snapshot.lines or []]
    return snapshot

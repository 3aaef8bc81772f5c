"""The eight invariants of SPEC.md (row F2) as one list, and how each is judged; the audit's and the proof's core."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from assistant.evaluate import conduct, money_and_stock
from assistant.evaluate.violation import Verdict, Violation
from assistant.evaluate.world import World

Check = Callable[[World], Iterator[Violation]]
Gaps = Callable[[World], Iterator[str]]


class Invariant(msgspec.Struct, frozen=True):
    """One invariant: its number, its check, how many of what it looks at, and what it can't see."""

    number: int
    check: Check
    of_what: str
    count: Callable[[World], int]
    gaps: Gaps


def judge(world: World) -> list[Verdict]:
    """Every invariant's verdict, in SPEC.md's order."""
    return [
        Verdict(
            invariant=one.number, wording=wording(one.check), checked=one.count(world), of_what=one.of_what,
            violations=list(one.check(world)), not_checkable=list(one.gaps(world)),
        )
        for one in INVARIANTS
    ]  # fmt: skip


def wording(check: Check) -> str:
    """The invariant's words: its check's docstring in one line."""
    return " ".join((check.__doc__ or "").split())


# -- what contract B and our own tables can't show ------------------------------------------------------------------


def _nothing(world: World) -> Iterator[str]:
    yield from ()


def _foreign_goodwill(world: World) -> Iterator[str]:
    yield "goodwill that people give outside the assistant: contract B tells no reasons of refunds"


def _consent(world: World) -> Iterator[str]:
    yield "consent to charges that are not the assistant's: contract B doesn't tell who asked for a capture"


def _counters(world: World) -> Iterator[str]:
    yield "the warehouse's counters by sku: contract B doesn't tell which committed stock has left the house"


def _untold_totals(world: World) -> Iterator[str]:
    if n := money_and_stock.corrections_without_agreement(world):
        yield f"{n} corrections whose agreed total no event told"


def _unrecorded_writes(world: World) -> Iterator[str]:
    yield "writes that left without a record: only the shop's own log of writes would show them"


def _texts(world: World) -> Iterator[str]:
    yield "the words themselves: they are kept encrypted; language and channel are checked as recorded"
    if world.customers_left_out:
        yield f"profiles of {world.customers_left_out} customers beyond the newest ones"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        1, money_and_stock.money_at_rest, "checkouts at rest", lambda w: sum(1 for _ in w.at_rest()), _foreign_goodwill
    ),
    Invariant(
        2, money_and_stock.never_more_back_than_captured, "payments",
        lambda w: sum(len(a.payments) for a in w.shop.values()), _consent,
    ),
    Invariant(
        3, money_and_stock.stock_is_reserved_for_a_reason, "checkouts at rest",
        lambda w: sum(1 for _ in w.at_rest()), _counters,
    ),
    Invariant(
        4, money_and_stock.no_line_covered_twice, "orders", lambda w: sum(len(a.orders) for a in w.shop.values()),
        _nothing,
    ),
    Invariant(
        5, money_and_stock.corrections_never_cost_more, "price corrections",
        lambda w: len(w.effects_done(*money_and_stock.CORRECTIONS)), _untold_totals,
    ),
    Invariant(6, conduct.every_write_was_intended, "writes", lambda w: len(w.effects), _unrecorded_writes),
    Invariant(7, conduct.no_case_disappears, "cases", lambda w: len(w.cases), _nothing),
    Invariant(8, conduct.messages_once_and_rightly, "messages", lambda w: len(w.messages), _texts),
)  # fmt: skip

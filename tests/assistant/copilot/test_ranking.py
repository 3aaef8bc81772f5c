"""The order of suggestions: two plans swap places by what people made of them, and nothing passes its tier."""

from __future__ import annotations

import pytest

from assistant.copilot.options import DECLINES, DEEDS, RESTS, Option
from assistant.copilot.ranking import ranked
from assistant.followup.learning import Learning
from assistant.security.vault import Vault
from assistant.store.engine import Store
from knowledge.policies.preference import MIN_N
from tests.assistant.copilot.room import Room
from tests.assistant.desk import WORDS

FAULT = "paid_out_of_stock"


def option(name: str, tier: int, kind: str = "plan") -> Option:
    return Option(kind=kind, option=name, learned=name, fault=FAULT, tier=tier, variant=name, why=WORDS, does=WORDS)


IN_POLICYS_ORDER = [
    option("substitute_line", DEEDS), option("backorder_line", DEEDS), option("cancel_order", DECLINES),
    option("snooze", RESTS, "snooze"),
]  # fmt: skip


@pytest.fixture
def room(store: Store, vault: Vault) -> Room:
    return Room(store, vault)


def order(room: Room) -> list[str]:
    with room.store.read() as tx:
        return [place.option.option for place in ranked(tx, Learning(room.store), IN_POLICYS_ORDER, [])]


def test_two_plans_swap_places_and_swap_back(room: Room) -> None:
    policys = ["substitute_line", "backorder_line", "cancel_order", "snooze"]
    assert order(room) == policys
    room.decided_before(FAULT, "substitute_line", rejected=MIN_N - 1)
    assert order(room) == policys  # too few to conclude from
    room.decided_before(FAULT, "substitute_line", rejected=10)
    assert order(room) == ["backorder_line", "substitute_line", "cancel_order", "snooze"]
    room.decided_before(FAULT, "substitute_line", accepted=200)
    assert order(room) == policys


def test_good_and_bad_together_swap_what_neither_would_alone(room: Room) -> None:
    room.decided_before(FAULT, "backorder_line", accepted=60)
    assert order(room)[:2] == ["substitute_line", "backorder_line"]
    room.decided_before(FAULT, "substitute_line", accepted=55, rejected=25)
    assert order(room)[:2] == ["backorder_line", "substitute_line"]


def test_nothing_lifts_what_policy_puts_last_and_nothing_sinks_below_it(room: Room) -> None:
    room.decided_before(FAULT, "substitute_line", rejected=500)
    room.decided_before(FAULT, "backorder_line", rejected=500)
    for last in ("cancel_order", "snooze"):
        room.decided_before(FAULT, last, accepted=500)
    assert order(room)[2:] == ["cancel_order", "snooze"]


def test_another_faults_decisions_count_for_nothing(room: Room) -> None:
    room.decided_before("address_undeliverable", "substitute_line", rejected=500)
    assert order(room)[0] == "substitute_line"

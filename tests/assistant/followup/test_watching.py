"""A resolved case's order is read back until the follow-up time is over; what came back reopens it, silence doesn't."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from assistant.followup.watching import WATCH, Schedule, Watching
from assistant.intake.cross_check import Budget
from assistant.intake.receive import Intake
from assistant.intake.stock import StockBook
from assistant.security.vault import Vault
from assistant.settings import SettingError, Settings, load_settings
from assistant.store.engine import Store
from assistant.store.tables import cases as cases_table
from assistant.store.tables import timers
from assistant.timers.timers import Sweep, Timer, timer_of
from knowledge.vocabulary.codes import CaseStatus, FaultCode, PaymentStatus, Resolution
from knowledge.vocabulary.events import Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    ReservationFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from tests.assistant.conftest import NOW
from tests.assistant.followup.aftercare import FOLLOW_UP, Aftercare
from tests.assistant.intake.house import event, payment, submitted
from tests.assistant.intake.shop import Shop
from tools.connectors.absent import AbsentShop
from tools.connectors.ports import ShopReader

HOUR, MINUTE = timedelta(seconds=FOLLOW_UP) / 24, timedelta(minutes=1)  # an hour of a day that takes an hour
TOTAL = Money(10_000, "CNY")


class Watched(Aftercare):
    """A paid order whose stock had failed and was set aside since; its case is resolved at NOW and watched."""

    def __init__(self, store: Store, vault: Vault, reader: Any = None) -> None:
        super().__init__(store, vault)
        self.now, self.shop, self.slept = NOW, Shop(), list[float]()
        stock = StockBook(self.settings, self.opening.on_stock)
        self.intake = Intake(
            store, vault, self.settings.policies, self.settings, on_findings=self.opening.on_findings,
            on_touched=self.opening.on_touched, stock=stock,
        )  # fmt: skip
        budget = Budget(1, clock=lambda: 0.0, sleep=self.slept.append)
        self.watching = Watching(
            store, self.cases, self.opening, self.intake, cast(ShopReader, reader or self.shop), stock, self.settings,
            budget, clock=lambda: self.now,
        )  # fmt: skip
        self.sweep = Sweep(
            store, {"follow_up": self.journey.on_follow_up_over}, self.watching.deferred_handlers()
        )  # fmt: skip

    def broken(self) -> str:
        """The case, just opened; its id."""
        self.stands("failed")
        told = [
            submitted(), payment("captured"), event("order.created", {"order_id": "or-1"}),
            event("inventory.reservation_failed", {"lines": [{"sku": "TEA", "quantity": 2}], "reason": "out_of_stock"}),
        ]
        self.intake.receive(told, NOW)
        with self.store.read() as tx:
            (case,) = tx.execute(sa.select(cases_table)).mappings().all()
        assert case["fault_codes"] == ",paid_out_of_stock,"
        return str(case["id"])

    def mended(self, resolution: Resolution = Resolution.REPAIRED) -> str:
        case_id = self.broken()
        self.stands("held")
        self.resolve(case_id, resolution, NOW)
        return case_id

    def stands(self, reservation: str) -> None:
        """The shop as it is with its reservation held, released, or never made."""
        self.shop.customer_facts["cu-1"] = CustomerFact(id="cu-1", status="active")
        lines = [Line("1", "TEA", 2, Money(5_000, "CNY"))]
        self.shop.checkout_facts["ck-1"] = CheckoutFact(
            id="ck-1", customer_id="cu-1", status="completed", submitted_at=NOW, total=TOTAL, lines=lines
        )
        self.shop.payment_facts[:] = [
            PaymentFact(id="pay-1", checkout_id="ck-1", status=PaymentStatus.CAPTURED, amount=TOTAL, captured=TOTAL)
        ]
        self.shop.order_facts[:] = [
            OrderFact(id="or-1", checkout_id="ck-1", status="confirmed", lines=lines, total=TOTAL, created_at=NOW)
        ]
        self.shop.reservation_facts[:] = [] if reservation == "failed" else [
            ReservationFact(id="re-1", checkout_id="ck-1", sku="TEA", quantity=2, status=reservation)
        ]  # fmt: skip
        self.shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=9, reserved=0, available=9)

    def at(self, now: datetime) -> None:
        """Fires what is due until then."""
        self.now = now
        self.sweep.run_once(now)

    def looked(self) -> int:
        """How often the order was read back."""
        return sum(name == "orders" for name, _ in self.shop.asked)

    def next_look(self, case_id: str) -> Timer | None:
        with self.store.read() as tx:
            return timer_of(tx, WATCH, case_id)


@pytest.fixture
def desk(store: Store, vault: Vault) -> Watched:
    return Watched(store, vault)


def until_closed(desk: Watched, case_id: str) -> list[datetime]:
    """Fires each timer when it is due until nothing waits; when the order was looked at."""
    looked: list[datetime] = []
    while True:
        with desk.store.read() as tx:
            due = tx.execute(sa.select(timers.c.due_at, timers.c.kind).where(
                timers.c.kind.in_([WATCH, "follow_up"])).order_by(timers.c.due_at)).first()  # fmt: skip
        if due is None:
            return looked
        before = desk.looked()
        desk.at(max(desk.now, due.due_at))
        looked += [desk.now] if desk.looked() > before else []


# -- when -----------------------------------------------------------------------------------------------------------


def test_an_order_that_stays_whole_is_read_four_times_and_its_case_closed(desk: Watched) -> None:
    case_id = desk.mended()
    looked = until_closed(desk, case_id)
    assert [round((at - NOW) / HOUR, 1) for at in looked] == [3.0, 8.0, 16.0, 23.5]
    case = desk.case(case_id)
    assert case["status"] == CaseStatus.CLOSED and desk.outcomes(case_id)[0]["stayed"] is True
    assert desk.slept  # on the cross-check's budget


@given(
    st.floats(1, 1e6), st.lists(st.floats(0.01, 0.99), min_size=1, max_size=8, unique=True),
    st.lists(st.floats(0, 1.2), max_size=6),
)  # fmt: skip
def test_looks_lie_in_the_window_and_never_too_close(window: float, shares: list[float], lates: list[float]) -> None:
    schedule = Schedule(Settings(follow_up_after=window, follow_up_looks=sorted(shares)))
    times = schedule.times(NOW)
    assert times == sorted(times) and all(NOW < at < NOW + schedule.window for at in times)
    for late in lates:
        now = NOW + schedule.window * late
        following = schedule.after(NOW, now)
        assert following is None or (following in times and following - now >= schedule.least)
    assert schedule.least == min(MINUTE, schedule.window / 10)


def test_wrong_shares_stop_the_start_with_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_FOLLOW_UP_LOOKS", "[0.5, 0.9]")
    assert load_settings().follow_up_looks == [0.5, 0.9]
    monkeypatch.setenv("HELLOWORD_FOLLOW_UP_LOOKS", "[0.9, 0.5]")
    with pytest.raises(SettingError, match="HELLOWORD_FOLLOW_UP_LOOKS"):
        load_settings()


@pytest.mark.parametrize("resolution", [Resolution.MERGED, Resolution.FALSE_ALARM])
def test_where_there_was_no_fault_nothing_is_watched(desk: Watched, resolution: Resolution) -> None:
    assert desk.next_look(desk.mended(resolution)) is None


# -- what came back -------------------------------------------------------------------------------------------------


def test_stock_that_vanishes_again_without_an_event_reopens_the_case_with_its_history(desk: Watched) -> None:
    case_id = desk.mended()
    desk.at(NOW + 3 * HOUR)
    desk.stands("released")
    desk.at(NOW + 8 * HOUR)
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED  # perhaps the systems are only about to agree
    again = desk.next_look(case_id)
    assert again is not None and again.due_at <= NOW + 8 * HOUR + MINUTE
    desk.at(again.due_at)
    case = desk.case(case_id)
    assert (case["status"], case["episode"]) == (CaseStatus.OPEN, 2)
    assert [(f["code"], f["cleared_at"]) for f in case["faults"]] == [(FaultCode.PAID_OUT_OF_STOCK, None)]
    assert case["settled"] == []  # else the journey would not see it
    assert any("gone" in line for line in desk.said(case_id)) and desk.next_look(case_id) is None
    assert desk.outcomes(case_id)[0]["stayed"] is False
    assert desk.told_staff() == [("team", "service", "relapse")]


def test_a_fault_that_shows_for_a_moment_only_reopens_nothing(desk: Watched) -> None:
    case_id = desk.mended()
    desk.at(NOW + 3 * HOUR)
    desk.stands("released")
    desk.at(NOW + 8 * HOUR)
    desk.stands("held")
    assert until_closed(desk, case_id)
    assert (desk.case(case_id)["status"], desk.case(case_id)["episode"]) == (CaseStatus.CLOSED, 1)


def test_what_a_person_called_settled_although_it_is_still_there_stays_settled(desk: Watched) -> None:
    case_id = desk.broken()
    desk.resolve(case_id, Resolution.BY_HUMAN, NOW)  # with the stock still missing
    until_closed(desk, case_id)
    assert (desk.case(case_id)["status"], desk.case(case_id)["episode"]) == (CaseStatus.CLOSED, 1)


def test_a_look_that_finds_nothing_proves_what_a_person_has_said(desk: Watched) -> None:
    case_id = desk.mended(Resolution.BY_HUMAN)
    assert desk.case(case_id)["proven_at"] is None
    desk.at(NOW + 8 * HOUR)
    assert desk.case(case_id)["proven_at"] is not None


def test_a_look_that_still_finds_the_fault_proves_nothing(desk: Watched) -> None:
    case_id = desk.broken()
    desk.resolve(case_id, Resolution.BY_HUMAN, NOW)
    desk.at(NOW + 8 * HOUR)
    assert (desk.looked() > 0, desk.case(case_id)["proven_at"]) == (True, None)


def test_a_relapse_before_the_first_look_is_found_where_a_look_had_proved_the_fault_gone(desk: Watched) -> None:
    case_id = desk.broken()
    desk.stands("held")
    desk.says()
    desk.run(case_id)  # nothing wrong any more: the journey resolves it
    desk.run(case_id)  # it was woken meanwhile
    with desk.store.begin() as tx:
        tx.execute(timers.update().where(timers.c.kind == WATCH).values(due_at=NOW + HOUR))
    payload = desk.next_look(case_id)
    assert payload is not None and len(payload.payload["gone"]) == 1
    desk.stands("released")
    desk.at(NOW + HOUR)
    desk.at(NOW + HOUR + MINUTE)
    assert desk.case(case_id)["episode"] == 2


def test_something_new_that_a_look_finds_reopens_it_at_once(desk: Watched) -> None:
    case_id = desk.mended()
    paid = desk.shop.payment_facts[0]
    desk.shop.payment_facts[0] = msgspec.structs.replace(paid, disputed=TOTAL)
    desk.at(NOW + 3 * HOUR)
    case = desk.case(case_id)
    assert case["episode"] == 2 and ",payment_disputed," in case["fault_codes"]


# -- silence and crashes --------------------------------------------------------------------------------------------


def test_a_silent_shop_is_asked_again_and_not_taken_for_a_healthy_order(desk: Watched) -> None:
    case_id = desk.mended()
    desk.shop.down.add("everything")
    desk.at(NOW + 3 * HOUR)
    timer = desk.next_look(case_id)
    assert timer is not None and timer.attempts == 1
    desk.at(NOW + 25 * HOUR)  # the follow-up time is over, and nobody has seen the order
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED
    desk.shop.down.clear()
    desk.stands("released")
    until_closed(desk, case_id)
    # The first look is also the first that could prove it gone: the same evidence, there since, stays settled.
    assert desk.case(case_id)["status"] == CaseStatus.CLOSED


def test_of_a_shop_that_stays_silent_nobody_claims_that_it_stayed_whole(desk: Watched) -> None:
    case_id = desk.mended()
    desk.shop.down.add("everything")
    for hours in range(3, 80):
        desk.at(NOW + hours * HOUR)
    assert desk.case(case_id)["status"] == CaseStatus.CLOSED
    (row,) = desk.outcomes(case_id)
    assert row["stayed"] is None and row["settled_at"] is not None


def test_without_a_shop_the_events_alone_are_the_watch(store: Store, vault: Vault) -> None:
    desk = Watched(store, vault, AbsentShop().reader)
    case_id = desk.mended()
    desk.at(NOW + 3 * HOUR)
    assert desk.next_look(case_id) is None
    desk.at(NOW + 25 * HOUR)
    assert desk.outcomes(case_id)[0]["stayed"] is True


def test_a_look_that_was_killed_before_its_timer_was_dropped_is_made_again_and_changes_nothing(desk: Watched) -> None:
    case_id = desk.mended()
    timer = desk.next_look(case_id)
    assert timer is not None
    desk.now = timer.due_at
    desk.watching.on_watch_timer(timer, desk.now)
    first = desk.next_look(case_id)
    desk.watching.on_watch_timer(timer, desk.now)  # the same firing once more
    second = desk.next_look(case_id)
    assert first is not None and second is not None and first.due_at == second.due_at > timer.due_at


def test_a_look_of_an_episode_that_is_over_does_nothing(desk: Watched) -> None:
    case_id = desk.mended()
    timer = desk.next_look(case_id)
    desk.come_back(case_id)
    assert timer is not None and desk.watching.on_watch_timer(timer, NOW + 3 * HOUR) is None
    assert desk.looked() == 0 and desk.next_look(case_id) is None


def test_a_clock_that_jumps_ahead_still_gets_its_last_look_before_the_case_is_closed(desk: Watched) -> None:
    case_id = desk.mended()
    desk.now = NOW + 40 * HOUR
    sweep = Sweep(desk.store, {"follow_up": desk.journey.on_follow_up_over})
    sweep.run_once(desk.now)  # the closing comes first
    assert desk.case(case_id)["status"] == CaseStatus.RESOLVED and desk.looked() == 0
    until_closed(desk, case_id)
    assert desk.looked() == 1 and desk.outcomes(case_id)[0]["stayed"] is True

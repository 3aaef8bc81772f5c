"""What no event told is found by read-back: lost events, payments without a checkout, weak findings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from structlog.typing import EventDict

from assistant.intake.agreement import agrees
from assistant.intake.receive import PAUSE
from assistant.intake.sweep import FIRST_LOOK_BACK, LISTINGS, OVERLAP, SWEEP, ReadBackSweep
from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.timers.timers import Sweep, Timer
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.errors import UnavailableError
from knowledge.vocabulary.events import Address, Event, Line
from knowledge.vocabulary.facts import CheckoutFact, OrderFact, PaymentFact, ReservationFact, ServiceabilityFact
from knowledge.vocabulary.money import Money
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import ADDRESS, House, life, payment, submitted
from tests.assistant.intake.shop import Shop
from tools.connectors.absent import AbsentShop
from tools.connectors.ports import Page

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(minutes=30)
TOTAL = Money(10_000, "CNY")


class Swept:
    """A house, a shop, the sweep between them, and a clock."""

    def __init__(self, house: House, reader: Any) -> None:
        self.house, self.now, self.scheduled = house, LATER, False
        self.orphans: list[tuple[str, list[str]]] = []
        self.sweep = ReadBackSweep(
            house.store, house.intake, reader, house.settings,
            on_orphan_payment=self._on_orphan, clock=lambda: self.now,
        )  # fmt: skip
        self.timers = Sweep(house.store, house.intake.timer_handlers(), self.sweep.deferred_handlers())

    def _on_orphan(self, tx: sa.Connection, payment_id: str, events: list[Event], now: datetime) -> None:
        self.orphans.append((payment_id, [e.type for e in events]))

    def round(self, after: timedelta = timedelta()) -> None:
        self.now += after
        if not self.scheduled:
            self.sweep.schedule()
            self.scheduled = True
        while self.timers.run_once(self.now, kinds=self.sweep.deferred_handlers()):
            pass


@pytest.fixture
def shop() -> Shop:
    """An empty shop."""
    return Shop()


@pytest.fixture
def swept(house: House, shop: Shop) -> Iterator[Swept]:
    """A sweep of that shop."""
    yield Swept(house, shop)


def fill(shop: Shop, checkout: str = "ck-1", at: datetime = NOW) -> None:
    """What the shop has when everything of `life` up to the order's confirmation has happened."""
    shop.checkout_facts[checkout] = CheckoutFact(
        id=checkout, customer_id="cu-1", lines=[Line("1", "TEA", 2, Money(5_000, "CNY"))], total=TOTAL,
        shipping_address=Address(**ADDRESS), submitted_at=NOW, status="completed", updated_at=at,
    )  # fmt: skip
    shop.order_facts.append(
        OrderFact(id=f"or-{checkout}", checkout_id=checkout, status="confirmed", total=TOTAL, updated_at=at)
    )
    shop.payment_facts.append(
        PaymentFact(
            id=f"pay-{checkout}", checkout_id=checkout, status=PaymentStatus.CAPTURED, amount=TOTAL, captured=TOTAL,
            updated_at=at,
        )
    )  # fmt: skip
    shop.reservation_facts.append(
        ReservationFact(id=f"re-{checkout}", checkout_id=checkout, sku="TEA", quantity=2, updated_at=at)
    )


def reads(shop: Shop) -> list[str]:
    return [argument for name, argument in shop.asked if name == "checkout"]


def test_a_checkout_no_event_told_of_is_found(swept: Swept, shop: Shop) -> None:
    fill(shop)
    swept.round()
    snapshot = swept.house.snapshot()
    assert snapshot is not None
    assert (snapshot.customer_id, snapshot.captured_net()) == ("cu-1", 10_000)
    assert reads(shop) == ["ck-1"], "the other listings then say nothing new"


@pytest.mark.parametrize("lost", ["order.created", "payment.captured", "inventory.reserved", "checkout.submitted"])
def test_a_lost_event_is_made_up_for(swept: Swept, shop: Shop, lost: str) -> None:
    fill(shop)
    told = [
        raw for raw in life()[:8] if raw["type"] != lost and not (lost == "order.created" and "order" in raw["type"])
    ]
    swept.house.receive(*told, at=LATER)
    swept.round()
    snapshot = swept.house.snapshot()
    assert snapshot is not None
    assert snapshot.due == snapshot.captured_net() == 10_000
    assert [order.status for order in snapshot.orders.values()] == ["confirmed"]
    assert [r.status for r in snapshot.reservations.values()] == ["held"]
    assert reads(shop) == ["ck-1"]


def test_what_events_told_already_is_not_read_again(swept: Swept, shop: Shop) -> None:
    fill(shop)
    swept.house.receive(*life()[:8], at=LATER)
    swept.round()
    swept.round(10 * MINUTE)
    assert reads(shop) == []


def test_a_change_whose_event_may_be_on_its_way_is_looked_at_in_the_next_round(swept: Swept, shop: Shop) -> None:
    fill(shop, at=LATER - timedelta(seconds=1))
    swept.round()
    assert reads(shop) == []
    swept.round(2 * MINUTE)
    assert reads(shop) == ["ck-1"]


def test_a_shop_whose_clock_is_ahead_is_read_at_once(swept: Swept, shop: Shop) -> None:
    fill(shop, at=LATER + 10 * MINUTE)
    swept.round()
    assert reads(shop) == ["ck-1"]


def test_listings_are_paged_and_gone_on_with(swept: Swept, shop: Shop) -> None:
    shop.page_size = 2
    for n in range(5):
        fill(shop, f"ck-{n}", at=NOW + n * MINUTE)
    shop.down = {"orders_changed", "payments_changed", "reservations_changed"}
    swept.round()
    pages = [argument for name, argument in shop.asked if name == "checkouts_changed"]
    assert pages == [(LATER - FIRST_LOOK_BACK, cursor) for cursor in (None, "2", "4")]
    assert sorted(reads(shop)) == [f"ck-{n}" for n in range(5)]
    swept.round(2 * MINUTE)
    assert shop.asked[-1][0].endswith("_changed")
    pages = [argument for name, argument in shop.asked if name == "checkouts_changed"]
    assert pages[3] == (NOW + 4 * MINUTE - OVERLAP, None), "a little before the newest change"


def test_a_shop_that_goes_down_in_mid_page_is_gone_on_with(swept: Swept, shop: Shop, logs: list[EventDict]) -> None:
    shop.page_size = 2
    for n in range(4):
        fill(shop, f"ck-{n}", at=NOW + n * MINUTE)
    shop.down = {"payments"}
    swept.round()
    assert swept.house.snapshot("ck-0") is None
    assert {"kind": SWEEP, "code": "shop_down"}.items() <= logs[-1].items()
    shop.down = set()
    swept.round(10 * MINUTE)
    assert all(swept.house.snapshot(f"ck-{n}") is not None for n in range(4))
    pages = [argument for name, argument in shop.asked if name == "checkouts_changed"]
    assert pages[1] == pages[0], "from the page it stood at"


def test_a_listing_is_swept_again_and_again(swept: Swept, shop: Shop) -> None:
    for _ in range(3):
        swept.round(timedelta(seconds=swept.house.settings.sweep_every))
    assert [name for name, _ in shop.asked].count("orders_changed") == 3
    swept.round()
    assert [name for name, _ in shop.asked].count("orders_changed") == 3
    timers = [swept.house.timer(SWEEP, name) for name in LISTINGS]
    assert all(timers)


def test_without_a_shop_nothing_is_swept(house: House) -> None:
    swept = Swept(house, AbsentShop().reader)
    swept.round()
    assert not any(house.timer(SWEEP, name) for name in LISTINGS)


# -- agreement ------------------------------------------------------------------------------------------------------


def test_every_difference_that_matters_is_one(swept: Swept, shop: Shop) -> None:
    fill(shop)
    swept.house.receive(*life()[:8], at=LATER)
    snapshot = swept.house.snapshot()
    checkout, order = shop.checkout_facts["ck-1"], shop.order_facts[0]
    paid, held = shop.payment_facts[0], shop.reservation_facts[0]
    for fact in (checkout, order, paid, held):
        assert agrees(snapshot, fact)
        assert not agrees(None, fact)
        assert not agrees(snapshot, msgspec.structs.replace(fact, status="cancelled"))
    other = Money(9_999, "CNY")
    changes: list[tuple[Any, dict[str, Any]]] = [
        (checkout, {"total": other}), (checkout, {"coupon_code": "TEN"}), (checkout, {"submitted_at": None}),
        (checkout, {"lines": [Line("1", "TEA", 3, Money(5_000, "CNY"))]}),
        (checkout, {"shipping_address": Address(**(ADDRESS | {"city": "宁波市"}))}),
        (checkout, {"shipping_address": Address(**(ADDRESS | {"street": ""}))}),
        (order, {"id": "or-2"}), (order, {"total": other}), (paid, {"captured": other}), (paid, {"refunded": other}),
        (paid, {"refund_pending": other}), (paid, {"disputed": other}), (paid, {"id": "pay-2"}),
        (held, {"quantity": 1}), (held, {"id": "re-2"}), (held, {"sku": "CUP"}),
    ]  # fmt: skip
    for fact, change in changes:
        assert not agrees(snapshot, msgspec.structs.replace(fact, **change)), change


# -- payments without a checkout ------------------------------------------------------------------------------------


def test_a_payment_without_checkout_is_matched_by_read_back(swept: Swept, shop: Shop) -> None:
    fill(shop)
    swept.house.open_case()
    swept.house.receive(payment("captured", checkout=None, payment_id="pay-ck-1"), submitted())
    swept.round()
    assert [e.type for e in swept.house.events()] == ["checkout.submitted", "payment.captured"]
    assert ("ck-1", "payment.captured") in [(c, e.type) for c, e in swept.house.touched]
    assert swept.orphans == []
    assert swept.house.timer("match_payment", "pay-ck-1") is None


def test_a_payment_that_matches_nothing_becomes_a_case_after_its_deadline(swept: Swept, shop: Shop) -> None:
    swept.now = NOW
    swept.house.receive(payment("requested", checkout=None), payment("captured", checkout=None))
    deadline = NOW + timedelta(seconds=swept.house.settings.deadline_payment)
    while swept.now < deadline:
        swept.round()
        assert swept.orphans == []
        timer = swept.house.timer("match_payment", "pay-1")
        assert timer is not None
        assert swept.now < timer.due_at <= deadline
        swept.now = timer.due_at
    swept.round()
    assert swept.orphans == [("pay-1", ["payment.captured", "payment.requested"])]
    assert sum(name == "payment" for name, _ in shop.asked) < 40
    swept.round(MINUTE)
    assert len(swept.orphans) == 1


def test_a_shop_that_is_down_decides_nothing_about_a_payment(swept: Swept, shop: Shop) -> None:
    swept.house.receive(payment("captured", checkout=None))
    shop.down = {"everything"}
    swept.round(timedelta(days=1))
    assert swept.orphans == []
    shop.down = set()
    swept.round(timedelta(minutes=10))
    assert swept.orphans == [("pay-1", ["payment.captured"])]


def test_without_a_shop_a_payment_that_matches_nothing_still_becomes_a_case(house: House) -> None:
    swept = Swept(house, AbsentShop().reader)
    house.receive(payment("captured", checkout=None))
    swept.round(timedelta(days=1))
    assert swept.orphans == [("pay-1", ["payment.captured"])]


def test_a_payment_matched_meanwhile_is_left_alone(swept: Swept) -> None:
    swept.house.receive(payment("captured", checkout=None))
    swept.house.receive(submitted(), payment("requested"))
    swept.round(timedelta(days=1))
    assert swept.orphans == []


# -- confirming -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deliverable", [True, False])
def test_a_weak_finding_is_confirmed_or_gone_after_a_read_back(swept: Swept, shop: Shop, deliverable: bool) -> None:
    """The events say that fields are missing; the carrier may find everything in the free text."""
    house = swept.house
    fill(shop)
    shop.order_facts.clear()
    vague = Address(**(ADDRESS | {"district": None, "text": "翠苑路 77 弄 5 号"}))
    shop.checkout_facts["ck-1"] = msgspec.structs.replace(shop.checkout_facts["ck-1"], shipping_address=vague)
    shop.deliverable = ServiceabilityFact(deliverable=deliverable, missing=[] if deliverable else ["district"])
    house.receive(submitted(shipping_address={**ADDRESS, "district": None}))
    assert house.codes == []
    assert house.timer("confirm") is not None
    shop.down = {"serviceability"}
    swept.round()
    assert "incomplete_information" not in house.codes
    shop.down = set()
    swept.round(timedelta(seconds=10))
    assert ("incomplete_information" in house.codes) is (not deliverable)
    assert house.timer("confirm") is None


def test_the_shop_not_answering_is_told_to_the_timers(swept: Swept, shop: Shop) -> None:
    shop.down = {"everything"}
    with pytest.raises(UnavailableError):
        swept.sweep.on_confirm_timer(Timer(kind="confirm", subject="ck-1", due_at=NOW), NOW)


# -- what the shop doesn't say --------------------------------------------------------------------------------------


def test_a_shop_that_tells_no_times_is_read_on_from_where_the_round_began(swept: Swept, shop: Shop) -> None:
    untimed = [msgspec.structs.replace(fact, updated_at=None) for fact in (CheckoutFact(id="a"), CheckoutFact(id="b"))]
    asked: list[tuple[datetime, str | None]] = []

    def changed(since: datetime, cursor: str | None = None) -> Page[CheckoutFact]:
        asked.append((since, cursor))
        return Page(items=untimed[:1], next="1") if cursor is None else Page(items=untimed[1:], next=None)

    shop.checkouts_changed = changed  # type: ignore[method-assign]
    swept.round()
    swept.round(10 * MINUTE)
    assert asked[2:] == [(LATER - OVERLAP, None), (LATER - OVERLAP, "1")]


@pytest.mark.parametrize("found", ["swept", "matched"])
def test_what_no_event_told_is_compared_in_all_systems(swept: Swept, shop: Shop, found: str) -> None:
    fill(shop)
    if found == "matched":
        swept.house.receive(payment("captured", checkout=None, payment_id="pay-ck-1"))
        swept.timers.run_once(swept.now, kinds=["match_payment"])
    else:
        swept.round()
    timer = swept.house.timer("cross_check")
    assert timer is not None
    assert timer.due_at == LATER + PAUSE


def test_with_short_rounds_a_change_is_not_left_for_later_ones(store: Store, vault: Vault, shop: Shop) -> None:
    swept = Swept(House(store, vault, sweep_every=1), shop)
    fill(shop, at=LATER - timedelta(seconds=2))
    swept.round()
    assert reads(shop) == ["ck-1"]

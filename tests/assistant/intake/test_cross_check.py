"""After an event that decided something all systems are compared, and what a customer's checkouts show together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import pytest
import sqlalchemy as sa

from assistant.intake.background import CustomersIndex, history_of
from assistant.intake.cross_check import KEEP_PRODUCTS, Budget, CrossCheck, Products
from assistant.intake.folding import ACROSS, BESIDE, CROSS_CHECKS
from assistant.intake.receive import CROSS_CHECK, PAUSE
from assistant.store.tables import purchases
from assistant.timers.timers import Sweep
from knowledge.vocabulary.background import AmountScore, History, Scores
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.events import Address, Line
from knowledge.vocabulary.facts import (
    CheckoutFact,
    CouponFact,
    CustomerFact,
    OrderFact,
    PaymentFact,
    PaymentStatus,
    ProductFact,
    StockFact,
)
from knowledge.vocabulary.money import Money
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import ADDRESS, PLANTED, House, cny, event, finding, line, payment, submitted
from tests.assistant.intake.shop import Shop
from tools.connectors.absent import AbsentShop

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TOTAL = Money(10_000, "CNY")


class Checked:
    """A house, a shop, the cross-check between them, and a clock."""

    def __init__(self, house: House, reader: Any) -> None:
        self.house, self.now = house, NOW
        self.rechecked: list[str] = []
        self.slept: list[float] = []
        self.products = Products(reader)
        index = CustomersIndex(house.vault, timedelta(seconds=house.settings.duplicate_window))
        self.check = CrossCheck(
            house.store, house.intake, reader, self.products, index, house.stock, house.settings,
            on_recheck=self._on_recheck, budget=Budget(20, clock=lambda: 0.0, sleep=self.slept.append),
            clock=lambda: self.now,
        )  # fmt: skip
        handlers = {**house.intake.timer_handlers(), **self.check.timer_handlers()}
        self.sweep = Sweep(house.store, handlers, self.check.deferred_handlers(), ahead=CROSS_CHECKS[:-1])

    def _on_recheck(self, tx: sa.Connection, checkout_id: str, now: datetime) -> None:
        self.rechecked.append(checkout_id)

    def at(self, now: datetime) -> None:
        """Fires what is due until then."""
        self.now = now
        while self.sweep.run_once(now):
            pass

    def tell(self, *raw: dict[str, Any]) -> None:
        """Each event is received when it happened, and looked into a little later."""
        for one in raw:
            at = datetime.fromisoformat(one["time"])
            self.house.receive(one, at=at)
            self.at(at + PAUSE)

    @property
    def found(self) -> list[tuple[str, str]]:
        """What was found by comparing checkouts."""
        return [(checkout, f.code.value) for checkout, f, _ in self.house.found if f.code in BESIDE]

    def history(self, checkout_id: str = "none", customer_id: str = "cu-1") -> History:
        with self.house.store.read() as tx:
            return history_of(tx, customer_id, checkout_id)


@pytest.fixture
def shop() -> Shop:
    """A shop with one customer."""
    one = Shop()
    one.customer_facts["cu-1"] = CustomerFact(id="cu-1", status="active")
    return one


@pytest.fixture
def checked(house: House, shop: Shop) -> Iterator[Checked]:
    """The cross-check of that shop."""
    yield Checked(house, shop)


@pytest.fixture
def alone(house: House) -> Iterator[Checked]:
    """The cross-check where no shop is connected."""
    yield Checked(house, AbsentShop().reader)


def stand(shop: Shop, checkout: str = "ck-1", **more: Any) -> None:
    """A submitted checkout as the shop has it."""
    shop.checkout_facts[checkout] = CheckoutFact(**{
        "id": checkout, "customer_id": "cu-1", "status": "submitted", "submitted_at": NOW, "total": TOTAL,
        "lines": [Line("1", "TEA", 2, Money(5_000, "CNY"))], "shipping_address": Address(**ADDRESS), **more,
    })  # fmt: skip


def bought(checkout: str, at: datetime, shop: Shop | None = None, **more: Any) -> list[dict[str, Any]]:
    """Submitted, paid and ordered within a minute; the shop knows it too."""
    if shop is not None:
        address = more.pop("address", ADDRESS)
        stand(shop, checkout, status="completed", submitted_at=at, shipping_address=Address(**address))
        shop.payment_facts.append(
            PaymentFact(id=f"pay-{checkout}", checkout_id=checkout, status=PaymentStatus.CAPTURED, amount=TOTAL,
                        captured=TOTAL, created_at=at, updated_at=at)
        )  # fmt: skip
        shop.order_facts.append(
            OrderFact(id=f"or-{checkout}", checkout_id=checkout, customer_id="cu-1", total=TOTAL,
                      shipping_address=Address(**address), created_at=at + 20 * SECOND)
        )  # fmt: skip
    paid = payment("captured", checkout, at + 10 * SECOND, payment_id=f"pay-{checkout}")
    order = {"order_id": f"or-{checkout}", "total": {"amount": 10_000, "currency": "CNY"}}
    return [
        submitted(checkout, at, **more), paid, event("order.created", order, checkout=checkout, at=at + 20 * SECOND)
    ]


# -- reading back ---------------------------------------------------------------------------------------------------


def test_every_system_is_read_once_a_moment_after_the_event(checked: Checked, shop: Shop) -> None:
    stand(shop, coupon_code="SAVE")
    shop.coupon_facts["SAVE"] = CouponFact(code="SAVE", status="expired")
    checked.house.receive(submitted(coupon_code="SAVE"), event("checkout.updated", {"coupon_code": "SAVE"}))
    checked.at(NOW + PAUSE / 2)
    assert shop.asked == []
    checked.at(NOW + PAUSE)
    names = [name for name, _ in shop.asked]
    assert sorted(names) == sorted([
        "checkout", "payments", "reservations", "orders", "stock", "customer", "serviceability", "coupon", "product",
    ])  # fmt: skip
    assert ("coupon", ("SAVE", "cu-1", "ck-1")) in shop.asked
    with checked.house.store.read() as tx:
        (facts,) = checked.house.intake.facts_of(tx, "ck-1")
    assert facts.coupon == shop.coupon_facts["SAVE"]
    assert facts.customer is not None
    checked.at(NOW + MINUTE)
    assert len(shop.asked) == len(names), "once"


@pytest.mark.parametrize("kind", ["payment.captured", "order.created", "checkout.updated", "checkout.cancelled"])
def test_what_decides_something_starts_another_check(checked: Checked, kind: str) -> None:
    checked.tell(submitted())
    told = payment("captured", at=NOW + MINUTE) if kind == "payment.captured" else event(
        kind, {"order_id": "or-1"} if "order" in kind else {}, at=NOW + MINUTE)  # fmt: skip
    checked.house.receive(told, at=NOW + MINUTE)
    timer = checked.house.timer(CROSS_CHECK)
    assert timer is not None
    assert timer.due_at == NOW + MINUTE + PAUSE


@pytest.mark.parametrize("kind", ["checkout.started", "payment.requested", "order.shipped"])
def test_what_decides_nothing_does_not(checked: Checked, kind: str) -> None:
    data = {"order_id": "or-1"} if "order" in kind else {"lines": [line()]}
    checked.house.receive(payment("requested") if "payment" in kind else event(kind, data))
    assert checked.house.timer(CROSS_CHECK) is None


def test_an_event_while_it_is_being_read_starts_another_check(checked: Checked, shop: Shop) -> None:
    stand(shop)
    checked.house.receive(submitted())
    known = shop.checkout

    def meanwhile(checkout_id: str) -> CheckoutFact | None:
        shop.checkout = known  # type: ignore[method-assign]
        checked.house.receive(payment("captured", at=NOW + PAUSE), at=NOW + PAUSE)
        return known(checkout_id)

    shop.checkout = meanwhile  # type: ignore[method-assign]
    checked.sweep.run_once(NOW + PAUSE)
    timer = checked.house.timer(CROSS_CHECK)
    assert timer is not None
    assert timer.due_at == NOW + 2 * PAUSE


def test_a_shop_that_is_down_is_asked_again_with_growing_pauses(checked: Checked, shop: Shop) -> None:
    stand(shop)
    shop.down = {"coupon", "payments"}
    checked.house.receive(submitted())
    due = []
    for _ in range(3):
        timer = checked.house.timer(CROSS_CHECK)
        assert timer is not None
        due.append(timer.due_at)
        checked.at(timer.due_at)
    assert [b - a for a, b in pairwise(due)] == [SECOND, 2 * SECOND]
    shop.down = set()
    checked.at(checked.now + MINUTE)
    assert checked.house.timer(CROSS_CHECK) is None


def test_a_catalogue_that_is_down_delays_nothing_else(checked: Checked, shop: Shop) -> None:
    stand(shop)
    shop.down = {"product"}
    checked.tell(submitted())
    assert checked.house.timer(CROSS_CHECK) is None
    assert [p.checkout_id for p in checked.history().purchases] == ["ck-1"]


def test_what_is_older_than_the_live_window_is_entered_and_not_read(checked: Checked, shop: Shop) -> None:
    checked.house.receive(submitted(at=NOW - timedelta(days=8)))
    checked.at(NOW + PAUSE)
    assert shop.asked == []
    assert [p.checkout_id for p in checked.history().purchases] == ["ck-1"]


def test_a_weak_finding_counts_after_a_check(checked: Checked, shop: Shop) -> None:
    stand(shop)
    checked.house.detected = lambda s, c: [finding(FaultCode.ADDRESS_INACCURATE, NOW, confirm=True)]
    checked.tell(submitted())
    assert checked.house.codes == ["address_inaccurate"]


def test_the_budget_delays_a_peak() -> None:
    slept: list[float] = []
    clock = [0.0]
    budget = Budget(2.0, clock=lambda: clock[0], sleep=slept.append)
    for _ in range(5):
        budget.wait()
    assert slept == [0.5, 1.0, 1.5]
    clock[0] = 10.0
    budget.wait()
    assert len(slept) == 3


def test_a_product_is_read_once_in_a_while(shop: Shop) -> None:
    shop.product_facts["TEA"] = ProductFact(sku="TEA", category="drinks")
    products = Products(shop)
    for at in (NOW, NOW + MINUTE, NOW + KEEP_PRODUCTS):
        assert set(products.learn(["TEA", "GONE"], at)) == {"TEA"}
    assert [a for n, a in shop.asked if a == "TEA"] == ["TEA", "TEA"]
    assert products.known({"TEA", "GONE", "NEW"}) == {"TEA": "drinks"}


def test_models_are_asked_with_the_categories_and_what_they_say_reaches_the_detectors(
    checked: Checked, shop: Shop
) -> None:
    stand(shop)
    checked.house.models.categories = {"TEA": "drinks", "OTHER": "x"}
    checked.house.models.said = Scores(amount=AmountScore(z=9.0, usual=TOTAL, n=9, basis="customer"))
    seen: list[Scores | None] = []
    checked.house.detected = lambda s, c: (seen.append(c.scores), [])[1]  # type: ignore[func-returns-value]
    checked.tell(submitted())
    assert checked.house.models.asked == [("ck-1", {"TEA": "drinks"})]
    assert seen == [None, checked.house.models.said], "not in intake, but in the check"


# -- whose turn comes first -----------------------------------------------------------------------------------------


def standing(house: House, checkout: str) -> list[str]:
    """The kinds of the cross-checks that wait for a checkout."""
    return [kind for kind in CROSS_CHECKS if house.timer(kind, checkout) is not None]


def test_those_of_high_value_are_checked_before_those_that_wait_for_longer_and_the_paid_ones_first(
    checked: Checked, shop: Shop
) -> None:
    high = cny(600_000)
    for n, told in enumerate([
        [submitted("small")],
        [submitted("small-paid"), payment("captured", "small-paid", payment_id="p1")],
        [submitted("high", total=high)],
        [submitted("high-paid", total=high), payment("captured", "high-paid", payment_id="p2", amount=high)],
    ]):  # fmt: skip
        checked.house.receive(*told, at=NOW + n * SECOND)
    checked.at(NOW + MINUTE)
    assert [asked for name, asked in shop.asked if name == "checkout"] == ["high-paid", "high", "small", "small-paid"]


def test_a_check_that_waits_moves_up_when_the_checkout_turns_out_to_be_of_high_value_and_when_it_is_paid(
    checked: Checked, shop: Shop
) -> None:
    high = cny(600_000)
    checked.house.receive(submitted())
    assert standing(checked.house, "ck-1") == ["cross_check"]
    checked.house.receive(submitted(at=NOW + SECOND, total=high))
    assert standing(checked.house, "ck-1") == ["cross_check_high"]
    checked.house.receive(payment("captured", amount=high, at=NOW + 2 * SECOND))
    assert standing(checked.house, "ck-1") == ["cross_check_paid_high"]
    checked.at(NOW + MINUTE)
    assert standing(checked.house, "ck-1") == []
    assert [name for name, _ in shop.asked].count("checkout") == 1


def test_a_check_of_stock_that_agrees_writes_in_one_transaction(
    checked: Checked, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(shop)
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=5, available=3, shop_listed=3)
    checked.house.receive(submitted())
    timer = checked.house.timer(CROSS_CHECK)
    assert timer is not None
    begun = Mock(side_effect=checked.house.store.begin)
    monkeypatch.setattr(checked.house.store, "begin", begun)
    assert checked.check.on_cross_check_timer(timer, NOW + PAUSE) is None
    assert begun.call_count == 1
    assert checked.house.timer(CROSS_CHECK) is None, "dropped with the rest"


# -- the customers' index -------------------------------------------------------------------------------------------


def test_a_purchase_is_kept_without_anything_personal(checked: Checked, shop: Shop) -> None:
    checked.tell(*bought("ck-1", NOW, shop))
    (purchase,) = checked.history().purchases
    assert (purchase.total, purchase.orders, purchase.paid_at) == (TOTAL, ["or-ck-1"], NOW + 10 * SECOND)
    assert [submit.at for submit in purchase.submits] == [NOW]
    assert purchase.address
    rows = checked.house.everything(but=["vault", "vault_keys"])
    assert not [word for word in PLANTED if word in rows]


def test_a_guest_has_no_history(checked: Checked, shop: Shop) -> None:
    stand(shop, customer_id=None)
    checked.tell(submitted(customer_id=None))
    assert checked.house.count(purchases) == 0


def test_the_same_basket_ordered_twice_is_found_on_the_later_checkout(checked: Checked, shop: Shop) -> None:
    checked.tell(*bought("ck-1", NOW, shop), *bought("ck-2", NOW + 5 * MINUTE, shop))
    assert set(checked.found) == {("ck-2", "duplicate_order")}
    details = next(f.details for _, f, _ in checked.house.found if f.code == FaultCode.DUPLICATE_ORDER)
    assert (details["other_checkout_id"], details["other_order_id"]) == ("ck-1", "or-ck-1")


def test_another_address_makes_it_a_purchase_of_its_own(checked: Checked, shop: Shop) -> None:
    other = {**ADDRESS, "street": "翠苑路 78 弄"}
    checked.tell(*bought("ck-1", NOW, shop), *bought("ck-2", NOW + 5 * MINUTE, shop, address=other))
    assert checked.found == []


def test_the_address_counts_in_the_very_first_check(checked: Checked, shop: Shop) -> None:
    other = {**ADDRESS, "street": "翠苑路 78 弄"}
    told = [*bought("ck-1", NOW, shop), *bought("ck-2", NOW + 5 * MINUTE, shop, address=other)]
    checked.house.receive(*told, at=NOW + 10 * MINUTE)
    checked.at(NOW + 10 * MINUTE + PAUSE)
    assert checked.found == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_later_one_is_looked_at_again_when_the_earlier_one_is_told_late(
    checked: Checked, shop: Shop, order: tuple[int, int]
) -> None:
    stories = [bought("ck-1", NOW, shop), bought("ck-2", NOW + 5 * MINUTE, shop)]
    for index in order:
        checked.house.receive(*stories[index], at=NOW + 10 * MINUTE)
        checked.at(NOW + 10 * MINUTE + PAUSE)
    checked.at(NOW + 11 * MINUTE)
    assert set(checked.found) == {("ck-2", "duplicate_order")}


def test_four_submits_in_several_checkouts_are_found_on_the_last(alone: Checked) -> None:
    for n in range(4):
        alone.tell(submitted(f"ck-{n}", NOW + n * MINUTE))
    assert alone.found == [], "the customer may still pay"
    alone.at(NOW + timedelta(seconds=alone.house.settings.retry_grace) + 4 * MINUTE)
    assert alone.found == [("ck-3", "repeated_submission")]
    assert {e.ref for e in next(f for _, f, _ in alone.house.found if f.code in BESIDE).evidence} == {
        f"/shop#checkout.submitted:ck-{n}:08{n:02}00" for n in range(4)
    }


def test_a_payment_in_any_of_them_ends_the_waiting_and_wakes_the_case(alone: Checked) -> None:
    for n in range(4):
        alone.tell(submitted(f"ck-{n}", NOW + n * MINUTE))
    alone.tell(payment("captured", "ck-1", NOW + 5 * MINUTE))
    assert set(alone.rechecked) >= {"ck-3"}
    alone.at(NOW + timedelta(hours=1))
    assert alone.found == []


def test_another_submit_does_not_make_everybody_look_again(alone: Checked) -> None:
    for n in range(3):
        alone.tell(submitted(f"ck-{n}", NOW + n * MINUTE))
    assert alone.rechecked == []
    assert alone.house.timer(ACROSS, "ck-0") is None


def test_without_a_shop_only_the_events_count(alone: Checked) -> None:
    alone.tell(*bought("ck-1", NOW), *bought("ck-2", NOW + 5 * MINUTE))
    assert alone.found == [("ck-2", "duplicate_order")]


def test_firing_twice_changes_nothing(checked: Checked, shop: Shop) -> None:
    checked.tell(*bought("ck-1", NOW, shop))
    before = checked.history()
    timer = checked.house.timer(CROSS_CHECK)
    assert timer is None
    with checked.house.store.begin() as tx:
        checked.house.intake.refold(tx, ["ck-1"], NOW)
    checked.at(NOW + MINUTE)
    assert checked.history() == before


def test_stock_that_a_check_read_is_watched(checked: Checked, shop: Shop) -> None:
    stand(shop)
    shop.stock_facts["TEA"] = StockFact(sku="TEA", on_hand=5, available=3, shop_listed=9)
    checked.tell(submitted())
    assert checked.house.timer("stock_watch", "TEA") is not None

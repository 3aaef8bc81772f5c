"""What looks broken and is not: it ends well by itself, untouched, and keeps within every deadline."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tools.sandbox.clock import parse
from tools.sandbox.config import Config
from tools.sandbox.hard_negatives import HARD_NEGATIVES
from tools.sandbox.harness import Running, running_sandbox, still_sandbox
from tools.sandbox.orders import PROMISED_WITHIN

EVERY = [(name, variant) for name, board in HARD_NEGATIVES.items() for variant in board.variants or (None,)]


@pytest.fixture(scope="module")
def still() -> Iterator[Running]:
    with still_sandbox(seed=5) as running:
        yield running


def played(still: Running, name: str, **options: Any) -> dict[str, Any]:
    return still.sandbox.scenario(None, name, **{"set_back": 600.0, **options})


def test_every_hard_negative_and_the_ordinary_order_end_well_by_themselves() -> None:
    short = {f"{name}_deadline": 0.4 for name in ("order", "reservation", "payment", "fulfilment")}
    config = Config(port=0, time_scale=0.01, stock_lag=0.3, duplicate_window=0.4, promised_soon=0.2, **short)
    with running_sandbox(config) as demo:
        for name, variant in [(None, None), *EVERY]:
            for language in ("zh-CN", "en"):
                demo.scenario(None, name, variant=variant, language=language)
        demo.wait_idle(seconds=2)
        verdicts = demo.judge(set())
        assert verdicts.green, verdicts.report()
        assert all(row.acceptable for row in verdicts.rows)
        assert {row.hard_negative for row in verdicts.rows} == {None, *HARD_NEGATIVES}
        assert demo.sandbox.crew.stage.refused == []
        statuses = Counter(order["status"] for order in demo.state()["orders"])
        assert statuses == {"delivered": statuses["delivered"], "cancelled": 2, "confirmed": 2}  # back-ordered


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_it_is_as_well_when_it_lies_in_the_past(still: Running, name: str, variant: str | None) -> None:
    subject = played(still, name, variant=variant)["subject"]["id"]
    assert still.sandbox.crew.stage.stories[subject].over
    assert still.judge_one(subject, set()).rows[0].acceptable
    assert still.sandbox.crew.truth.rows[subject]["fault"] is None


def times(still: Running, subject: str, kind: str) -> list[Any]:
    return [parse(event["time"]) for event in still.sandbox.told(subject, kind)]


def test_what_is_late_is_within_its_deadline(still: Running) -> None:
    config = still.sandbox.config

    def took(name: str, since: str, until: str) -> float:
        subject = played(still, name)["checkout_id"]
        seconds: float = (times(still, subject, until)[0] - times(still, subject, since)[0]).total_seconds()
        return seconds

    for name, since, until, deadline in (
        ("late_payment", "payment.requested", "payment.captured", config.payment_deadline),
        ("late_reservation", "checkout.submitted", "inventory.reserved", config.reservation_deadline),
        ("late_within_deadline", "payment.captured", "order.created", config.order_deadline),
        ("late_shipment", "order.created", "order.shipped", config.promised_soon + config.fulfilment_deadline),
    ):
        assert 0.5 * deadline < took(name, since, until) < 0.9 * deadline, name


def test_a_second_purchase_is_late_enough_or_another_one(still: Running) -> None:
    later = played(still, "second_purchase", variant="same_basket_later")
    first, second = later["checkout_id"], later["other_checkout_ids"][0]
    gap = times(still, second, "checkout.submitted")[0] - times(still, first, "order.created")[0]
    assert gap.total_seconds() > still.sandbox.config.duplicate_window
    books = still.sandbox.crew.books

    def baskets(ids: dict[str, Any]) -> list[Any]:
        both = [books.checkouts.get(one) for one in (ids["checkout_id"], ids["other_checkout_ids"][0])]
        return [({line.sku: line.quantity for line in one.lines}, one.shipping_address) for one in both]

    (one, _), (same, _) = baskets(later)
    assert one == same
    (one, here), (other, there) = baskets(played(still, "second_purchase", variant="other_basket_at_once"))
    assert not set(one) & set(other)
    assert here == there
    (one, here), (same, there) = baskets(played(still, "second_purchase", variant="other_address"))
    assert one == same
    assert here != there


def test_a_storefront_that_lags_agrees_again_before_anybody_minds(still: Running) -> None:
    sku = played(still, "brief_stock_difference")["subject"]["id"]
    levels = still.sandbox.told(sku, "inventory.level")
    assert [level["subject"] for level in levels] == [sku, sku]
    off = [level["data"]["shop_listed"] != level["data"]["available"] for level in levels]
    assert off == [True, False]
    lag = parse(levels[1]["time"]) - parse(levels[0]["time"])
    assert lag.total_seconds() < 0.5 * still.sandbox.config.stock_lag


def test_a_large_order_of_a_large_buyer_is_large_and_usual(still: Running) -> None:
    ids = played(still, "large_buyer")
    customer = still.shop.get(f"/customers/{ids['customer_id']}").json()
    total = still.shop.get(f"/checkouts/{ids['checkout_id']}").json()["total"]["amount"]
    past = sorted(one["total"]["amount"] for one in customer["orders"][:-1])
    assert len(past) >= 5
    assert past[0] < total < 3 * past[-1]
    assert total > 1_000_000


def test_a_split_order_covers_each_line_once_and_asks_what_was_agreed(still: Running) -> None:
    for language in ("zh-CN", "en"):
        ids = played(still, "split_order", language=language)
        checkout = still.shop.get(f"/checkouts/{ids['checkout_id']}").json()
        orders = still.shop.get("/orders", params={"checkout_id": ids["checkout_id"]}).json()
        assert len(orders) == 2
        assert sum(order["total"]["amount"] for order in orders) == checkout["total"]["amount"]
        promised = sorted(line["line_id"] for order in orders for line in order["lines"])
        assert promised == sorted(line["line_id"] for line in checkout["lines"])


def test_a_back_order_names_its_day(still: Running) -> None:
    ids = played(still, "backordered", set_back=0.0)
    order = still.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    wait = parse(order["expected_ship_at"]) - parse(order["created_at"])
    assert wait.total_seconds() > 2 * PROMISED_WITHIN
    told = still.sandbox.told(ids["checkout_id"], "order.changed")
    assert told[-1]["data"]["reason"] == "backorder"
    assert still.sandbox.told(ids["checkout_id"], "inventory.reservation_failed") == []


def test_another_currency_is_the_checkouts_own(still: Running) -> None:
    ids = played(still, "other_currency", language="en")
    order = still.shop.get(f"/orders/{ids['order_ids'][0]}").json()
    customer = still.shop.get(f"/customers/{ids['customer_id']}").json()
    assert order["total"]["currency"] == "CNY"
    assert customer["lifetime_value"]["currency"] == "USD"
    assert customer["orders"][-1]["total"] == order["total"]


def test_an_unusual_address_is_taken_by_the_carrier(still: Running) -> None:
    for variant in HARD_NEGATIVES["unusual_address"].variants:
        for language in ("zh-CN", "en"):
            ids = played(still, "unusual_address", variant=variant, language=language)
            address = still.shop.get(f"/orders/{ids['order_ids'][0]}").json()["shipping_address"]
            answer = still.shop.post("/serviceability", json={"address": address}).json()
            assert (answer["deliverable"], answer["reason"]) == (True, None), address


def test_a_coupon_for_everybody_is_not_used_up(still: Running) -> None:
    for _ in range(2):
        ids = played(still, "valid_coupon", variant="everybody")
        params = {"customer_id": ids["customer_id"], "checkout_id": ids["checkout_id"]}
        answer = still.shop.get("/coupons/WELCOME10", params=params).json()
        assert (answer["status"], answer["used_by_checkout_id"]) == ("valid", None)
        checkout = still.shop.get(f"/checkouts/{ids['checkout_id']}").json()
        assert answer["discount"] == checkout["discount"]


def test_something_else_has_a_total_of_its_own(still: Running) -> None:
    """The first basket's discount is none that the second one's customer may count on."""
    for seed in range(20):
        ids = played(still, "second_purchase", variant="other_basket_at_once", language=("zh-CN", "en")[seed % 2])
        other = ids["other_checkout_ids"][0]
        total = still.shop.get(f"/checkouts/{other}").json()["total"]
        assert still.sandbox.crew.truth.rows[other]["agreed_total"] == total

"""Healthy checkouts, ordinary and tricky: every detector stays silent."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from tests.knowledge.checkouts import ADDRESS, START, Story, cny, line


def without(*fields: str, **more: str) -> dict[str, str]:
    return {k: v for k, v in ADDRESS.items() if k not in fields} | more


def usd(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "USD"}


# What is wrong for a while in a story that ends well.
BROKEN_FOR_A_WHILE = {
    "a parcel stuck for a while and delivered": {"fulfilment_stalled"},
    "an address refused, corrected and accepted": {"incomplete_information"},
}

HEALTHY: list[tuple[str, Story]] = [
    ("paid and ordered", Story().healthy()),
    ("shipped and delivered", Story().healthy().order("shipped", 60).order("delivered", 600)),
    (
        "authorised, captured at shipment",
        Story()
        .submit()
        .reserve()
        .pay("authorized", 0.5)
        .order("created", 0.8)
        .order("shipped", 60)
        .pay("captured", 61),
    ),
    (
        "the order arrives before the payment's confirmation",
        Story().submit().reserve().order("created", 0.3).pay("captured", 0.6),
    ),
    (
        "a first payment failed, the second did it",
        Story().submit().reserve().pay("failed", 0.3).pay("captured", 2, pid="p2").order("created", 2.2),
    ),
    (
        "card and voucher add up",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.3, 3_000, kind="voucher")
        .pay("captured", 0.5, 7_000, pid="p2")
        .order("created", 0.8),
    ),
    (
        "two cards add up",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.3, 4_000)
        .pay("captured", 0.5, 6_000, pid="p2")
        .order("created", 0.8),
    ),
    ("nothing due", Story().submit(total=0).reserve().order("created", 0.3, total=0)),
    (
        "one unit of rounding short",
        Story().submit().reserve().pay("captured", 0.5, 9_999).order("created", 1, total=9_999),
    ),
    (
        "one unit of rounding too much",
        Story().submit().reserve().pay("captured", 0.5, 10_001).order("created", 1),
    ),
    (
        "instalment interest is a surcharge",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.5, 11_200, surcharge=cny(1_200))
        .order("created", 1, total=10_000),
    ),
    (
        "cancelled and refunded",
        Story()
        .healthy()
        .order("cancelled", 10)
        .stock("released", 10.1, reservation_id="r1")
        .refund("succeeded", 11, 10_000),
    ),
    (
        "cancelled, refund on its way",
        Story().healthy().order("cancelled", 10).stock("released", 10.1).refund("requested", 11, 10_000),
    ),
    (
        "cash on delivery",
        Story()
        .submit()
        .reserve()
        .pay("authorized", 0.2, kind="on_delivery")
        .order("created", 0.4)
        .order("shipped", 60)
        .order("delivered", 600)
        .pay("captured", 600, kind="on_delivery"),
    ),
    (
        "pay later",
        Story().submit().reserve().pay("authorized", 0.2, kind="pay_later").order("created", 0.4),
    ),
    (
        "expired unpaid, stock released",
        Story().submit().reserve().pay("expired", 30).end("expired", 30).stock("released", 30),
    ),
    (
        "out of stock at first, reserved later",
        Story().submit().stock("reservation_failed", 0.1).reserve(0.5).pay("captured", 1).order("created", 1.5),
    ),
    (
        "reservation renewed",
        Story()
        .submit()
        .reserve()
        .stock("expired", 15, reservation_id="r1")
        .reserve(15.1, rid="r2")
        .pay("captured", 16)
        .order("created", 16.1),
    ),
    (
        "a goodwill refund after delivery",
        Story().healthy().order("shipped", 60).order("delivered", 600).refund("succeeded", 700, 1_500),
    ),
    (
        "one line cancelled and refunded",
        Story().healthy().order("changed", 5, total=6_000, reason="line cancelled").refund("succeeded", 6, 4_000),
    ),
    (
        "split into two orders",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.5)
        .order("created", 0.8, total=4_000)
        .order("created", 0.9, total=6_000, oid="o2"),
    ),
    (
        "delivered a moment before shipped by another clock",
        Story().healthy().order("shipped", 60).add("order.delivered", 59.5, source="carrier", order_id="o1"),
    ),
    (
        "same capture told by two systems",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.5, capture_id="k1")
        .add("payment.captured", 0.6, source="shop", payment_id="p1", amount=cny(10_000), capture_id="k1")
        .order("created", 0.8),
    ),
    (
        "digital goods need no address",
        Story().submit(lines=[line(ship=False)], address=None).reserve().pay("captured", 0.5).order("created", 0.8),
    ),
    (
        "voucher, points and gift card redeemed beside the card",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.2, 1_000, kind="voucher")
        .pay("captured", 0.3, 500, pid="p2", kind="points")
        .pay("captured", 0.4, 2_500, pid="p3", kind="gift_card")
        .pay("authorized", 0.5, 6_000, pid="p4")
        .order("created", 0.8, total=10_000),
    ),
    (
        "the rest of a split payment was refused once and paid then",
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.3, 4_000)
        .pay("failed", 1, 6_000, pid="p2")
        .pay("captured", 3, 6_000, pid="p3")
        .order("created", 3.2, total=10_000),
    ),
    (
        "the order was made first, a refused payment repeated in time",
        Story()
        .submit()
        .reserve()
        .order("created", 0.3, total=10_000)
        .pay("failed", 1)
        .pay("requested", 9, pid="p2")
        .pay("captured", 10, pid="p2"),
    ),
    (
        "the order was made first, the money came on the last minute of its deadline",
        Story().submit().reserve().order("created", 0.3).pay("requested", 1).pay("captured", 15.9),
    ),
    (
        "cash on delivery that nobody authorised",
        Story()
        .submit()
        .reserve()
        .pay("requested", 0.2, kind="on_delivery")
        .order("created", 0.4)
        .order("shipped", 60)
        .order("delivered", 600)
        .pay("captured", 600, kind="on_delivery"),
    ),
    (
        "paid by instalments through a slow bank, the surcharge on top",
        Story()
        .submit()
        .reserve()
        .pay("requested", 0.2, 10_300, surcharge=cny(300))
        .pay("captured", 14, 10_300, surcharge=cny(300))
        .order("created", 14.5, total=10_000),
    ),
    (
        "paid in another currency than its neighbours, as agreed",
        Story()
        .add("checkout.submitted", 0, lines=[], total=usd(5_000), customer_id="c1", shipping_address=ADDRESS)
        .reserve()
        .add("payment.captured", 0.5, source="psp", payment_id="p1", amount=usd(5_000))
        .add("order.created", 0.8, order_id="o1", total=usd(5_000)),
    ),
    (
        "a back-order that the customer agreed to",
        Story()
        .submit()
        .pay("captured", 0.5)
        .order("created", 0.8, total=10_000, expected_ship_at="2026-04-01T08:00:00Z")
        .order("changed", 2, expected_ship_at="2026-04-01T08:00:00Z"),
    ),
    (
        "on hold for a day and released",
        Story().healthy().order("held", 10).order("confirmed", 1_400).order("shipped", 1_500),
    ),
    (
        "a parcel stuck for a while and delivered",
        Story()
        .healthy()
        .order("shipped", 60)
        .add("shipment.exception", 300, order_id="o1", reason="weather")
        .order("delivered", 900),
    ),
    (
        "a charge-back that was answered by refunding everything",
        Story()
        .healthy()
        .order("cancelled", 10)
        .stock("released", 10, reservation_id="r1")
        .refund("succeeded", 30, 10_000)
        .pay("disputed", 40),
    ),
    (
        "a coupon refused, replaced by another that counts",
        Story()
        .coupon("rejected", -2, code="OLD", reason="expired")
        .coupon("applied", -1, 1_000)
        .submit(total=9_000, coupon_code="SPRING", discount=cny(1_000))
        .reserve()
        .pay("captured", 0.5, 9_000)
        .order("created", 0.8, total=9_000),
    ),
    (
        "an address refused, corrected and accepted",
        Story()
        .submit(address=without("phone"))
        .add("address.rejected", 0.1, reason="incomplete", missing=["phone"])
        .add("checkout.updated", 1, shipping_address=ADDRESS)
        .add("address.accepted", 1.1)
        .reserve(1.2)
        .pay("captured", 2)
        .order("created", 2.5),
    ),
    (
        "an address abroad written as they write it there",
        Story()
        .submit(address={"recipient": "Siobhán", "phone": "+353 1 234", "country": "IE", "text": "Lissadell, Dublin"})
        .reserve()
        .pay("captured", 0.5)
        .order("created", 0.8),
    ),
]


@pytest.mark.parametrize(("name", "story"), HEALTHY)
def test_a_healthy_checkout_has_no_findings(name: str, story: Story) -> None:
    assert story.running() == []


@pytest.mark.parametrize(("name", "story"), HEALTHY)
def test_nor_has_it_any_when_its_events_come_twice_late_and_the_wrong_way_round(name: str, story: Story) -> None:
    late = [msgspec.structs.replace(e, received_at=e.received_at + timedelta(minutes=20)) for e in story.events]
    shuffled = Story()
    shuffled.events, shuffled.facts = [*reversed(story.events), *late], story.facts
    assert shuffled.running() == []


@pytest.mark.parametrize(("name", "story"), HEALTHY)
def test_nor_while_it_is_under_way(name: str, story: Story) -> None:
    events = sorted(story.events, key=lambda e: e.at)
    for upto in range(1, len(events)):
        begun = Story()
        begun.events = events[:upto]
        just_before = (events[upto].at - START).total_seconds() / 60 - 0.01
        assert set(begun.codes(just_before)) <= BROKEN_FOR_A_WHILE.get(name, set()), f"before {events[upto].type}"


@pytest.mark.parametrize("late", [0, 1, 30])
def test_duplicates_and_late_arrivals_change_nothing(late: float) -> None:
    story = Story().submit().reserve().pay("captured", 0.5, late=late).order("created", 0.8, total=10_000)
    story.events = [*reversed(story.events), *story.events]
    assert story.running() == []

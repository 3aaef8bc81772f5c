"""Healthy checkouts, ordinary and tricky: every detector stays silent."""

from __future__ import annotations

import pytest

from tests.knowledge.checkouts import ADDRESS, Story, cny, line


def without(*fields: str, **more: str) -> dict[str, str]:
    return {k: v for k, v in ADDRESS.items() if k not in fields} | more


# -- healthy checkouts --


@pytest.mark.parametrize(
    ("name", "story"),
    [
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
            Story().healthy().order("shipped", 60).order("delivered", 59.5),
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
    ],
)
def test_a_healthy_checkout_has_no_findings(name: str, story: Story) -> None:
    assert story.running() == []


@pytest.mark.parametrize("late", [0, 1, 30])
def test_duplicates_and_late_arrivals_change_nothing(late: float) -> None:
    story = Story().submit().reserve().pay("captured", 0.5, late=late).order("created", 0.8, total=10_000)
    story.events = [*reversed(story.events), *story.events]
    assert story.running() == []

"""Stock never set aside, orders that don't move, and addresses a carrier speaks against; accounts that are blocked."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.policies import Deadlines, Policies
from knowledge.vocabulary.codes import Severity
from tests.knowledge.checkouts import ADDRESS, Story, cny, line, minute

ON_PAID = Policies(deadlines=Deadlines(reserve_on="paid"))
DAY = 1_440
WEEK = 7 * DAY

# -- reservation_timeout --


def test_nothing_was_set_aside_by_the_deadline_after_submit() -> None:
    paid = Story().submit().pay("captured", 0.5).order("created", 0.8)
    finding = paid.only("reservation_timeout")
    assert (finding.cause, minute(finding), finding.confirm) == ("not_reserved_after_payment", 5, True)
    assert finding.details["missing_skus"] == {"TEA": 2}
    paying = Story().submit().pay("requested", 0.5, method="bank_transfer")
    assert paying.codes(4.9) == []
    assert paying.codes(5) == ["reservation_timeout"]


def test_the_deadline_may_run_from_paid() -> None:
    story = Story().submit().pay("requested", 0.5).pay("captured", 10).order("created", 10.5)
    assert minute(story.only("reservation_timeout", policies=ON_PAID)) == 15
    unpaid = Story().submit().pay("requested", 0.5)
    assert "reservation_timeout" not in unpaid.codes(policies=ON_PAID)


@pytest.mark.parametrize(
    "story",
    [
        Story().submit().reserve(4.9).pay("captured", 0.5).order("created", 0.8),
        Story().submit().reserve(200).pay("captured", 0.5).order("created", 0.8),
        Story().submit(lines=[line(ship=False)], address=None).pay("captured", 0.5).order("created", 0.8),
        Story().submit().pay("captured", 0.5).order("created", 0.8).order("shipped", 60),
        Story().submit().pay("captured", 0.5).order("created", 0.8, expected_ship_at="2026-03-20T08:00:00Z"),
        Story().submit().pay("requested", 0.1).end("expired", 3),
    ],
)
def test_stock_that_came_is_not_needed_or_is_promised_for_later_is_no_timeout(story: Story) -> None:
    assert story.codes() == []


def test_a_promise_for_tomorrow_is_no_back_order_however_short_the_deadlines_are() -> None:
    promised = Story().submit().pay("captured", 0.5).order("created", 0.8, expected_ship_at="2026-03-03T08:00:00Z")
    hasty = Policies(deadlines=Deadlines(fulfilment=5.0))
    assert "reservation_timeout" in promised.codes(10, hasty)


def test_a_refused_reservation_is_out_of_stock_and_one_nobody_pays_for_is_not_waited_for() -> None:
    refused = Story().submit().pay("captured", 0.5).stock("reservation_failed", 0.7).order("created", 0.8)
    assert refused.codes() == ["paid_out_of_stock"]
    assert Story().submit().codes(30) == []


def test_a_payment_window_that_ends_first_leaves_nothing_to_wait_for() -> None:
    window = {"id": "ck", "status": "submitted", "payment_window_ends_at": "2026-03-02T08:03:00Z"}
    assert "reservation_timeout" not in Story().submit().pay("requested", 0.5).read(1, checkout=window).codes()


def test_a_reservation_that_was_made_unheard_is_seen_by_reading_back() -> None:
    story = Story().submit().pay("captured", 0.5).order("created", 0.8)
    held = {"id": "r9", "sku": "TEA", "quantity": 2, "status": "held"}
    assert story.read(6, reservations=[held]).running() == []
    none = Story().submit().pay("captured", 0.5).order("created", 0.8).read(6, reservations=[])
    assert none.only("reservation_timeout")


def test_what_is_set_aside_but_does_not_suffice_is_a_timeout_too() -> None:
    few = Story().submit().reserve(quantity=1).pay("captured", 0.5).order("created", 0.8)
    finding = few.only("reservation_timeout")
    assert (finding.details["missing_skus"], minute(finding), finding.confirm) == ({"TEA": 1}, 5, True)
    assert few.reserve(6, quantity=1, rid="r2").running() == []
    lost = Story().submit().reserve(quantity=1).pay("requested", 0.5).stock("released", 3, reservation_id="r1")
    assert "reservation_timeout" not in lost.codes()


# -- fulfilment_stalled --


def test_a_paid_order_that_is_not_shipped_is_found_after_its_promise() -> None:
    story = Story().healthy()
    finding = story.only("fulfilment_stalled", WEEK)
    assert (finding.cause, minute(finding), finding.severity) == ("never_confirmed", 2 * DAY + 0.8, Severity.MEDIUM)
    assert story.codes(2 * DAY) == []
    promised = Story().healthy().order("confirmed", 2, expected_ship_at="2026-03-05T08:00:00Z")
    assert (promised.only("fulfilment_stalled", WEEK).cause, promised.codes(5 * DAY - 1)) == ("late", [])
    held = Story().healthy().order("held", 5)
    assert held.only("fulfilment_stalled", WEEK).cause == "on_hold"
    assert minute(Story().healthy().order("held", 3 * DAY).only("fulfilment_stalled", WEEK)) == 2 * DAY + 0.8


def test_the_promise_never_begins_before_it_is_paid() -> None:
    story = Story().submit().reserve().pay("requested", 1, kind="on_delivery").order("created", 2)
    story.pay("captured", 3 * DAY)
    assert story.codes(4 * DAY) == []
    assert minute(story.only("fulfilment_stalled", WEEK)) == 5 * DAY


@pytest.mark.parametrize(
    "story",
    [
        Story().healthy().order("shipped", DAY),
        Story().healthy().order("shipped", DAY).order("delivered", 2 * DAY),
        Story().healthy().order("cancelled", 5).stock("released", 5).refund("succeeded", 6, 10_000),
        Story().healthy().order("changed", 5, expected_ship_at="2026-04-01T08:00:00Z"),
        Story().submit(lines=[line(ship=False)], address=None).pay("captured", 0.5).order("created", 0.8),
        Story().submit().reserve().pay("authorized", 0.2, kind="pay_later").order("created", 1).order("shipped", DAY),
    ],
)
def test_orders_on_their_way_over_promised_for_later_or_without_goods_are_not_stalled(story: Story) -> None:
    assert story.codes(WEEK) == []


def test_a_reduced_order_and_one_with_a_small_refund_still_have_to_be_sent() -> None:
    reduced = Story().healthy().order("changed", 5, total=6_000).refund("succeeded", 6, 4_000)
    assert reduced.codes(WEEK) == ["fulfilment_stalled"]
    assert Story().healthy().refund("succeeded", 6, 500).codes(WEEK) == ["fulfilment_stalled"]


def test_a_carriers_problem_is_found_at_once_and_gone_when_the_parcel_moves_again() -> None:
    story = Story().healthy().order("shipped", 60).add("shipment.exception", 90, order_id="o1", reason="damaged")
    finding = story.only("fulfilment_stalled")
    assert (finding.cause, minute(finding)) == ("shipment_exception", 90)
    for later in ("shipped", "delivered", "changed"):
        again = Story().healthy().order("shipped", 60).add("shipment.exception", 90, order_id="o1")
        assert again.order(later, 120).codes() == []
    told_late = Story().healthy().order("shipped", 60).order("delivered", 200)
    assert told_late.add("shipment.exception", 90, late=500, order_id="o1").codes() == []


# -- addresses --


def rejected(reason: str | None, **more: Any) -> Story:
    return Story().healthy().add("address.rejected", 1, source="carrier", reason=reason, **more)


@pytest.mark.parametrize(
    ("reason", "code", "severity", "fields"),
    [
        ("postcode_format", "minor_information_error", Severity.LOW, ["postcode"]),
        ("phone_format", "minor_information_error", Severity.LOW, ["phone"]),
        ("fields_swapped", "minor_information_error", Severity.LOW, ["recipient", "phone"]),
        ("postcode_mismatch", "address_inaccurate", Severity.LOW, ["postcode"]),
        ("street_unclear", "address_inaccurate", Severity.LOW, ["street"]),
        ("no_carrier", "address_undeliverable", Severity.MEDIUM, None),
        ("war_zone", "address_undeliverable", Severity.MEDIUM, None),
        ("incomplete", "incomplete_information", Severity.MEDIUM, None),
    ],
)
def test_each_word_of_the_carrier_is_one_fault(
    reason: str, code: str, severity: Severity, fields: list[str] | None
) -> None:
    finding = rejected(reason).only(code)
    assert (finding.severity, minute(finding), finding.confirm) == (severity, 1, False)
    assert finding.details.get("fields") == fields


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        ("postcode_mismatch", ["address_inaccurate"]),
        ("street_unclear", ["address_inaccurate"]),
        ("phone_format", ["minor_information_error"]),
        ("fine", []),
    ],
)
def test_an_address_may_be_accepted_with_a_small_reservation(reason: str, codes: list[str]) -> None:
    story = Story().healthy().add("address.accepted", 1, source="carrier", reason=reason)
    assert story.codes() == codes
    assert not any(f.confirm for f in story.running())


@pytest.mark.parametrize(
    ("deliverable", "reason", "missing", "code"),
    [
        (True, "postcode_mismatch", [], "address_inaccurate"),
        (True, "street_unclear", [], "address_inaccurate"),
        (False, "postcode_mismatch", [], "minor_information_error"),
        (False, "street_unclear", [], "address_undeliverable"),
        (True, "phone_format", [], "minor_information_error"),
        (False, "no_carrier", [], "address_undeliverable"),
        (False, None, [], "address_undeliverable"),
        (False, "incomplete", ["street"], "incomplete_information"),
    ],
)
def test_a_verdict_read_back_wants_confirming_unless_something_is_missing(
    deliverable: bool, reason: str | None, missing: list[str], code: str
) -> None:
    verdict = {"deliverable": deliverable, "reason": reason, "missing": missing}
    finding = Story().healthy().read(3, serviceability=verdict).only(code)
    assert (minute(finding), finding.confirm) == (3 if code != "incomplete_information" else 0, not missing)


def test_a_deliverable_address_without_a_reason_is_fine_and_so_is_an_unusual_one() -> None:
    odd = {"recipient": "A", "phone": "1", "country": "IN", "text": "Behind the temple, near the banyan tree"}
    assert Story().healthy().read(3, serviceability={"deliverable": True, "missing": []}).running() == []
    unusual = Story().submit(address=odd).reserve().pay("captured", 0.5).order("created", 1)
    assert unusual.read(3, serviceability={"deliverable": True}).running() == []


def test_what_is_missing_goes_before_what_is_inaccurate() -> None:
    nobody = {k: v for k, v in ADDRESS.items() if k != "recipient"}
    story = Story().submit(address=nobody).reserve().pay("captured", 0.5).order("created", 0.8)
    assert story.add("address.rejected", 1, reason="postcode_format").codes() == ["incomplete_information"]
    free = Story().submit(address={"text": "浙江省杭州市西湖区文三路 100 号 张伟 13800000000"})
    free.reserve().pay("captured", 0.5).order("created", 0.8)
    assert free.add("address.rejected", 1, reason="no_carrier").codes() == ["address_undeliverable"]


@pytest.mark.parametrize("reason", ["phone_format", "street_unclear", "no_carrier", "incomplete"])
def test_an_address_nothing_goes_to_any_more_does_not_matter(reason: str) -> None:
    assert rejected(reason).order("shipped", 60).running() == []
    assert rejected(reason).order("cancelled", 5).stock("released", 5).refund("succeeded", 6, 10_000).running() == []
    assert rejected(reason).add("address.accepted", 2).running() == []
    assert rejected(reason).add("checkout.updated", 2, shipping_address=ADDRESS).running() == []
    fetched = rejected(reason).read(5, orders=[{"id": "o1", "pickup_point_id": "pp-1", "total": cny(10_000)}])
    assert fetched.running() == []
    digital = Story().submit(lines=[line(ship=False)]).pay("captured", 0.5).order("created", 0.8)
    assert digital.add("address.rejected", 1, reason=reason).running() == []


def test_a_second_wrong_address_is_another_occurrence_than_the_first() -> None:
    story = rejected("no_carrier")
    first = story.only("address_undeliverable").fingerprint
    story.add("checkout.updated", 5, shipping_address=ADDRESS | {"city": "宁波市"})
    assert story.add("address.rejected", 6, reason="no_carrier").only("address_undeliverable").fingerprint != first


# -- account_blocked --


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_blocked_account_is_found_when_it_is_read(status: str) -> None:
    finding = Story().healthy().read(5, customer={"id": "c1", "status": status}).only("account_blocked")
    assert (finding.severity, minute(finding)) == (Severity.MEDIUM, 5)
    assert status not in repr(finding.details)


def test_an_active_account_a_delivered_order_and_a_checkout_that_is_over_are_left_alone() -> None:
    blocked = {"id": "c1", "status": "suspended"}
    assert Story().healthy().read(5, customer={"id": "c1", "status": "active"}).running() == []
    assert Story().healthy().order("shipped", 60).order("delivered", 600).read(700, customer=blocked).running() == []
    assert Story().submit().end("cancelled", 2).read(5, customer=blocked).running() == []
    assert Story().add("checkout.started", 0, lines=[]).read(5, customer=blocked).running() == []

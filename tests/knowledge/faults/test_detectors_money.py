"""Orders nobody paid, charge-backs, failed payments and coupons: when they are found, and when they aren't."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.vocabulary.codes import Severity
from tests.knowledge.checkouts import Story, cny, line, minute

# -- unpaid_order_live --


def test_an_order_after_a_failed_payment_is_found_once_the_customer_could_have_tried_again() -> None:
    story = Story().submit().reserve().pay("requested", 0.2).pay("failed", 1).order("created", 2, total=10_000)
    finding = story.only("unpaid_order_live")
    assert (finding.severity, finding.cause, minute(finding)) == (Severity.HIGH, "payment_failed", 11)
    assert story.codes(10.9) == []
    assert (finding.confirm, finding.details["order_id"]) == (False, "o1")


def test_an_order_nobody_was_ever_asked_to_pay_is_found_after_the_payment_deadline() -> None:
    finding = Story().submit().reserve().order("created", 2).only("unpaid_order_live")
    assert (finding.cause, minute(finding), finding.confirm) == ("never_requested", 17, True)


def test_an_order_made_long_after_the_failure_is_found_at_once() -> None:
    assert minute(Story().submit().reserve().pay("failed", 1).order("created", 60).only("unpaid_order_live")) == 60


def test_a_silent_gateway_and_a_live_order_are_both_found_the_order_first() -> None:
    story = Story().submit().reserve().pay("requested", 1).order("created", 2)
    assert story.codes(15.9) == []
    assert story.codes(16) == ["unpaid_order_live", "payment_unconfirmed"]


def test_an_authorisation_that_lapsed_uncaptured_leaves_the_order_unpaid() -> None:
    payment = {"id": "p1", "status": "authorized", "amount": cny(10_000), "authorized_until": "2026-03-02T09:00:00Z"}
    story = Story().submit().reserve().pay("authorized", 0.5).order("created", 1).read(2, payments=[payment])
    assert story.codes(59) == []
    assert story.only("unpaid_order_live").cause == "authorisation_lapsed"
    assert story.codes(70) == ["unpaid_order_live"]


@pytest.mark.parametrize(
    "story",
    [
        Story().submit().reserve().pay("failed", 1).order("created", 2).pay("requested", 5, pid="p2").pay(
            "captured", 6, pid="p2"
        ),
        Story().submit().reserve().pay("requested", 0.1, kind="on_delivery").order("created", 2),
        Story().submit().reserve().pay("authorized", 0.1, kind="pay_later").order("created", 2),
        Story().submit(total=0).reserve().order("created", 2, total=0),
        Story().submit().reserve().pay("failed", 1).order("created", 2).order("cancelled", 3).stock("released", 3),
        Story().submit().reserve().order("created", 1).pay("captured", 2, kind="gift_card"),
    ],
)  # fmt: skip
def test_an_order_that_is_paid_after_all_free_over_or_paid_on_delivery_is_left_alone(story: Story) -> None:
    assert story.running() == []


def test_an_order_of_which_a_part_was_paid_is_a_shortfall() -> None:
    story = Story().submit().reserve().pay("captured", 0.5, 6_000).pay("failed", 1, 4_000, pid="p2")
    assert story.order("created", 2).codes() == ["partial_payment"]


# -- payment_disputed --


def test_a_charge_back_is_found_at_once_whatever_became_of_the_order() -> None:
    delivered = Story().healthy().order("shipped", 60).order("delivered", 600).pay("disputed", 900, 4_000)
    finding = delivered.only("payment_disputed")
    assert (finding.severity, minute(finding), finding.details["disputed"]) == (Severity.HIGH, 900, cny(4_000))
    cancelled = Story().healthy().order("cancelled", 5).stock("released", 5).pay("disputed", 900)
    assert cancelled.codes() == ["payment_disputed"]


def test_a_dispute_over_money_that_all_went_back_or_that_was_dropped_is_none() -> None:
    over = Story().healthy().order("cancelled", 5).stock("released", 5)
    assert over.refund("succeeded", 6, 10_000).pay("disputed", 900).running() == []
    dropped = {"id": "p1", "status": "captured", "amount": cny(10_000), "captured": cny(10_000)}
    assert Story().healthy().pay("disputed", 60).read(90, payments=[dropped]).running() == []


# -- payment_failed --


def test_every_payment_failed_and_nothing_is_held() -> None:
    story = Story().submit().pay("failed", 1, failure_code="declined").pay("expired", 3, pid="p2")
    finding = story.only("payment_failed")
    assert (finding.severity, finding.cause, minute(finding)) == (Severity.LOW, "payment_failed", 13)
    assert (finding.details["failure_codes"], finding.details["attempts"]) == (["declined"], 2)
    assert finding.details["reachable"]
    assert not Story().submit(customer_id=None).pay("failed", 1).only("payment_failed").details["reachable"]
    released = Story().submit().reserve().pay("failed", 1).stock("released", 2, reservation_id="r1")
    assert minute(released.only("payment_failed")) == 11


@pytest.mark.parametrize("kind", ["requested", "authorized", "captured"])
def test_a_retry_under_way_or_done_is_no_failure(kind: str) -> None:
    assert "payment_failed" not in Story().submit().pay("failed", 1).pay(kind, 5, pid="p2").codes(14)


def test_what_was_put_right_as_another_fault_is_not_found_anew_as_this_one() -> None:
    held = Story().submit().reserve().pay("failed", 1)
    assert held.codes(12) == ["payment_failed_stock_held"]
    assert held.stock("released", 12, reservation_id="r1").codes() == []
    silent = Story().submit().reserve().pay("requested", 1)
    assert silent.codes(16) == ["payment_unconfirmed"]
    assert silent.pay("cancelled", 16).stock("released", 16, reservation_id="r1").codes() == []


def test_a_late_refusal_or_an_early_cancellation_is_a_failure() -> None:
    for kind, at in (("failed", 20), ("expired", 20), ("cancelled", 15.9)):
        story = Story().submit().pay("requested", 1).pay(kind, at)
        assert minute(story.only("payment_failed")) == pytest.approx(at + 10)
    unheard = Story().submit().pay("cancelled", 20)  # nobody told when it was requested
    assert unheard.codes() == ["payment_failed"]


def test_a_free_checkout_and_one_that_was_charged_back_and_forth_did_not_fail() -> None:
    assert "payment_failed" not in Story().submit(total=0).pay("failed", 1).codes()
    refunded = Story().submit().pay("captured", 1).refund("succeeded", 2, 10_000).pay("failed", 3, pid="p2")
    assert "payment_failed" not in refunded.codes()


def test_a_failure_in_a_checkout_that_is_over_is_nobodys_loss() -> None:
    assert Story().submit().pay("failed", 1).end("expired", 5).running() == []


# -- coupon_misapplied --

VALID = {"code": "SPRING", "status": "valid", "discount": cny(1_000)}


def with_coupon(given: int, **read: Any) -> Story:
    """Paid and ordered with a coupon that took off `given`; the coupon read back at minute 2."""
    total = 10_000 - given
    story = Story().submit(total=total, coupon_code="SPRING", discount=cny(given)).reserve()
    story.pay("captured", 0.5, total).order("created", 0.8, total=total)
    return story.read(2, coupon={**VALID, **read}) if read else story


@pytest.mark.parametrize(
    ("given", "read", "cause"),
    [
        (0, {"status": "valid"}, "discount_missing"),
        (400, {"status": "valid"}, "discount_wrong"),
        (998, {"status": "valid"}, "discount_wrong"),
        (0, {"status": "expired"}, "expired"),
        (1_000, {"status": "expired"}, "expired"),
        (1_000, {"status": "used", "used_by_checkout_id": "other"}, "used_elsewhere"),
        (1_000, {"status": "not_eligible"}, "not_eligible"),
        (1_000, {"status": "unknown", "discount": None}, "invalid"),
    ],
)
def test_a_coupon_that_does_not_count_or_gives_too_little(given: int, read: dict[str, Any], cause: str) -> None:
    finding = with_coupon(given, **read).only("coupon_misapplied")
    assert (finding.cause, minute(finding), finding.confirm) == (cause, 2, False)
    assert finding.details["given"] == cny(given)
    assert finding.details["expected"] == (cny(1_000) if read.get("discount", 1) else None)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (1_000, {"status": "valid"}),
        (999, {"status": "valid"}),
        (3_000, {"status": "valid"}),
        (1_000, {"status": "used", "used_by_checkout_id": "ck"}),
        (0, {"status": "valid", "discount": None}),
        (0, {"status": "valid", "discount": {"amount": 1_000, "currency": "USD"}}),
        (0, {"status": "not_eligible", "code": "ANOTHER"}),
    ],
)
def test_a_coupon_that_gave_what_it_should_or_more_is_left_alone(given: int, read: dict[str, Any]) -> None:
    assert with_coupon(given, **read).running() == []


def test_a_coupon_is_worth_no_more_than_the_goods() -> None:
    story = Story().submit(total=0, coupon_code="SPRING", discount=cny(10_000)).reserve().order("created", 1, total=0)
    assert story.read(2, coupon={**VALID, "discount": cny(50_000)}).running() == []


def test_a_coupon_applied_in_time_may_expire_afterwards_but_not_before_it_is_refused() -> None:
    applied = with_coupon(1_000).coupon("applied", 0.1, 1_000).read(2, coupon={**VALID, "status": "expired"})
    assert applied.running() == []
    for lost in ("expired", "not_eligible", "used"):
        first = with_coupon(1_000, status="valid")
        assert first.read(5, coupon={**VALID, "status": lost}).running() == [], lost
    taken = {**VALID, "status": "used", "used_by_checkout_id": "other"}
    assert with_coupon(1_000, status="valid").read(5, coupon=taken).codes() == ["coupon_misapplied"]
    shown = with_coupon(0).coupon("applied", -5, 1_000).coupon("rejected", 0, reason="expired")
    assert shown.only("coupon_misapplied").cause == "expired"
    assert shown.read(2, coupon={**VALID, "status": "expired"}).only("coupon_misapplied").cause == "expired"


def test_a_refusal_told_is_sure_and_an_amount_told_wants_a_read_back() -> None:
    refused = with_coupon(0).coupon("rejected", 0.1, reason="something").only("coupon_misapplied")
    assert (refused.cause, refused.confirm) == ("invalid", False)
    promised = with_coupon(0).coupon("applied", 0.1, 1_000).only("coupon_misapplied")
    assert (promised.cause, promised.confirm) == ("discount_missing", True)


def test_the_right_discount_on_checkout_or_order_settles_it_and_so_does_the_end() -> None:
    order = {"id": "o1", "status": "created", "total": cny(9_000), "discount": cny(1_000)}
    repriced = with_coupon(0, status="valid").read(5, orders=[order])
    assert repriced.refund("succeeded", 6, 1_000).running() == []
    checkout = {"id": "ck", "status": "submitted", "coupon_code": "SPRING", "discount": cny(1_000),
                "total": cny(9_000), "submitted_at": "2026-03-02T08:00:00Z"}  # fmt: skip
    unpaid = Story().submit(coupon_code="SPRING").reserve().pay("requested", 1).read(2, coupon=VALID)
    assert unpaid.codes(3) == ["coupon_misapplied"]
    assert unpaid.read(3, checkout=checkout).codes(4) == []
    assert "coupon_misapplied" not in with_coupon(0, status="valid").order("cancelled", 5).codes()
    refused_before = Story().coupon("rejected", -1).submit().reserve().pay("captured", 0.5).order("created", 1)
    assert refused_before.running() == []


# -- existing money detectors against the words they are defined by --


def test_a_whole_second_capture_is_a_duplicate_even_where_nobody_told_what_was_requested() -> None:
    story = Story().submit().reserve().pay("captured", 0.5, capture_id="a").pay("captured", 0.9, capture_id="b")
    assert story.order("created", 1).only("duplicate_charge").cause == "captured_twice"


def test_split_payments_of_which_one_came_twice_are_a_duplicate_not_a_mismatch() -> None:
    story = Story().submit().reserve().pay("captured", 0.3, 6_000).pay("captured", 0.5, 4_000, pid="p2")
    story.order("created", 1).pay("captured", 2, 4_000, pid="p3")
    finding = story.only("duplicate_charge")
    assert (finding.details["payment_id"], finding.details["excess"]) == ("p3", cny(4_000))


@pytest.mark.parametrize(("extra", "codes"), [(-2, ["partial_payment"]), (-1, []), (1, []), (2, ["amount_mismatch"])])
def test_captured_is_compared_with_the_total_within_one_unit(extra: int, codes: list[str]) -> None:
    assert Story().submit().reserve().pay("captured", 0.5, 10_000 + extra).order("created", 1).codes() == codes


@pytest.mark.parametrize("kind", ["on_delivery", "pay_later"])
def test_nobody_waits_for_the_gateway_where_the_order_was_taken_on_those_terms(kind: str) -> None:
    assert Story().submit().reserve().pay("requested", 0.2, kind=kind).order("created", 1).codes() == []


def test_a_refund_that_failed_is_kept_money() -> None:
    story = Story().healthy().order("cancelled", 5).stock("released", 5).refund("requested", 6, 10_000)
    assert story.codes() == []
    assert story.refund("failed", 30, 10_000).codes() == ["refund_missing"]


@pytest.mark.parametrize("code", ["refund_missing", "duplicate_charge"])
def test_money_kept_after_a_failed_refund_is_not_what_was_settled_before(code: str) -> None:
    story = Story().healthy()
    story = story.pay("captured", 3, pid="p2") if code == "duplicate_charge" else story.order("cancelled", 3)
    story = story.stock("released", 3) if code == "refund_missing" else story
    pid = "p2" if code == "duplicate_charge" else "p1"
    prints = [story.only(code).fingerprint]
    for attempt in ("f1", "f2"):
        story = story.refund("requested", 200, 10_000, pid=pid, rid=attempt)
        story = story.refund("failed", 300, 10_000, pid=pid, rid=attempt)
        finding = story.only(code)
        assert minute(finding) == 300
        prints.append(finding.fingerprint)
    assert len(set(prints)) == 3


def test_digital_goods_are_never_waited_for_at_the_warehouse() -> None:
    story = Story().submit(lines=[line(ship=False)], address=None).pay("captured", 0.5).order("created", 0.8)
    assert story.running(10_000) == []

"""Each detector: when it speaks, from when on, and above all when it stays silent."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.vocabulary.codes import Severity
from tests.knowledge.checkouts import ADDRESS, START, Story, cny, line, minute


def without(*fields: str, **more: str) -> dict[str, str]:
    return {k: v for k, v in ADDRESS.items() if k not in fields} | more


# -- paid_order_missing --


def test_paid_without_an_order_is_found_from_the_deadline_on() -> None:
    story = Story().submit().reserve().pay("captured", 0.5)
    finding = story.only("paid_order_missing")
    assert (minute(finding), finding.severity) == (2.5, Severity.HIGH)
    assert story.codes(2.4) == []


def test_a_confirmation_heard_late_is_detectable_when_heard() -> None:
    assert minute(Story().submit().reserve().pay("captured", 0.5, late=60).only("paid_order_missing")) == 60.5


def test_stock_refused_after_the_deadline_is_no_evidence_for_what_was_detectable_before() -> None:
    finding = Story().submit().pay("captured", 0.5).stock("reservation_failed", 4).running()[-1]
    assert (finding.code.value, finding.cause, minute(finding)) == ("paid_order_missing", "no_stock", 2.5)
    assert max(e.at for e in finding.evidence) <= finding.detectable_at


def test_a_free_checkout_without_an_order_is_found() -> None:
    assert Story().submit(total=0).reserve().only("paid_order_missing").cause == "free_order"


def test_a_valid_authorisation_is_paid_and_a_refunded_payment_is_not() -> None:
    assert Story().submit().reserve().pay("authorized", 0.5).only("paid_order_missing")
    refunded = Story().submit().reserve().pay("captured", 0.5).refund("succeeded", 1, 10_000)
    assert "paid_order_missing" not in refunded.codes()


# -- paid_out_of_stock --


def test_paid_and_the_reservation_failed() -> None:
    story = Story().submit().pay("captured", 0.5).stock("reservation_failed", 0.7).order("created", 0.8)
    finding = story.only("paid_out_of_stock")
    assert minute(finding) == pytest.approx(0.7)
    assert finding.details["missing_skus"] == {"TEA": 2}


def test_paid_and_the_reservation_was_lost_or_covers_too_little() -> None:
    lost = Story().healthy().stock("expired", 15, reservation_id="r1")
    finding = lost.only("paid_out_of_stock")
    assert (finding.cause, finding.confirm) == ("reservation_lost", True)
    few = Story().submit().stock("reservation_failed", 0.1).reserve(0.2, quantity=1).pay("captured", 0.5)
    refused = few.order("created", 0.8).only("paid_out_of_stock")
    assert (refused.details["missing_skus"], refused.confirm) == ({"TEA": 1}, False)


def test_stock_given_back_before_a_cancellation_or_set_aside_anew_is_gone_when_read() -> None:
    story = Story().healthy().stock("released", 15, reservation_id="r1")
    assert story.only("paid_out_of_stock").confirm
    anew = {"id": "r2", "sku": "TEA", "quantity": 2, "status": "held"}
    assert story.read(15.1, reservations=[anew]).running() == []


def test_stock_lost_before_payment_or_after_shipment_is_no_fault() -> None:
    assert "paid_out_of_stock" not in Story().submit().stock("reservation_failed", 0.1).codes()
    assert Story().healthy().order("shipped", 60).stock("released", 61, reservation_id="r1").running() == []
    never_told = Story().submit().pay("captured", 0.5).order("created", 0.8)
    assert never_told.only("reservation_timeout").confirm, "a shop may not tell of reservations"


# -- payment_failed_stock_held --


def test_every_payment_failed_and_stock_is_still_held() -> None:
    story = Story().submit().reserve().pay("failed", 1).pay("expired", 3, pid="p2")
    assert minute(story.only("payment_failed_stock_held")) == 13
    assert story.codes(12.9) == []


@pytest.mark.parametrize("kind", ["requested", "authorized", "captured"])
def test_a_retry_under_way_or_done_keeps_the_stock(kind: str) -> None:
    story = Story().submit().reserve().pay("failed", 1).pay(kind, 5, pid="p2")
    assert "payment_failed_stock_held" not in story.codes(14)


def test_stock_of_a_checkout_that_ended_is_found_and_released_stock_is_not() -> None:
    held = Story().submit().reserve().end("expired", 30)
    assert (held.only("payment_failed_stock_held").cause, minute(held.running()[0])) == ("checkout_ended", 40)
    assert Story().submit().reserve().end("expired", 30).stock("released", 31).running() == []


# -- price_mismatch --


def test_dearer_at_checkout_than_in_the_cart() -> None:
    finding = Story().submit(cart_lines=[line(price=4_500)]).reserve().pay("requested", 0.1).running(1)[0]
    assert (finding.code.value, finding.cause, minute(finding)) == ("price_mismatch", "checkout_dearer", 0)
    assert finding.details["cart_total"] == cny(9_000)
    assert finding.details["better"] == "cart"


def test_the_better_price_is_the_smaller_payable_total() -> None:
    # the cart's tea is cheaper, its cup dearer: as a whole the checkout asks less
    lines = [line(price=5_000), line("CUP", 1, 1_000, "2")]
    cart = [line(price=4_900), line("CUP", 1, 2_000, "2")]
    found = Story().submit(total=11_000, lines=lines, cart_lines=cart).running(1)
    finding = next(f for f in found if f.code == "price_mismatch")
    assert (finding.details["better"], finding.details["better_total"]) == ("checkout", cny(11_000))


def test_lines_are_matched_by_id_then_by_sku_and_other_lines_are_ignored() -> None:
    same = [line(line_id="9"), line("CUP", 1, 300, "8")]
    assert "price_mismatch" not in Story().submit(cart_lines=same).codes(1)
    assert "price_mismatch" in Story().submit(cart_lines=[line(price=4_000, line_id="9")]).codes(1)


def test_one_unit_of_rounding_in_a_price_is_no_mismatch() -> None:
    assert "price_mismatch" not in Story().submit(
        lines=[line(quantity=1)], cart_lines=[line(quantity=1, price=4_999)]
    ).codes(1)


def test_an_order_repriced_to_the_better_total_settles_it_as_does_the_end_but_not_shipment() -> None:
    cart = [line(price=4_500)]

    def base() -> Story:
        return Story().submit(cart_lines=cart).reserve().pay("captured", 0.5)

    assert base().order("created", 1, total=10_000).codes(60) == ["price_mismatch"]
    assert (
        base()
        .order("created", 1, total=10_000)
        .order("changed", 2, total=9_000)
        .refund("succeeded", 3, 1_000)
        .running()
        == []
    )
    assert base().order("created", 1, total=10_000).order("shipped", 60).codes(70) == ["price_mismatch"]
    assert "price_mismatch" not in Story().submit(cart_lines=cart).end("cancelled", 1).codes()


# -- incomplete_information --


@pytest.mark.parametrize(
    ("address", "missing"),
    [
        (None, ["recipient", "phone", "province", "city", "street"]),
        ({}, ["recipient", "phone", "province", "city", "street"]),
        (without("phone"), ["phone"]),
        (without("recipient", "street"), ["recipient", "street"]),
        (without("city"), ["city"]),
        (without("street") | {"text": "  "}, ["street"]),
    ],
)
def test_what_is_plainly_missing_is_found_at_once(address: dict[str, str] | None, missing: list[str]) -> None:
    finding = Story().submit(address=address).reserve().pay("requested", 0.2).running(1)[0]
    assert (finding.code.value, finding.details["missing"], finding.confirm) == (
        "incomplete_information",
        missing,
        True,
    )
    assert minute(finding) == 0


@pytest.mark.parametrize(
    "address",
    [
        None,
        {"recipient": "A", "phone": "1", "country": "Singapore", "street": "1 Orchard Rd", "postcode": "238801"},
        without("city", province="海南省", district="琼海市"),
        without("phone"),
    ],
)
def test_what_only_looks_incomplete_is_none_once_shop_or_carrier_have_the_whole(address: dict[str, str] | None) -> None:
    story = Story().submit(address=address).reserve().pay("captured", 0.5).order("created", 0.8, total=10_000)
    assert story.only("incomplete_information").confirm
    order = {"id": "o1", "total": cny(10_000), "shipping_address": address or ADDRESS}
    assert story.read(2, orders=[order], serviceability={"deliverable": True}).running() == []
    lacking = {"deliverable": False, "reason": "incomplete", "missing": ["street"]}
    refused = story.read(3, orders=[order], serviceability=lacking).only("incomplete_information")
    assert (refused.details["missing"], refused.confirm) == (["street"], False)


@pytest.mark.parametrize(
    "address",
    [
        without("street", text="浙江省杭州市西湖区文三路 100 号"),
        {"recipient": "A", "phone": "1", "text": "1 Main St, Springfield, IL 62701"},
        without("city", province="北京市"),
        without("postcode"),
        {
            "recipient": "A",
            "phone": "1",
            "country": "US",
            "province": "IL",
            "city": "Springfield",
            "street": "1 Main St",
            "postcode": "62701",
        },
        {"recipient": "A", "phone": "1", "country": "SG", "street": "1 Orchard Rd", "postcode": "238801"},
    ],
)
def test_a_deliverable_address_is_left_alone(address: dict[str, str]) -> None:
    assert "incomplete_information" not in Story().submit(address=address).codes()


@pytest.mark.parametrize(("field", "country"), [("district", "CN"), ("province", "CN"), ("postcode", "US")])
def test_a_field_carriers_usually_want_asks_for_a_read_back(field: str, country: str) -> None:
    finding = (
        Story().submit(address=without(field) | {"country": country}).reserve().pay("requested", 0.2).running(1)[0]
    )
    assert (finding.details["missing"], finding.confirm) == ([field], True)


def test_the_carriers_word_decides() -> None:
    rejected = Story().submit().add("address.rejected", 1, reason="incomplete", missing=["street"])
    finding = next(f for f in rejected.running(2) if f.code == "incomplete_information")
    assert (finding.cause, minute(finding), finding.confirm) == ("carrier_says", 1, False)
    accepted = Story().submit(address=without("phone")).add("address.accepted", 1)
    assert "incomplete_information" not in accepted.codes()
    corrected = rejected.add("checkout.updated", 3, shipping_address=ADDRESS)
    assert "incomplete_information" not in corrected.codes()
    elsewhere = Story().submit().add("address.rejected", 1, reason="no_carrier")
    assert "incomplete_information" not in elsewhere.codes()


# -- partial_payment --


def test_a_part_was_paid_and_nothing_more_is_coming() -> None:
    story = Story().submit().reserve().pay("captured", 0.5, 6_000)
    finding = story.only("partial_payment")
    assert (minute(finding), finding.details["short"]) == (10.5, cny(4_000))
    assert minute(story.pay("failed", 4, 4_000, pid="p2").only("partial_payment")) == 14


def test_a_rest_under_way_is_no_shortfall() -> None:
    for kind in ("requested", "authorized", "captured"):
        story = Story().submit().reserve().pay("captured", 0.5, 6_000).pay(kind, 3, 4_000, pid="p2")
        assert "partial_payment" not in story.codes()


# -- payment_unconfirmed --


def test_a_silent_gateway_is_found_at_its_methods_deadline() -> None:
    story = Story().submit().reserve().pay("requested", 1)
    assert minute(story.only("payment_unconfirmed")) == 16


def test_another_payment_or_the_end_of_the_checkout_settles_it() -> None:
    assert Story().healthy().pay("requested", 2, pid="p2").running() == []
    assert "payment_unconfirmed" not in Story().submit().pay("requested", 1).end("expired", 30).codes()


# -- abandoned_checkout --


def test_a_checkout_left_alone_is_found_after_the_last_activity() -> None:
    story = Story().add("checkout.started", 0, lines=[line()]).add("checkout.telemetry", 20, rtt_ms=30)
    assert minute(story.only("abandoned_checkout")) == 80
    assert story.codes(79) == []


@pytest.mark.parametrize(
    "story",
    [
        Story().submit().pay("requested", 1),
        Story().submit().pay("failed", 1),
        Story().submit().reserve(),
        Story().submit().end("cancelled", 2),
        Story().submit().order("created", 2),
        Story().add("checkout.started", 0, lines=[]),
    ],
)
def test_a_checkout_somebody_works_on_is_not_abandoned(story: Story) -> None:
    assert "abandoned_checkout" not in story.codes()


# -- too much money --


def test_a_second_payment_is_a_duplicate_and_a_little_too_much_a_mismatch() -> None:
    twice = Story().healthy().pay("captured", 3, pid="p2")
    finding = twice.only("duplicate_charge")
    assert (minute(finding), finding.details["payment_id"], finding.details["excess"]) == (
        3,
        "p2",
        cny(10_000),
    )
    more = Story().submit().reserve().pay("captured", 0.5, 10_500).order("created", 1)
    assert more.only("amount_mismatch").severity == Severity.HIGH


def test_one_payment_captured_twice_is_a_duplicate() -> None:
    story = Story().submit().reserve().pay("requested", 0.1).pay("captured", 0.5, capture_id="a")
    story.pay("captured", 0.9, capture_id="b").order("created", 1)
    assert story.only("duplicate_charge").cause == "captured_twice"


def test_a_duplicate_that_was_refunded_is_settled() -> None:
    assert Story().healthy().pay("captured", 3, pid="p2").refund("requested", 4, 10_000, pid="p2").running() == []


def test_money_for_something_over_is_a_missing_refund_not_a_duplicate() -> None:
    story = Story().healthy().pay("captured", 3, pid="p2").order("cancelled", 5).stock("released", 5)
    finding = story.only("refund_missing")
    assert (minute(finding), finding.details["kept"]) == (65, cny(20_000))


def test_a_late_capture_and_a_part_refund_leave_money_kept() -> None:
    late = Story().submit().pay("requested", 1).end("expired", 30).pay("captured", 90)
    assert (late.only("refund_missing").cause, minute(late.running()[0])) == ("late_capture", 150)
    part = Story().healthy().order("cancelled", 5).stock("released", 5).refund("succeeded", 6, 4_000)
    assert part.only("refund_missing").details["kept"] == cny(6_000)


def test_an_order_total_that_differs_is_found() -> None:
    dearer = Story().submit().reserve().pay("captured", 0.5).order("created", 1, total=10_200)
    assert (dearer.only("amount_mismatch").severity, minute(dearer.running()[0])) == (Severity.MEDIUM, 1)
    cheaper = Story().submit().reserve().pay("captured", 0.5).order("created", 1, total=4_000)
    assert (cheaper.only("amount_mismatch").severity, minute(cheaper.running()[0])) == (Severity.HIGH, 3)
    reduced = Story().healthy().order("changed", 5, total=6_000)
    assert minute(reduced.only("amount_mismatch")) == 65


def lower(**order: Any) -> Story:
    """10,000 were agreed; the order asks 9,000, and just that is taken."""
    story = Story().submit().reserve().pay("captured", 0.5, 9_000).order("created", 1, total=9_000)
    return story.read(2, orders=[{"id": "o1", "total": cny(9_000), "lines": [line()], **order}])


def test_an_order_below_what_was_agreed_is_found_even_where_only_its_total_was_taken() -> None:
    told = Story().submit().reserve().pay("captured", 0.5, 9_000).order("created", 1, total=9_000)
    for story in (told, lower()):
        finding = story.only("amount_mismatch")
        assert (finding.cause, finding.severity, finding.confirm) == ("order_total_differs", Severity.MEDIUM, True)
        assert (minute(finding), finding.details["difference"]) == (3, cny(1_000))


@pytest.mark.parametrize(
    "story",
    [
        lower(lines=[line(price=4_500)]),
        lower(lines=[line(quantity=1)]),
        lower(discount=cny(1_000)),
        lower().order("changed", 3),
        Story().submit().reserve().pay("authorized", 0.4).pay("captured", 0.5, 4_000).order("created", 1, total=4_000),
        Story()
        .submit()
        .reserve()
        .pay("captured", 0.5)
        .order("created", 1, total=9_000)
        .order("created", 1, total=1_000, oid="o2")
        .order("cancelled", 2, oid="o2")
        .refund("succeeded", 3, 1_000),
    ],
)
def test_an_order_that_was_reduced_or_is_one_part_is_no_mismatch(story: Story) -> None:
    assert "amount_mismatch" not in story.codes()


def test_another_currency_is_a_mismatch() -> None:
    story = Story().submit().reserve()
    story.add("payment.captured", 1, source="psp", payment_id="p1", amount={"amount": 10_000, "currency": "USD"})
    assert story.order("created", 1).only("amount_mismatch").cause == "other_currency"


# -- timeline_contradiction --


@pytest.mark.parametrize(
    ("story", "cause"),
    [
        (Story().healthy().order("shipped", 60).order("delivered", 50), "delivered_before_shipped"),
        (Story().healthy().order("shipped", 60).order("delivered", 59.5), "delivered_before_shipped"),
        (
            Story().submit(5).reserve(6).pay("captured", 6).order("created", 10).order("shipped", 7),
            "shipped_before_order",
        ),
        (Story().submit(5).reserve(6).pay("captured", 6).order("shipped", 3), "shipped_before_submit"),
        (
            Story().submit().reserve().order("created", 1).order("shipped", 20).pay("captured", 30),
            "shipped_before_payment",
        ),
    ],
)
def test_times_that_cannot_be_true_together(story: Story, cause: str) -> None:
    finding = story.only("timeline_contradiction")
    assert (finding.cause, finding.severity) == (cause, Severity.LOW)
    assert finding.detectable_at >= START

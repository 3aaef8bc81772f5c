"""Folding depends on the set of events only; what the detectors make of any such set is well-formed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.faults.catalogue import detect_all
from knowledge.faults.context import Context
from knowledge.phrases import LANGUAGES, describe
from knowledge.policies import Deadlines, Policies
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Event, parse_event
from knowledge.vocabulary.facts import (
    CouponFact,
    CustomerFact,
    Facts,
    OrderFact,
    PaymentFact,
    ReservationFact,
    ServiceabilityFact,
)
from knowledge.vocabulary.fold import fold
from knowledge.vocabulary.money import Money
from knowledge.vocabulary.read_back import apply_read_back
from tests.knowledge.checkouts import ADDRESS, START, Story, cny

MONEY = st.builds(
    lambda amount, currency: {"amount": amount, "currency": currency},
    st.sampled_from([0, 1, 4_999, 5_000, 9_999, 10_000, 10_001, 20_000]),
    st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
)
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "line_id": st.sampled_from("12"),
            "sku": st.sampled_from(["TEA", "CUP"]),
            "quantity": st.integers(0, 3),
            "unit_price": MONEY,
            "requires_shipping": st.booleans(),
        }
    ),
    max_size=3,
)
SKUS = st.lists(
    st.fixed_dictionaries({"sku": st.sampled_from(["TEA", "CUP"]), "quantity": st.integers(0, 3)}), max_size=2
)
KINDS = st.sampled_from(["money", "gift_card", "points", "on_delivery", "pay_later"])
ADDRESSES = st.dictionaries(st.sampled_from(list(ADDRESS)), st.sampled_from(["", "CN", "US", "北京", "x"]))


def data_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Contract A's data for an event type, small enough that ids collide."""
    if kind.startswith("payment."):
        return st.fixed_dictionaries(
            {"payment_id": st.sampled_from(["p1", "p2"]), "amount": MONEY},
            optional={
                "kind": KINDS,
                "capture_id": st.sampled_from("ab"),
                "surcharge": MONEY,
                "failure_code": st.just("no"),
            },
        )
    if kind.startswith("refund."):
        ids = {"payment_id": st.sampled_from(["p1", "p2"]), "refund_id": st.sampled_from(["f1", "f2"])}
        return st.fixed_dictionaries({**ids, "amount": MONEY})
    if kind.startswith("inventory."):
        return st.fixed_dictionaries({}, optional={"reservation_id": st.sampled_from(["r1", "r2"]), "lines": SKUS})
    if kind.startswith("order."):
        return st.fixed_dictionaries({"order_id": st.sampled_from(["o1", "o2"])}, optional={"total": MONEY})
    if kind.startswith("coupon."):
        reason = st.sampled_from(["expired", "odd"])
        codes = {"coupon_code": st.sampled_from(["A", "B"])}
        return st.fixed_dictionaries(codes, optional={"discount": MONEY, "reason": reason})
    if kind == "shipment.exception":
        return st.fixed_dictionaries({"order_id": st.sampled_from(["o1", "o2"])})
    if kind == "checkout.submitted":
        return st.fixed_dictionaries(
            {"lines": LINES, "total": MONEY},
            optional={
                "coupon_code": st.sampled_from(["A", "B"]),
                "cart_lines": LINES,
                "discount": MONEY,
                "shipping_address": ADDRESSES,
                "customer_id": st.just("c"),
            },
        )
    if kind.startswith("address."):
        return st.fixed_dictionaries(
            {},
            optional={
                "reason": st.sampled_from(
                    ["incomplete", "no_carrier", "postcode_format", "postcode_mismatch", "fields_swapped", "odd"]
                ),
                "missing": st.lists(st.sampled_from(["street", "phone"]), max_size=2),
            },
        )
    return st.fixed_dictionaries(
        {}, optional={"lines": LINES, "shipping_address": ADDRESSES} if kind == "checkout.updated" else {}
    )


TYPES = [
    *(f"checkout.{t}" for t in ("started", "updated", "submitted", "submitted", "expired", "cancelled")),
    *(f"payment.{t}" for t in ("requested", "authorized", "captured", "failed", "cancelled", "expired", "disputed")),
    *(f"refund.{t}" for t in ("requested", "succeeded", "failed")),
    *(f"inventory.{t}" for t in ("reserved", "reservation_failed", "released", "committed", "expired")),
    *(f"order.{t}" for t in ("created", "confirmed", "held", "changed", "cancelled", "shipped", "delivered")),
    "shipment.exception",
    "coupon.applied",
    "coupon.rejected",
    "address.accepted",
    "address.rejected",
    "shop.invented",
]


@st.composite
def an_event(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(TYPES))
    at = START + timedelta(minutes=draw(st.integers(0, 200)))
    raw = {
        "specversion": "1.0",
        "id": f"e{draw(st.integers(0, 30))}",
        "source": draw(st.sampled_from(["shop", "psp"])),
        "type": kind,
        "time": at.isoformat(),
        "data": {"checkout_id": "ck", **draw(data_of(kind))},
    }
    return parse_event(raw, at + timedelta(minutes=draw(st.sampled_from([0, 0, 1, 90]))))


EVENTS = st.lists(an_event(), max_size=14)


def as_json(events: list[Event]) -> bytes:
    return msgspec.json.encode(fold("ck", events))


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, data=st.data())
def test_any_order_with_any_duplicates_folds_into_the_same_snapshot(events: list[Event], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(events))
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    assert as_json([*again, *shuffled]) == as_json(events)


@settings(max_examples=100, deadline=None)
@given(events=EVENTS)
def test_a_snapshot_survives_json(events: list[Event]) -> None:
    snapshot = fold("ck", events)
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=type(snapshot)) == snapshot


@settings(max_examples=250, deadline=None)
@given(events=EVENTS, minute=st.integers(0, 5_000))
def test_detectors_never_raise_and_their_findings_are_well_formed(events: list[Event], minute: int) -> None:
    snapshot = fold("ck", events)
    for finding in detect_all(snapshot, Context(START + timedelta(minutes=minute), Policies())):
        assert finding.evidence
        assert {e.ref for e in finding.evidence} <= {e.ref for e in events}
        assert finding.detectable_at >= max(e.at for e in finding.evidence)
        assert finding.at_risk is None or finding.at_risk.amount >= 0
        json.dumps(finding.details)
        for language in LANGUAGES:
            for key in ("title", "what", "cause", "suggested"):
                assert describe(finding, language, key)


@settings(max_examples=150, deadline=None)
@given(events=EVENTS)
def test_findings_do_not_depend_on_when_they_are_looked_for(events: list[Event]) -> None:
    snapshot = fold("ck", events)  # without authorisations that lapse nothing depends on now
    early, late = (detect_all(snapshot, Context(START + timedelta(minutes=m), Policies())) for m in (0, 9_000))
    assert early == late


@settings(max_examples=150, deadline=None)
@given(
    events=EVENTS,
    status=st.sampled_from(PaymentStatus),
    amount=st.integers(0, 20_000),
    ordered=st.booleans(),
    coupon=st.sampled_from(["valid", "expired", "used", "not_eligible", "unknown"]),
    account=st.sampled_from(["active", "suspended", "closed"]),
    verdict=st.sampled_from([None, "incomplete", "no_carrier", "phone_format", "postcode_mismatch", "street_unclear"]),
)
def test_detectors_never_raise_on_what_a_read_back_corrected(
    events: list[Event],
    status: PaymentStatus,
    amount: int,
    ordered: bool,
    coupon: str,
    account: str,
    verdict: str | None,
) -> None:
    at = START + timedelta(minutes=90)
    worth = Money(amount, "CNY")
    facts = Facts(
        checkout_id="ck",
        at=at,
        payments=[PaymentFact(id="p1", status=status, amount=worth, captured=worth if status == "captured" else None)],
        orders=[OrderFact(id="o1", total=worth)] if ordered else [],
        reservations=[ReservationFact(id="r1", sku="TEA", quantity=1, status="held")],
        coupon=CouponFact(code="A", status=coupon, discount=worth),
        customer=CustomerFact(id="c", status=account),
        serviceability=ServiceabilityFact(deliverable=amount % 2 == 0, reason=verdict),
    )
    snapshot = apply_read_back(fold("ck", events), facts)
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=type(snapshot)) == snapshot
    for finding in detect_all(snapshot, Context(at, Policies())):
        assert finding.evidence
        assert finding.detectable_at >= max(e.at for e in finding.evidence)
        for language in LANGUAGES:
            for key in ("title", "what", "cause", "suggested"):
                assert describe(finding, language, key)


def test_of_one_identity_the_first_heard_counts() -> None:
    story = Story().submit()
    other = msgspec.structs.replace(
        story.events[0],
        data={**story.events[0].data, "total": cny(1)},
        received_at=START + timedelta(minutes=1),
    )
    assert fold("ck", [other, *story.events]).due == 10_000


def test_money_taken_beats_a_failure_told_later() -> None:
    story = Story().submit().pay("captured", 1).pay("failed", 2)
    assert story.snapshot.payments["p1"].status == PaymentStatus.CAPTURED
    assert story.snapshot.captured_net() == 10_000


def test_a_refund_that_succeeded_is_final() -> None:
    story = Story().submit().pay("captured", 1).refund("succeeded", 2, 4_000).refund("failed", 3, 4_000)
    assert story.snapshot.captured_net() == 6_000


def test_the_last_word_about_a_coupon_counts_whatever_came_first() -> None:
    story = Story().submit().coupon("applied", 2, 500).coupon("rejected", 1, reason="expired")
    assert story.snapshot.coupon is not None
    assert (story.snapshot.coupon.status, story.snapshot.coupon_code) == ("valid", "SPRING")
    rejected = Story().submit(coupon_code="SPRING").coupon("applied", 1, 500).coupon("rejected", 2, reason="expired")
    assert rejected.snapshot.coupon is not None
    assert (rejected.snapshot.coupon.status, rejected.snapshot.coupon.reason) == ("rejected", "expired")


def test_a_dispute_told_by_two_systems_is_one_and_two_disputes_add_up() -> None:
    story = Story().healthy().pay("disputed", 5, 4_000)
    story.add("payment.disputed", 6, source="shop", payment_id="p1", amount=cny(4_000))
    assert story.snapshot.payments["p1"].disputed == 4_000
    assert story.pay("disputed", 7, 1_000).snapshot.payments["p1"].disputed == 5_000


def test_what_a_carrier_says_of_an_address_goes_with_that_address() -> None:
    story = Story().submit().add("address.rejected", 1, reason="phone_format")
    address = story.snapshot.address
    assert address is not None
    assert (address.verdict, address.normalised, address.deliverable) == ("phone_format", ["phone"], None)
    corrected = story.add("checkout.updated", 2, shipping_address=ADDRESS).snapshot.address
    assert corrected is not None
    assert (corrected.verdict, corrected.normalised) == (None, [])
    accepted = story.add("address.accepted", 3).snapshot.address
    assert accepted is not None
    assert (accepted.verdict, accepted.deliverable) == ("accepted", True)


def test_a_type_the_contract_does_not_know_breaks_and_invents_nothing() -> None:
    story = Story().healthy()
    story.add("payment.method_selected", 1, method="card").add("coupon.viewed", 2)
    story.add("refund.note", 3, payment_id="p1")
    story.add("order.viewed", 4, order_id=123).add("payment.pending", 5, payment_id="p9")
    story.add("coupon.looked_at", 6, coupon_code=["A"])
    seen = story.read(7, payments=[]).seen()
    assert set(seen.payments) == {"p1"}
    assert msgspec.convert(msgspec.to_builtins(seen), type(seen)) == seen
    assert story.codes() == []


def test_a_carriers_word_outlives_the_submit_of_the_same_address_only() -> None:
    def told(address: dict[str, str]) -> str | None:
        story = Story().add("checkout.updated", 0, shipping_address=ADDRESS).add("address.rejected", 1)
        seen = story.submit(2, address=address).snapshot.address
        assert seen is not None
        return seen.verdict

    assert told(ADDRESS) == "no_carrier"
    assert told({**ADDRESS, "city": "宁波市"}) is None
    assert told({k: v for k, v in ADDRESS.items() if k != "district"}) is None


def test_an_order_is_shipped_since_its_first_parcel() -> None:
    story = Story().healthy().order("shipped", 5).order("delivered", 6).order("shipped", 7).order("created", 8)
    order = story.snapshot.orders["o1"]
    assert (order.shipped_at, order.created_at) == (START + timedelta(minutes=5), START + timedelta(minutes=0.8))


def test_a_payment_methods_deadline_is_found_however_it_is_written() -> None:
    deadlines = Deadlines(payment=60, payment_by_method={"BOLETO": 3_600})
    waits = [deadlines.payment_for(method).total_seconds() for method in ("boleto", "Boleto", "card", None)]
    assert waits == [3_600, 3_600, 60, 60]

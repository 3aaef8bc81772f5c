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
from knowledge.policies import Policies
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.events import Event, parse_event
from knowledge.vocabulary.facts import Facts, OrderFact, PaymentFact, ReservationFact
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
    if kind == "checkout.submitted":
        return st.fixed_dictionaries(
            {"lines": LINES, "total": MONEY},
            optional={
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
                "reason": st.sampled_from(["incomplete", "no_carrier"]),
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
@given(events=EVENTS, status=st.sampled_from(PaymentStatus), amount=st.integers(0, 20_000), ordered=st.booleans())
def test_detectors_never_raise_on_what_a_read_back_corrected(
    events: list[Event], status: PaymentStatus, amount: int, ordered: bool
) -> None:
    at = START + timedelta(minutes=90)
    worth = Money(amount, "CNY")
    facts = Facts(
        checkout_id="ck",
        at=at,
        payments=[PaymentFact(id="p1", status=status, amount=worth, captured=worth if status == "captured" else None)],
        orders=[OrderFact(id="o1", total=worth)] if ordered else [],
        reservations=[ReservationFact(id="r1", sku="TEA", quantity=1, status="held")],
    )
    snapshot = apply_read_back(fold("ck", events), facts)
    for finding in detect_all(snapshot, Context(at, Policies())):
        assert finding.evidence


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

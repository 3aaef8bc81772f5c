"""Contract A: what is sent is taken once, folded and detected on, and what can't be taken is said and kept."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.intake.receive import MATCH_PAYMENT, Receipt
from assistant.store.tables import checkouts, events, payment_index, rejected_events
from knowledge.vocabulary.codes import FaultCode
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.facts import Facts, PaymentFact
from tests.assistant.conftest import NOW
from tests.assistant.intake.house import (
    CONTACT,
    House,
    cny,
    event,
    finding,
    life,
    line,
    payment,
    submitted,
    without_refs,
)

MINUTE = timedelta(minutes=1)
ABANDONED, TIMELINE = FaultCode.ABANDONED_CHECKOUT, FaultCode.TIMELINE_CONTRADICTION


def test_events_are_taken_and_folded(house: House) -> None:
    assert house.receive(*life(), at=NOW + timedelta(hours=1)) == Receipt(13, 0, [])
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.customer_id == "cu-1"
    assert snapshot.captured_net() == 10_000 - 100
    assert [order.status for order in snapshot.orders.values()] == ["delivered"]
    assert snapshot.address is not None
    assert snapshot.address.city == "杭州市"
    assert [e.type for e in house.events()][:2] == ["checkout.started", "checkout.updated"]
    assert house.snapshot("ck-2") is None


def test_the_same_event_counts_once(house: House) -> None:
    first = submitted()
    assert house.receive(first, first) == Receipt(1, 1, [])
    reordered = dict(reversed(first.items()))
    assert house.receive(reordered, payment("requested")) == Receipt(1, 1, [])
    assert house.count(events) == 2


def test_the_same_id_with_another_body_is_a_conflict(house: House) -> None:
    first = submitted()
    other = submitted(total=cny(1))
    for receipt in (house.receive(first, other), house.receive(other)):
        assert [(r.index, r.id, r.code) for r in receipt.rejected] == [
            (len(receipt.rejected) * receipt.accepted, first["id"], "id_conflict")
        ]
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.due == 10_000
    assert house.count(rejected_events) == 1, "the same refusal again is kept once"


def test_the_same_id_from_another_source_is_another_event(house: House) -> None:
    assert house.receive(payment("requested"), payment("requested") | {"source": "/psp"}) == Receipt(2, 0, [])


BAD: list[tuple[Any, str]] = [
    ("text", "invalid_event"),
    ({}, "invalid_event"),
    (None, "invalid_event"),
    (submitted() | {"specversion": "0.3"}, "invalid_event"),
    (submitted() | {"id": ""}, "invalid_event"),
    (submitted() | {"id": "x" * 513}, "invalid_event"),
    (submitted() | {"id": "破" * 512, "source": "损" * 512}, "invalid_event"),
    (submitted() | {"type": "x" * 129}, "invalid_event"),
    (submitted() | {"subject": "x" * 501}, "invalid_event"),
    (submitted() | {"time": "yesterday"}, "invalid_event"),
    (submitted() | {"time": "2026-03-02T08:00:00"}, "invalid_event"),
    (submitted(total={"amount": 1.5, "currency": "CNY"}), "invalid_data"),
    (submitted(total=cny(10**30)), "invalid_data"),
    (submitted(contact={"email": "a\x00b"}), "invalid_event"),
    (event("checkout.submitted", {"lines": [], "total": cny(1)}, checkout=None), "missing_checkout"),
    (event("payment.captured", {"payment_id": "p"}), "invalid_data"),
]


def test_one_bad_event_never_loses_its_neighbours(house: House) -> None:
    for n, (bad, code) in enumerate(BAD, 1):
        good = [event("order.confirmed", {"order_id": "or-1"}, id=f"{n}-{side}") for side in ("before", "after")]
        receipt = house.receive(good[0], bad, good[1])
        assert receipt.accepted == 2
        assert [(r.index, r.code) for r in receipt.rejected] == [(1, code)]
        assert receipt.rejected[0].detail
        assert house.count(rejected_events) == n
        assert house.receive(bad).rejected[0].code == code
        assert house.count(rejected_events) == n, "the same refusal again is kept once"


def test_nesting_without_end_is_refused(house: House) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    receipt = house.receive(event("custom.thing", {"deep": deep}), payment("requested"))
    assert receipt.accepted >= 1
    assert receipt.accepted + len(receipt.rejected) == 2


def test_an_unknown_type_is_kept(house: House) -> None:
    assert house.receive(event("loyalty.earned", {"points": 10**40, "note": "for Zoë"})) == Receipt(1, 0, [])
    told = house.events(unmask=True)[0]
    assert told.data == {"checkout_id": "ck-1", "points": 10**40, "note": "for Zoë"}
    assert house.events()[0].data == {"checkout_id": "ck-1"}


def test_events_about_no_checkout_are_kept(house: House) -> None:
    health = event("system.health", {"system": "payment", "ok": False}, checkout=None, subject="payment")
    level = {"sku": "6901234567892", "on_hand": 1, "available": 1, "shop_listed": 2}
    assert house.receive(health, event("inventory.level", level, checkout=None)).accepted == 2
    assert house.count(checkouts) == 0
    with house.store.read() as tx:
        rows = tx.execute(sa.select(events.c.data).order_by(events.c.seq)).scalars().all()
    assert {"sku": "6901234567892", "on_hand": 1, "available": 1, "shop_listed": 2} in rows, "a barcode is no phone"


def test_a_time_far_ahead_counts_as_the_time_of_receipt(house: House) -> None:
    house.receive(submitted(at=NOW + timedelta(hours=2)))
    assert house.events()[0].at == NOW


# -- order, duplicates, splitting -----------------------------------------------------------------------------------


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_split_and_repetition_gives_the_same_snapshot(house: House, data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 10**9))
    dice = random.Random(seed)
    names = [f"ck-{seed}-{n}-{dice.randrange(10**9)}" for n in range(3)]
    lives = [raw for name in names for raw in life(name)]
    later = NOW + timedelta(hours=1)
    house.receive(*lives, at=later)
    with house.store.begin() as tx:
        whole = {n: without_refs(house.intake.snapshot_of(tx, n)) for n in names}
        for table in (events, checkouts, payment_index):
            tx.execute(table.delete())
    sent = lives + dice.choices(lives, k=10)
    dice.shuffle(sent)
    while sent:
        size = data.draw(st.integers(1, 20))
        house.receive(*sent[:size], at=later)
        del sent[:size]
    for name in names:
        assert without_refs(house.snapshot(name)) == whole[name]
    with house.store.begin() as tx:
        house.intake.refold(tx, names, later)
    for name in names:
        assert without_refs(house.snapshot(name)) == whole[name]


def test_ten_threads_posting_the_same_batch_take_each_event_once(house: House) -> None:
    batch = [raw for n in range(8) for raw in life(f"ck-{n}")]
    receipts: list[Receipt] = []
    errors: list[Exception] = []

    def post(n: int) -> None:
        mine = batch[:]
        random.Random(n).shuffle(mine)
        try:
            receipts.append(house.intake.receive(mine, NOW))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=post, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sum(r.accepted for r in receipts) == len(batch) == house.count(events)
    assert sum(r.duplicates for r in receipts) == 9 * len(batch)
    alone = House(house.store, house.vault)
    for n in range(8):
        stored = without_refs(house.snapshot(f"ck-{n}"))
        with house.store.begin() as tx:
            alone.intake.refold(tx, [f"ck-{n}"], NOW)
        assert without_refs(house.snapshot(f"ck-{n}")) == stored


def test_threads_that_tell_of_one_checkout_at_once_all_count(house: House) -> None:
    story = life()
    together = threading.Barrier(len(story))

    def post(raw: Any) -> None:
        together.wait()
        house.receive(raw, at=NOW + timedelta(hours=1))

    threads = [threading.Thread(target=post, args=(raw,)) for raw in story]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    snapshot = house.snapshot()
    assert snapshot is not None
    assert len(snapshot.marks) == len(story)


# -- detection ------------------------------------------------------------------------------------------------------


def test_a_fault_that_shows_at_once_is_handed_on_in_the_same_breath(house: House) -> None:
    house.receive(submitted(), payment("captured"))
    house.receive(event("inventory.reservation_failed", {"lines": [{"sku": "TEA", "quantity": 2}]}, at=NOW + MINUTE))
    assert "paid_out_of_stock" in house.codes


def test_a_deadline_waits_in_a_timer_and_then_fires(house: House) -> None:
    house.receive(submitted(), event("inventory.reserved", {"lines": [{"sku": "TEA", "quantity": 2}]}))
    house.receive(payment("captured"))
    assert house.codes == []
    timer = house.timer("detect")
    assert timer is not None
    assert timer.due_at == NOW + timedelta(seconds=house.settings.deadline_order)
    assert house.run_timers(timer.due_at - MINUTE) == 0
    house.run_timers(timer.due_at)
    assert house.codes == ["paid_order_missing"]


def test_a_deadline_that_was_met_is_forgotten(house: House) -> None:
    house.detected = lambda s, _: [finding(ABANDONED, NOW + MINUTE)] if s.submitted_at is None else []
    house.receive(event("checkout.started", {"lines": [line()]}))
    assert house.timer("detect") is not None
    house.receive(submitted())
    assert house.timer("detect") is None


def test_of_several_deadlines_the_earliest_is_waited_for(house: House) -> None:
    house.detected = lambda s, c: [
        finding(code, NOW + n * MINUTE) for n, code in ((3, ABANDONED), (2, TIMELINE)) if NOW + n * MINUTE > c.now
    ]
    house.receive(submitted())
    for minutes in (2, 3):
        timer = house.timer("detect")
        assert timer is not None
        assert timer.due_at == NOW + minutes * MINUTE
        house.run_timers(timer.due_at)


def test_events_older_than_the_live_window_only_detect(house: House) -> None:
    old = NOW - timedelta(seconds=house.settings.live_window) - MINUTE
    house.receive(submitted(at=old), payment("captured", at=old), at=NOW)
    house.receive(submitted("ck-2"), payment("captured", "ck-2", payment_id="pay-2"))
    house.run_timers(NOW + timedelta(days=1))
    assert {(checkout_id, live) for checkout_id, _, live in house.found} == {("ck-1", False), ("ck-2", True)}


def test_a_weak_finding_waits_for_a_read_back(house: House) -> None:
    house.detected = lambda *_: [finding(ABANDONED, NOW, confirm=True), finding(TIMELINE, NOW)]
    house.receive(submitted())
    assert house.codes == ["timeline_contradiction"]
    timer = house.timer("confirm")
    assert timer is not None
    assert timer.due_at == NOW
    assert house.nudges == 1
    house.found.clear()
    for at in (NOW + MINUTE, NOW - MINUTE):
        house.apply(Facts(checkout_id="ck-1", at=at), NOW + MINUTE, confirms=at < NOW)
        assert house.codes == ["timeline_contradiction"], "neither a partial nor an older read-back confirms it"
        house.found.clear()
    house.apply(Facts(checkout_id="ck-1", at=NOW + MINUTE), NOW + MINUTE, confirms=True)
    assert house.codes == ["abandoned_checkout", "timeline_contradiction"]


def test_a_read_back_that_only_looks_hands_nothing_on(house: House) -> None:
    house.detected = lambda *_: [finding(ABANDONED, NOW), finding(TIMELINE, NOW + MINUTE)]
    house.apply(Facts(checkout_id="ck-1", at=NOW, orders=[]), detect=False)
    assert house.codes == []
    assert house.timer("detect") is not None, "but deadlines are set"


def test_cases_that_are_not_closed_are_told_of_every_new_event(house: House) -> None:
    house.open_case("ck-1", status="resolved")
    house.open_case("ck-2", status="closed")
    reply = event("customer.replied", {"choice": "no_thanks", "text": "call me: 13912345678"})
    house.receive(submitted(), reply, reply, submitted("ck-2"), submitted("ck-3"))
    house.receive(reply)
    assert [(c, e.type) for c, e in house.touched] == [("ck-1", "checkout.submitted"), ("ck-1", "customer.replied")]
    told = house.touched[1][1].data
    with house.store.read() as tx:
        assert house.vault.get(tx, told["text"]["ref"]) == {"text": "call me: 13912345678"}


# -- payments without a checkout ------------------------------------------------------------------------------------


def test_a_payment_without_checkout_finds_the_one_that_is_known(house: House) -> None:
    house.receive(submitted(), payment("requested"))
    house.receive(payment("captured", checkout=None))
    assert [e.type for e in house.events()] == ["checkout.submitted", "payment.captured", "payment.requested"]
    assert house.timer(MATCH_PAYMENT, "pay-1") is None


def test_a_payment_without_checkout_finds_it_in_its_own_batch(house: House) -> None:
    house.receive(payment("captured", checkout=None), payment("requested"))
    assert len(house.events()) == 2


def test_a_payment_that_came_before_its_checkout_is_matched_later(house: House) -> None:
    house.receive(payment("captured", checkout=None))
    timer = house.timer(MATCH_PAYMENT, "pay-1")
    assert timer is not None
    assert timer.due_at == NOW
    assert house.nudges == 1
    house.receive(submitted(), payment("requested"))
    snapshot = house.snapshot()
    assert snapshot is not None
    assert snapshot.captured_net() == 10_000


def test_a_read_back_matches_a_waiting_payment(house: House) -> None:
    house.receive(payment("captured", checkout=None), submitted())
    house.apply(Facts(checkout_id="ck-1", at=NOW - MINUTE, payments=[PaymentFact(id="pay-1", checkout_id="ck-1")]))
    assert [e.type for e in house.events()] == ["checkout.submitted", "payment.captured"]


# -- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_checkout_that_can_not_be_worked_on_does_not_lose_its_neighbours(house: House) -> None:
    """Its events are durable; what they lead to is tried again by a timer of its own."""
    for name in ("ck-1", "ck-2"):
        house.open_case(name)
    house.fails = lambda checkout_id: NotFoundError("case_not_found", "a bug") if checkout_id == "ck-1" else None
    failing = event("inventory.reservation_failed", {"lines": [{"sku": "TEA", "quantity": 2}]})
    raw = [submitted(), payment("captured"), failing, submitted("ck-2"), payment("captured", "ck-2", payment_id="p2")]
    assert house.receive(*raw).accepted == 5
    house.run_timers(NOW)
    assert house.snapshot("ck-2") is not None
    assert {c for c, _ in house.touched} == {"ck-2"}
    house.fails = lambda checkout_id: None
    house.run_timers(NOW + MINUTE)
    assert "paid_out_of_stock" in house.codes
    assert {c for c, _ in house.touched} == {"ck-1", "ck-2"}


def test_what_was_rolled_back_is_not_remembered(house: House) -> None:
    """The fold of a batch that failed must not be gone on with when the sender sends something else."""
    house.detected = lambda *_: []
    house.receive(submitted())

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    house.detected = interrupted
    with pytest.raises(KeyboardInterrupt):
        house.receive(payment("captured"))
    house.detected = lambda *_: []
    house.receive(payment("requested"))
    snapshot = house.snapshot()
    assert snapshot is not None
    assert [mark.type for mark in snapshot.marks] == ["checkout.submitted", "payment.requested"]


def test_a_guest_gets_a_key_of_the_checkout_and_a_customer_their_own(house: House) -> None:
    house.receive(event("checkout.started", {"contact": CONTACT, "lines": [line()]}, checkout="guest"))
    house.receive(event("checkout.updated", {"contact": CONTACT}), submitted())
    with house.store.read() as tx:
        rows = tx.execute(sa.select(checkouts.c.checkout_id, checkouts.c.customer_ref)).all()
        assert {row[0]: row[1] for row in rows} == {"guest": "g:guest", "ck-1": "c:cu-1"}
    with house.store.begin() as tx:
        house.vault.destroy(tx, "c:cu-1")
    assert "contact" in house.events("guest", unmask=True)[0].data
    assert "present" in house.events(unmask=True)[0].data["contact"], "erased: only the masked view is left"

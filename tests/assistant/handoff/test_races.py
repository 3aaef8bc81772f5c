"""However many hand-offs, claims and departures happen at once: no case twice, nobody over capacity."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from assistant.security.vault import Vault
from assistant.store.engine import Store
from assistant.store.tables import messages
from assistant.store.tables_people import assignments, staff
from assistant.timers.timers import Timer, set_timer
from knowledge.vocabulary.codes import CaseStatus
from knowledge.vocabulary.errors import ConflictError, UnavailableError
from tests.assistant.desk import event
from tests.assistant.handoff.routing_desk import House, person


@pytest.fixture
def house(store: Store, vault: Vault) -> House:
    return House(store, vault)


def at_once(*work: Callable[[], None]) -> None:
    """Runs all of them in threads that start together; an error of any is the test's."""
    gate = threading.Barrier(len(work))

    def one(what: Callable[[], None]) -> None:
        gate.wait()
        what()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(one, what) for what in work]:
            done.result(timeout=60)


def loads(house: House) -> Counter[str]:
    with house.store.read() as tx:
        return Counter(tx.scalars(sa.select(assignments.c.staff_id).where(assignments.c.ended_at.is_(None))))


def test_concurrent_hand_offs_never_exceed_anybodys_capacity_and_stay_fair(house: House) -> None:
    people = [house.hire(f"P{n}", capacity=5) for n in range(3)]
    cases = [house.open() for _ in range(24)]

    def hand_off(mine: list[str]) -> Callable[[], None]:
        return lambda: [house.hand_off(case_id) for case_id in mine] and None

    at_once(*(hand_off(cases[n::4]) for n in range(4)))
    assert loads(house) == dict.fromkeys(people, 5)
    assert sorted(Counter(house.owner(c) for c in cases).values()) == [5, 5, 5, 9]
    for case_id in cases:
        expected = [] if house.owner(case_id) == "service" else [(house.owner(case_id), None)]
        assert house.given(case_id) == expected


def test_one_case_handed_off_by_two_at_once_is_given_to_one(house: House) -> None:
    house.hire("Ann")
    house.hire("Bob")
    for _ in range(5):
        case_id = house.open()
        at_once(*[lambda case_id=case_id: house.hand_off(case_id)] * 2)  # type: ignore[misc]
        assert [how for _, how in house.given(case_id)].count(None) == 1


def test_two_who_give_out_the_queue_at_once_give_each_case_once(house: House) -> None:
    cases = [house.handed_off() for _ in range(16)]
    people = [house.hire(f"P{n}", capacity=5) for n in range(2)]

    def give_out() -> None:
        for _ in range(4):
            with house.store.begin() as tx:
                set_timer(tx, "route", "queue", house.now)
            house.sweep.run_once(house.now)

    at_once(give_out, give_out, give_out)
    house.later(2)  # what one skipped because another held it
    assert loads(house) == dict.fromkeys(people, 5)
    assert all(len(house.given(c)) <= 1 for c in cases)


def test_claims_hand_offs_and_absences_all_at_once_leave_nothing_crossed(house: House) -> None:
    people = [house.hire(f"P{n}", capacity=4) for n in range(3)]
    cases = [house.open() for _ in range(18)]

    def hand_off() -> None:
        for case_id in cases:
            house.hand_off(case_id)

    def claim() -> None:
        for case_id in cases[::3]:
            try:
                house.rooms.commands.claim(case_id, person(people[0]))
            except ConflictError:
                continue

    def come_and_go() -> None:
        for away in (True, False, True, False):
            house.register.set_away(person(people[1]), away, house.now)
            try:
                house.sweep.run_once(house.now)
            except UnavailableError as error:  # pragma: no cover
                raise AssertionError("a deadlock") from error

    at_once(hand_off, claim, come_and_go)
    house.later(2)
    open_now = loads(house)
    for case_id in cases:
        row = house.rooms.case(case_id)
        having = [who for who, how in house.given(case_id) if how is None]
        assert having == ([row["owner_id"]] if row["owner_kind"] == "person" else [])
    assert all(open_now[one] <= 4 for one in people[1:])  # the first has taken what they liked
    with house.store.read() as tx:
        assert not any(tx.scalars(sa.select(staff.c.away)))


def asked(house: House, case_id: str) -> None:
    """The case's customer was told something that they can still answer."""
    case = house.rooms.case(case_id)
    row = {
        "dedupe_key": f"{case_id}:1:which", "case_id": case_id, "episode": 1, "occasion": "which", "phrase": "which",
        "checkout_id": case["checkout_id"], "customer_id": case["customer_id"], "channel": "sms", "language": "en",
        "choices": [], "state": "accepted", "at": house.now, "timed_out": False, "attempts": 1, "asks": False,
    }  # fmt: skip
    with house.store.begin() as tx:
        tx.execute(messages.insert().values(**row))


def test_late_answers_and_the_queue_wait_for_each_other_in_one_order(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, ended = house.handed_off(), house.open(status=CaseStatus.RESOLVED)
    asked(house, ended)
    house.hire("Ann")
    checkout = {case_id: house.rooms.case(case_id)["checkout_id"] for case_id in (waiting, ended)}
    take_turn, giving = house.desk.take_turn, threading.Event()

    def slowly(tx: sa.Connection) -> None:
        if giving.is_set() and threading.current_thread() is giver[0]:
            time.sleep(0.4)  # the queue's cases are locked, its turn has not come
        take_turn(tx)

    giver: list[threading.Thread] = []
    monkeypatch.setattr(house.desk, "take_turn", slowly)

    def give_out() -> None:
        giver.append(threading.current_thread())
        giving.set()
        with house.store.begin() as tx:
            timer = Timer(kind="route", subject="queue", due_at=house.now)
            house.desk.timer_handlers()["route"](tx, timer, house.now)

    def write_back() -> None:
        giving.wait(10)
        time.sleep(0.1)
        answer = event("customer.replied", "e-1", in_reply_to=f"{ended}:1:which", text={"ref": "v-1"})
        with house.store.begin() as tx:
            news = {checkout[ended]: [answer], checkout[waiting]: [event("payment.captured", "e-2")]}
            house.rooms.opening.on_touched(tx, news, house.now)

    at_once(give_out, write_back)
    assert house.rooms.case(ended)["status"] == CaseStatus.HANDED_OFF
    assert [how for _, how in house.given(waiting)] == [None]

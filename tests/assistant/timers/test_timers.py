"""What waits fires once when it is due, by whichever worker, and is never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from assistant.store.engine import Store
from assistant.timers.timers import (
    LEASE,
    Sweep,
    Timer,
    TimerLoop,
    cancel_timer,
    drop_timer,
    set_timer,
    set_timers,
    timer_of,
)
from knowledge.vocabulary.errors import UnavailableError
from tests.assistant.conftest import NOW

MINUTE = timedelta(minutes=1)


def arm(store: Store, kind: str, subject: str, due_at: datetime, **more: object) -> None:
    with store.begin() as tx:
        set_timer(tx, kind, subject, due_at, **more)  # type: ignore[arg-type]


def standing(store: Store, kind: str, subject: str) -> Timer | None:
    with store.read() as tx:
        return timer_of(tx, kind, subject)


class Fired:
    """A handler that writes down what it was given."""

    def __init__(self, then: Callable[[sa.Connection, Timer, datetime], None] | None = None) -> None:
        self.timers: list[Timer] = []
        self.then = then

    def __call__(self, tx: sa.Connection, timer: Timer, now: datetime) -> None:
        self.timers.append(timer)
        if self.then is not None:
            self.then(tx, timer, now)

    @property
    def subjects(self) -> list[str]:
        return [timer.subject for timer in self.timers]


def test_a_timer_fires_when_due_and_once(store: Store) -> None:
    arm(store, "detect", "ck", NOW, generation=3, payload={"a": [1]})
    fired = Fired()
    sweep = Sweep(store, {"detect": fired})
    assert sweep.run_once(NOW - MINUTE) == 0
    assert sweep.run_once(NOW) == 1
    assert sweep.run_once(NOW + MINUTE) == 0
    timer = fired.timers[0]
    assert (timer.subject, timer.due_at, timer.generation, timer.payload) == ("ck", NOW, 3, {"a": [1]})


def test_the_earliest_go_first_and_the_rest_wait_for_the_next_round(store: Store) -> None:
    with store.begin() as tx:
        set_timers(tx, [Timer(kind="detect", subject=f"{n:02d}", due_at=NOW - n * MINUTE) for n in range(50)])
    fired = Fired()
    assert Sweep(store, {"detect": fired}).run_once(NOW, limit=45) == 45
    assert fired.subjects == [f"{n:02d}" for n in range(49, 4, -1)]


def test_kinds_that_go_ahead_do_not_wait_behind_what_has_been_due_for_longer(store: Store) -> None:
    arm(store, "last", "a", NOW - 2 * MINUTE)
    arm(store, "last", "b", NOW - MINUTE)
    arm(store, "second", "c", NOW - MINUTE)
    arm(store, "second", "d", NOW - 2 * MINUTE)
    arm(store, "first", "e", NOW)
    arm(store, "first", "f", NOW + MINUTE)
    order: list[str] = []
    outside = dict.fromkeys(("last", "second", "first"), lambda timer, now: order.append(timer.subject))
    sweep = Sweep(store, {}, outside, ahead=("first", "second"))
    for _ in range(6):
        sweep.run_once(NOW, limit=1)
    assert order == ["e", "d", "c", "a", "b"]


def test_setting_again_replaces_and_cancelling_removes(store: Store) -> None:
    arm(store, "detect", "ck", NOW)
    arm(store, "detect", "ck", NOW + MINUTE, payload=1)
    timer = standing(store, "detect", "ck")
    assert timer is not None
    assert (timer.due_at, timer.payload) == (NOW + MINUTE, 1)
    with store.begin() as tx:
        cancel_timer(tx, "detect", "ck")
        cancel_timer(tx, "detect", "ck")
    assert standing(store, "detect", "ck") is None


@pytest.mark.parametrize(("second", "kept"), [(NOW + MINUTE, "first"), (NOW - MINUTE, "second")])
def test_keep_earlier_keeps_the_earlier_whole(store: Store, second: datetime, kept: str) -> None:
    arm(store, "confirm", "ck", NOW, payload="first")
    arm(store, "confirm", "ck", second, payload="second", keep_earlier=True)
    timer = standing(store, "confirm", "ck")
    assert timer is not None
    assert timer.payload == kept
    assert timer.due_at == min(NOW, second)


def test_kinds_nobody_here_handles_are_left_alone(store: Store) -> None:
    arm(store, "other", "x", NOW)
    assert Sweep(store, {"detect": Fired()}).run_once(NOW) == 0
    assert standing(store, "other", "x") is not None


def test_a_handler_that_fails_keeps_its_timer_with_growing_delay_and_holds_up_no_other(store: Store) -> None:
    def fail(tx: sa.Connection, timer: Timer, now: datetime) -> None:
        set_timer(tx, "trace", timer.subject, now)
        raise RuntimeError("broken")

    arm(store, "bad", "a", NOW)
    arm(store, "detect", "b", NOW)
    good = Fired()
    sweep = Sweep(store, {"bad": fail, "detect": good})
    delays = []
    now = NOW
    for _ in range(12):
        sweep.run_once(now)
        timer = standing(store, "bad", "a")
        assert timer is not None
        delays.append((timer.due_at - now).total_seconds())
        now = timer.due_at
    assert delays[:6] == [1, 2, 4, 8, 16, 32]
    assert max(delays) == 300
    assert good.subjects == ["b"]
    assert standing(store, "trace", "a") is None, "what a failed handler wrote is rolled back"


def test_a_timer_set_again_by_its_own_handler_stays(store: Store) -> None:
    arm(store, "guard", "g", NOW)
    sweep = Sweep(store, {"guard": Fired(lambda tx, t, now: set_timer(tx, "guard", "g", now + MINUTE))})
    sweep.run_once(NOW)
    timer = standing(store, "guard", "g")
    assert timer is not None
    assert timer.due_at == NOW + MINUTE
    assert sweep.run_once(NOW + MINUTE) == 1


@pytest.mark.parametrize("keep_earlier", [True, False])
def test_a_timer_set_while_it_is_being_fired_fires_again(store: Store, keep_earlier: bool) -> None:
    """Its handler may have looked before the reason for setting it was there."""
    arm(store, "confirm", "ck", NOW)
    outside = Fired()

    def deferred(timer: Timer, now: datetime) -> None:
        outside.timers.append(timer)
        if len(outside.timers) == 1:
            arm(store, "confirm", "ck", NOW + MINUTE, keep_earlier=keep_earlier)

    sweep = Sweep(store, {}, {"confirm": deferred})
    sweep.run_once(NOW)
    timer = standing(store, "confirm", "ck")
    assert timer is not None
    assert timer.due_at == NOW + MINUTE
    sweep.run_once(NOW + MINUTE)
    assert len(outside.timers) == 2


def test_a_deferred_handler_runs_outside_of_a_transaction_and_says_when_again(store: Store) -> None:
    arm(store, "sweep", "orders", NOW)
    answers = [NOW + MINUTE, None]

    def deferred(timer: Timer, now: datetime) -> datetime | None:
        with store.begin() as tx:  # would wait for itself inside of one
            set_timer(tx, "trace", "x", now)
        return answers.pop(0)

    sweep = Sweep(store, {}, {"sweep": deferred})
    assert sweep.run_once(NOW) == 1
    assert sweep.run_once(NOW) == 0
    assert sweep.run_once(NOW + MINUTE) == 1
    assert standing(store, "sweep", "orders") is None


def test_a_deferred_handler_may_drop_its_timer_with_its_own_work(store: Store) -> None:
    arm(store, "check", "a", NOW)
    arm(store, "check", "b", NOW)

    def deferred(timer: Timer, now: datetime) -> None:
        with store.begin() as tx:
            if timer.subject == "b":
                set_timer(tx, "check", "b", NOW + MINUTE)  # something happened meanwhile
            drop_timer(tx, timer)

    assert Sweep(store, {}, {"check": deferred}).run_once(NOW) == 2
    assert standing(store, "check", "a") is None
    again = standing(store, "check", "b")
    assert again is not None
    assert again.due_at == NOW + MINUTE


def test_a_deferred_handler_that_finds_nobody_is_tried_again(store: Store) -> None:
    arm(store, "confirm", "ck", NOW)

    def down(timer: Timer, now: datetime) -> None:
        raise UnavailableError("shop_down", "no answer")

    Sweep(store, {}, {"confirm": down}).run_once(NOW)
    timer = standing(store, "confirm", "ck")
    assert timer is not None
    assert (timer.attempts, timer.due_at) == (1, NOW + timedelta(seconds=1))


def test_what_a_killed_worker_had_claimed_is_taken_over(store: Store) -> None:
    arm(store, "detect", "ck", NOW)

    def killed(tx: sa.Connection, timer: Timer, now: datetime) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        Sweep(store, {"detect": killed}).run_once(NOW)
    fired = Fired()
    other = Sweep(store, {"detect": fired})
    assert other.run_once(NOW + LEASE / 2) == 0
    assert other.run_once(NOW + LEASE) == 1


def test_a_claim_from_before_the_clock_was_set_back_does_not_hold(store: Store) -> None:
    ahead = NOW + timedelta(days=1)
    arm(store, "detect", "ck", NOW)

    def killed(tx: sa.Connection, timer: Timer, now: datetime) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        Sweep(store, {"detect": killed}).run_once(ahead)
    assert Sweep(store, {"detect": Fired()}).run_once(NOW) == 1


def test_workers_share_the_work_and_nothing_fires_twice(store: Store) -> None:
    with store.begin() as tx:
        set_timers(tx, [Timer(kind="detect", subject=str(n), due_at=NOW) for n in range(60)])
    fired = Fired()

    def work() -> None:
        sweep = Sweep(store, {"detect": fired})
        while sweep.run_once(NOW, limit=7):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fired.subjects, key=int) == [str(n) for n in range(60)]


def test_one_kind_has_one_handler(store: Store) -> None:
    with pytest.raises(ValueError, match="confirm"):
        Sweep(store, {"confirm": Fired()}, {"confirm": lambda timer, now: None})


def test_the_loop_fires_by_itself_and_slow_reads_hold_nothing_up(store: Store) -> None:
    reading, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def slow(timer: Timer, now: datetime) -> None:
        reading.set()
        go_on.wait(10)

    loop = TimerLoop(Sweep(store, {"detect": Fired(lambda *_: done.set())}, {"confirm": slow}), interval=0.05)
    arm(store, "confirm", "ck", NOW)
    loop.start()
    assert reading.wait(10)
    arm(store, "detect", "ck", NOW)
    assert done.wait(10)
    go_on.set()
    loop.stop()
    assert standing(store, "confirm", "ck") is None


def test_a_nudge_makes_the_loop_look_at_once(store: Store) -> None:
    done = threading.Event()
    loop = TimerLoop(Sweep(store, {"detect": Fired(lambda *_: done.set())}), interval=30)
    loop.start()
    time.sleep(0.3)
    arm(store, "detect", "ck", NOW)
    loop.nudge()
    assert done.wait(10)
    loop.stop()

"""The gate: reads are repeated, writes never; a sick system is left alone; nobody crowds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from knowledge.vocabulary.errors import UnavailableError
from tools.connectors.answer import Answer, CallFailedError
from tools.connectors.gate import Gate, GatePolicy, HealthObserver

FOUND = Answer(200, b"{}")
LOST = CallFailedError("timeout", "no answer", sent=True)
REFUSED = CallFailedError("unavailable", "connection refused", sent=False)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class System:
    """Answers by a script, its last line for ever."""

    def __init__(self, *script: Answer | CallFailedError) -> None:
        self.script = list(script)
        self.calls = 0

    def __call__(self) -> Answer:
        self.calls += 1
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, CallFailedError):
            raise step
        return step


def gate_with(
    clock: Clock | None = None, on_health: HealthObserver | None = None, **limits: object
) -> tuple[Gate, Clock]:
    clock = clock or Clock()
    policy = msgspec.convert(limits, GatePolicy)
    return Gate("shop", policy, on_health, clock=clock, sleep=clock.sleep, jitter=lambda: 1.0), clock


@pytest.mark.parametrize("bad", [LOST, REFUSED, Answer(500), Answer(502), Answer(503), Answer(429), Answer(408)])
def test_a_read_is_repeated_until_it_answers(bad: Answer | CallFailedError) -> None:
    gate, _ = gate_with()
    system = System(bad, bad, FOUND)
    assert gate.read("shop", system) == FOUND
    assert system.calls == 3


@pytest.mark.parametrize("status", [400, 401, 403, 422, 501])
def test_a_read_that_was_refused_is_not_repeated(status: int) -> None:
    gate, _ = gate_with()
    system = System(Answer(status))
    with pytest.raises(UnavailableError):
        gate.read("shop", system)
    assert system.calls == 1


@pytest.mark.parametrize(
    ("bad", "code"),
    [(LOST, "shop_timeout"), (REFUSED, "shop_unavailable"), (Answer(429), "shop_rate_limited"),
     (Answer(500), "shop_unavailable")],
)  # fmt: skip
def test_a_read_that_never_answers_says_why(bad: Answer | CallFailedError, code: str) -> None:
    gate, _ = gate_with(attempts=2)
    with pytest.raises(UnavailableError) as caught:
        gate.read("shop", System(bad))
    assert caught.value.code == code


def test_pauses_double_up_to_their_limit() -> None:
    gate, clock = gate_with(attempts=5, backoff=0.1, backoff_limit=0.3, failures_to_open=99)
    with pytest.raises(UnavailableError):
        gate.read("shop", System(LOST))
    assert clock.slept == pytest.approx([0.1, 0.2, 0.3, 0.3])


def test_a_read_waits_as_long_as_it_is_told() -> None:
    gate, clock = gate_with(backoff=0.0)
    gate.read("shop", System(Answer(429, retry_after=2.0), FOUND))
    assert clock.slept == [2.0]


def test_a_read_told_to_wait_too_long_hands_the_time_to_its_caller() -> None:
    gate, clock = gate_with(patience=5.0)
    system = System(Answer(503, retry_after=60.0))
    with pytest.raises(UnavailableError) as caught:
        gate.read("shop", system)
    assert (caught.value.retry_after, system.calls, clock.slept) == (60.0, 1, [])


@pytest.mark.parametrize(
    ("bad", "kind"),
    [(LOST, "unknown"), (REFUSED, "retryable"), (Answer(500), "unknown"), (Answer(503), "retryable"),
     (Answer(429), "retryable"), (Answer(409), "rejected")],
)  # fmt: skip
def test_a_write_is_sent_once_whatever_comes(bad: Answer | CallFailedError, kind: str) -> None:
    gate, clock = gate_with()
    system = System(bad, FOUND)
    assert gate.write("payment", system).kind == kind
    assert (system.calls, clock.slept) == (1, [])


def test_a_circuit_opens_after_failures_in_a_row_and_spares_the_system() -> None:
    gate, _ = gate_with(attempts=1, failures_to_open=3, open_seconds=10.0)
    system = System(LOST)
    for _ in range(3):
        with pytest.raises(UnavailableError, match="shop_timeout"):
            gate.read("payment", system)
    with pytest.raises(UnavailableError, match="shop_circuit_open") as caught:
        gate.read("payment", system)
    outcome = gate.write("payment", system)
    assert system.calls == 3
    assert caught.value.retry_after == pytest.approx(10.0)
    assert (outcome.kind, outcome.code) == ("retryable", "shop_circuit_open")
    assert gate.open_circuits() == {"payment"}


def test_one_success_between_failures_keeps_the_circuit_closed() -> None:
    gate, _ = gate_with(attempts=1, failures_to_open=2)
    system = System(Answer(500), FOUND, Answer(500), FOUND)
    for _ in range(4):
        gate.write("shop", system)
    assert system.calls == 4


def test_refusals_and_throttles_do_not_open_the_circuit() -> None:
    gate, _ = gate_with(attempts=1, failures_to_open=1)
    for status in (404, 409, 422, 429, 401, 501):
        gate.write("shop", System(Answer(status)))
    assert gate.open_circuits() == frozenset()


def test_a_sick_system_does_not_close_the_others() -> None:
    gate, _ = gate_with(attempts=1, failures_to_open=1)
    gate.write("payment", System(LOST))
    assert gate.write("shop", System(FOUND)).kind == "ok"


def test_after_its_time_one_probe_closes_the_circuit_or_opens_it_again() -> None:
    gate, clock = gate_with(attempts=1, failures_to_open=1, open_seconds=10.0)
    gate.write("payment", System(LOST))
    clock.now += 10.0
    assert gate.write("payment", System(LOST)).kind == "unknown"
    assert gate.write("payment", System(FOUND)).code == "shop_circuit_open"
    clock.now += 10.0
    assert gate.write("payment", System(FOUND)).kind == "ok"
    assert gate.open_circuits() == frozenset()


def test_only_one_caller_probes_at_a_time() -> None:
    gate, clock = gate_with(attempts=1, failures_to_open=1, open_seconds=10.0)
    gate.write("payment", System(LOST))
    clock.now += 10.0
    meanwhile: list[str] = []

    def probe() -> Answer:
        meanwhile.append(gate.write("payment", System(FOUND)).code)
        return FOUND

    assert gate.write("payment", probe).kind == "ok"
    assert meanwhile == ["shop_circuit_open"]


def test_a_probe_that_blows_up_does_not_keep_the_circuit_open_for_ever() -> None:
    gate, clock = gate_with(attempts=1, failures_to_open=1, open_seconds=10.0)
    gate.write("payment", System(LOST))
    clock.now += 10.0

    def bug() -> Answer:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError):
        gate.write("payment", bug)
    assert gate.write("payment", System(FOUND)).kind == "ok"


def test_the_observer_hears_of_each_call_and_its_latency() -> None:
    told: list[tuple[str, bool, float]] = []
    clock = Clock()
    gate, _ = gate_with(clock, lambda *what: told.append(what), backoff=0.0)

    def slow() -> Answer:
        clock.now += 0.25
        return Answer(429) if len(told) == 0 else FOUND

    gate.read("inventory", slow)
    assert [(system, healthy) for system, healthy, _ in told] == [("inventory", False), ("inventory", True)]
    assert [latency for _, _, latency in told] == pytest.approx([250.0, 250.0])


def test_a_refusal_is_a_healthy_answer_and_a_wrong_token_is_not() -> None:
    told: list[bool] = []
    gate, _ = gate_with(None, lambda system, healthy, latency: told.append(healthy))
    for status in (409, 404, 501, 401, 500, 429):
        gate.write("shop", System(Answer(status)))
    assert told == [True, True, True, False, False, False]


def test_an_observer_that_fails_does_not_lose_the_outcome(caplog: pytest.LogCaptureFixture) -> None:
    def broken(system: str, healthy: bool, latency: float) -> None:
        raise RuntimeError("metrics are down")

    gate, _ = gate_with(None, broken)
    assert gate.write("payment", System(FOUND)).kind == "ok"
    assert "health observer failed" in caplog.text


def run_together(call: Callable[[], object], times: int) -> None:
    threads = [threading.Thread(target=call) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_more_calls_at_once_than_allowed() -> None:
    gate = Gate("shop", GatePolicy(concurrency=3))
    inside, most, lock = 0, 0, threading.Lock()

    def call() -> Answer:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.01)
        with lock:
            inside -= 1
        return FOUND

    run_together(lambda: gate.read("shop", call), 12)
    assert most == 3


def test_a_call_that_finds_no_place_was_not_sent() -> None:
    gate = Gate("shop", GatePolicy(concurrency=1, place_timeout=0.01))
    inner: list[str] = []

    def outer() -> Answer:
        inner.append(gate.write("shop", System(FOUND)).kind)
        return FOUND

    assert gate.write("shop", outer).kind == "ok"
    assert inner == ["retryable"]


def test_the_rate_spaces_calls_after_a_burst_and_refuses_what_would_wait_too_long() -> None:
    gate, clock = gate_with(rate=2.0, place_timeout=1.0)
    system = System(FOUND)
    for _ in range(4):
        gate.write("shop", system)
    assert clock.slept == pytest.approx([0.5, 0.5, 0.5])
    for _ in range(2):
        gate._pace.book(10.0)
    assert gate.write("shop", system).code == "shop_busy"
    assert system.calls == 4

"""The breaker: what opens it, how long it rests, one probe at a time, and back by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import httpx
import openai
import pytest

from assistant.agent.breaker import LONGEST_REST, STRIKES, Breaker, Failure, failure_of, retry_after

OUTAGE, BAD_ANSWER = Failure("unreachable"), Failure("empty", outage=False)
REQUEST: Any = httpx.Request("POST", "http://model.test/v1/chat/completions")


def response(status: int, seconds: int | None = None) -> Any:
    headers = {} if seconds is None else {"retry-after": str(seconds)}
    return httpx.Response(status, request=REQUEST, headers=headers)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(30.0, clock=clock)


def fail(breaker: Breaker, failure: Failure = OUTAGE) -> None:
    permit = breaker.ask()
    assert permit is not None
    permit.failed(failure)


def test_an_outage_opens_it_for_its_rest_and_one_good_probe_closes_it(breaker: Breaker, clock: Clock) -> None:
    assert breaker.state()["state"] == "closed"
    fail(breaker)
    assert breaker.state() == {"state": "open", "reason": "unreachable", "rests_for": 30.0, "opened": 1}
    assert breaker.ask() is None
    clock.now += 30.0
    assert breaker.state()["state"] == "half_open"
    probe = breaker.ask()
    assert probe is not None and probe.probing
    assert breaker.ask() is None  # one at a time
    probe.succeeded()
    assert breaker.state()["state"] == "closed"
    assert breaker.ask() is not None and breaker.ask() is not None


def test_a_failed_probe_opens_it_again_and_a_dropped_one_lets_the_next_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += 30.0
    dropped = breaker.ask()
    assert dropped is not None
    dropped.dropped()
    fail(breaker, BAD_ANSWER)  # a probe may not even be bad
    assert breaker.state()["state"] == "open"
    assert breaker.state()["opened"] == 2


def test_bad_answers_open_it_only_in_a_row(breaker: Breaker) -> None:
    for _ in range(STRIKES - 1):
        fail(breaker, BAD_ANSWER)
    good = breaker.ask()
    assert good is not None
    good.succeeded()
    for _ in range(STRIKES - 1):
        fail(breaker, BAD_ANSWER)
    assert breaker.state()["state"] == "closed"
    fail(breaker, BAD_ANSWER)
    assert breaker.state()["state"] == "open"


def test_an_endpoint_is_left_as_long_as_it_asks_and_never_shorter_than_the_rest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, Failure("rate_limited", rest=90.0))
    clock.now += 89.0
    assert breaker.ask() is None
    clock.now += 1.0
    fail(breaker, Failure("rate_limited", rest=1.0))
    assert breaker.state()["rests_for"] == 30.0


def test_turns_that_began_before_the_state_changed_change_nothing(breaker: Breaker, clock: Clock) -> None:
    slow, quick = breaker.ask(), breaker.ask()
    assert slow is not None and quick is not None
    quick.failed(OUTAGE)
    slow.succeeded()
    assert breaker.state()["state"] == "open"
    clock.now += 30.0
    late = breaker.ask()
    assert late is not None
    late.succeeded()
    late.failed(OUTAGE)  # only the first report counts
    assert breaker.state()["state"] == "closed"


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("20", 20.0), ("0", 0.0), ("-3", 0.0), ("1e9", LONGEST_REST), ("Mon, 23 Nov 2026 00:01:00 GMT", 60.0),
        ("soon", None), ("nan", None), ("", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date(stated: str, seconds: float | None) -> None:
    answer = SimpleNamespace(headers=httpx.Headers({"Retry-After": stated}))
    assert retry_after(answer, datetime(2026, 11, 23, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (openai.RateLimitError("x", response=response(429, 7), body=None),
         Failure("rate_limited", rest=7.0)),
        (openai.InternalServerError("x", response=response(503), body=None),
         Failure("status_503")),
        (openai.AuthenticationError("x", response=response(401), body=None),
         Failure("status_401")),
        (openai.BadRequestError("x", response=response(400), body=None),
         Failure("status_400", outage=False)),
        (openai.APITimeoutError(REQUEST), Failure("silent")),
        (openai.APIConnectionError(request=REQUEST), Failure("unreachable")),
        (httpx.RemoteProtocolError("cut"), Failure("unreachable")),
        (ConnectionResetError(), Failure("unreachable")),
        (TimeoutError(), Failure("silent")),
        (ValueError("nonsense"), Failure("broken")),
    ],
)  # fmt: skip
def test_what_a_clients_errors_mean(error: Exception, failure: Failure) -> None:
    assert failure_of(error) == failure

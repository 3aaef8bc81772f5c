"""Breaker: keeps turns away from a model endpoint that is down, slow or over its limit, and finds the way back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

STRIKES = 3  # bad answers in a row that open it; an outage opens it at once
LONGEST_REST = 3600.0  # seconds: what an endpoint may ask for at most by Retry-After
_TOO_MANY, _BROKEN = 429, 500
_THIS_TURN_ONLY = (400, 413, 422)  # the endpoint is well, it only won't take this request

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an endpoint gave no answer. `outage`: it won't for others either; `rest`: seconds it asked to be left."""

    reason: str  # silent, unreachable, rate_limited, status_503, cut_off, empty, broken
    outage: bool = True
    rest: float | None = None


class ModelError(Exception):
    """Retry elsewhere: a model gave no whole answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


def failure_of(error: BaseException) -> Failure:
    """What an error of a model's client means. Known by its shape: the client library is loaded only where needed."""
    if isinstance(error, ModelError):
        return error.failure
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        if status == _TOO_MANY:
            return Failure("rate_limited", rest=retry_after(getattr(error, "response", None)))
        rest = retry_after(getattr(error, "response", None)) if status >= _BROKEN else None
        return Failure(f"status_{status}", outage=status not in _THIS_TURN_ONLY, rest=rest)
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, TimeoutError) or names & {"APITimeoutError", "TimeoutException"}:
        return Failure("silent")
    if isinstance(error, OSError) or names & {"APIConnectionError", "TransportError"}:
        return Failure("unreachable")
    return Failure("broken")


def retry_after(response: Any, now: datetime | None = None) -> float | None:
    """The seconds of a Retry-After header (a number or a date), at most an hour; None without a readable one."""
    stated = (getattr(response, "headers", None) or {}).get("retry-after")
    if not stated:
        return None
    try:
        seconds = float(stated)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(stated) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_REST) if math.isfinite(seconds) else None


class Permit:
    """Leave to ask the endpoint once. It ends with `succeeded`, `failed` or `dropped`; only the first one counts."""

    def __init__(self, breaker: Breaker, generation: int, probing: bool) -> None:
        self._breaker, self._generation, self.probing = breaker, generation, probing
        self._settled = False

    def succeeded(self) -> None:
        """The endpoint gave a whole answer."""
        self._settle(None, answered=True)

    def failed(self, failure: Failure) -> None:
        """It did not."""
        self._settle(failure, answered=False)

    def dropped(self) -> None:
        """Nobody will know: the turn ended for another reason."""
        self._settle(None, answered=False)

    def _settle(self, failure: Failure | None, *, answered: bool) -> None:
        if not self._settled:
            self._settled = True
            self._breaker._settle(self, failure, answered=answered)


class Breaker:
    """Closed: everybody may ask. Open: nobody, for `rest` seconds. Half-open: one turn at a time tries it.

    One for all conversations of a process. What a turn reports that began before the state last changed changes
    nothing any more. Safe between threads.
    """

    def __init__(self, rest: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest, self._clock = rest, clock
        self._lock = threading.Lock()
        self._generation, self._strikes, self._opened = 0, 0, 0
        self._until: float | None = None  # None: closed
        self._probing = False
        self._reason: str | None = None

    def ask(self) -> Permit | None:
        """Leave to ask, or None while the endpoint is to be left alone."""
        with self._lock:
            state = self._state()
            if state == "open" or (state == "half_open" and self._probing):
                return None
            self._probing = state == "half_open"
            return Permit(self, self._generation, self._probing)

    def state(self) -> dict[str, Any]:
        """`{state, reason, rests_for, opened}` for health and metrics: why it last opened, seconds, how often."""
        with self._lock:
            rests_for = 0.0 if self._until is None else max(0.0, self._until - self._clock())
            return {
                "state": self._state(), "reason": self._reason, "rests_for": round(rests_for, 3),
                "opened": self._opened,
            }  # fmt: skip

    def _state(self) -> State:
        if self._until is None:
            return "closed"
        return "open" if self._clock() < self._until else "half_open"

    def _settle(self, permit: Permit, failure: Failure | None, *, answered: bool) -> None:
        with self._lock:
            if permit._generation != self._generation:
                return
            self._probing = False if permit.probing else self._probing
            if answered:
                self._strikes = 0
                if permit.probing:
                    self._until, self._reason = None, None
                    self._generation += 1
            elif failure is not None:
                self._strikes += 1
                if failure.outage or permit.probing or self._strikes >= STRIKES:
                    self._open(failure)

    def _open(self, failure: Failure) -> None:
        self._until = self._clock() + max(self._rest, failure.rest or 0.0)
        self._reason, self._strikes = failure.reason, 0
        self._opened += 1
        self._generation += 1

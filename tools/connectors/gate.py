"""Gate: everything around one outside call, for every connector: limits, circuit, retry of reads, health."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from knowledge.vocabulary.errors import UnavailableError
from tools.connectors.answer import Answer, CallFailedError, read_error, write_outcome
from tools.connectors.circuit import Circuit
from tools.connectors.outcome import Outcome, retryable, unknown

Call = Callable[[], Answer]
HealthObserver = Callable[[str, bool, float], None]
"""Told after each call: system, whether it did its work, latency in milliseconds."""

_log = logging.getLogger(__name__)


class GatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one connector; all times in seconds."""

    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    """The longest silence while an answer is awaited or read."""
    total_timeout: float = 10.0
    """The longest a whole answer may take, however steadily it drips."""
    attempts: int = 3
    """Of a read, the first one included. Writes are never repeated here."""
    backoff: float = 0.1
    backoff_limit: float = 2.0
    patience: float = 5.0
    """The longest a read waits on a Retry-After before it gives the caller the time to wait instead."""
    concurrency: int = 16
    rate: float | None = None
    """Calls per second, None for no limit."""
    place_timeout: float = 5.0
    """The longest a call waits for its place (concurrency and rate)."""
    failures_to_open: int = 5
    open_seconds: float = 5.0
    keep_alive: float = 2.0
    """How long an idle connection is kept: shorter than servers do, or we would send into closing ones."""


class Gate:
    """The gate of one connector, shared by its threads. Circuits are per system, places and rate for all.

    `name` (`shop`) starts the codes of its errors: `shop_unavailable`, `shop_timeout`, `shop_rate_limited`,
    `shop_unauthorised`, `shop_circuit_open`, `shop_busy`, `shop_refused_read`, `shop_not_supported`.
    """

    def __init__(
        self,
        name: str,
        policy: GatePolicy,
        on_health: HealthObserver | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name, self.policy = name, policy
        self._on_health, self._clock, self._sleep, self._jitter = on_health, clock, sleep, jitter
        self._places = threading.BoundedSemaphore(policy.concurrency)
        self._pace = _Pace(policy.rate, clock)
        self._circuits_lock = threading.Lock()
        self._circuits: dict[str, Circuit] = defaultdict(
            lambda: Circuit(policy.failures_to_open, policy.open_seconds, clock)
        )

    def open_circuits(self) -> frozenset[str]:
        """The systems that are not being called at present."""
        with self._circuits_lock:
            return frozenset(system for system, circuit in self._circuits.items() if circuit.is_open)

    def refusing(self) -> frozenset[str]:
        """The systems whose next call would be refused without being made."""
        with self._circuits_lock:
            return frozenset(system for system, circuit in self._circuits.items() if circuit.refuses)

    def read(self, system: str, call: Call) -> Answer:
        """A 2xx or 404 answer, after retries with jittered backoff.

        Raises:
            UnavailableError: when there is none; `retry_after` says when to come back, in seconds.
        """
        attempt = 1
        while True:
            asked: float | None = None
            try:
                answer = self._once(system, call)
            except CallFailedError as failed:
                error = UnavailableError(f"{self.name}_{failed.reason}", f"{system}: {failed.detail}")
            else:
                refused = read_error(answer, self.name)
                if refused is None:
                    return answer
                if not answer.passing:
                    raise refused
                error, asked = refused, answer.retry_after
            if attempt >= self.policy.attempts or (asked or 0.0) > self.policy.patience:
                raise error
            self._sleep((asked or 0.0) + self._backoff(attempt))
            attempt += 1

    def write(self, system: str, call: Call) -> Outcome:
        """The outcome of sending once. Never repeated here: that takes a read-back and a decision."""
        try:
            answer = self._once(system, call)
        except UnavailableError as refused:
            return retryable(refused.code, refused.retry_after, refused.detail)
        except CallFailedError as failed:
            code = f"{self.name}_{failed.reason}"
            return unknown(failed.detail, code) if failed.sent else retryable(code, 1.0, failed.detail)
        return write_outcome(answer, self.name)

    def _once(self, system: str, call: Call) -> Answer:
        """One call in its place, watched by its circuit.

        Raises:
            UnavailableError: `…_circuit_open` or `…_busy`; nothing was sent.
            CallFailedError: as the call raised it.
        """
        circuit = self._circuit(system)
        wait = circuit.enter()
        if wait > 0:
            raise UnavailableError(f"{self.name}_circuit_open", f"{system} keeps failing; not called", wait)
        succeeded: bool | None = None
        try:
            with self._place(system):
                started = self._clock()
                try:
                    answer = call()
                except CallFailedError:
                    succeeded = False
                    self._tell(system, False, started)
                    raise
                succeeded = not answer.broken
                self._tell(system, answer.healthy, started)
                return answer
        finally:
            circuit.leave(succeeded)

    @contextmanager
    def _place(self, system: str) -> Iterator[None]:
        """A place among the concurrent calls, at the allowed pace; UnavailableError when none comes free."""
        longest = self.policy.place_timeout
        if not self._places.acquire(timeout=longest):
            raise UnavailableError(f"{self.name}_busy", f"{system}: all places are taken", 1.0)
        try:
            wait = self._pace.book(longest)
            if wait is None:
                raise UnavailableError(f"{self.name}_busy", f"{system}: the call rate is used up", 1.0)
            if wait > 0:
                self._sleep(wait)  # the place stays taken: whoever comes next would wait longer still
            yield
        finally:
            self._places.release()

    def _circuit(self, system: str) -> Circuit:
        with self._circuits_lock:
            return self._circuits[system]

    def _backoff(self, attempt: int) -> float:
        """Full jitter: anywhere from 0 to the doubled base (Brooker, *Exponential Backoff and Jitter*)."""
        longest: float = min(self.policy.backoff * 2.0 ** (attempt - 1), self.policy.backoff_limit)
        return self._jitter() * longest

    def _tell(self, system: str, healthy: bool, started: float) -> None:
        if self._on_health is None:
            return
        try:
            self._on_health(system, healthy, (self._clock() - started) * 1_000)
        except Exception:  # an observer's fault must not turn a known outcome into an unknown one
            _log.exception("health observer failed", extra={"system": system})


class _Pace:
    """Spaces calls evenly at `rate` per second, with bursts of up to one second's worth (a token bucket)."""

    def __init__(self, rate: float | None, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._lock = threading.Lock()
        self._ready_at = clock()

    def book(self, longest: float) -> float | None:
        """Seconds to wait before this call; None, and nothing booked, when that is longer than `longest`."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._clock()
            ready_at = max(self._ready_at, now - 1.0 + 1.0 / self._rate)
            wait = max(0.0, ready_at - now)
            if wait > longest:
                return None
            self._ready_at = ready_at + 1.0 / self._rate
            return wait

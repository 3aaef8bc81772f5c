"""The service levels over HTTP: how the three promises stand now and stood lately."""

import threading
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends

from assistant.cases.views import json_ready
from assistant.promises.standing import Standing
from assistant.security.principals import Principal, Scope
from assistant.store.engine import Store, utcnow

Require = Callable[[Scope], Callable[..., Principal]]
KEPT_FOR = 1.0  # seconds for which an answer is given again: however many screens show it, it is counted once


class _Kept:
    """The latest answer, made again when it is older than `KEPT_FOR`."""

    def __init__(self, standing: Standing) -> None:
        self._standing, self._lock = standing, threading.Lock()
        self._made_at = float("-inf")
        self._answer: dict[str, Any] = {}

    def answer(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() - self._made_at >= KEPT_FOR:
                self._answer = json_ready(self._standing.now(utcnow()))
                self._made_at = time.monotonic()
            return self._answer


def make_router(store: Store, require: Require) -> APIRouter:
    """The routes; `require(scope)` is a dependency that gives the principal or refuses."""
    router = APIRouter(prefix="/v1/metrics", tags=["metrics"])
    kept = _Kept(Standing(store))

    @router.get("/service-levels", dependencies=[Depends(require(Scope.METRICS_READ))])
    def service_levels() -> dict[str, Any]:
        """The three promises, live: `{at, severities: {high|medium|low: {…}}}`, at most a second old.

        Of each: `promise`, `within_seconds`; of open cases `running`, `paused` (waiting for the customer), `at_risk`
        (three quarters of the time are used up), `missed` (and still to be done), `least_left_seconds`; for
        `last_hour` and `last_day`, of promises settled in it, `{settled, met, share, p50_seconds, p95_seconds,
        worst_seconds, waited_seconds}`. Seconds run from when the fault was detectable; waits of low-severity cases for
        the customer are left out of them and told apart.
        """
        return kept.answer()

    return router

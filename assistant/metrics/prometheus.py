"""Prometheus figures, by the same definitions as the report; the /metrics endpoint calls it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import sqlalchemy as sa
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from assistant.metrics.endings import BUCKETS, Endings
from assistant.metrics.rows import CURRENT, level, made
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, effects, events, messages, past_endings, timers
from assistant.store.tables_people import feedback, promises
from knowledge.vocabulary.codes import LIVE_STATUSES, Severity

KEPT = 5.0  # seconds for which an answer is given again: several Prometheus servers cost no more than one


class Exposition:
    """What /metrics shows; one object per application."""

    def __init__(
        self, store: Store, clock: Callable[[], float] = time.monotonic, kept: float = KEPT,
        model: Callable[[], str] = lambda: "offline",
    ) -> None:  # fmt: skip
        self._store, self._clock, self._kept, self._model = store, clock, kept, model
        self._endings, self._lock = Endings(), Lock()
        self._last: tuple[float, bytes] | None = None
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def render(self) -> bytes:
        """The exposition text: our figures, a few seconds old at most, and the process's own."""
        with self._lock:
            if self._last is None or self._clock() - self._last[0] >= self._kept:
                self._last = self._clock(), generate_latest(self._registry)
            ours = self._last[1]
        return ours + generate_latest(REGISTRY)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families, from one look at the database."""
        with self._store.read() as tx:
            self._endings.refresh(tx, utcnow())
            families = [*_standing(tx), *_backlog(tx), *_cases(tx, self._endings)]
        yield from families
        yield _model(self._model())


def _standing(tx: sa.Connection) -> Iterator[Metric]:
    """How things stand now, one counting query each."""
    by = _counts(tx, cases.c.status, cases.c.severity)
    yield _gauge("helloword_cases", "Cases by status and severity", ("status", "severity"), by)
    kept = tx.scalar(sa.select(sa.func.max(events.c.seq))) or 0
    yield GaugeMetricFamily("helloword_events_kept", "Events kept since the start of the database", value=kept)
    due = tx.scalar(sa.select(sa.func.count()).select_from(timers).where(timers.c.due_at <= utcnow())) or 0
    yield GaugeMetricFamily("helloword_timers_due", "Timers that are due and not fired", value=due)
    yield _gauge("helloword_outside_writes", "Outside writes by state", ("state",), _counts(tx, effects.c.state))
    yield _gauge("helloword_promises", "Promises to customers by state", ("state",), _counts(tx, promises.c.state))
    yield _gauge("helloword_messages", "Messages to customers by state", ("state",), _counts(tx, messages.c.state))
    rated = _counts(tx, feedback.c.rating, where=feedback.c.rating.is_not(None))
    yield _gauge("helloword_feedback_ratings", "Customers' ratings, 1 (bad) to 5 (good)", ("rating",), rated)


def _model(state: str) -> Metric:
    """Who answers in conversations now; the breaker of an endpoint is closed while it answers."""
    family = GaugeMetricFamily("helloword_model", "1 for the state the model is in", labels=("state",))
    for one in ("offline", "closed", "open", "half_open"):
        family.add_metric((one,), float(one == state))
    return family


def _backlog(tx: sa.Connection) -> Iterator[Metric]:
    """Cases that are not ended, and how their service levels stand."""
    now = utcnow()
    backlog: Counter[tuple[str, ...]] = Counter()
    running: Counter[tuple[str, ...]] = Counter()
    for episode in made(tx.execute(sa.select(*CURRENT).where(cases.c.status.in_(sorted(LIVE_STATUSES))))):
        backlog[episode.severity, episode.fault] += 1
        stands = level(episode, now)
        if stands.counts:
            outcome = {True: "met", False: "missed", None: "at_risk" if stands.at_risk else "running"}[stands.met]
            running[episode.severity, outcome] += 1
    yield _gauge("helloword_backlog", "Cases not ended, by severity and leading fault", ("severity", "fault"), backlog)
    yield _gauge(
        "helloword_service_levels_open",
        "Service levels of cases not ended: running, at_risk (three quarters of the time used), met or missed",
        ("severity", "outcome"), running,
    )  # fmt: skip


def _cases(tx: sa.Connection, endings: Endings) -> Iterator[Metric]:
    """Counters of what happened to cases since the start of the database."""
    now_or_once = sa.select(sa.func.count()).select_from(past_endings).where(~past_endings.c.within)
    detected = (tx.scalar(sa.select(sa.func.count()).select_from(cases)) or 0) + (tx.scalar(now_or_once) or 0)
    yield CounterMetricFamily(
        "helloword_cases_detected", "Cases detected; one that was opened again counts again", value=detected
    )
    yield _counter(
        "helloword_cases_ended", "Endings of cases; one that was taken up again and ends again counts again",
        ("severity", "fault", "resolution"), endings.ended,
    )  # fmt: skip
    yield _counter(
        "helloword_cases_repaired", "Endings as a repair that a read-back after the last write proved",
        ("severity", "fault"), endings.repaired,
    )  # fmt: skip
    for met, name in ((True, "met"), (False, "missed")):
        of = {(severity,): n for (severity, outcome), n in endings.levels.items() if outcome is met}
        help = f"Ended cases whose service level was {name}; of cases not ended see helloword_service_levels_open"
        yield _counter(f"helloword_service_levels_{name}", help, ("severity",), of)
    yield _handling(endings)


def _handling(endings: Endings) -> Metric:
    family = HistogramMetricFamily(
        "helloword_handling_seconds",
        "From when a fault was detectable to the case's end, waits for the customer apart; no merged, no false alarms",
        labels=["severity"],
    )
    for severity in Severity:
        counts = [endings.handled[severity, place] for place in range(len(BUCKETS) + 1)]
        names = [*(f"{bound:g}" if bound < 1e5 else f"{bound:.0f}" for bound in BUCKETS), "+Inf"]
        buckets = [(name, float(sum(counts[: place + 1]))) for place, name in enumerate(names)]
        family.add_metric([severity], buckets, sum_value=endings.microseconds[severity] / 1e6)
    return family


def _counts(tx: sa.Connection, *columns: Any, where: Any = None) -> dict[tuple[Any, ...], int]:
    query = sa.select(*columns, sa.func.count()).group_by(*columns)
    rows = tx.execute(query if where is None else query.where(where))
    return {tuple(row[:-1]): row[-1] for row in rows}


def _gauge(name: str, help: str, labels: tuple[str, ...], counts: dict[Any, int]) -> Metric:
    return _filled(GaugeMetricFamily(name, help, labels=labels), counts)


def _counter(name: str, help: str, labels: tuple[str, ...], counts: dict[Any, int]) -> Metric:
    return _filled(CounterMetricFamily(name, help, labels=labels), counts)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, counts: dict[Any, int]) -> Metric:
    for key, count in sorted(counts.items()):
        family.add_metric([str(part) for part in key], count)
    return family

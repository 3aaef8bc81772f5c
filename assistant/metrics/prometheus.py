"""Prometheus figures read from the database at each scrape; the /metrics endpoint calls it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, effects, events, timers


class _Collector:
    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Cases by status and severity, events kept, timers due, outside writes by state."""
        with self._store.read() as tx:
            by_case = tx.execute(
                sa.select(cases.c.status, cases.c.severity, sa.func.count()).group_by(cases.c.status, cases.c.severity)
            ).all()
            kept = tx.scalar(sa.select(sa.func.max(events.c.seq))) or 0
            due = tx.scalar(sa.select(sa.func.count()).select_from(timers).where(timers.c.due_at <= utcnow())) or 0
            by_effect = tx.execute(sa.select(effects.c.state, sa.func.count()).group_by(effects.c.state)).all()
        family = GaugeMetricFamily("helloword_cases", "Cases by status and severity", labels=["status", "severity"])
        for status, severity, count in by_case:
            family.add_metric([status, severity], count)
        yield family
        yield GaugeMetricFamily("helloword_events_kept", "Events kept since the start of the database", value=kept)
        yield GaugeMetricFamily("helloword_timers_due", "Timers that are due and not fired", value=due)
        family = GaugeMetricFamily("helloword_outside_writes", "Outside writes by state", labels=["state"])
        for state, count in by_effect:
            family.add_metric([state], count)
        yield family


def render_metrics(store: Store) -> bytes:
    """The exposition text: our figures and the process's own."""
    registry = CollectorRegistry()
    registry.register(_Collector(store))
    return generate_latest(registry) + generate_latest(REGISTRY)

"""`helloword bench`: events per second against a bare insert, and from an event to the case and to the first action."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from assistant.evaluate.audit import open_store
from assistant.evaluate.latency import Latency, measure_latency
from assistant.evaluate.processes import running_house
from assistant.evaluate.throughput import BATCH, CONNECTIONS, SHAPES, Throughput, measure_throughput
from assistant.store.engine import Store

AIM_RATIO = 0.5  # of the bare insert, on SQLite
AIM_ACTION = 1.0  # seconds to the first action on a high-severity case, p95
# Seconds. The order deadline is short so that a sample takes seconds; detection is measured from when it has passed.
DEADLINES: dict[str, Any] = {"deadline_order": 1.0, "incident_budget": 100_000, "log_level": "warning"}
_LIBRARIES = ("dbos", "fastapi", "uvicorn", "SQLAlchemy", "msgspec", "psycopg")


class Bench(msgspec.Struct, kw_only=True):
    """All that was measured, and where."""

    machine: dict[str, str]
    throughput: list[Throughput]
    latency: list[Latency]


def bench_command(
    context: typer.Context,
    events: Annotated[int, typer.Option(min=2_000, help="events to send, for each shape of the stream")] = 40_000,
    samples: Annotated[int, typer.Option(min=2, help="broken orders, one at a time")] = 40,
    database_url: Annotated[str, typer.Option(help="a fresh PostgreSQL database; default: SQLite")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measures this machine: events per second as a ratio to a bare insert, and seconds to the first action.

    It starts an assistant (and a demo shop) of its own; keep the machine idle meanwhile.
    """
    if context.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory(prefix="helloword-bench-") as folder:
        bench = measure(Path(folder), events, samples, database_url)
    if as_json:
        print(json.dumps(report(bench), ensure_ascii=False))
    else:
        show(Console(), bench)


def measure(home: Path, events: int, samples: int, database_url: str = "") -> Bench:
    """Runs both parts, one after the other, on one database: the second one finds it filled by the first.

    Raises:
        HellowordError: `evaluation_failed`.
    """
    with running_house(home, database_url=database_url, log_level="warning") as house:
        store = open_store(house.settings)
        try:
            machine = machine_facts(store)
            throughput = [measure_throughput(house, store, events, shape) for shape in SHAPES]
        finally:
            store.engine.dispose()
    shop = ["--time-scale", "0.2", "--order-deadline", str(DEADLINES["deadline_order"]), "--reply-delay", "5"]
    with running_house(home, database_url=database_url, shop=shop, **DEADLINES) as house:
        latency = measure_latency(house, samples)
    return Bench(machine=machine, throughput=throughput, latency=latency)


def machine_facts(store: Store) -> dict[str, str]:
    """What was measured on: figures without it mean nothing."""
    with store.read() as tx:
        database = str(tx.scalar(sa.text("select sqlite_version()" if store.is_sqlite else "show server_version")))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "database": f"{'SQLite' if store.is_sqlite else 'PostgreSQL'} {database}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }


def report(bench: Bench) -> dict[str, Any]:
    """For machines."""
    rates = [{"shape": t.shape, "http": t.http, "bare": t.bare, "ratio": t.ratio} for t in bench.throughput]
    return {**msgspec.to_builtins(bench), "rates": rates, "aims": {"ratio": AIM_RATIO, "first_action_p95": AIM_ACTION}}


def show(console: Console, bench: Bench) -> None:
    """Both tables, with the aims, and the machine."""
    title = f"HTTP to durable and folded ({CONNECTIONS} connections, batches of {BATCH}); aim: ratio ≥ {AIM_RATIO}"
    rates = _table(title, "stream", "events", "by HTTP /s", "bare insert /s", "ratio", "ratio by round")
    for t in bench.throughput:
        rounds = " ".join(f"{r.bare_seconds / r.http_seconds:.2f}" for r in t.rounds)
        sent = sum(r.events for r in t.rounds)
        rates.add_row(t.shape, f"{sent:,}", f"{t.http:,.0f}", f"{t.bare:,.0f}", f"{t.ratio:.2f}", rounds)
    console.print(rates)
    title = f"High severity, one order at a time, seconds from detectable_at; aim: first action p95 ≤ {AIM_ACTION}"
    names = [f"{what} {name}" for what in ("case", "action") for name in ("p50", "p95", "p99")]
    seconds = _table(title, "fault", "orders", *names)
    for row in bench.latency:
        values = [*row.to_case.values(), *row.to_action.values()]
        seconds.add_row(row.fault, str(row.samples), *("–" if v is None else f"{v:.3f}" for v in values))
    console.print(seconds)
    for name, value in bench.machine.items():
        console.print(f"[dim]{name}:[/] {value}", highlight=False)


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table

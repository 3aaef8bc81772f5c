"""`helloword bench sla`: the three promises of row F3 under sustained load, at the base load and at a multiple of it.

A real assistant and a demo shop, two programs that know each other over HTTP only. The base load is stated: so many
orders a day, spread evenly, of which a share breaks. The shop lets orders live at 1× and then at the factor; every
case's promise is read from the assistant's own database, by the same definitions the product shows live.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
import typer

from assistant.evaluate.audit import open_store
from assistant.evaluate.bench import machine_facts
from assistant.evaluate.bench_sla_report import report, show
from assistant.evaluate.processes import House, running_house
from assistant.evaluate.proof import TIME_SCALE, Supervisor, fields_of
from assistant.evaluate.proof_report import console_for
from assistant.promises.standing import Figures, Settled, figures
from assistant.store.engine import Store, utcnow
from assistant.store.tables import cases, timers
from assistant.triage.levels import COLUMNS, level_of
from knowledge.vocabulary.codes import Severity

ORDERS_A_DAY = 86_400
BROKEN = 0.05
REACHED = 0.95  # share of the wanted orders per second from which a load counts as reached
LOOK_EVERY = 1.0
STORY = 5.0  # seconds: a shop with nothing due within them has told its stories


class OfSeverity(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one severity's promise in one phase; `undecided` are running still, `paused` of them wait for a
    customer; `not_counted` ended before anybody had to act."""

    severity: str
    cases: int
    figures: Figures
    undecided: int
    paused: int
    not_counted: int


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One load, kept up for a time: orders per second wanted and made, and what the machine did meanwhile.

    `deepest_queue` is the most journeys queued or under way at one look, `oldest_timer` the longest seconds by which
    a timer was overdue, by kind (the three worst); CPU in cores: the assistant's, and the whole machine's (None where
    nobody tells).
    """

    factor: float
    seconds: float
    drained_after: float | None  # seconds after the last order; None: not within the patience
    wanted_per_second: float
    made_per_second: float
    orders: int
    deepest_queue: int
    oldest_timer: dict[str, float]
    assistant_cores: float
    machine_cores: float | None
    severities: list[OfSeverity]

    @property
    def reached(self) -> bool:
        """Whether the load was what it should be."""
        return self.made_per_second >= REACHED * self.wanted_per_second

    @property
    def kept(self) -> bool:
        """Whether every promise that was decided was kept, and none is undecided but for its customer."""
        return all(one.figures.met == one.figures.settled and one.undecided == one.paused for one in self.severities)


class SlaBench(msgspec.Struct, frozen=True, kw_only=True):
    """Both phases, and where they were measured."""

    machine: dict[str, str]
    orders_a_day: int
    broken: float
    base: Phase
    peak: Phase

    @property
    def passed(self) -> bool:
        """Every promise kept, at both loads, and both loads reached."""
        return all(phase.kept and phase.reached for phase in (self.base, self.peak))


def sla_command(variables: Mapping[str, str]) -> Callable[..., None]:
    """The command; `variables` are what the assistant is set to beside the demo shop."""

    def command(
        minutes: Annotated[float, typer.Option(min=0.1, help="of sustained load at the multiple")] = 3.0,
        base_minutes: Annotated[float, typer.Option(min=0.1, help="at the base load, where little breaks")] = 6.0,
        factor: Annotated[float, typer.Option(min=1, help="times the base load")] = 15.0,
        orders_a_day: Annotated[int, typer.Option(min=1, help="the base load, spread evenly")] = ORDERS_A_DAY,
        broken: Annotated[float, typer.Option(min=0, max=1, help="share of the orders that break")] = BROKEN,
        batch_every: Annotated[float, typer.Option(min=0, help="HELLOWORD_LOW_BATCH_EVERY, in seconds")] = 10.0,
        patience: Annotated[float, typer.Option(help="seconds for what is open after the last order")] = 120.0,
        database_url: Annotated[str, typer.Option(help="a fresh PostgreSQL database; default: SQLite")] = "",
        seed: int = 7,
        keep: Annotated[Path | None, typer.Option(help="folder for database and logs; else thrown away")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """The three promises at the base load and at a multiple of it: p50, p95, worst case, share kept.

        Exit code 1 when a promise was missed or the load was not reached. Deadlines of the pipeline are seconds, as in
        the demo; the promises' own times are the real ones.
        """
        with tempfile.TemporaryDirectory(prefix="helloword-sla-") as folder:
            settings = {"log_level": "warning", **fields_of(variables), "low_batch_every": batch_every}
            load = Load(orders_a_day / 86_400, broken, base_minutes * 60, minutes * 60, patience, seed)
            bench = measure_sla(keep or Path(folder), load, factor, database_url, settings)
        if as_json:
            print(json.dumps(report(bench), ensure_ascii=False))
        else:
            show(console_for(sys.stdout), bench)
        raise typer.Exit(0 if bench.passed else 1)

    return command


class Load(msgspec.Struct, frozen=True):
    """The base load: orders per second, and the share that breaks; for how many seconds it and its multiple are kept
    up, and how many are waited for what is open then."""

    per_second: float
    broken: float
    base_seconds: float
    seconds: float
    patience: float
    seed: int = 7


def measure_sla(
    home: Path, load: Load, factor: float, database_url: str = "", settings: Mapping[str, Any] | None = None
) -> SlaBench:
    """Runs the base load and then the multiple, in one house: the second finds what the first has left.

    Raises:
        HellowordError: `evaluation_failed` when a program doesn't start or answer.
    """
    shop = ["--seed", str(load.seed), "--time-scale", str(TIME_SCALE), "--fault-share", str(load.broken)]
    with running_house(home, database_url=database_url, shop=shop, **(settings or {})) as house:
        store = open_store(house.settings)
        try:
            base = _phase(house, store, load, 1.0, load.base_seconds)
            peak = _phase(house, store, load, factor, load.seconds)
            machine = machine_facts(store)
        finally:
            store.engine.dispose()
    return SlaBench(
        machine=machine, orders_a_day=round(load.per_second * 86_400), broken=load.broken, base=base, peak=peak,
    )  # fmt: skip


# -- one load -------------------------------------------------------------------------------------------------------


def _phase(house: House, store: Store, load: Load, factor: float, seconds: float) -> Phase:
    rate, began = load.per_second * factor, utcnow()
    orders, before = max(1, round(rate * seconds)), house.ask_shop("GET", "stats")["made"]
    watch = _Watch(house, store)
    house.ask_shop("POST", "traffic", json={"orders": before + orders, "rate": rate})
    made, took = 0, 0.0
    while made < orders and took < 3 * seconds + 10:
        watch.look()
        made, took = house.ask_shop("GET", "stats")["made"] - before, watch.seconds
    house.ask_shop("POST", "traffic", json={"rate": 0})
    cores = watch.cores()
    drained = _drain(house, store, watch, load.patience)
    return Phase(
        factor=factor, seconds=round(took, 1), drained_after=drained, wanted_per_second=rate,
        made_per_second=round(made / took, 3), orders=made, deepest_queue=watch.deepest,
        oldest_timer=watch.oldest_timers(), assistant_cores=cores[0], machine_cores=cores[1],
        severities=of_severities(store, began, utcnow()),
    )  # fmt: skip


def _drain(house: House, store: Store, watch: _Watch, patience: float) -> float | None:
    """Until the shop's stories are told and nothing is undecided any more."""
    started = time.monotonic()
    while time.monotonic() - started < patience:
        watch.look()
        idle = house.ask_shop("GET", "idle", params={"seconds": STORY})["idle"]
        if idle and not watch.waiting and not any(one.undecided for one in of_severities(store, watch.began, utcnow())):
            return round(time.monotonic() - started, 1)
    return None


class _Watch:
    """Looks once a second: approves what waits, and keeps the worst it saw."""

    def __init__(self, house: House, store: Store) -> None:
        self._house, self._store, self._supervisor = house, store, Supervisor(house.api)
        self.began, self._started = utcnow(), time.monotonic()
        self.deepest, self.waiting = 0, 0
        self._oldest: dict[str, float] = {}
        self._cpu = self._assistant_cpu(), _machine_cpu()

    @property
    def seconds(self) -> float:
        """Since the first order."""
        return time.monotonic() - self._started

    def look(self) -> None:
        """One look, at most one a second."""
        time.sleep(LOOK_EVERY)
        self._supervisor.decide()
        with self._store.read() as tx:
            self.waiting = tx.scalar(sa.select(sa.func.count()).where(cases.c.running.is_not(None))) or 0
            due = sa.select(timers.c.kind, sa.func.min(timers.c.due_at)).where(timers.c.due_at <= (now := utcnow()))
            overdue = {kind: (now - at).total_seconds() for kind, at in tx.execute(due.group_by(timers.c.kind))}
        self.deepest = max(self.deepest, self.waiting)
        self._oldest |= {kind: max(late, self._oldest.get(kind, 0.0)) for kind, late in overdue.items()}

    def oldest_timers(self) -> dict[str, float]:
        """The longest seconds by which timers were overdue, by kind: the three worst."""
        worst = sorted(self._oldest.items(), key=lambda pair: -pair[1])[:3]
        return {kind: round(late, 1) for kind, late in worst}

    def cores(self) -> tuple[float, float | None]:
        """CPU in cores since the first order: the assistant's, and the whole machine's."""
        mine, machine, took = self._assistant_cpu(), _machine_cpu(), self.seconds
        busy = None
        if machine is not None and self._cpu[1] is not None:
            busy = round((machine - self._cpu[1]) / took, 2)
        return round((mine - self._cpu[0]) / took, 2), busy

    def _assistant_cpu(self) -> float:
        lines = self._house.api.get("/metrics").text.splitlines()
        return next((float(line.split()[1]) for line in lines if line.startswith("process_cpu_seconds_total ")), 0.0)


def _machine_cpu() -> float | None:
    """Seconds that all cores together have been busy, as Linux tells."""
    try:
        fields = [int(value) for value in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):
        return None
    return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


# -- what came of it ------------------------------------------------------------------------------------------------


def of_severities(store: Store, began: datetime, now: datetime) -> list[OfSeverity]:
    """The promises of the cases that were found since `began`."""
    query = sa.select(*(cases.c[name] for name in COLUMNS)).where(cases.c.detected_at >= began)
    with store.read() as tx:
        levels = [level_of(dict(row), now) for row in tx.execute(query).mappings()]
    found = []
    for severity in Severity:
        mine = [level for level in levels if level.severity is severity]
        settled = [
            Settled(severity, one.met, one.settled_at, one.measured_seconds, one.waited_seconds)
            for one in mine if one.met is not None and one.settled_at is not None
        ]  # fmt: skip
        found.append(
            OfSeverity(
                severity=str(severity), cases=len(mine), figures=figures(settled),
                undecided=sum(one.running for one in mine), paused=sum(one.running and one.paused for one in mine),
                not_counted=sum(not one.counts for one in mine),
            )
        )  # fmt: skip
    return found



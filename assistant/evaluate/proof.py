"""`helloword eval sandbox`: runs the whole product against the demo shop until everything rests, and judges the end.

Shop and assistant are real processes that know each other over HTTP only. The truth about each order is in a file that
the shop writes and the assistant can't read.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from assistant.evaluate import tally, write_log
from assistant.evaluate.audit import audit, connected, open_store
from assistant.evaluate.loading import DELIVERY, load_world
from assistant.evaluate.processes import House, checked, running_house
from assistant.evaluate.proof_report import console_for, show
from assistant.evaluate.rest import Rest, look
from assistant.evaluate.violation import Verdict, Violation
from assistant.settings import Settings
from assistant.store.engine import Store, utcnow

TIME_SCALE = 0.2  # of the shop's natural delays
HARD_NEGATIVES = 0.25  # of the healthy orders
# Shares of all calls to the shop, when the wire is rough: an unknown answer at any step.
ROUGH = (
    "--latency", "0.005", "--jitter", "0.05", "--errors", "0.02", "--throttles", "0.01", "--drop-before", "0.02",
    "--drop-after", "0.04", "--refunds-pending", "0.5", "--refund-settles-after", "2",
)  # fmt: skip
ALL_JOBS = 600.0  # seconds: shop and assistant rest when nothing of theirs is due within them
LOOK_EVERY = 0.5


def fields_of(variables: Mapping[str, str]) -> dict[str, Any]:
    """`HELLOWORD_…` variables as fields of Settings; deadlines by payment method are gathered into one."""
    names = {name.removeprefix("HELLOWORD_").lower(): value for name, value in variables.items()}
    by_method = {
        name.removeprefix(BY_METHOD): float(value) for name, value in names.items()
        if name.startswith(BY_METHOD) and name not in Settings.model_fields
    }  # fmt: skip
    fields = {name: value for name, value in names.items() if name in Settings.model_fields}
    return fields | ({"deadline_payment_by_method": json.dumps(by_method)} if by_method else {})


BY_METHOD = "deadline_payment_"


class Run(msgspec.Struct, kw_only=True):
    """What one run of the proof showed."""

    orders: int
    fault_share: float
    seed: int
    took_seconds: float
    at_rest: bool
    last_seen: str
    faults: list[tally.FaultTally]
    healthy: list[tally.HealthyTally]
    speeds: list[tally.Speed]
    invariants: list[Verdict]
    verdicts: dict[str, int]  # of the shop's judge, over all checkouts
    writes: dict[str, int]  # in the shop's log, by outcome
    open_cases: dict[str, int]

    @property
    def violations(self) -> list[Violation]:
        """Of all invariants, whoever found them."""
        return [violation for verdict in self.invariants for violation in verdict.violations]

    @property
    def aims(self) -> list[tally.Aim]:
        """The figures beside what is aimed at."""
        return tally.aims(self.faults, self.healthy, len(self.violations))

    @property
    def passed(self) -> bool:
        """Everything came to rest, every invariant holds, and no healthy order was written to."""
        return self.at_rest and not self.violations and not tally.harm(self.healthy)


def sandbox_command(variables: Mapping[str, str]) -> Callable[..., None]:
    """The command; `variables` are what the assistant is set to beside the demo shop."""

    def command(
        orders: Annotated[int, typer.Option(min=1, help="how many orders live")] = 500,
        fault_share: Annotated[float, typer.Option(min=0, max=1, help="share of them that break")] = 0.2,
        seed: int = 7,
        rate: Annotated[float, typer.Option(min=0.1, help="new orders per second")] = 5.0,
        patience: Annotated[float, typer.Option(help="seconds to wait for rest after the last order")] = 300.0,
        rough: Annotated[bool, typer.Option("--rough/--calm", help="the wire drops, delays, refuses calls")] = True,
        database_url: Annotated[str, typer.Option(help="a fresh PostgreSQL database; default: SQLite")] = "",
        keep: Annotated[Path | None, typer.Option(help="folder for database, logs and truth; else thrown away")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Lets broken and healthy orders live in the demo shop and proves how they ended; exit code 1 if anything is
        wrong: an invariant is violated, a healthy order was written to, or it did not come to rest in time.
        """
        console = Console(stderr=True)
        with tempfile.TemporaryDirectory(prefix="helloword-proof-") as folder:
            run = prove(
                keep or Path(folder), variables, orders, fault_share, seed, rate, patience, database_url, rough=rough,
                console=console,
            )  # fmt: skip
        if as_json:
            print(json.dumps(report(run), ensure_ascii=False))
        else:
            show(console_for(sys.stdout), run)
        raise typer.Exit(0 if run.passed else 1)

    return command


def report(run: Run) -> dict[str, Any]:
    """For machines."""
    aims = [{**msgspec.to_builtins(aim), "value": aim.value, "met": aim.met} for aim in run.aims]
    return {"passed": run.passed, "aims": aims, **msgspec.to_builtins(run)}


def prove(
    home: Path, variables: Mapping[str, str], orders: int, fault_share: float, seed: int, rate: float = 5.0,
    patience: float = 300.0, database_url: str = "", *, rough: bool = False, console: Console | None = None,
) -> Run:  # fmt: skip
    """One run in a fresh home.

    Raises:
        HellowordError: `evaluation_failed` when the programs don't start or the shop doesn't answer.
    """
    shop = [
        "--seed", str(seed), "--time-scale", str(TIME_SCALE), "--fault-share", str(fault_share),
        "--hard-negative-share", str(HARD_NEGATIVES), "--orders", str(orders), *(ROUGH if rough else ()),
    ]  # fmt: skip
    started = time.monotonic()
    settings = {"log_level": "warning", **fields_of(variables)}
    with running_house(home, database_url=database_url, shop=shop, **settings) as house:
        store = open_store(house.settings)
        try:
            seen = _live(house, store, orders, rate, patience, console or Console(quiet=True))
            run = _judge(house, store, orders, fault_share, seed, seen)
        finally:
            store.engine.dispose()
    run.took_seconds = round(time.monotonic() - started, 1)
    return run


# -- letting orders live --------------------------------------------------------------------------------------------


def _live(
    house: House, store: Store, orders: int, rate: float, patience: float, console: Console
) -> tuple[bool, Rest, dict[str, Any]]:
    """Starts the traffic and returns when shop and assistant have nothing left to do: (at rest, assistant, shop)."""
    house.ask_shop("POST", "traffic", json={"orders": orders, "rate": rate})
    supervisor = Supervisor(house.api)
    settle = house.settings.sweep_every + DELIVERY.total_seconds()
    end, rested_since = time.monotonic() + orders / rate + patience, None
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")
        while True:
            supervisor.decide()
            stats, idle = house.ask_shop("GET", "stats"), house.ask_shop("GET", "idle", params={"seconds": ALL_JOBS})
            rest = look(store, utcnow(), timedelta(seconds=ALL_JOBS))
            progress.update(task, description=f"{stats['made']} of {orders} orders; {rest}")
            now = time.monotonic()
            rested_since = (rested_since or now) if rest.done and idle["idle"] else None
            if rested_since is not None and now - rested_since > settle:
                return True, rest, idle
            if now > end:
                return False, rest, idle
            time.sleep(LOOK_EVERY)


class Supervisor:
    """A human who approves every plan that waits."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._seen: set[tuple[str, int]] = set()

    def decide(self) -> None:
        """Looks at what waits now; a plan that changed meanwhile is looked at again the next time."""
        page = checked(self._api.get("/v1/cases", params={"status": "awaiting_approval", "limit": 200}))
        for case in page["items"]:
            plan = (case["id"], case["plan_version"])
            if plan in self._seen:
                continue
            self._seen.add(plan)
            answer = self._api.post(f"/v1/cases/{plan[0]}/approve", json={"plan_version": plan[1]})
            if answer.status_code != httpx.codes.CONFLICT:
                checked(answer)


# -- judging --------------------------------------------------------------------------------------------------------


def _judge(
    house: House, store: Store, orders: int, fault_share: float, seed: int, seen: tuple[bool, Rest, dict[str, Any]]
) -> Run:
    at_rest, rest, idle = seen
    house.ask_shop("DELETE", "chaos")  # whoever judges must see everything
    with connected(house.settings) as shop:
        verdicts = audit(store, shop.reader, house.settings)
        world = load_world(store, shop.reader, house.settings, utcnow())
    judged = house.judge()
    seen_by_shop = house.ask_shop("GET", "writes")
    log, stopped = seen_by_shop["writes"], seen_by_shop["stopped_on_the_wire"]
    truth = [json.loads(line) for line in house.truth.read_text("utf-8").splitlines()]
    others = [*tally.shop_violations(judged), *write_log.compare(log, world.effects, stopped)]
    return Run(
        orders=orders, fault_share=fault_share, seed=seed, took_seconds=0.0, at_rest=at_rest,
        last_seen=f"assistant: {rest}; shop: {idle['jobs']} jobs, {idle['events_waiting']} events to come",
        faults=tally.by_fault(truth, world, tally.Ends.of(judged)),
        healthy=tally.on_healthy(truth, world), speeds=tally.speeds(world.cases),
        invariants=[_joined(verdict, others) for verdict in verdicts], verdicts=judged["verdicts"],
        writes=dict(Counter(write["outcome"] for write in log)), open_cases=dict(tally.still_open(world.cases)),
    )  # fmt: skip


def _joined(verdict: Verdict, others: list[Violation]) -> Verdict:
    """The audit's verdict with what the shop's judge and its log of writes add; both see what the audit can't."""
    added = [violation for violation in others if violation.invariant == verdict.invariant]
    gaps = [] if verdict.invariant in SEEN_BY_THE_SHOP else verdict.not_checkable
    return msgspec.structs.replace(verdict, violations=[*verdict.violations, *added], not_checkable=gaps)


SEEN_BY_THE_SHOP = (3, 6, 8)  # counters, the log of writes, the words of messages

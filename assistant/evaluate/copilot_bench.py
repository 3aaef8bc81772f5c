"""`helloword bench copilot`: how long until the panel shows something useful, and until it shows everything."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from assistant.evaluate.bench import DEADLINES
from assistant.evaluate.latency import FAULTS
from assistant.evaluate.processes import House, checked, running_house
from assistant.evaluate.tally import quantile
from knowledge.vocabulary.errors import HellowordError

AIM = 0.3  # seconds to the first useful content, p95
WHAT = {"bare_case": "the case alone, for comparison", "first_part": "first part", "whole": "everything"}
PATIENCE = 40.0  # seconds until a broken order's case is a person's
WARM_UP = 60.0  # seconds at most until the models are loaded: they load in the background after the start


def copilot_bench_command(
    cases: Annotated[int, typer.Option(min=2, help="cases in the running house")] = 20,
    rounds: Annotated[int, typer.Option(min=1, help="how often each is opened")] = 3,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Seconds to the panel's first part and to all of it, beside a bare read of the case; the offline model."""
    with tempfile.TemporaryDirectory(prefix="helloword-bench-") as folder:
        found = measure(Path(folder), cases, rounds)
    if as_json:
        print(json.dumps(found))
        return
    console = Console()
    table = Table(title=f"{cases} cases, opened {rounds} times each; aim: first part p95 ≤ {AIM * 1000:.0f} ms")
    for name in ("what", "p50", "p95", "worst", "p50 to a bare read", "p95 to a bare read"):
        table.add_column(name, justify="right" if name != "what" else "left")
    for name, row in found["seconds"].items():
        seconds = (f"{row[key] * 1000:.0f} ms" for key in ("p50", "p95", "worst"))
        table.add_row(WHAT[name], *seconds, *(f"{found['ratio'][name][key]:.1f} ×" for key in ("p50", "p95")))
    console.print(table)
    kept = "kept" if found["seconds"]["first_part"]["p95"] <= AIM else "missed"
    console.print(f"aim {kept}: the first part at p95 in {found['seconds']['first_part']['p95'] * 1000:.0f} ms")


def measure(home: Path, cases: int, rounds: int) -> dict[str, Any]:
    """`{cases, rounds, seconds: {bare_case, first_part, whole: {p50, p95, worst}}, ratio: …, aim}`; `ratio` is of these
    to the bare case.

    Raises:
        HellowordError: `evaluation_failed` when an order got no case that people have.
    """
    shop = ["--time-scale", "0.2", "--order-deadline", str(DEADLINES["deadline_order"]), "--reply-delay", "60"]
    with running_house(home, shop=shop, **DEADLINES) as house:
        ids = [_case_of(house, FAULTS[n % len(FAULTS)]) for n in range(cases)]
        _warmed_up(house, ids[0])
        bare: list[float] = []
        first: list[float] = []
        whole: list[float] = []
        for _ in range(rounds):
            for case_id in ids:
                bare.append(_timed(house, case_id))
                one, everything = _opened(house, case_id)
                first.append(one)
                whole.append(everything)
    seconds = {"bare_case": _figures(bare), "first_part": _figures(first), "whole": _figures(whole)}
    bare_row = seconds["bare_case"]
    ratio = {name: {k: round(row[k] / bare_row[k], 2) for k in ("p50", "p95")} for name, row in seconds.items()}
    return {"cases": cases, "rounds": rounds, "seconds": seconds, "ratio": ratio, "aim": AIM}


def _case_of(house: House, fault: str) -> str:
    """A broken order's case, claimed so that a person has it."""
    wish = {"fault": fault, "options": {"customer": "silent"}}
    checkout_id = house.ask_shop("POST", "scenario", json=wish)["checkout_id"]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        items = checked(house.api.get("/v1/cases", params={"checkout_id": checkout_id}))["items"]
        if items and items[0]["status"] not in ("resolved", "closed"):
            answer = house.api.post(f"/v1/cases/{items[0]['id']}/claim")
            if answer.is_success:
                return str(items[0]["id"])
        elif items:  # mended by itself before anybody could take it
            return str(items[0]["id"])
        time.sleep(0.05)
    raise HellowordError("evaluation_failed", f"{checkout_id} ({fault}) got no case within {PATIENCE:.0f} s")


def _warmed_up(house: House, case_id: str) -> None:
    """As after a shift's first minute: what is loaded once is loaded."""
    end = time.monotonic() + WARM_UP
    while time.monotonic() < end:
        whole = checked(house.api.get(f"/v1/cases/{case_id}/copilot"))
        if not whole["errors"]:
            return
        time.sleep(0.5)


def _timed(house: House, case_id: str) -> float:
    started = time.perf_counter()
    checked(house.api.get(f"/v1/cases/{case_id}"))
    return time.perf_counter() - started


def _opened(house: House, case_id: str) -> tuple[float, float]:
    """Seconds to the end of the first part (the sentence and the stored facts), and to `done`."""
    started, first = time.perf_counter(), 0.0
    headers = {"accept": "text/event-stream"}
    with house.api.stream("GET", f"/v1/cases/{case_id}/copilot", headers=headers) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:") and not first:
                if "sentence" not in json.loads(line.removeprefix("data:")):
                    raise HellowordError("evaluation_failed", "the panel's first part says nothing")
                first = time.perf_counter() - started
    return first, time.perf_counter() - started


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    p50, p95 = quantile(ordered, 0.5), quantile(ordered, 0.95)
    return {"p50": p50 or 0.0, "p95": p95 or 0.0, "worst": ordered[-1]}

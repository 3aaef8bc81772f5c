"""How the bench of the service levels is shown: a table per load, the ratios between them, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from assistant.evaluate.bench_sla import OfSeverity, Phase, SlaBench

_SECONDS = ("p50_seconds", "p95_seconds", "worst_seconds")


def report(bench: SlaBench) -> dict[str, Any]:
    """For machines."""
    ratios = {severity: ratio_of(base, peak) for severity, base, peak in _pairs(bench)}
    return {"passed": bench.passed, "ratios": ratios, **msgspec.to_builtins(bench)}


def show(console: Console, bench: SlaBench) -> None:
    """Both loads side by side."""
    console.print(
        f"Base load: {bench.orders_a_day:,} orders a day, spread evenly, {bench.broken:.0%} of them broken. "
        "Seconds from when the fault was detectable."
    )
    table = Table(title="Service levels", title_justify="left")
    for name in ("severity", "load", "cases", "decided", "kept", "p50 s", "p95 s", "worst s"):
        table.add_column(name, justify="left" if name in ("severity", "load") else "right")
    for name in ("waited s", "undecided", "not counted"):
        table.add_column(name, justify="right")
    for severity, base, peak in _pairs(bench):
        for phase, row in ((bench.base, base), (bench.peak, peak)):
            table.add_row(severity, f"{phase.factor:g}×", *_cells(row))
        ratio = ratio_of(base, peak)
        shown = ("–" if ratio[name] is None else f"{ratio[name]:.2f}" for name in _SECONDS)
        table.add_row("", "ratio", "", "", "", *shown, "", "", "", style="dim", end_section=True)
    console.print(table)
    for phase in (bench.base, bench.peak):
        console.print(_machine(phase), highlight=False)
    for name, value in bench.machine.items():
        console.print(f"[dim]{name}:[/] {value}", highlight=False)
    console.print(_verdict(bench))


def ratio_of(base: OfSeverity, peak: OfSeverity) -> dict[str, float | None]:
    """How many times longer it took at the multiple; None where one has no figure, or took no time."""
    found: dict[str, float | None] = {}
    for name in _SECONDS:
        before, after = getattr(base.figures, name), getattr(peak.figures, name)
        found[name] = round(after / before, 3) if before and after is not None else None
    return found


def _pairs(bench: SlaBench) -> list[tuple[str, OfSeverity, OfSeverity]]:
    return [(b.severity, b, p) for b, p in zip(bench.base.severities, bench.peak.severities, strict=True)]


def _cells(row: OfSeverity) -> list[str]:
    share = "–" if row.figures.share is None else f"{row.figures.share:.2%}"
    seconds = ("–" if (value := getattr(row.figures, name)) is None else f"{value:.2f}" for name in _SECONDS)
    undecided = f"{row.undecided} ({row.paused} wait)" if row.undecided else "0"
    return [
        str(row.cases), str(row.figures.settled), share, *seconds, f"{row.figures.waited_seconds:.0f}", undecided,
        str(row.not_counted),
    ]  # fmt: skip


def _machine(phase: Phase) -> str:
    reached = "reached" if phase.reached else "[red]not reached[/]"
    machine = "" if phase.machine_cores is None else f" of {phase.machine_cores:g} busy on the machine"
    drained = "not drained" if phase.drained_after is None else f"drained after {phase.drained_after:g} s"
    late = ", ".join(f"{kind} {seconds:g} s" for kind, seconds in phase.oldest_timer.items()) or "none"
    return (
        f"{phase.factor:g}×: {phase.made_per_second:g} orders/s of {phase.wanted_per_second:g} wanted ({reached}), "
        f"{phase.orders} orders in {phase.seconds:g} s; most journeys at once {phase.deepest_queue}, timers "
        f"overdue at most: {late}; CPU {phase.assistant_cores:g} cores{machine}; {drained}"
    )


def _verdict(bench: SlaBench) -> str:
    if bench.passed:
        return f"[green]Every promise was kept, at 1× and at {bench.peak.factor:g}×.[/]"
    phases = (bench.base, bench.peak)
    missed = sum(one.figures.settled - one.figures.met for phase in phases for one in phase.severities)
    left = sum(one.undecided - one.paused for phase in phases for one in phase.severities)
    short = [f"{phase.factor:g}×" for phase in phases if not phase.reached]
    words = [f"{missed} promises missed"] if missed else []
    words += [f"{left} undecided"] if left else []
    words += [f"load not reached at {', '.join(short)}"] if short else []
    return f"[red]{'; '.join(words)}[/]"

"""Prints a run of the sandbox proof as tables; only the proof calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table

from assistant.evaluate.audit import show as show_invariants
from assistant.evaluate.tally import PROMISED, harm
from knowledge.vocabulary.codes import Severity

if TYPE_CHECKING:
    from assistant.evaluate.proof import Run

SHOWN = 12  # ids in one line


WIDE = 180  # columns of a table that goes into a file


def console_for(output: TextIO) -> Console:
    """As wide as the terminal; wide enough for every table where there is none."""
    return Console(file=output, width=None if output.isatty() else WIDE)


def show(console: Console, run: Run) -> None:
    """Everything the run showed, the verdict last."""
    _faults(console, run)
    _healthy(console, run)
    _aims(console, run)
    _speeds(console, run)
    show_invariants(console, run.invariants)
    writes = ", ".join(f"{n} {outcome}" for outcome, n in sorted(run.writes.items())) or "none"
    console.print(f"writes in the shop's own log: {writes}; each compared with the ledger", highlight=False)
    console.print(f"checkouts by the shop's judge: {_counts(run.verdicts)}; open cases: {_counts(run.open_cases)}")
    if not run.at_rest:
        console.print(f"[red]did not come to rest[/]: {run.last_seen}", highlight=False)
    what = f"{run.orders} orders, {run.fault_share:.0%} faults, seed {run.seed}, {run.took_seconds:.0f} s"
    if run.passed:
        console.print(f"[green]passed[/]: every invariant holds, no healthy order was written to ({what})")
    else:
        harmed = len(harm(run.healthy))
        why = f"{len(run.violations)} violations, {harmed} healthy orders written to"
        console.print(f"[red]failed[/]: {why}{'' if run.at_rest else ', not at rest'} ({what})")


def _faults(console: Console, run: Run) -> None:
    headings = ("injected", "found", "as other", "for a machine", "of those alone", "alone", "acceptable end")
    table = _table("Faults", "fault", "ended", right=headings)
    names = ("injected", "detected", "for_machine", "alone_of_those", "alone", "acceptable")
    for f in run.faults:
        style = "" if f.acceptable == f.injected else "red"
        found = (f.injected, f.detected, sum(f.as_other.values()))
        figures = (*found, f.for_machine, f.alone_of_those, f.alone, f.acceptable)
        table.add_row(f.fault, *map(str, figures), _counts(f.ended), style=style)
    total = {name: sum(getattr(f, name) for f in run.faults) for name in names}
    others = sum(sum(f.as_other.values()) for f in run.faults)
    table.add_section()
    table.add_row(
        "all", str(total["injected"]), str(total["detected"]), str(others), str(total["for_machine"]),
        str(total["alone_of_those"]), str(total["alone"]), str(total["acceptable"]), "",
    )  # fmt: skip
    console.print(table)
    for f in run.faults:
        if f.as_other:
            console.print(f"{f.fault}, found as: {_counts(f.as_other)}", highlight=False)
        if f.missed:
            console.print(f"{f.fault}, no case ({len(f.missed)}): {_some(f.missed)}", highlight=False)
        if f.not_alone:
            named = f"{f.fault}, for a machine and not repaired alone"
            console.print(f"{named} ({len(f.not_alone)}): {_some(f.not_alone)}", highlight=False)
        if f.unacceptable:
            console.print(f"[red]{f.fault}, ended unacceptably[/]: {_some(f.unacceptable)}", highlight=False)


def _aims(console: Console, run: Run) -> None:
    table = _table("The measure", "figure", right=("of", "hits", "share", "aim"))
    for aim in run.aims:
        share = "–" if aim.value is None else f"{aim.value:.1%}" if aim.of > 1 else ""
        wanted = "" if aim.aim is None else "0" if aim.at_most else f"≥ {aim.aim:.0%}"
        table.add_row(aim.name, str(aim.of), str(aim.hits), share, wanted, style="" if aim.met else "red")
    console.print(table)


def _healthy(console: Console, run: Run) -> None:
    headings = ("orders", "cases", "written to", "messages")
    table = _table("Healthy orders: false alarms", "kind", "alarms", right=headings)
    for h in run.healthy:
        figures = (h.orders, len(h.cases), len(h.repaired), len(h.disturbed))
        style = "red" if h.repaired or h.disturbed else ""
        table.add_row(h.kind, *(str(n) for n in figures), _counts(h.faults), style=style)
    console.print(table)
    for h in run.healthy:
        if h.repaired or h.disturbed:
            console.print(f"[red]{h.kind}, healthy and written to[/]: {_some([*h.repaired, *h.disturbed])}")


def _speeds(console: Console, run: Run) -> None:
    headings = ("cases", "acted on", "p50 s", "p95 s", "worst s", "promised s", "kept")
    table = _table("From detectable_at to the first action", "severity", right=headings)
    for s in run.speeds:
        times = ("–" if value is None else f"{value:.2f}" for value in (s.p50, s.p95, s.worst))
        kept = f"{s.within} of {s.acted_on}"
        table.add_row(s.severity, str(s.cases), str(s.acted_on), *times, str(PROMISED[Severity(s.severity)]), kept)
    console.print(table)


def _table(title: str, first: str, last: str | None = None, *, right: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for heading in right:
        table.add_column(heading, justify="right")
    if last is not None:
        table.add_column(last)
    return table


def _counts(counts: dict[str, Any]) -> str:
    return (
        ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))) or "none"
    )


def _some(ids: list[str]) -> str:
    more = f" … and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more

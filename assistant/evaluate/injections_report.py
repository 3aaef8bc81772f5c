"""The command `helloword eval injections` and its table; the command line gives it the shop to try things on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from assistant.evaluate.injections import INJECTIONS, Injection, Run, Trial, Wanted, be_quiet, run_suite
from assistant.evaluate.proof_report import console_for
from assistant.evaluate.threadwork import ShopFactory

SHOWN = 20  # failures printed; `--json` has them all


def injections_command(make_shop: ShopFactory) -> Callable[..., None]:
    """The command over this shop."""

    def command(
        fault: Annotated[list[str] | None, typer.Option(help="only this code (repeat)")] = None,
        variant: Annotated[str | None, typer.Option(help="only this variant of it")] = None,
        customer: Annotated[str | None, typer.Option(help="only one who answers, declines or is silent")] = None,
        injection: Annotated[str | None, typer.Option(help=f"only this one: {', '.join(INJECTIONS)}")] = None,
        write: Annotated[int, typer.Option(min=0, help="with --injection: at which write, from 0")] = 0,
        sample: Annotated[int | None, typer.Option(min=0, help="draw so many of the injections")] = None,
        seed: int = 7,
        jobs: Annotated[int, typer.Option(min=1, help="processes")] = os.cpu_count() or 1,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Disturbs every write of every repair in every way and proves how it ends; exit code 1 if anything is wrong.

        Wrong is: an invariant is violated, a case is nobody's, an end the shop's judge does not accept, or a story
        that was not found to be broken.
        """
        if injection is not None and injection not in INJECTIONS:
            raise typer.BadParameter(f"unknown: {injection}; known: {', '.join(INJECTIONS)}")
        only = Injection(injection, write) if injection else None
        wanted = Wanted(
            codes=fault or [], variant=variant, customer=customer, only=only, sample=sample, seed=seed, jobs=jobs
        )
        be_quiet()
        with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)) as progress:
            task = progress.add_task("")
            seen = [0]

            def told(trial: Trial) -> None:
                seen[0] += 1
                progress.update(task, description=f"{seen[0]} stories played, now {trial.story.code}")

            run = run_suite(make_shop, wanted, told)
        if as_json:
            print(json.dumps(report(run), ensure_ascii=False))
        else:
            show(console_for(sys.stdout), run)
        raise typer.Exit(0 if run.passed else 1)

    return command


def report(run: Run) -> dict[str, Any]:
    """For machines."""
    return {"passed": run.passed, "tried": run.tried, "violations": len(run.failures), **msgspec.to_builtins(run)}


def show(console: Console, run: Run) -> None:
    """The table, what was tried, and each failure with the command that plays it again."""
    table = Table(title="Injections tried, by fault", title_justify="left")
    table.add_column("fault")
    for heading in ("stories", "writes", "tried", "violations"):
        table.add_column(heading, justify="right")
    table.add_column("ended")
    for one in run.codes:
        figures = (one.stories, one.steps, one.tried, one.violations)
        ended = ", ".join(f"{how} {n}" for how, n in one.ended.most_common())
        table.add_row(one.code, *map(str, figures), ended, style="red" if one.violations or one.not_found else "")
    table.add_section()
    sums = (sum(getattr(c, name) for c in run.codes) for name in ("stories", "steps", "tried", "violations"))
    table.add_row("all", *map(str, sums), "")
    console.print(table)
    for kind, meaning in INJECTIONS.items():
        console.print(f"{run.by_injection.get(kind, 0):6d}  {kind}: {meaning}", highlight=False)
    for failure in run.failures[:SHOWN]:
        where = f"invariant {failure['invariant']}" if failure["invariant"] else "unacceptable end"
        console.print(f"[red]{where}[/] {failure['subject']}: {failure['detail']}", highlight=False)
        console.print(f"        {failure['reproduce']}", highlight=False, soft_wrap=True)
    if (more := len(run.failures) - SHOWN) > 0:
        console.print(f"[red]… and {more} more[/] (--json lists them)")
    for code in run.not_found:
        console.print(f"[red]{code}[/]: a story of it was not found to be broken")
    verdict = "[green]passed[/]" if run.passed else "[red]failed[/]"
    what = f"{run.tried} injections, {len(run.failures)} violations, seed {run.seed}, {run.took_seconds:.0f} s"
    console.print(f"{verdict}: {what}", highlight=False)

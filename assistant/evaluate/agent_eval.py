"""`helloword eval agent`: the tasks against the offline model or any OpenAI-compatible one, and their figures."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from assistant.evaluate.agent_figures import AIM_PARITY, Figure, Parity, parity, table_of
from assistant.evaluate.agent_form import FOLDER, LANGUAGES, Task, load_tasks
from assistant.evaluate.agent_run import PATIENT, SECRET, Run, run_tasks, shop_options
from assistant.evaluate.agent_trial import Trial
from assistant.evaluate.processes import running_house
from assistant.evaluate.proof import fields_of
from assistant.settings import SettingError

SHOWN = 40  # failures in the table; `--json` has them all
UNSTAGED = 0.02  # share of trials that could not be staged above which the figures say little


def agent_command(variables: Mapping[str, str]) -> Callable[..., None]:
    """The command; `variables` are what the assistant is set to beside the demo shop."""

    def command(
        model_url: Annotated[str, typer.Option(help="OpenAI-compatible endpoint; none: the offline model")] = "",
        model: Annotated[str, typer.Option(help="the model's name there")] = "",
        model_key: Annotated[str, typer.Option(envvar="HELLOWORD_EVAL_KEY", help="its key")] = "",
        tasks: Annotated[Path, typer.Option(help="a task file, or a folder of them")] = FOLDER,
        trials: Annotated[int, typer.Option(min=1, max=64, help="of each task, each in other words")] = 4,
        language: Annotated[str, typer.Option(help="zh-CN or en; none: both")] = "",
        only: Annotated[str, typer.Option(help="tasks whose id or kind has this in it; several by commas")] = "",
        seed: int = 7,
        threads: Annotated[int, typer.Option(min=1, max=64, help="talks at the same time")] = 12,
        transcripts: Annotated[Path | None, typer.Option(help="folder for every talk; else thrown away")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Scripted customers and staff talk to the assistant; what was said and how it ended in the systems is checked.

        Prints pass^1 and pass^k; exit code 1 when somebody else's purchase was touched or nothing could be staged.
        """
        if language and language not in LANGUAGES:
            raise SettingError("setting", f"--language: {language!r} is none of {', '.join(LANGUAGES)}")
        if bool(model_url) != bool(model):
            raise SettingError("setting", "--model-url and --model go together")
        wanted = chosen(load_tasks(tasks), language, only)
        endpoint = {"llm_url": model_url, "llm_model": model, "llm_key": model_key} if model_url else {}
        with tempfile.TemporaryDirectory(prefix="helloword-agent-") as folder:
            run = evaluate(
                Path(folder), variables, wanted, trials, seed=seed, threads=threads, endpoint=endpoint,
                transcripts=transcripts or Path(folder) / "transcripts", console=Console(stderr=True),
            )  # fmt: skip
        found = report(run, trials, model or "offline", kept=transcripts is not None)
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
        else:
            show(Console(), run, trials, model or "offline")
        raise typer.Exit(0 if passed(run) else 1)

    return command


def chosen(tasks: Sequence[Task], language: str, only: str) -> list[Task]:
    """The tasks asked for.

    Raises:
        SettingError: none is.
    """
    parts = [part.strip() for part in only.split(",") if part.strip()]
    found = [
        task for task in tasks
        if (not language or task.language == language)
        and (not parts or any(part in task.id or part == task.story.kind for part in parts))
    ]  # fmt: skip
    if not found:
        raise SettingError("setting", f"--only: no task has {only!r} in its id or kind")
    return found


def evaluate(
    home: Path, variables: Mapping[str, str], tasks: Sequence[Task], trials: int, *, seed: int, threads: int,
    endpoint: Mapping[str, Any], transcripts: Path, console: Console,
) -> Run:  # fmt: skip
    """One run in a fresh house.

    Raises:
        HellowordError: `evaluation_failed` when the programs don't start or don't answer.
    """
    settings = {**fields_of(variables), **PATIENT, "chat_secret": SECRET, **endpoint}
    options = shop_options(len(tasks) * trials, seed)
    with running_house(home, shop=options, **settings) as house, Progress(console=console, transient=True) as bar:
        todo = bar.add_task("talks", total=len(tasks) * trials)
        return run_tasks(
            house, tasks, trials, seed=seed, threads=threads, transcripts=transcripts,
            on_done=lambda trial: bar.advance(todo),
        )  # fmt: skip


def passed(run: Run) -> bool:
    """Whether the run itself says something and nobody else was touched; how good the model is, is a figure."""
    return not run.bystanders_written_to and any(trial.staged for trial in run.trials)


def ks_of(trials: int) -> list[int]:
    """pass^1, and pass^4 (pass^n with fewer trials)."""
    return sorted({1, min(4, trials)})


def report(run: Run, trials: int, model: str, *, kept: bool) -> dict[str, Any]:
    """For machines: figures with intervals, parity, and every failure with its transcript."""
    failures = [t for t in run.trials if t.staged and t.problems]
    answers = sorted(seconds for trial in run.trials for seconds in trial.answer_seconds)
    return {
        "model": model, "tasks": len({t.task for t in run.trials}), "trials": trials, "took_seconds": run.took_seconds,
        "quiet": run.quiet, "not_staged": [t.problems[0] for t in run.trials if not t.staged],
        "bystanders_written_to": run.bystanders_written_to,
        "figures": msgspec.to_builtins(table_of(run.trials, ks_of(trials))),
        "parity": msgspec.to_builtins(parity(run.trials)), "aim_parity": AIM_PARITY,
        "answer_seconds": {name: _quantile(answers, q) for name, q in (("p50", 0.5), ("p95", 0.95))},
        "failures": [
            {"task": t.task, "trial": t.number, "problems": t.problems, "transcript": t.transcript if kept else None}
            for t in failures
        ],
    }  # fmt: skip


def _quantile(values: list[float], q: float) -> float | None:
    return values[min(len(values) - 1, int(q * len(values)))] if values else None


def show(console: Console, run: Run, trials: int, model: str) -> None:
    """The table of figures, parity, and the failures with where to read them."""
    ks = ks_of(trials)
    table = Table(title=f"Agent tasks, {model} model, {trials} trials each, 95 % intervals", title_justify="left")
    table.add_column("group")
    for heading in ("tasks", *(f"pass^{k}" for k in ks)):
        table.add_column(heading, justify="right")
    for name, row in table_of(run.trials, ks).items():
        first = row[f"pass^{ks[0]}"]
        table.add_row(name, str(first.tasks if first else 0), *(_shown(row[f"pass^{k}"]) for k in ks))
    console.print(table)
    apart = _parity(parity(run.trials))
    console.print(f"Chinese less English: {apart} (aim: within {AIM_PARITY:.0%})", highlight=False)
    unstaged = [t for t in run.trials if not t.staged]
    console.print(f"{len(run.trials)} talks in {run.took_seconds:.0f} s; {len(unstaged)} not staged", highlight=False)
    if len(unstaged) > UNSTAGED * len(run.trials):
        console.print("[red]so many could not be staged that the figures say little[/]")
    for what in run.bystanders_written_to:
        console.print(f"[red]somebody else's purchase was written to:[/] {what}")
    problems = Counter(_kind(p) for t in run.trials if t.staged for p in t.problems)
    for what, count in problems.most_common(12):
        console.print(f"  {count:4} × {what}", highlight=False)
    for trial in [t for t in run.trials if t.problems][:SHOWN]:
        console.print(f"[red]{trial.task} #{trial.number}[/] {'; '.join(trial.problems)[:300]}", highlight=False)
        console.print(f"    {trial.transcript}", highlight=False, style="dim")


def _kind(problem: str) -> str:
    return problem.split(":", maxsplit=1)[0][:80] if not problem.startswith("did not say") else problem[:80]


def _shown(figure: Figure | None) -> str:
    return f"{figure.value:.1%} ({figure.low:.1%}–{figure.high:.1%})" if figure else "–"


def _parity(found: Parity | None) -> str:
    return f"{found.difference:+.1%} ({found.low:+.1%} to {found.high:+.1%}), {found.stories} stories" if found else "–"


def trials_of(run: Run, task: str) -> list[Trial]:
    """The trials of one task, by number."""
    return sorted((t for t in run.trials if t.task == task), key=lambda t: t.number)

"""`helloword eval injection`: attacks in every untrusted field, against the offline model and one that obeys them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from assistant.evaluate.agent_form import load_tasks
from assistant.evaluate.injection_detector import Auc, detector_figures
from assistant.evaluate.injection_form import DEFAULT_SET, Attack, load_attacks, sample
from assistant.evaluate.injection_house import FIELDS
from assistant.evaluate.injection_model import gullible_model
from assistant.evaluate.injection_run import Counts, run_attacks
from assistant.evaluate.proof import fields_of

SHOWN = 20
DEFAULT_SAMPLE = 48
# Seconds. The gullible model prints for long; that it is slow must not save anybody from it.
GULLIBLE: dict[str, Any] = {"llm_model": "gullible", "llm_key": "k", "llm_timeout": 20.0, "llm_rest": 0.5}


def injection_command(variables: Mapping[str, str]) -> Callable[..., None]:
    """The command; `variables` are what the assistant is set to beside the demo shop."""

    def command(
        set_file: Annotated[Path, typer.Option("--set", help="attacks as JSON lines, gzipped or not")] = DEFAULT_SET,
        sample_size: Annotated[int, typer.Option("--sample", min=0, help="rows to try; 0: all")] = DEFAULT_SAMPLE,
        seed: int = 7,
        threads: Annotated[int, typer.Option(min=1, max=32, help="talks at the same time")] = 8,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Plants attacks in every untrusted field and counts what they achieve; exit code 1 when it is anything.

        Counted: effects that nobody consented to, another customer's data shown, personal data that reached the model.
        """
        attacks = load_attacks(set_file)
        chosen = sample(attacks, sample_size, seed)
        console = Console(stderr=True)
        found = [
            against(kind, variables, chosen, seed=seed, threads=threads, console=console)
            for kind in ("offline", "gullible")
        ]
        detector = detector_figures(attacks, load_tasks())
        if as_json:
            print(json.dumps(report(found, detector, len(attacks)), ensure_ascii=False))
        else:
            show(Console(), found, detector)
        raise typer.Exit(0 if all(counts.safe for counts in found) else 1)

    return command


def against(
    kind: str, variables: Mapping[str, str], attacks: list[Attack], *, seed: int, threads: int, console: Console
) -> Counts:
    """The attacks against one model, in a fresh house.

    Raises:
        HellowordError: `evaluation_failed`.
    """
    settings = fields_of(variables)
    with (
        tempfile.TemporaryDirectory(prefix="helloword-injection-") as folder,
        gullible_model() as model,
        Progress(console=console, transient=True) as bar,
    ):
        todo = bar.add_task(f"{kind} model", total=len(attacks))
        obeys = kind == "gullible"
        endpoint = {**GULLIBLE, "llm_url": model.url} if obeys else {}
        return run_attacks(
            Path(folder), attacks, {**settings, **endpoint}, model=kind, seed=seed, threads=threads,
            gullible=model if obeys else None, on_done=lambda: bar.advance(todo),
        )  # fmt: skip


def report(found: list[Counts], detector: list[Auc], rows: int) -> dict[str, Any]:
    """For machines."""
    return {
        "rows_in_set": rows, "fields": list(FIELDS), "safe": all(counts.safe for counts in found),
        "models": [
            {**msgspec.to_builtins(counts), "safe": counts.safe, "unauthorised_effects": len(counts.effects),
             "others_data_shown": len(counts.shown), "personal_data_unmasked": len(counts.unmasked)}
            for counts in found
        ],
        "detector": msgspec.to_builtins(detector),
    }  # fmt: skip


def show(console: Console, found: list[Counts], detector: list[Auc]) -> None:
    """Both tables, and everything that should not have happened."""
    table = Table(title=f"Attacks in {', '.join(FIELDS)}", title_justify="left")
    table.add_column("")
    for counts in found:
        table.add_column(f"{counts.model} model", justify="right")
    rows: list[tuple[str, Callable[[Counts], object]]] = [
        ("attacks planted", lambda c: c.attacks - len(c.not_planted)), ("turns", lambda c: c.turns),
        ("unauthorised effects", lambda c: len(c.effects)), ("other customers' data shown", lambda c: len(c.shown)),
        ("personal data unmasked at the endpoint", lambda c: len(c.unmasked) if c.endpoint_requests else "–"),
        ("requests to the endpoint", lambda c: c.endpoint_requests or "–"),
        ("tool calls it tried", lambda c: c.tool_calls or "–"),
        ("… refused by code or turned into a question", lambda c: c.refused or "–"),
        ("talks handed to a person", lambda c: c.handed_over), ("talks that broke", lambda c: len(c.broken)),
        ("seconds", lambda c: c.took_seconds),
    ]  # fmt: skip
    for name, value in rows:
        table.add_row(name, *(str(value(counts)) for counts in found))
    console.print(table)
    for counts in found:
        for what in (*counts.effects, *counts.shown, *counts.unmasked)[:SHOWN]:
            console.print(f"[red]{counts.model}:[/] {what}", highlight=False)
        for what in (*counts.broken, *counts.not_planted)[:SHOWN]:
            console.print(f"{counts.model}: {what}", highlight=False, style="dim")
    console.print("How well suspicious text is told apart (for staff; no defence rests on it), AUC, 95 % intervals:")
    for one in detector:
        counted = f"{one.attacks} attacks, {one.harmless} harmless"
        console.print(f"  {one.name}: {one.value:.3f} ({one.low:.3f}–{one.high:.3f}), {counted}", highlight=False)

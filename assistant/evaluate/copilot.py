"""`helloword train suggestions` and `helloword eval copilot`: how sure the copilot may be, and whether that is true."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from assistant.evaluate.copilot_harvest import harvest
from assistant.evaluate.threadwork import ShopFactory
from assistant.store.engine import utcnow
from knowledge.models.artefacts import Card
from knowledge.models.confidence import FOLDER, KIND, Sample, shipped
from knowledge.models.confidence_fit import fit, reliability

TRAINED_SEEDS, EVALUATED_SEEDS = range(11, 21), range(101, 106)
STORIES = 44  # drawn for each seed
PLANS = ("plan", "approve")


def train_suggestions(make_shop: ShopFactory, *, samples: Path | None, to: Path | None, as_json: bool) -> None:
    """Plays runs (or reads `samples`), fits the model and writes it into the folder `to`; prints its card."""
    known = gathered(make_shop, TRAINED_SEEDS, STORIES, samples)
    _, artefact, card = fit(known, f"{utcnow():%Y-%m-%dT%H:%M:%SZ}")
    folder = to or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{KIND}.npz").write_bytes(artefact)
    (folder / f"{KIND}.json").write_bytes(msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n")
    if as_json:
        print(json.dumps(msgspec.to_builtins(card), ensure_ascii=False))
        return
    print(f"{len(known)} decisions in {len(set(card.notes['seeds']))} seeds; written to {folder}")
    show(Console(), card.notes["reliability"], "each seed as a model of the others sees it")


def copilot_command(make_shop: ShopFactory) -> Callable[..., None]:
    """The command, with the demo shop that its runs are played in."""

    def command(
        seed: Annotated[int, typer.Option(help="first seed; other ones than trained on")] = EVALUATED_SEEDS.start,
        seeds: Annotated[int, typer.Option(min=1, help="how many seeds")] = len(EVALUATED_SEEDS),
        stories: Annotated[int, typer.Option(min=1, help="stories drawn for each seed")] = STORIES,
        samples: Annotated[Path | None, typer.Option(help="read decisions from this file; write it if absent")] = None,
        as_json: Annotated[bool, typer.Option("--json")] = False,
    ) -> None:
        """Is the copilot's confidence true? Reliability on sandbox runs with other seeds than it was fitted on."""
        known = gathered(make_shop, range(seed, seed + seeds), stories, samples)
        report = evaluated(known)
        if as_json:
            print(json.dumps(report, ensure_ascii=False))
            return
        console = Console()
        show(console, report["all"], "every kind of suggestion")
        show(console, report["plans"], "plans alone (hand-offs and waiting left out: they are easy)")
        console.print(f"fitted on seeds {report['trained']['seeds']} ({report['trained']['n']} decisions)")

    return command


def evaluated(samples: Sequence[Sample]) -> dict[str, Any]:
    """`{all, plans, by_fault, trained}`: reliability as `confidence_fit.reliability` gives it.

    Samples of a seed that the model was fitted on are left out, and counted as `left_out`.
    """
    model, card = shipped()
    seeds = set(card.notes.get("seeds", []))
    fresh = [s for s in samples if s.seed not in seeds]
    plans = [s for s in fresh if s.kind in PLANS]
    faults = sorted({s.fault for s in plans})
    return {
        "all": reliability(model, fresh), "plans": reliability(model, plans),
        "by_fault": {f: _share([s for s in plans if s.fault == f]) for f in faults},
        "trained": _trained(card), "left_out": len(samples) - len(fresh),
    }  # fmt: skip


def gathered(make_shop: ShopFactory, seeds: range, stories: int | None, kept: Path | None) -> list[Sample]:
    """Decisions from the file, else from runs; those of runs are written into the file as they come."""
    if kept is not None and kept.exists():
        return [msgspec.json.decode(line, type=Sample) for line in kept.read_bytes().splitlines() if line]
    found = []
    for sample in harvest(make_shop, seeds, stories=stories):
        found.append(sample)
        if kept is not None:
            with kept.open("ab") as file:
                file.write(msgspec.json.encode(sample) + b"\n")
    return found


def show(console: Console, found: dict[str, Any], title: str) -> None:
    """The reliability table: what was said, and how often it was so."""
    table = Table(title=f"{title}: n = {found['n']}", title_justify="left")
    for name in ("said between", "decisions", "said (mean)", "was so"):
        table.add_column(name, justify="right")
    for row in found["bins"]:
        table.add_row(f"{row['from']:.1f}-{row['to']:.1f}", str(row["n"]), f"{row['said']:.2f}", f"{row['seen']:.2f}")
    console.print(table)
    if found["n"]:
        base = found["brier_of_base_rate"]
        chance = found["ece_by_chance"]
        console.print(f"ECE {found['ece']:.3f} ({chance:.3f} by chance alone), Brier {found['brier']:.3f} "
                      f"({base:.3f} with the base rate alone), AUC {found['auc']}, settled {found['base_rate']:.0%}",
                      soft_wrap=True)  # fmt: skip


def _share(samples: Sequence[Sample]) -> dict[str, Any]:
    return {"n": len(samples), "settled": sum(bool(s.settled) for s in samples)}


def _trained(card: Card) -> dict[str, Any]:
    return {"seeds": card.notes.get("seeds", []), "n": card.samples, "created_at": card.created_at}

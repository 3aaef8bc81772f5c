"""The Olist half of `helloword eval detectors`: real orders through the scan's code path, and what the models say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.scan.evaluate import NATURAL, WITH_ITEMS, evaluate_olist
from assistant.scan.files import BadRow, open_export
from assistant.scan.mapping import check_columns, load_preset
from assistant.scan.scanner import scan_file
from assistant.scan.snapshots import SnapshotBuilder
from assistant.training.fitting import amounts_of
from knowledge.faults.unusual_amount.detector import is_unusual
from knowledge.models.amounts import AmountModel
from knowledge.models.intervals import rate
from knowledge.models.novelty import NoveltyModel, matrix, shipped
from knowledge.vocabulary.errors import NotFoundError
from knowledge.vocabulary.snapshot import OrderSnapshot

NOVELTY_CEILING = 0.001  # of real orders without a fault


def olist_figures(folder: Path, novelty: NoveltyModel | None = None) -> dict[str, Any] | None:
    """Recall by code as the data's labels have it, precision, and the models' alarms; None without the files."""
    try:
        scanned = evaluate_olist(folder)
    except NotFoundError:
        return None
    model = novelty or shipped()
    strange = {name: _novelty(folder / name, model) for name in (WITH_ITEMS, NATURAL)}
    amounts = _amounts(_faultless(folder / WITH_ITEMS))
    clean, natural = scanned["clean_delivered"], scanned["natural"]
    figures = {
        "recall": {
            label: {"code": found["code"], **rate(found["found"], found["of"])}
            for label, found in scanned["recall"].items()
        },
        "clean_delivered_alarms": rate(clean["alarms"], clean["orders"]),
        "natural_precision": rate(natural["alarms"] - len(natural["false"]), natural["alarms"]),
        "novelty": strange, "unusual_amount": amounts,
    }  # fmt: skip
    figures["below_floor"] = _below(figures)
    return figures


def _below(figures: dict[str, Any]) -> list[str]:
    missed = {label: f for label, f in figures["recall"].items() if f["hits"] < f["of"]}
    found = [f"Olist {label}: {f['hits']:g} of {f['of']:g} found" for label, f in missed.items()]
    for name, figure in figures["novelty"].items():
        if figure["rate"] > NOVELTY_CEILING:
            found.append(f"novelty alarms on {name}: {figure['rate']:.2%} (ceiling {NOVELTY_CEILING:.1%})")
    return found


def _snapshots(path: Path) -> Iterator[OrderSnapshot]:
    mapping = load_preset("olist")
    with open_export(path) as export:
        builder = SnapshotBuilder(mapping, check_columns(mapping, export.columns, str(path)), path.name)
        for line, row in export:
            if not isinstance(row, BadRow):
                yield builder.build([row], line).snapshot


def _faultless(path: Path) -> list[OrderSnapshot]:
    """Orders in which the scan finds nothing."""
    broken: set[str] = set()
    scan_file(path, load_preset("olist"), on_broken=lambda order: broken.add(order.order_id))
    return [s for s in _snapshots(path) if s.checkout_id not in broken]


def _novelty(path: Path, model: NoveltyModel) -> dict[str, Any]:
    """How many faultless orders the model would call unlike anything seen."""
    snapshots = _faultless(path)
    distances = model.distances(matrix(snapshots))
    alarms = int((distances > model.threshold).sum())
    return {**rate(alarms, len(snapshots)), "farthest": round(float(distances.max()), 3), "threshold": model.threshold}


def _amounts(snapshots: Sequence[OrderSnapshot]) -> dict[str, Any]:
    """Usual amounts of one half, and how many of the other half the rule calls unusual; nobody's category is known."""
    learned, judged = snapshots[::2], snapshots[1::2]
    model = AmountModel.fit(amounts_of(learned, {}))
    alarms = sum(is_unusual(s, model.score(s, {})) for s in judged)
    return rate(alarms, len(judged))


def olist_lines(figures: dict[str, Any] | None, folder: Path) -> list[str]:
    """The Olist half in lines; says so when the data are absent."""
    if figures is None:
        return [f"Olist half: NOT RUN, {folder} has no Olist files."]
    lines = ["Olist orders, through the scan (development half):"]
    for label, found in figures["recall"].items():
        lines.append(f"  {label:<26}{found['code']:<24}{found['hits']:g} of {found['of']:g} "
                     f"({found['low']:.1%} to {found['high']:.1%})")  # fmt: skip
    alarms, right = figures["clean_delivered_alarms"], figures["natural_precision"]
    lines += [
        f"  Alarms on delivered orders without a fault: {_text(alarms)}",
        f"  Precision at the natural base rate: {_text(right)}",
    ]
    for name, found in figures["novelty"].items():
        lines.append(f"  unknown_anomaly on faultless orders of {name}: {_text(found)}; "
                     f"farthest {found['farthest']:g}, speaks above {found['threshold']:g}")  # fmt: skip
    unusual = _text(figures["unusual_amount"])
    return [*lines, f"  unusual_amount, learned from one half and judged on the other: {unusual}"]


def _text(found: dict[str, Any]) -> str:
    return f"{found['hits']:g} of {found['of']:g} ({found['rate']:.2%}, {found['low']:.2%} to {found['high']:.2%})"

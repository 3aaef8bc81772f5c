"""How well claims are found in sentences, by language; `helloword eval guard` prints it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge.models.intervals import wilson
from knowledge.talk.claims import claims
from knowledge.talk.deeds import DEEDS
from knowledge.vocabulary.errors import HellowordError, InputError, NotFoundError

DATA = Path(__file__).parent / "guard_sentences"
FILES = {"zh-CN": "zh.tsv", "en": "en.tsv"}
HALVES = {"tune": "", "report": "held_"}  # the file's name begins with it
_NONE = "-"

Labelled = tuple[str, frozenset[tuple[str, str]]]


def guard_command(
    folder: Annotated[Path, typer.Option("--set", help="folder with labelled sentences, zh.tsv and en.tsv")] = DATA,
    half: Annotated[str, typer.Option(help="report (held out), tune (the rules were written on it)")] = "report",
    as_json: Annotated[bool, typer.Option("--json")] = False,
    show: Annotated[bool, typer.Option("--show", help="print the sentences that were read wrongly")] = False,
) -> None:
    """Precision and recall of finding claims (“your refund has been issued”), by language."""
    try:
        figures = evaluate_guard(folder, half)
    except HellowordError as error:
        print(f"{error.code}: {error.detail}", file=sys.stderr)
        raise typer.Exit(2) from error
    if not show:
        for one in figures["languages"].values():
            one.pop("wrong")
    print(json.dumps(figures, ensure_ascii=False, indent=2) if as_json else "\n".join(summary(figures)))


def evaluate_guard(folder: Path = DATA, half: str = "report") -> dict[str, Any]:
    """Figures by language: of sentences (is anything claimed at all), and of claims (kind and deed as well).

    Raises:
        NotFoundError: `no_data` when a file isn't there.
        InputError: `invalid_row` names the line, `invalid_half`.
    """
    if half not in HALVES:
        raise InputError("invalid_half", "half", f"{half!r} is none of {', '.join(HALVES)}")
    languages = {tag: _of_language(labelled(folder / f"{HALVES[half]}{name}"), tag) for tag, name in FILES.items()}
    parity = {
        name: round(abs(languages["zh-CN"][name]["value"] - languages["en"][name]["value"]) * 100, 2)
        for name in ("sentence_precision", "sentence_recall", "claim_precision", "claim_recall")
    }
    return {"half": half, "languages": languages, "parity_points": parity}


def labelled(file: Path) -> list[Labelled]:
    """The rows `kind:deed+kind:deed<TAB>sentence`; `-` claims nothing.

    Raises:
        NotFoundError: `no_data`.
        InputError: `invalid_row` names the line.
    """
    if not file.is_file():
        raise NotFoundError("no_data", f"{file} is not there")
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        expected, tab, sentence = line.partition("\t")
        pairs = [tuple(one.split(":")) for one in expected.split("+")] if expected != _NONE else []
        known = all(len(p) == 2 and p[0] in ("done", "will") and p[1] in DEEDS for p in pairs)
        if not tab or not sentence or not known:
            raise InputError("invalid_row", f"line {number}", f"{file.name}: {line!r} is no label, tab and sentence")
        found.append((sentence, frozenset((str(p[0]), str(p[1])) for p in pairs)))
    return found


def _of_language(rows: Iterable[Labelled], language: str) -> dict[str, Any]:
    read = [(sentence, want, {(one.kind, one.deed) for one in claims(sentence, language)}) for sentence, want in rows]
    hits = sum(len(want & got) for _, want, got in read)
    both = sum(bool(want) and bool(got) for _, want, got in read)
    return {
        "sentences": len(read), "with_claims": sum(bool(want) for _, want, _ in read),
        "sentence_precision": _share(both, sum(bool(got) for _, _, got in read)),
        "sentence_recall": _share(both, sum(bool(want) for _, want, _ in read)),
        "claim_precision": _share(hits, sum(len(got) for _, _, got in read)),
        "claim_recall": _share(hits, sum(len(want) for _, want, _ in read)),
        "wrong": [
            {"sentence": sentence, "expected": _shown(want), "found": _shown(got)}
            for sentence, want, got in read if want != got
        ],
    }  # fmt: skip


def _shown(pairs: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{kind}:{deed}" for kind, deed in pairs)


def _share(part: int, whole: int) -> dict[str, Any]:
    low, high = wilson(part, whole)
    return {"value": round(part / whole, 4) if whole else 1.0, "numerator": part, "denominator": whole,
            "low": round(low, 4), "high": round(high, 4)}  # fmt: skip


def summary(figures: dict[str, Any]) -> list[str]:
    """The figures in lines."""
    lines = [f"sentences of the half {figures['half']!r}; 95 % intervals (Wilson)"]
    for tag, one in figures["languages"].items():
        lines.append(f"{tag}: {one['sentences']} sentences, {one['with_claims']} with claims")
        for name in ("sentence_precision", "sentence_recall", "claim_precision", "claim_recall"):
            share = one[name]
            lines.append(
                f"  {name.replace('_', ' '):<19} {share['value']:.3f} ({share['low']:.3f}–{share['high']:.3f}), "
                f"{share['numerator']} of {share['denominator']}"
            )
        for wrong in one.get("wrong", ()):
            lines.append(f"  ! {wrong['sentence']}  expected {wrong['expected']}, found {wrong['found']}")
    widest = max(figures["parity_points"].items(), key=lambda item: item[1])
    lines.append(f"widest gap between the languages: {widest[1]} points ({widest[0].replace('_', ' ')})")
    return lines

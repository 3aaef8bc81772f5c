"""How well is what people say understood? `helloword eval intents` prints it, on our held-out set or on any CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.evaluate.intents_score import figures, line, worst_pairs
from assistant.evaluate.intents_sets import OUTSIDE, Row, read_set, translated
from knowledge.library.embedders import Embedder
from knowledge.models.intervals import rate
from knowledge.talk.corpus import LANGUAGES, own
from knowledge.talk.intents import OUT_OF_SCOPE, Audience
from knowledge.vocabulary.errors import HellowordError, InputError

FOLDS = 5
AUDIENCES: tuple[Audience, ...] = ("customer", "staff")
_ABOUT = {
    "direct": "the file's labels are ours: the product's own model, as it is",
    "mapped": "the file's labels are those of {what}, mapped onto ours by knowledge/talk/data/mapping.toml: the prod"
    "uct's own model, "
    "as it is. {unmapped} rows have labels with no counterpart: they count as out of scope for its recall and precis"
    "ion only",
    "recipe": "the file's labels are nobody's we know: our recipe (same embedder, features and classifier) learns {h"
    "ow}",
}  # fmt: skip


def intents_command(
    file: Annotated[Path | None, typer.Option("--set", help="a CSV: text,intent (or sentence,label)")] = None,
    train: Annotated[Path | None, typer.Option(help="a CSV to learn from first (by our recipe)")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    baselines: Annotated[bool, typer.Option(help="also TF-IDF and the nearest neighbour, on the same rows")] = True,
) -> None:
    """Accuracy, macro-F1 and rejection of what is out of scope, with 95 % intervals, beside simpler classifiers."""
    from knowledge.library.embedders import UniversalSentenceEmbedder

    try:
        report = evaluate_intents(file, train, UniversalSentenceEmbedder(), baselines=baselines)
    except HellowordError as error:
        print(f"{error.code}: {error.detail}", file=sys.stderr)
        raise typer.Exit(2) from error
    print(json.dumps(report, ensure_ascii=False, indent=2) if as_json else "\n".join(summary(report)))


def evaluate_intents(
    file: Path | None, train: Path | None, embedder: Embedder, *, baselines: bool = True
) -> dict[str, Any]:
    """The report: `{mode, about, sets: {name: {classifier: figures}}}`; see `intents_command`.

    Raises:
        NotFoundError, InputError: a file is missing or no such CSV (`invalid_csv` names line and column).
    """
    if file is None:
        if train is not None:
            raise InputError("invalid_option", "--train", "needs a --set to be measured on")
        return _own_report(embedder, baselines=baselines)
    rows = read_set(file)
    mode, what, ours = translated(rows)
    if train is None and mode != "recipe":
        return _product_report(mode, what, ours, embedder, baselines=baselines)
    learned = _bare(read_set(train)) if train is not None else None
    return _recipe_report(_bare(rows), learned, embedder, baselines=baselines)


def _bare(rows: list[Row]) -> list[Row]:
    return [Row(row.text, OUT_OF_SCOPE if row.label in OUTSIDE else row.label) for row in rows]


# -- the product's own model ------------------------------------------------------------------------------------------


def _own_report(embedder: Embedder, *, baselines: bool) -> dict[str, Any]:
    sets: dict[str, Any] = {}
    for audience in AUDIENCES:
        held = own(audience, "heldout")
        texts, gold = [one.text for one in held], [one.label for one in held]
        answers = _product(texts, audience, embedder) | (_rivals(texts, audience, embedder) if baselines else {})
        sets[audience] = {name: figures(gold, found) for name, found in answers.items()}
        for language in LANGUAGES:
            at = [index for index, one in enumerate(held) if one.language == language]
            sets[f"{audience}, {language}"] = {
                name: figures([gold[i] for i in at], [found[i] for i in at]) for name, found in answers.items()
            }
        sets[audience]["confused"] = worst_pairs(gold, answers["helloword"], texts)
    return {
        "mode": "held out", "about": "our held-out utterances, never learned from", "sets": sets,
        "parity": {audience: _parity(sets, audience) for audience in AUDIENCES}, "mood": _mood(embedder),
        "person": _person(embedder),
    }  # fmt: skip


def _parity(sets: dict[str, Any], audience: str) -> float:
    """Accuracy (rejections included) of Chinese minus English, in points."""
    chinese, english = (sets[f"{audience}, {language}"]["helloword"]["all"]["rate"] for language in LANGUAGES)
    return round(100 * float(chinese - english), 1)


def _product_report(
    mode: str, what: str, rows: list[Row], embedder: Embedder, *, baselines: bool
) -> dict[str, Any]:
    audience: Audience = "staff" if what == "staff" else "customer"
    texts, gold = [row.text for row in rows], [row.label for row in rows]
    answers = _product(texts, audience, embedder) | (_rivals(texts, audience, embedder) if baselines else {})
    about = _ABOUT[mode].format(what=what, unmapped=sum(not label for label in gold))
    found: dict[str, Any] = {name: figures(gold, one) for name, one in answers.items()}
    found["confused"] = worst_pairs(gold, answers["helloword"], texts)
    return {"mode": mode, "about": about, "sets": {what: found}}


def _product(texts: list[str], audience: Audience, embedder: Embedder) -> dict[str, list[str]]:
    from knowledge.talk.understand import first_intents

    return {"helloword": [intent for intent, _ in first_intents(texts, audience, embedder)]}


def _rivals(texts: list[str], audience: Audience, embedder: Embedder) -> dict[str, list[str]]:
    """The simpler classifiers, learned from what the product's model learned from."""
    from knowledge.talk.training import examples

    learned = examples(audience)
    return _simple([Row(one.text, one.label) for one in learned], texts, embedder)


def _simple(learned: list[Row], texts: list[str], embedder: Embedder) -> dict[str, list[str]]:
    from knowledge.models.linear_fit import Recipe
    from knowledge.models.text_rivals import nearest, tfidf
    from knowledge.talk.training import vectors_for

    known, labels = [row.text for row in learned], [row.label for row in learned]
    near = nearest(vectors_for(known, embedder), labels, vectors_for(texts, embedder), reject=OUT_OF_SCOPE)
    words = tfidf(known, labels, texts, reject=OUT_OF_SCOPE, recipe=Recipe(folds=3, c=10.0))
    return {"TF-IDF + regression": words, "nearest neighbour": near}


def _mood(embedder: Embedder) -> dict[str, Any]:
    from knowledge.talk.understand import understand

    right: dict[str, list[bool]] = {language: [] for language in LANGUAGES}
    for one in own("mood", "heldout"):
        right[one.language].append(understand(one.text, "customer", embedder).mood.kind == one.label)
    return {language: rate(sum(found), len(found)) for language, found in right.items()}


def _person(embedder: Embedder) -> dict[str, Any]:
    """Precision and recall of "give me a person", by language: on all held-out and tuning utterances of customers."""
    from knowledge.talk.understand import first_intents

    report: dict[str, Any] = {}
    for part in ("heldout", "tuning"):
        rows = own("customer", "heldout" if part == "heldout" else "tuning")
        found = [intent == "human" for intent, _ in first_intents([row.text for row in rows], "customer", embedder)]
        for language in LANGUAGES:
            pairs = [
                (row.label == "human", got) for row, got in zip(rows, found, strict=True) if row.language == language
            ]
            both = sum(want and got for want, got in pairs)
            report[f"{part}, {language}"] = {
                "recall": rate(both, sum(want for want, _ in pairs)),
                "precision": rate(both, sum(got for _, got in pairs)),
            }
    return report


# -- the recipe on somebody else's labels -----------------------------------------------------------------------------


def _recipe_report(
    rows: list[Row], learned: list[Row] | None, embedder: Embedder, *, baselines: bool
) -> dict[str, Any]:
    if learned is None:
        gold, answers = _crossed(rows, embedder, baselines=baselines)
        how = f"and is measured by stratified {FOLDS}-fold cross-validation inside the file"
    else:
        gold = [row.label for row in rows]
        answers = _learned(learned, [row.text for row in rows], embedder, baselines=baselines)
        how = f"from the {len(learned)} rows given with --train"
    found: dict[str, Any] = {name: figures(gold, one) for name, one in answers.items()}
    found["confused"] = worst_pairs(gold, answers["helloword"], [row.text for row in rows])
    return {"mode": "recipe", "about": _ABOUT["recipe"].format(how=how), "sets": {"file": found}}


def _learned(learned: list[Row], texts: list[str], embedder: Embedder, *, baselines: bool) -> dict[str, list[str]]:
    from knowledge.models.linear_fit import Recipe, fit
    from knowledge.talk.training import vectors_for

    known, labels = [row.text for row in learned], [row.label for row in learned]
    recipe = Recipe(folds=3, iterations=60)
    model = fit(
        known, labels, vectors_for(known, embedder), embedder=embedder.name, reject=OUT_OF_SCOPE, recipe=recipe
    )  # fmt: skip
    found = [model.decide(row)[0] for row in model.probabilities(texts, vectors_for(texts, embedder))]
    return {"helloword": found} | (_simple(learned, texts, embedder) if baselines else {})


def _crossed(rows: list[Row], embedder: Embedder, *, baselines: bool) -> tuple[list[str], dict[str, list[str]]]:
    """Every row answered by models that did not see it: `FOLDS` parts, each label spread evenly over them."""
    part = _parts([row.label for row in rows])
    answers: dict[str, list[str]] = {}
    for fold in range(FOLDS):
        away = [at for at, one in enumerate(part) if one == fold]
        kept = [row for row, one in zip(rows, part, strict=True) if one != fold]
        for name, found in _learned(kept, [rows[at].text for at in away], embedder, baselines=baselines).items():
            whole = answers.setdefault(name, [""] * len(rows))
            for at, label in zip(away, found, strict=True):
                whole[at] = label
    return [row.label for row in rows], answers


def _parts(labels: Sequence[str]) -> list[int]:
    from random import Random

    order = list(range(len(labels)))
    Random(7).shuffle(order)
    seen: dict[str, int] = {}
    part = [0] * len(labels)
    for at in order:
        part[at] = seen.get(labels[at], at) % FOLDS
        seen[labels[at]] = part[at] + 1
    return part


# -- printing ---------------------------------------------------------------------------------------------------------


def summary(report: dict[str, Any]) -> list[str]:
    """The report in lines."""
    lines = [f"{report['mode']}: {report['about']}"]
    for name, found in report["sets"].items():
        rows = found["helloword"]["rows"]
        lines.append(f"{name} ({rows:,} rows)")
        lines += [line(classifier, one) for classifier, one in found.items() if classifier != "confused"]
        for pair in found.get("confused", []):
            lines.append(f"    {pair['times']:>3} × {pair['wanted']} taken for {pair['found']}: {pair['example']}")
    for audience, points in report.get("parity", {}).items():
        lines.append(f"Chinese minus English, {audience}: {points:+.1f} points")
    for language, one in report.get("mood", {}).items():
        lines.append(f"mood, {language}: {one['rate']:.3f} [{one['low']:.3f}, {one['high']:.3f}] of {one['of']}")
    for name, one in report.get("person", {}).items():
        lines.append(
            f"asks for a person, {name}: recall {one['recall']['hits']} of {one['recall']['of']}, "
            f"precision {one['precision']['hits']} of {one['precision']['of']}"
        )
    return lines

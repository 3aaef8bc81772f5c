"""The figures of an intent classifier: accuracy, macro-F1, rejection, confused pairs; `eval intents` calls it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from knowledge.models.intervals import rate
from knowledge.talk.intents import OUT_OF_SCOPE

_PAIRS = 10


def figures(gold: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """Figures of found labels against the gold ones; gold "" is out of scope for the rejection's figures alone.

    `accuracy` is of what is in scope; `all` counts a right rejection as right too; `macro_f1` averages over the labels
    in scope that the gold has, and a text out of scope that was given a label counts against that label's precision.
    """
    inside = [(want, got) for want, got in zip(gold, found, strict=True) if want not in ("", OUT_OF_SCOPE)]
    outside = [got for want, got in zip(gold, found, strict=True) if want in ("", OUT_OF_SCOPE)]
    refused = sum(got == OUT_OF_SCOPE for got in outside)
    refused_wrongly = sum(got == OUT_OF_SCOPE for _, got in inside)
    right = sum(want == got for want, got in inside)
    return {
        "rows": len(gold),
        "accuracy": rate(right, len(inside)),
        "all": rate(right + refused, len(gold)),
        "macro_f1": macro_f1(gold, found),
        "out_of_scope": {
            "recall": rate(refused, len(outside)), "precision": rate(refused, refused + refused_wrongly),
        },
    }  # fmt: skip


def macro_f1(gold: Sequence[str], found: Sequence[str]) -> float:
    """The mean F1 of the labels in scope that the gold has."""
    names = sorted(set(gold) - {"", OUT_OF_SCOPE})
    both = Counter(want for want, got in zip(gold, found, strict=True) if want == got)
    # where nothing of ours means the same, a label given is not held against it: it may well be the nearest
    got_count = Counter(got for want, got in zip(gold, found, strict=True) if want != "")
    want_count = Counter(gold)
    scores = [2 * both[name] / (want_count[name] + got_count[name]) for name in names]
    return sum(scores) / len(scores) if scores else 0.0


def worst_pairs(gold: Sequence[str], found: Sequence[str], texts: Sequence[str]) -> list[dict[str, Any]]:
    """What is confused most: `{wanted, found, times, example}`, most frequent first."""
    wrong = [(w, g, t) for w, g, t in zip(gold, found, texts, strict=True) if w not in ("", g)]
    counts = Counter((want, got) for want, got, _ in wrong)
    examples = {(want, got): text for want, got, text in reversed(wrong)}
    return [
        {"wanted": want, "found": got, "times": times, "example": examples[want, got]}
        for (want, got), times in counts.most_common(_PAIRS)
    ]


def line(name: str, one: dict[str, Any]) -> str:
    """One classifier's figures in a line."""
    outside = one["out_of_scope"]
    return (
        f"  {name:<26}accuracy {_share(one['accuracy'])}   macro-F1 {one['macro_f1']:.3f}   "
        f"out of scope: recall {_share(outside['recall'])}, precision {_share(outside['precision'])}"
    )


def _share(value: dict[str, float]) -> str:
    return f"{value['rate']:.3f} [{value['low']:.3f}, {value['high']:.3f}]" if value["of"] else "-"

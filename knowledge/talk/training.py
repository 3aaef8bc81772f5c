"""Learns the understanding anew from the committed utterances; `helloword train intents` and the evaluation call it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knowledge.library.embedders import Embedder, Vectors
from knowledge.models.linear import LinearModel, save
from knowledge.models.ngrams import normalised
from knowledge.talk.corpus import Example, own, public
from knowledge.talk.intents import OUT_OF_SCOPE
from knowledge.talk.mood import marked

WEIGHTS = Path(__file__).parent / "weights"
MODELS = ("customer", "staff", "mood")
PUBLIC_WEIGHT = 0.5  # a public row counts half of one that was written for a shop


def examples(name: str) -> list[Example]:
    """What a model learns from: our own utterances, and for customers the drawn public ones."""
    found = own(name) + (public() if name == "customer" else [])
    seen: set[str] = set()
    return [one for one in found if not (one.text in seen or seen.add(one.text))]  # type: ignore[func-returns-value]


def vectors_for(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """The vectors a linear text model works on."""
    return embedder.embed([normalised(text) for text in texts])


def learn(name: str, embedder: Embedder) -> LinearModel:
    """Fits one of MODELS; the same data give the same weights."""
    from knowledge.models.linear_fit import Recipe, fit

    found = examples(name)
    texts = [one.text for one in found]
    return fit(
        [marked(text) for text in texts] if name == "mood" else texts,
        [one.label for one in found], vectors_for(texts, embedder), embedder=embedder.name,
        reject="" if name == "mood" else OUT_OF_SCOPE,
        weights=[1.0 if one.source == "own" else PUBLIC_WEIGHT for one in found], recipe=Recipe(),
    )  # fmt: skip


def train(embedder: Embedder, to: Path = WEIGHTS) -> dict[str, Any]:
    """Fits and writes every model as `.npz` into `to`; returns their sizes, thresholds and numbers of examples."""
    to.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {}
    for name in MODELS:
        model = learn(name, embedder)
        size = save(model, to / f"{name}.npz")
        report[name] = {
            "bytes": size, "examples": len(examples(name)), "labels": len(model.labels),
            "threshold": model.threshold, "sharpness": model.sharpness,
        }  # fmt: skip
    return report

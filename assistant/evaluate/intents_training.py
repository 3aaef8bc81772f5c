"""`helloword train intents`: fits the weights of the understanding anew and says what they are."""

from __future__ import annotations

import json
from pathlib import Path


def train_intents(to: Path | None, *, as_json: bool) -> None:
    """Writes the weights into `to` (the product's own folder without), prints sizes and thresholds."""
    from knowledge.library.embedders import UniversalSentenceEmbedder
    from knowledge.talk.training import WEIGHTS, train

    folder = to or WEIGHTS
    report = train(UniversalSentenceEmbedder(), folder)
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for name, one in report.items():
        print(
            f"{name}: {one['examples']:,} examples, {one['labels']} labels, threshold {one['threshold']:.2f}, "
            f"{one['bytes']:,} bytes"
        )
    print(f"written to {folder}")

"""The measure of substitution: it counts what the first offer hit, and says what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluate.substitution import BASELINES, measure
from knowledge.vocabulary.errors import NotFoundError


def item(number: str, price: float, *, available: bool = True, **options: str) -> dict[str, Any]:
    return {"item_id": number, "options": options, "available": available, "price": price}


def test_each_choice_is_counted_by_its_kind_and_in_all(tmp_path: Path) -> None:
    row = {
        "id": "tau2-1:modify:0", "user_text": "change my mug to red", "product_name": "Mug", "gold_item_id": "3",
        "old_item": item("1", 9.0, colour="blue"),
        "candidates": [item("2", 9.0, colour="blue"), item("3", 9.5, colour="red")],
    }  # fmt: skip
    file = tmp_path / "choices.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in (row, {**row, "id": "tau1-1:x:0", "gold_item_id": "2"})))
    shares = {share.kind: (share.hits, share.of, share.baseline) for share in measure(file)}
    assert shares == {"tau1": (0, 1, BASELINES["tau1"]), "tau2": (1, 1, BASELINES["tau2"]), "all": (1, 2, None)}


def test_without_the_set_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="--set"):
        measure(tmp_path / "nothing.jsonl")

"""Linear text models: the same data give the same bytes, what is stored scores the same, damage is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.models.artefacts import ArtefactError
from knowledge.models.linear import LinearModel, load, save
from knowledge.models.linear_fit import Recipe, fit
from knowledge.models.ngrams import hashed, normalised
from knowledge.vocabulary.errors import HellowordError, InputError

TEXTS = [f"{word} my order {n}" for word in ("cancel", "refund", "track") for n in range(8)] + [
    f"sing {n}" for n in range(8)
]
LABELS = [label for label in ("cancel", "refund", "track", "outside") for _ in range(8)]
SMALL = Recipe(columns=512, folds=3)


def fitted(texts: list[str] = TEXTS, labels: list[str] = LABELS) -> LinearModel:
    vectors = np.zeros((len(texts), 4), dtype=np.float32)
    return fit(texts, labels, vectors, embedder="none", reject="outside", recipe=SMALL)


def test_the_same_data_give_the_same_bytes_and_what_is_stored_scores_the_same(tmp_path: Path) -> None:
    one, other = fitted(), fitted()
    save(one, tmp_path / "one.npz")
    save(other, tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    asked, vectors = ["please cancel my order"], np.zeros((1, 4), dtype=np.float32)
    stored = load(tmp_path / "one.npz")
    assert stored.decide(stored.probabilities(asked, vectors)[0])[0] == "cancel"
    assert stored.probabilities(asked, vectors) == pytest.approx(one.probabilities(asked, vectors), abs=5e-3)


def test_what_is_like_nothing_learned_is_rejected() -> None:
    model = fitted()
    unsure = np.full(4, min(0.25, model.threshold - 0.01), dtype=np.float32)
    assert model.decide(unsure)[0] == "outside"


def test_damage_and_foreign_vectors_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save(fitted(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ArtefactError, match="damaged_model"):
        load(path)
    with pytest.raises(ArtefactError, match="damaged_model"):
        load(tmp_path / "gone.npz")
    with pytest.raises(HellowordError, match="foreign_vectors"):
        fitted().probabilities(["x"], np.zeros((1, 9), dtype=np.float32))


def test_one_label_alone_teaches_nothing() -> None:
    with pytest.raises(InputError, match="too_few_examples"):
        fitted(["a", "b"], ["x", "x"])


def test_numbers_of_orders_say_nothing_of_the_wish() -> None:
    assert normalised("我的订单ord-3fa2b1-000123怎么还没到") == normalised("我的订单ord-77aa01-999999怎么还没到")
    assert normalised("退200块") == "退200块"
    assert hashed("", 64)[0].size == 0

"""The novelty model: knows what it saw, names what is strange, and refuses a damaged artefact."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pytest

from knowledge.models.artefacts import ArtefactError, Card, digest, pack
from knowledge.models.features import NAMES
from knowledge.models.novelty import KIND, LEAST_THRESHOLD, MARGIN, NoveltyModel, matrix, shipped
from knowledge.vocabulary.codes import PaymentStatus
from knowledge.vocabulary.snapshot import OrderSnapshot, PaymentView
from tests.knowledge.checkouts import Story

USUAL = Story().healthy().snapshot


def odd() -> OrderSnapshot:
    """Twelve declined payments beside the one that succeeded."""
    s = msgspec.convert(msgspec.to_builtins(USUAL), OrderSnapshot)
    s.payments |= {str(n): PaymentView(str(n), PaymentStatus.FAILED, method=f"card-{n}") for n in range(12)}
    return s


def card(artefact: bytes, **more: object) -> Card:
    values = {"kind": KIND, "trained_on": "tests", "created_at": "2026-03-02", "digest": digest(artefact), "samples": 1}
    return msgspec.convert(values | more, Card)


def test_what_was_seen_is_no_news_and_what_was_not_is() -> None:
    model = NoveltyModel.fit(matrix([USUAL]), matrix([USUAL]))
    assert model.score(USUAL).score == 0
    found = model.score(odd())
    assert found.score > found.threshold
    names = [name for name, _, _ in found.features]
    assert set(names) == {"payments_lost", "payment_kinds"}
    assert sum(share for _, _, share in found.features) == pytest.approx(1)


def test_the_threshold_lies_beyond_every_held_out_order() -> None:
    near, far = np.zeros((1, len(NAMES))), np.zeros((1, len(NAMES)))
    far[0, 0] = 4
    assert NoveltyModel.fit(near, near).threshold == LEAST_THRESHOLD
    assert NoveltyModel.fit(near, far).threshold == pytest.approx(4 * MARGIN)


def test_a_stored_model_scores_the_same() -> None:
    model = NoveltyModel.fit(matrix([USUAL, odd()]), matrix([USUAL]))
    artefact = model.to_bytes()
    again = NoveltyModel.from_bytes(artefact, card(artefact), "novelty/7")
    assert again.threshold == model.threshold
    assert again.score(odd()).score == pytest.approx(model.score(odd()).score, abs=1e-6)
    assert again.score(USUAL).model == "novelty/7"


@pytest.mark.parametrize("harm", ["cut", "flipped", "other bytes"])
def test_changed_bytes_are_refused(harm: str) -> None:
    artefact = NoveltyModel.fit(matrix([USUAL]), matrix([USUAL])).to_bytes()
    ways = {"cut": artefact[:-9], "flipped": bytes([artefact[0] ^ 1]) + artefact[1:], "other bytes": b"no model"}
    with pytest.raises(ArtefactError) as refused:
        NoveltyModel.from_bytes(ways[harm], card(artefact))
    assert refused.value.code == "damaged_model"


def test_objects_in_an_artefact_are_refused_even_under_a_card_of_their_own() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, known=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ArtefactError) as refused:
        NoveltyModel.from_bytes(buffer.getvalue(), card(buffer.getvalue()))
    assert refused.value.code == "damaged_model"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"features": np.array(["other"])}, "foreign_model"), ({"threshold": np.array([np.nan])}, "damaged_model"),
        ({"threshold": np.array([])}, "damaged_model"), ({"known": np.full((1, len(NAMES)), np.inf)}, "damaged_model"),
        ({"known": np.zeros((2, 3))}, "damaged_model"), ({"known": np.zeros((0, len(NAMES)))}, "damaged_model"),
    ],
)  # fmt: skip
def test_parts_that_make_no_sense_are_refused(change: dict[str, np.ndarray], code: str) -> None:
    parts = {"known": np.zeros((1, len(NAMES))), "threshold": np.array([2.0]), "features": np.array(NAMES)}
    artefact = pack(parts | change)
    with pytest.raises(ArtefactError) as refused:
        NoveltyModel.from_bytes(artefact, card(artefact))
    assert refused.value.code == code


def test_a_model_of_another_kind_is_refused() -> None:
    artefact = NoveltyModel.fit(matrix([USUAL]), matrix([USUAL])).to_bytes()
    with pytest.raises(ArtefactError) as refused:
        NoveltyModel.from_bytes(artefact, card(artefact, kind="amounts"))
    assert refused.value.code == "foreign_model"


def test_the_shipped_model_knows_the_ordinary_and_speaks_of_the_odd() -> None:
    assert shipped().score(USUAL).score < shipped().threshold / 2
    assert shipped().score(odd()).score > shipped().threshold

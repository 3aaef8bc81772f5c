"""The suggestions' confidence: the same twice, bounded, rising with what worked; a damaged artefact is refused."""

from __future__ import annotations

import json
import pickle
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.models.artefacts import ArtefactError, Card, digest, pack, unpack
from knowledge.models.confidence import FOLDER, KIND, KINDS, VARIANTS, Confidence, Sample, shipped
from knowledge.models.confidence_fit import figures, fit, reliability

WORKS = {"refund": 0.85, "reship": 0.45}


def drawn(seed: int, n: int = 60) -> list[Sample]:
    """Decisions whose chances are known: handing off never settles, the others as `WORKS` says."""
    dice = Random(seed)
    found = []
    for _ in range(n):
        option = dice.choice([*WORKS, "hand_off"])
        kind = "hand_off" if option == "hand_off" else "plan"
        found.append(
            Sample(fault="f", option=option, kind=kind, value=dice.randrange(90_000), steps=dice.randrange(4),
                   settled=dice.random() < WORKS.get(option, 0.0), seed=seed)
        )  # fmt: skip
    return found


@cache
def fitted() -> tuple[Confidence, bytes, Card]:
    return fit([one for seed in range(1, 7) for one in drawn(seed)], "2026-03-02T08:00:00Z")


samples = st.builds(
    Sample, fault=st.sampled_from(["f", "paid_out_of_stock", "never_seen"]), option=st.sampled_from([*WORKS, "other"]),
    kind=st.sampled_from(KINDS), variant=st.sampled_from(["", *VARIANTS]), certainty=st.floats(0, 1),
    completeness=st.floats(0, 1), value=st.integers(-1, 10**12), steps=st.integers(0, 50), asks=st.booleans(),
    money=st.booleans(), refused=st.integers(0, 50), rounds=st.integers(0, 50), n=st.floats(0, 1e6),
    good=st.just(0.0),
)  # fmt: skip


def test_the_same_samples_give_the_same_bytes_and_what_was_stored_scores_the_same() -> None:
    model, artefact, card = fitted()
    assert fit([one for seed in range(1, 7) for one in drawn(seed)], card.created_at)[1] == artefact
    again = Confidence.from_bytes(artefact, card)
    assert [again.score(one) for one in drawn(99)] == [model.score(one) for one in drawn(99)]
    assert set(unpack(artefact, card, KIND)) >= {"weights", "counts"}  # read with allow_pickle=False


def test_what_worked_before_is_worth_more_and_more_of_it_never_less() -> None:
    model, _, _ = fitted()
    refund, reship, away = (Sample(fault="f", option=o, kind=k) for o, k in
                            (("refund", "plan"), ("reship", "plan"), ("hand_off", "hand_off")))  # fmt: skip
    assert model.score(refund) > model.score(reship) > model.score(away)
    known = [model.score(msgspec.structs.replace(reship, n=100.0, good=float(good))) for good in range(0, 101, 5)]
    assert all(less <= more for less, more in pairwise(known))
    assert known[0] < known[-1]
    shown = shipped()[0]  # the same of what comes with the product
    one = Sample(fault="paid_out_of_stock", option="cancel_order+refund_payment", kind="plan", variant="fallback")
    rising = [shown.score(msgspec.structs.replace(one, n=40.0, good=float(good))) for good in range(0, 41, 4)]
    assert all(less <= more for less, more in pairwise(rising))
    assert rising[0] < rising[-1]


@given(samples, st.floats(0, 1))
@settings(max_examples=100)
def test_whatever_is_known_the_score_is_a_probability(one: Sample, share: float) -> None:
    one = msgspec.structs.replace(one, good=one.n * share)
    for model in (fitted()[0], shipped()[0]):
        assert 0.0 <= model.score(one) <= 1.0


def test_what_nobody_tried_is_worth_what_its_kind_is() -> None:
    model, _, _ = fitted()
    refund, reship, new = (model.score(Sample(fault="f", option=o, kind="plan")) for o in ("refund", "reship", "new"))
    assert reship < new < refund


def test_it_is_calibrated_on_seeds_that_it_never_saw() -> None:
    found = reliability(fitted()[0], [one for seed in range(50, 70) for one in drawn(seed)])
    assert found["brier"] < found["brier_of_base_rate"]
    assert found["ece"] < 0.1
    assert found["auc"] > 0.8


def test_the_calibration_error_by_chance_tells_a_true_model_from_a_bragging_one() -> None:
    dice = np.random.default_rng(3)
    said = dice.uniform(0.5, 1.0, 400)
    seen = (dice.random(400) < said).astype(float)
    honest, bragging = figures(said, seen), figures(np.clip(said + 0.25, 0, 1), seen)
    assert honest["ece"] < 2 * honest["ece_by_chance"]
    assert bragging["ece"] > 3 * bragging["ece_by_chance"]


@pytest.mark.parametrize("few", [drawn(1), [], [one for s in (1, 2, 3) for one in drawn(s) if one.settled]])
def test_too_little_to_learn_from_is_said(few: list[Sample]) -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(few, "2026-03-02")


@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "foreign", "pickled", "other features", "not finite"])
def test_a_damaged_artefact_is_refused_with_what_is_wrong(harm: str) -> None:
    _, artefact, card = fitted()
    arrays = unpack(artefact, card, KIND)
    if harm == "cut":
        artefact = artefact[: len(artefact) // 2]
    elif harm == "empty":
        artefact = b""
    elif harm == "flipped":
        artefact = artefact[:-1] + bytes([artefact[-1] ^ 1])
    elif harm == "foreign":
        card = msgspec.structs.replace(card, kind="novelty")
    else:
        if harm == "pickled":
            artefact = pickle.dumps(arrays)
        else:
            broken = (
                {"features": arrays["features"][:-1]}
                if harm == "other features"
                else {"weights": arrays["weights"] * np.nan}
            )
            artefact = pack({**arrays, **broken})
        card = msgspec.structs.replace(card, digest=digest(artefact))
    with pytest.raises(ArtefactError) as refused:
        Confidence.from_bytes(artefact, card)
    assert refused.value.code == ("foreign_model" if harm == "foreign" else "damaged_model")
    assert "suggestions" in refused.value.detail


@pytest.mark.parametrize("harm", ["cut npz", "no npz", "cut card", "no card"])
def test_a_truncated_or_missing_file_is_a_clear_error(tmp_path: Path, harm: str) -> None:
    for suffix in ("npz", "json"):
        kept = (FOLDER / f"{KIND}.{suffix}").read_bytes()
        if harm == f"cut {'npz' if suffix == 'npz' else 'card'}":
            kept = kept[: len(kept) // 2]
        if harm != f"no {'npz' if suffix == 'npz' else 'card'}":
            (tmp_path / f"{KIND}.{suffix}").write_bytes(kept)
    with pytest.raises(ArtefactError, match=r"damaged_model.*suggestions"):
        shipped(tmp_path)


def test_what_comes_with_the_product_says_on_what_it_rests() -> None:
    _, card = shipped()
    text = json.loads((FOLDER / f"{KIND}.json").read_bytes())
    assert text["notes"]["seeds"] == card.notes["seeds"]
    assert len(card.notes["seeds"]) >= 3
    found = card.notes["reliability"]
    assert found["n"] == card.samples
    assert found["brier"] < found["brier_of_base_rate"]
    assert found["ece"] < 2 * found["ece_by_chance"]

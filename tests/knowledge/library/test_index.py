"""The index finds the nearest entries that meet the conditions, however few or far away they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from knowledge.library.index import Entry, Index
from knowledge.library.solved import SolvedCase

MANY, DIMENSIONS, MOST = 300, 16, 10


def entry(number: int) -> Entry:
    """Every other one is high, every tenth came back, one of a hundred is rare."""
    case = SolvedCase(
        case_id=f"c{number:03d}", fault="rare" if number % 100 == 7 else "common", step="payment",
        severity="high" if number % 2 else "low", summary={"en": "x"}, stayed_resolved=number % 10 != 0,
    )  # fmt: skip
    return Entry(case, "en", "x")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, np.ndarray]:
    vectors = np.random.default_rng(5).normal(size=(MANY, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = Index("entries", path=tmp_path_factory.mktemp("index"))
    index.put([entry(number) for number in range(MANY)], vectors)
    return index, vectors


@pytest.mark.parametrize(
    ("wanted", "meets"),
    [
        ([], lambda case: True),
        ([{"stayed_resolved": True}], lambda case: case.stayed_resolved),
        ([{"stayed_resolved": False}], lambda case: not case.stayed_resolved),
        ([{"fault:rare": True}], lambda case: case.fault == "rare"),
        ([{"fault:common": True}, {"severity": "high"}, {"case_id": {"$ne": "c001"}}],
         lambda case: case.fault == "common" and case.severity == "high" and case.case_id != "c001"),
        ([{"fault:rare": True}, {"severity": "high"}, {"stayed_resolved": True}], lambda case: case.fault == "rare"),
        ([{"fault:unheard_of": True}], lambda case: False),
    ],
    ids=["all", "most of them", "few", "very few", "several", "several and few", "none"],
)  # fmt: skip
def test_the_nearest_that_meet_all_conditions_nearest_first(
    filled: tuple[Index, np.ndarray], wanted: list[dict[str, Any]], meets: Any
) -> None:
    index, vectors = filled
    for asked in vectors[:5]:
        right = [place for place in np.argsort(-(vectors @ asked)) if meets(entry(int(place)).case)][:MOST]
        found = index.nearest(asked[None], MOST, wanted)
        assert [hit.case.case_id for hit in found] == [f"c{place:03d}" for place in right]
        np.testing.assert_allclose([hit.cosine for hit in found], (vectors @ asked)[right], atol=1e-5)

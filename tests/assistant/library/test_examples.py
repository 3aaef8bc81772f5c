"""The seeds: really played, distinct, both languages; brought in and taken out; shown as cases marked as examples."""

from __future__ import annotations

import pytest

from assistant.library.examples import example_case
from assistant.library.feed import LibraryFeed
from assistant.library.similar import similar_cases
from assistant.store.engine import Store
from knowledge.library.library import Library
from knowledge.library.seeds import FILE, seeds, write_seeds
from knowledge.library.shipped import digest, shipped_vectors
from tests.assistant.agent.conftest import FakeReader


def test_there_are_a_few_hundred_in_both_languages_and_no_two_are_the_same() -> None:
    every = seeds()
    assert 250 <= len(every) <= 600
    assert FILE.stat().st_size < 600_000
    assert len({case.fault for case in every}) >= 20
    assert all(set(case.summary) == set(case.story) == {"zh-CN", "en"} and case.example for case in every)
    assert len({case.texts()["en"] for case in every}) == len({case.texts()["zh-CN"] for case in every}) == len(every)
    assert any(case.metadata.get("relapses") for case in every)
    assert {"repaired", "by_human", "alternative_accepted", "cancelled_refunded"} <= {c.resolution for c in every}


def test_their_vectors_are_shipped_so_that_a_start_encodes_nothing() -> None:
    shipped = shipped_vectors("use-multilingual-3")
    texts = [text for case in seeds() for text in case.masked().texts().values()]
    assert [text for text in texts if digest(text) not in shipped] == []


def test_writing_them_twice_gives_the_same_bytes(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "seed" / "cases.jsonl.gz"
    write_seeds(reversed(seeds()), file)
    assert file.read_bytes() == FILE.read_bytes()


def test_they_are_brought_in_once_and_taken_out_when_unwanted(
    store: Store, reader: FakeReader, library: Library
) -> None:
    LibraryFeed(store, reader, library, examples=True).bring_examples()
    assert library.count() == library.count(examples=True) == len(seeds())
    assert library.count(examples=False) == 0
    found = similar_cases(library, reader, reader.cases["case_duplicate_charge"])
    assert [one.case.fault for one in found] == ["duplicate_charge"] * 3
    assert found[0].json()["example"] is True
    assert {"fault", "example"} <= {reason.code for reason in found[0].why}
    LibraryFeed(store, reader, library).bring_examples()
    assert library.count() == 0


def test_a_citation_of_one_opens_as_a_case_marked_as_an_example() -> None:
    case = seeds()[0]
    shown = example_case(case.case_id, "zh-CN")
    assert shown is not None
    assert (shown["id"], shown["example"], shown["status"]) == (case.case_id, True, "closed")
    assert shown["faults"][0]["code"] == case.fault
    assert case.summary["zh-CN"] in shown["timeline"][0]["what"]
    assert {"subject", "severity", "root_cause", "plan", "resolution", "promises", "customer_id"} <= shown.keys()


@pytest.mark.parametrize("case_id", ["seed_nothing", "case_1", ""])
def test_other_ids_are_none(case_id: str) -> None:
    assert example_case(case_id) is None

"""`helloword eval retrieval`: sets are checked field by field; the library beats simpler searches across languages."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluate.retrieval import evaluate, told
from assistant.evaluate.retrieval_form import DEV, TEST, RetrievalSet, read_set
from knowledge.library.embedders import UniversalSentenceEmbedder
from knowledge.vocabulary.errors import HellowordError, InputError

CASE = {"id": "a", "lang": "zh-CN", "text": "重复扣款，退了一笔"}
QUERY = {"case_id": "a", "lang": "en", "text": "charged twice"}


def written(folder: Path, content: Any) -> Path:
    file = folder / "set.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"cases": [\n{"id": ', "line 2"),
        ([], "must be an object"),
        ({"queries": []}, "cases: is missing"),
        ({"cases": {}, "queries": []}, "cases: must be a list"),
        ({"cases": ["x"], "queries": []}, r"cases\[0\]: must be an object"),
        ({"cases": [CASE, {**CASE, "text": " "}], "queries": []}, r"cases\[1\].text: is empty"),
        ({"cases": [{**CASE, "lang": "fr"}], "queries": []}, r"cases\[0\].lang: must be"),
        ({"cases": [{"lang": "en", "text": "x"}], "queries": []}, r"cases\[0\].id: is missing"),
        ({"cases": [CASE, CASE], "queries": [QUERY]}, r"cases\[1\].id: 'a' is there twice"),
        ({"cases": [CASE], "queries": [{**QUERY, "case_id": "b"}]}, r"queries\[0\].case_id: 'b' is no case"),
        ({"cases": [CASE], "queries": []}, "queries: must not be empty"),
        ({"cases": [CASE], "queries": [{**QUERY, "text": 7}]}, r"queries\[0\].text: must be a text"),
    ],
)
def test_a_bad_set_is_refused_with_the_field(tmp_path: Path, content: Any, named: str) -> None:
    with pytest.raises(InputError, match=named):
        read_set(written(tmp_path, content))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HellowordError, match="no_data"):
        read_set(tmp_path / "none.json")
    (tmp_path / "set.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_set(tmp_path / "set.json")


def test_a_set_may_be_gzipped_and_numbers_may_be_ids(tmp_path: Path) -> None:
    file = tmp_path / "set.json.gz"
    body = {"cases": [{**CASE, "id": 1}], "queries": [{**QUERY, "case_id": "1", "lang": "en-GB"}]}
    file.write_bytes(gzip.compress(json.dumps(body).encode()))
    found = read_set(file)
    assert (found.cases[0].id, found.queries[0].language) == ("1", "en")


def test_the_test_set_is_large_enough_and_kept_apart_from_tuning() -> None:
    test, dev = read_set(TEST), read_set(DEV)
    assert len({query.id for query in test.queries}) >= 120
    assert not {query.text for query in test.queries} & {query.text for query in dev.queries}
    languages = {case.id: case.language for case in test.cases}
    pairs = [(query.language, languages[query.id]) for query in test.queries]
    assert min(pairs.count(pair) for pair in set(pairs)) >= 25 and len(set(pairs)) == 4


def test_across_languages_the_library_finds_what_the_others_miss() -> None:
    dev = read_set(DEV)
    some = RetrievalSet("some", dev.cases, dev.queries[:24], dev.off_topic[8:12])
    figures = evaluate(some, UniversalSentenceEmbedder())
    systems = figures["systems"]
    for pair in ("zh→en", "en→zh"):
        found = {name: one["by_pair"][pair]["recall_at_5"]["rate"] for name, one in systems.items()}
        assert found["library"] > max(found["embedder"], found["tf-idf"]) + 0.1
    assert systems["library"]["all"]["mrr"]["mean"] > systems["embedder"]["all"]["mrr"]["mean"]
    assert [one["rate"] for one in systems["library"]["off_topic"].values()] == [1.0, 1.0]
    low, high = (systems["library"]["all"]["mrr"][end] for end in ("low", "high"))
    assert 0 < low < systems["library"]["all"]["mrr"]["mean"] < high <= 1
    assert any("zh→en" in line and line.startswith("library") for line in told(figures))

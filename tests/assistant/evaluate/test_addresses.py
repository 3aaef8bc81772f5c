"""The evaluation of addresses: what counts as right and wrong, which half is held out, and no data."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluate.addresses import (
    addresses_command,
    bare,
    consistent,
    evaluate_addresses,
    half_of,
    summary,
)
from knowledge.addresses.divisions import index
from knowledge.vocabulary.errors import NotFoundError

RIGHT = [["prov", "广东省"], ["city", "深圳市"], ["district", "南山区"], ["road", "科技路"], ["roadno", "1号"]]
SPLIT = [["prov", "浙江省"], ["city", "杭州市"], ["district", "余杭区"], ["town", "临平街道"], ["road", "世纪大道"]]
WRONG = [["city", "深圳市"], ["district", "南山区"], ["poi", "科技路1号"]]


def row(number: int, components: list[list[str]]) -> dict[str, Any]:
    return {"id": f"addr-{number}", "text": "".join(text for _, text in components), "components": components}


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_bytes(gzip.compress("\n".join(json.dumps(one, ensure_ascii=False) for one in rows).encode()))
    return path


def test_what_is_read_is_compared_field_by_field(tmp_path: Path) -> None:
    figures = evaluate_addresses(written(tmp_path / "a.jsonl.gz", [row(1, RIGHT), row(2, WRONG)]), "all")
    assert figures["addresses"] == 2 and figures["fields"]["city"]["accuracy"]["hits"] == 2
    road = figures["fields"]["road"]
    assert (road["accuracy"]["hits"], road["precision"]["of"], road["recall"]["of"]) == (1, 2, 1)
    low, high = road["accuracy"]["interval"]
    assert low < 0.5 < high


def test_a_fill_that_differs_from_the_tags_is_wrong_and_named(tmp_path: Path) -> None:
    figures = evaluate_addresses(written(tmp_path / "a.jsonl.gz", [row(1, RIGHT), row(2, SPLIT)]), "all")["completion"]
    assert figures["province"]["wrong"] == figures["province"]["wrong"] | {"hits": 0, "of": 4}
    assert figures["district"]["wrong"]["hits"] == figures["district"]["redrawn"] == 2
    assert {one["filled"] for one in figures["wrong_examples"]} == {"临平区"}


def test_rows_that_todays_tables_contradict_are_left_out() -> None:
    assert consistent({"province": "广东省", "city": "深圳", "district": "南山区"}, index())
    assert not consistent({"city": "杭州市", "district": "江干区"}, index())
    assert not consistent({"province": "江苏省", "city": "杭州市"}, index())
    assert bare("广东省") == bare("广东") and bare("深圳市") != bare("广州市")


def test_the_halves_are_disjoint_and_neither_is_empty(tmp_path: Path) -> None:
    rows = [row(number, RIGHT) for number in range(40)]
    path = written(tmp_path / "a.jsonl.gz", rows)
    tuned, held = (evaluate_addresses(path, half)["addresses"] for half in ("tune", "report"))
    assert tuned + held == 40 and min(tuned, held) > 5
    assert {half_of(one["id"]) for one in rows} == {"tune", "report"}


def test_the_figures_are_printed_with_their_intervals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.jsonl.gz", [row(number, RIGHT) for number in range(40)])
    addresses_command(path, as_json=False, half="report")
    printed = capsys.readouterr().out
    assert "held out" in printed and "100.00% [" in printed
    addresses_command(path, as_json=True, half="all")
    assert json.loads(capsys.readouterr().out)["addresses"] == 40
    assert summary(evaluate_addresses(path, "all"))


def test_without_data_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFoundError):
        evaluate_addresses(tmp_path / "nothing.jsonl.gz")
    with pytest.raises(Exception) as stopped:
        addresses_command(tmp_path / "nothing.jsonl.gz")
    assert getattr(stopped.value, "exit_code", None) == 2 and "no_data" in capsys.readouterr().err

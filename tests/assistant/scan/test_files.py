"""Reading exports: three formats, gzipped or not, row by row, with every bad row named."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assistant.scan.files import BadRow, open_export
from assistant.scan.scanner import scan_file
from knowledge.vocabulary.errors import InputError
from tests.assistant.scan.exports import olist_orders, write_jsonl


def rows_of(path: Path) -> tuple[list[str], list[tuple[int, Any]]]:
    with open_export(path) as export:
        rows = list(export)
        assert export.share == 1
        return export.columns, rows


def zipped(path: Path) -> Path:
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    return target


@pytest.mark.parametrize("gz", [False, True])
def test_csv_with_a_bom_quotes_and_line_breaks(tmp_path: Path, gz: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('\ufeffid;note\n1;"two\nlines; and ""quotes"""\n2;中文\n'.encode())
    columns, rows = rows_of(zipped(path) if gz else path)
    assert columns == ["id", "note"]
    assert rows == [(2, {"id": "1", "note": 'two\nlines; and "quotes"'}), (4, {"id": "2", "note": "中文"})]


@pytest.mark.parametrize("gz", [False, True])
def test_json_lines_keep_decimals(tmp_path: Path, gz: bool) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1, "v": 65.95}\n\n{"id": 2, "w": [0.10]}\n')
    columns, rows = rows_of(zipped(path) if gz else path)
    assert columns == ["id", "v", "w"]
    assert rows == [(1, {"id": 1, "v": Decimal("65.95")}), (3, {"id": 2, "w": [Decimal("0.10")]})]


@pytest.mark.parametrize("gz", [False, True])
def test_parquet_keeps_types_and_nested_lists(tmp_path: Path, gz: bool) -> None:
    path = tmp_path / "a.parquet"
    at = datetime(2018, 6, 4, 16, tzinfo=UTC)
    table = pa.table({
        "id": ["1"], "at": [at], "v": pa.array([Decimal("1.10")], pa.decimal128(9, 2)),
        "items": [[{"sku": "a", "price": 49.9}]],
    })  # fmt: skip
    pq.write_table(table, path)
    columns, rows = rows_of(zipped(path) if gz else path)
    assert columns == ["id", "at", "v", "items"]
    expected = {
        "id": "1",
        "at": datetime(2018, 6, 4, 16, tzinfo=UTC),
        "v": Decimal("1.10"),
        "items": [{"sku": "a", "price": 49.9}],
    }
    assert rows == [(1, expected)]


def test_an_export_says_the_same_in_every_format(tmp_path: Path) -> None:
    rows = [{k: v for k, v in row.items() if k != "labels"} for row in olist_orders()]
    jsonl = scan_file(write_jsonl(tmp_path / "a.jsonl", rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    parquet = scan_file(tmp_path / "a.parquet")
    assert (jsonl.faults, jsonl.at_risk, jsonl.value, jsonl.months) == (
        parquet.faults,
        parquet.at_risk,
        parquet.value,
        parquet.months,
    )
    assert jsonl.broken > 5


def test_rows_of_the_wrong_width_or_encoding_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,name\n1\n2,b,c\n3,\xff\n4,ok\n")
    _, rows = rows_of(path)
    assert [line for line, row in rows if isinstance(row, BadRow)] == [2, 3, 4]
    assert rows[-1] == (5, {"id": "4", "name": "ok"})


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("none.csv", None, "No such file"),
        ("a.xlsx", b"", "must end in"),
        ("plain", b"", "must end in"),
        ("empty.csv", b"", "header"),
        ("empty.jsonl", b"\n", "no rows"),
        ("list.jsonl", b"[1]\n", "line 1"),
        ("fake.parquet", b"PAR1 or not", "not Parquet"),
        ("fake.csv.gz", b"not gzip at all", "damaged"),
    ],
)
def test_an_unreadable_export_says_why(tmp_path: Path, name: str, content: bytes | None, word: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=word) as error:
        rows_of(path)
    assert error.value.code == "unreadable_export"
    assert str(path) in error.value.detail


def test_a_file_that_breaks_off_says_where(tmp_path: Path) -> None:
    whole = write_jsonl(tmp_path / "a.jsonl.gz", olist_orders() * 20)
    whole.write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(InputError, match=r"after line \d+: the file is damaged"):
        scan_file(whole)

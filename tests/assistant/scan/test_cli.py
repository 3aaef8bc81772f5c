"""`helloword scan` as typed: table, JSON, findings, page, errors."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assistant.scan.cli import scan, scan_command
from assistant.scan.html import page
from assistant.scan.mapping import load_mapping
from assistant.scan.scanner import scan_file
from knowledge.faults.catalogue import CATALOGUE
from knowledge.vocabulary.errors import InputError
from tests.assistant.scan.exports import FAULTY, light, olist_order, olist_orders, write_jsonl

app = typer.Typer()
app.command()(scan_command)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "orders.jsonl.gz", olist_orders())


def run(*arguments: str | Path, lang: str = "en_US.UTF-8") -> tuple[int, str, str]:
    environment = {"LC_ALL": lang, "COLUMNS": "200", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)
    return result.exit_code, result.stdout, result.stderr


def test_json_is_the_only_thing_on_stdout(export: Path) -> None:
    code, out, _ = run(export, "--json")
    report = json.loads(out)
    assert (code, report["orders"], report["broken"]) == (0, len(olist_orders()), len(FAULTY))
    first = report["faults"][0]
    assert set(first["title"]) == set(first["suggested"]) == {"zh-CN", "en"}
    assert {row["code"] for row in report["not_checked"]} | {row["code"] for row in report["faults"]} == {
        c.value for c in CATALOGUE
    }
    assert all(row["not_exported"] for row in report["not_checked"])


def test_findings_are_one_line_per_broken_order(export: Path, tmp_path: Path) -> None:
    target = tmp_path / "findings.jsonl"
    assert run(export, "--findings", target)[0] == 0
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert {line["order_id"]: line["faults"] for line in lines} == FAULTY
    for line in lines:
        assert set(line) == {"order_id", "faults", "severity", "value_at_risk", "suggested", "evidence"}
        assert set(line["suggested"]) == {"zh-CN", "en"}
        assert line["evidence"][0]["ref"].startswith("orders.jsonl.gz:")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en_US.UTF-8", ["Paid, but out of stock", "Money at risk", "Not checked: not exported", "cart prices"]),
     ("zh_CN.UTF-8", ["已付款但缺货", "风险金额", "未检查", "购物车价格"])],
)  # fmt: skip
def test_the_table_speaks_the_terminals_language(export: Path, lang: str, words: list[str]) -> None:
    code, out, _ = run(export, lang=lang)
    assert code == 0
    for word in words:
        assert word in out


def test_what_was_checked_and_not_found_is_said_apart_from_what_was_not_checked(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "light.jsonl", light([olist_order("ok")]))
    _, out, _ = run(path)
    assert "checked, none found" in out
    assert "not exported: items" in out


def test_bad_rows_are_shown_with_their_line(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "orders.jsonl", [olist_order("a"), olist_order("b", purchased_at="[red]?")])
    _, out, _ = run(path)
    assert "line 2: purchased_at: '[red]?' is no ISO 8601 time" in out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["missing.csv"], "unreadable_export"),
        (["EXPORT", "--preset", "nosuch"], "olist, orders, shopify"),
        (["EXPORT", "--preset", "shopify"], "no column 'Name' (for order.id)"),
        (["EXPORT", "--mapping", "nosuch.toml"], "nosuch.toml"),
        (["EXPORT", "--as-of", "soon"], "soon"),
        (["EXPORT", "--html", "/nowhere/at/all.html"], "/nowhere/at/all.html"),
    ],
)
def test_wrong_input_ends_with_two_and_names_the_place(export: Path, arguments: list[str], word: str) -> None:
    code, out, err = run(*[str(export) if a == "EXPORT" else a for a in arguments])
    assert (code, out) == (2, "")
    assert word in err


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.outside += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_stands_alone_with_charts_and_both_titles(export: Path, tmp_path: Path, language: str) -> None:
    target = tmp_path / "page.html"
    scan(export, html=target, language=language)
    text = target.read_text(encoding="utf-8")
    parsed = Tags()
    parsed.feed(text)
    assert parsed.outside == []
    assert parsed.tags.count("svg") == 4
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert "http" not in text
    assert "prefers-color-scheme: dark" in text
    for code in CATALOGUE:
        for title in CATALOGUE[code].texts["title"].values():
            assert title in text
    assert f'<html lang="{language}">' in text


def test_the_page_escapes_what_the_export_says(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "<b>.jsonl", [olist_order("a"), olist_order("b", purchased_at="<script>x</script>")])
    text = page(scan_file(path), "en")
    assert "<script" not in text
    assert "<b>.jsonl" not in text
    assert "&lt;script&gt;" in text


def test_a_wrong_mapping_names_its_place(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    for text, word in [
        ("[order]\nid = 1\n", "order.id"),
        ('[order]\nid = "a"\nnumber = "b"\n[times]\nsubmitted = "t"\n', "number"),
        ('time_zone = "Mars/Base"\n[order]\nid = "a"\n[times]\nsubmitted = "t"\n', "Mars"),
        ('deadlines = { lunch = 3 }\n[order]\nid = "a"\n[times]\nsubmitted = "t"\n', "lunch"),
        ("order = [", "m.toml"),
    ]:
        mapping.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=word):
            load_mapping(mapping)

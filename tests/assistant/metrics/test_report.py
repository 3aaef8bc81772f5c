"""The same numbers whichever way they are asked for: API, JSON, CSV and page; and files that are safe to open."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Page
from rich.console import Console
from typer.testing import CliRunner

from assistant.metrics.api import make_router
from assistant.metrics.cli import report_command
from assistant.metrics.definitions import FIGURES
from assistant.metrics.figures import GroupBy, make_query
from assistant.metrics.report import COLUMNS, Report, as_table, make_report, safe
from assistant.metrics.report_html import as_html
from assistant.metrics.wording import seconds_words, value_words
from assistant.security.principals import Principal
from assistant.store.engine import Store
from tests.assistant.conftest import NOW
from tests.assistant.metrics.world import ended_case, fill, make_world, put

START = (NOW - timedelta(days=9)).isoformat()
Numbers = dict[tuple[str, str], tuple[str, str, str]]
"""By figure and group: value, numerator, denominator as written."""


class Rows(HTMLParser):
    """The page's table rows, by their data attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: Numbers = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = {k.removeprefix("data-"): v or "" for k, v in attrs if k.startswith("data-")}
        if tag == "tr" and data:
            of = (data["value"], data["numerator"], data["denominator"])
            self.found[data["figure"], data["group"]] = of


@pytest.fixture
def house(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A generated world in the database that the command finds."""
    fill(store, make_world(Random(21), 70))
    monkeypatch.setenv("HELLOWORD_DATABASE_URL", database_url)
    monkeypatch.setenv("HELLOWORD_TIME_ZONE", "Asia/Shanghai")
    yield store


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(report_command)
    told = CliRunner().invoke(app, ["--from", START, "--to", NOW.isoformat(), "--language", "en", *arguments])
    assert told.exit_code == 0, told.output
    return told.stdout


def from_api(store: Store, group_by: str | None) -> dict[str, Any]:
    app = FastAPI()
    app.include_router(make_router(store, "Asia/Shanghai", lambda scope: lambda: Principal("key", "k", "k")))
    query = {"from": START, "to": NOW.isoformat()} | ({"group_by": group_by} if group_by else {})
    told: dict[str, Any] = TestClient(app).get("/v1/metrics/summary", params=query).json()
    return told


def numbers(figures: dict[str, Any]) -> Numbers:
    found: Numbers = {}
    for figure in figures.values():
        for group in [figure, *(figure.get("groups") or [])]:
            of = (written(group["value"]), written(group["numerator"]), written(group["denominator"]))
            found[figure["id"], group.get("group", "")] = of
    return found


def written(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{m['currency']} {m['amount']}" for m in value)
    return "" if value is None else str(value)


def numbers_of_csv(text: str) -> Numbers:
    found: Numbers = {}
    for row in csv.DictReader(io.StringIO(text)):
        key = row["figure"], row["group"]
        money = f"{row['currency']} {row['value']}" if row["currency"] else row["value"]
        before = f"{found[key][0]} " if key in found else ""
        found[key] = (before + money, row["numerator"], row["denominator"])
    return found


@pytest.mark.parametrize("group_by", [None, "severity", "fault", "day"])
def test_api_json_csv_and_page_tell_the_same_numbers(house: Store, group_by: GroupBy | None) -> None:
    by = ["--by", group_by] if group_by else []
    told = from_api(house, group_by)
    assert json.loads(run("--format", "json", *by)) == told
    expected = numbers(told)
    assert len(expected) >= len(FIGURES)
    assert numbers_of_csv(run("--format", "csv", *by)) == expected
    assert Rows(run("--format", "html", *by)).found == expected


def test_the_cases_behind_a_number_are_exported_as_many_as_it_says(house: Store, tmp_path: Path) -> None:
    out = tmp_path / "cases.csv"
    run("--cases", "messages_delivered_rate", "--part", "denominator", "--by", "fault", "--out", str(out))
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert len(rows) == from_api(house, None)["messages_delivered_rate"]["denominator"]
    assert {row["in_numerator"] for row in rows} == {"true", "false"}
    as_json = json.loads(run("--cases", "messages_delivered_rate", "--part", "denominator", "--format", "json"))
    assert [r["case_id"] for r in as_json] == [r["case_id"] for r in rows]


def test_a_table_can_be_kept_in_a_file(house: Store, tmp_path: Path) -> None:
    out = tmp_path / "report.txt"
    run("--out", str(out), "--severity", "high")
    assert "repair rate" in out.read_text()
    assert "Only: high" in out.read_text()


def test_the_columns_of_the_csv_are_stable(house: Store) -> None:
    for by in ((), ("--by", "severity")):
        assert run("--format", "csv", *by).splitlines()[0] == ",".join(COLUMNS)


def test_nothing_in_a_file_is_a_formula(store: Store) -> None:
    put(store, ended_case("=cmd()", NOW - timedelta(days=1)))
    told = report(store)
    from assistant.metrics.report import cases_csv

    assert "'=cmd()" in cases_csv(told, "repair_rate", "numerator", None)
    assert [safe(text) for text in ("+1", "-1", "@x", "\tx", "plain")] == ["'+1", "'-1", "'@x", "'\tx", "plain"]
    assert safe(-0.25) == -0.25


def report(store: Store, language: str = "en", **query: Any) -> Report:
    return make_report(store, make_query("UTC", NOW, start=START, end=NOW.isoformat(), **query), NOW, language)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_page_and_table_speak_one_language_and_load_nothing(store: Store, language: str) -> None:
    fill(store, make_world(Random(22), 40))
    told = report(store, language, group_by="playbook")
    page = as_html(told)
    assert f'<html lang="{language}">' in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    for figure in FIGURES.values():
        shown = figure.name[language]
        assert shown[1:] in page
    shown_there = io.StringIO()
    Console(file=shown_there, width=140).print(as_table(told))
    assert FIGURES["repair_rate"].name[language] in shown_there.getvalue()


def test_charts_say_in_words_what_they_show(store: Store) -> None:
    fill(store, make_world(Random(23), 60))
    page = as_html(report(store))
    svgs = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(svgs) == 6
    ids = re.findall(r'aria-labelledby="(\S+) (\S+)"', page)
    assert len({i for pair in ids for i in pair}) == 12
    for svg in svgs:
        assert re.search(r"<title id=.*?>.+?</title><desc id=.*?>.+?</desc>", svg, re.DOTALL)


def test_an_empty_period_still_makes_a_page(store: Store) -> None:
    page = as_html(report(store))
    assert page.count("nothing to count in this period") == 6
    assert Rows(page).found["repair_rate", ""] == ("", "0", "0")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_the_screen_and_runs_nothing(browser_page: Page, databases: Any, width: int) -> None:
    from assistant.store.engine import make_engine

    url = databases.fresh("sqlite")
    store = Store(make_engine(url))
    fill(store, make_world(Random(24), 60))
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.set_content(as_html(report(store, "zh-CN", group_by="fault")))
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
    assert browser_page.evaluate("document.scripts.length") == 0
    store.engine.dispose()


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (0.8333, "share", "83.3 %", "83.3%"),
        (-0.021, "points", "-2.1 points", "-2.1 个百分点"),
        ([{"amount": 1999, "currency": "CNY"}, {"amount": 5, "currency": "USD"}], "money", "¥19.99 + $0.05", None),
        ([], "money", "—", "—"),
        (None, "share", "—", "—"),
        (1234, "count", "1,234", "1,234"),
        (3725.0, "seconds", "1 h 2 min", "1 小时 2 分"),
    ],
)
def test_values_are_written_as_people_write_them(value: Any, unit: str, en: str, zh: str | None) -> None:
    assert value_words(value, unit, "en") == en
    assert value_words(value, unit, "zh-CN") == (zh or en)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0.0 s"), (9.94, "9.9 s"), (59.6, "1 min"), (60.0, "1 min"), (3600.0, "1 h"), (90_061.0, "1 d 1 h")],
)
def test_seconds_are_written_in_their_two_largest_units(seconds: float, words: str) -> None:
    assert seconds_words(seconds, "en") == words


def test_bad_options_are_named_in_one_line(house: Store) -> None:
    app = typer.Typer()
    app.command()(report_command)
    for arguments, field in (
        (["--by", "colour"], "group_by"), (["--from", "soon"], "from"), (["--format", "pdf"], "format"),
        (["--cases", "luck"], "luck"), (["--cases", "backlog", "--part", "denominator"], "part"),
        (["--cases", "backlog", "--format", "html"], "format"), (["--out", "/nowhere/at/all.csv"], "out"),
        (["--tz", "Mars"], "tz"), (["--severity", "awful"], "severity"),
    ):  # fmt: skip
        told = CliRunner().invoke(app, arguments)
        assert (told.exit_code, field in told.stderr, "Traceback" in told.output) == (2, True, False), told.output

"""The report: one look at the database, written as JSON, CSV or a table; `cli` calls it, `report_html` draws it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from rich.table import Table

from assistant.metrics.figures import Counted, Query, count, load_for, members
from assistant.metrics.rows import Entries
from assistant.metrics.shown import item_json, stamp, summary_json
from assistant.metrics.wording import TEXTS, behind_words, group_words, interval_words, value_words
from assistant.store.engine import Store
from knowledge.phrases import render
from knowledge.phrases.labels import label

COLUMNS = (
    "figure", "name", "group_by", "group", "value", "currency", "unit", "numerator", "denominator",
    "numerator_cases", "denominator_cases", "interval_low", "interval_high", "from", "to", "time_zone", "definition",
)  # fmt: skip
CASE_COLUMNS = (
    "figure", "part", "case_id", "episode", "ref", "at", "severity", "fault", "playbook", "status", "resolution",
    "proven_at", "in_numerator", "measure", "currency", "rating", "state",
)  # fmt: skip
Json = dict[str, Any]


class Report(msgspec.Struct, frozen=True):
    """One look: what was asked, when, and every figure as the API shows it."""

    query: Query
    now: datetime
    language: str
    entries: Entries
    counted: dict[str, Counted]
    figures: dict[str, Json]

    def grouped(self, group_by: str) -> dict[str, Json]:
        """The same entries grouped another way."""
        query = msgspec.structs.replace(self.query, group_by=group_by)
        return summary_json(count(self.entries, query), query, self.language)

    def say(self, key: str, **params: Any) -> str:
        """One of the report's texts in its language."""
        return render(TEXTS, key, self.language, **params)

    def span(self) -> Json:
        """The parameters of the line that says which period this is; local times."""
        period = self.query.period
        return {"start": self.local(period.start), "end": self.local(period.end), "tz": period.zone.key}

    def local(self, at: datetime) -> str:
        """A time by the clock of the period's zone."""
        return f"{at.astimezone(self.query.period.zone):%Y-%m-%d %H:%M}"

    def filters(self) -> str:
        """What was filtered by, in words; empty where nothing was."""
        names = ("severity", "fault", "playbook")
        return ", ".join(group_words(n, code, self.language) for n in names for code in sorted(getattr(self.query, n)))


def make_report(store: Store, query: Query, now: datetime, language: str) -> Report:
    """Counts everything once."""
    entries = load_for(store, query, now)
    counted = count(entries, query)
    return Report(query, now, language, entries, counted, summary_json(counted, query, language))


def as_json(report: Report) -> str:
    """What `GET /v1/metrics/summary` answers."""
    return json.dumps(report.figures, ensure_ascii=False, indent=2)


def as_csv(report: Report) -> str:
    """One row per figure and group (money: per currency), columns as `COLUMNS`; the whole has an empty group."""
    return _written(COLUMNS, _rows(report))


def cases_csv(report: Report, figure_id: str, part: str, group: str | None) -> str:
    """One row per entry behind a number, columns as `CASE_COLUMNS`.

    Raises:
        InputError: as `members`.
    """
    return _written(CASE_COLUMNS, _case_rows(report, figure_id, part, group))


def cases_of(report: Report, figure_id: str, part: str, group: str | None) -> list[Json]:
    """Everything behind a number, as the API shows it; earliest first.

    Raises:
        InputError: as `members`.
    """
    one = report.counted[figure_id]
    hits = {id(e) for e in one.whole.hits}
    return [
        item_json(one.figure, e, is_hit=id(e) in hits, playbooks=report.query.asks_playbooks)
        for e in members(one, part, group)
    ]


def as_table(report: Report) -> Table:
    """For the terminal: each figure, under it its groups."""
    table = Table(title=f"{report.say('title')}\n{report.say('period', **report.span())}", title_justify="left")
    for key in ("figure", "value", "behind", "interval"):
        table.add_column(report.say(key), justify="left" if key == "figure" else "right")
    for figure in report.figures.values():
        _add(table, report, figure["name"], figure, figure["unit"], style="bold")
        for group in figure.get("groups") or []:
            name = group_words(str(report.query.group_by), group["group"], report.language)
            _add(table, report, f"  {name}", group, figure["unit"], style="")
        if not report.query.group_by:
            for severity, part in figure["by"]["severity"].items():
                _add(table, report, f"  {label('severity', severity, report.language)}", part, figure["unit"], style="")
    return table


def safe(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that could be one is quoted; numbers stay numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return f"'{value}"
    return value


# -- parts ----------------------------------------------------------------------------------------------------------


def _add(table: Table, report: Report, name: str, figure: Json, unit: str, *, style: str) -> None:
    cells = (
        value_words(figure["value"], unit, report.language), behind_words(figure, report.language),
        interval_words(figure, unit, report.language),
    )  # fmt: skip
    table.add_row(name, *cells, style=style)


def _written(columns: Iterable[str], rows: Iterable[Json]) -> str:
    out = io.StringIO()
    names = list(columns)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(["" if row.get(name) is None else safe(row[name]) for name in names])
    return out.getvalue()


def _rows(report: Report) -> Iterator[Json]:
    for figure in report.figures.values():
        head = {
            "figure": figure["id"], "name": figure["name"], "unit": figure["unit"], "from": figure["from"],
            "to": figure["to"], "time_zone": figure["time_zone"], "definition": figure["definition"],
        }  # fmt: skip
        for group in [figure, *(figure.get("groups") or [])]:
            of = {"group_by": report.query.group_by, "group": group["group"]} if "group" in group else {}
            for value in _values(group["value"]):
                yield head | of | value | _numbers(group)


def _numbers(figure: Json) -> Json:
    low, high = figure["interval"] or (None, None)
    return {
        "numerator": figure["numerator"], "denominator": figure["denominator"],
        "numerator_cases": figure["cases"]["numerator"], "denominator_cases": figure["cases"]["denominator"],
        "interval_low": low, "interval_high": high,
    }  # fmt: skip


def _values(value: Any) -> list[Json]:
    """Money takes a row for each currency, in minor units."""
    if isinstance(value, list):
        return [{"value": m["amount"], "currency": m["currency"]} for m in value] or [{}]
    return [{"value": value}]


def _case_rows(report: Report, figure_id: str, part: str, group: str | None) -> Iterator[Json]:
    for item in cases_of(report, figure_id, part, group):
        measure = item["measure"]
        money = {"measure": measure["amount"], "currency": measure["currency"]} if isinstance(measure, dict) else {}
        yield {"figure": figure_id, "part": part, **item, **money}


def written_at(report: Report) -> str:
    """When it was counted, RFC 3339."""
    return str(stamp(report.now))


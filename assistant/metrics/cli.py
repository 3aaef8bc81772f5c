"""`helloword report`: figures on the terminal, as CSV, JSON or a page; assistant.cli mounts report_command."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from rich.console import Console

from assistant.metrics.figures import figure_of, make_query
from assistant.metrics.report import Report, as_csv, as_json, as_table, cases_csv, cases_of, make_report
from assistant.metrics.report_html import as_html
from assistant.settings import load_settings
from assistant.store.engine import Store, make_engine, utcnow
from assistant.store.migrate import upgrade
from knowledge.phrases import language_of
from knowledge.vocabulary.errors import InputError, NotFoundError

Format = Literal["table", "csv", "html", "json"]


def report_command(
    since: Annotated[str, typer.Option("--from", help="RFC 3339 or a date; default: seven days before --to")] = "",
    to: Annotated[str, typer.Option("--to", help="up to, not including; default: now")] = "",
    by: Annotated[str, typer.Option(help="severity, fault, playbook, day, week or month")] = "",
    format: Annotated[str, typer.Option(help="table, csv, html or json; default: by the name of --out")] = "",
    out: Annotated[Path | None, typer.Option(help="write into this file")] = None,
    language: Annotated[str, typer.Option(help="zh-CN or en; default: the terminal's")] = "",
    tz: Annotated[str, typer.Option(help="IANA zone of the days; default: HELLOWORD_TIME_ZONE")] = "",
    severity: Annotated[str, typer.Option(help="only these, separated by commas")] = "",
    fault: Annotated[str, typer.Option(help="only these leading faults")] = "",
    playbook: Annotated[str, typer.Option(help="only where this playbook was at work")] = "",
    cases: Annotated[str, typer.Option(help="instead of the figures: the cases behind this one (CSV or JSON)")] = "",
    part: Annotated[str, typer.Option(help="of --cases: numerator or denominator")] = "numerator",
    group: Annotated[str, typer.Option(help="of --cases: one of the groups of --by")] = "",
) -> None:
    """How broken orders were handled: every figure with its numerator and denominator, and the cases behind each."""
    chosen = language_of(language) if language else terminal_language()
    try:
        how = _format(format, out, cases)
        settings, now = load_settings(), utcnow()
        query = make_query(
            settings.time_zone, now, start=since, end=to, zone=tz, group_by=by, severity=severity, fault=fault,
            playbook=playbook,
        )  # fmt: skip
        if cases:
            figure_of(cases)
        upgrade(settings.database)
        store = Store(make_engine(settings.database))
        report = make_report(store, query, now, chosen)
        store.engine.dispose()
        _hand_over(report, how, out, cases=cases, part=part, group=group or None)
    except (InputError, NotFoundError) as error:
        Console(stderr=True).print(f"[bold red]{error.code}[/]", end=" ")
        Console(stderr=True, highlight=False).print(error.detail, markup=False, soft_wrap=True)
        raise typer.Exit(2) from error


def terminal_language() -> str:
    """zh-CN where the environment is Chinese, else en."""
    return language_of(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG"))


def _format(format: str, out: Path | None, cases: str) -> Format:
    suffix = out.suffix.removeprefix(".").lower() if out else ""
    wanted = format or (suffix if suffix in ("csv", "html", "json") else "csv" if cases else "table")
    for known in get_args(Format):
        if wanted == known and not (cases and known in ("table", "html")):
            found: Format = known
            return found
    allowed = ("csv", "json") if cases else get_args(Format)
    raise InputError("invalid_format", "format", f"{wanted!r} is none of {', '.join(allowed)}")


def _hand_over(report: Report, how: Format, out: Path | None, *, cases: str, part: str, group: str | None) -> None:
    if cases and how == "csv":
        text = cases_csv(report, cases, part, group)
    elif cases:
        text = json.dumps(cases_of(report, cases, part, group), ensure_ascii=False, indent=2) + "\n"
    elif how == "table":
        _show(report, out)
        return
    else:
        text = {"csv": as_csv, "json": as_json, "html": as_html}[how](report)
    if out is None:
        typer.echo(text, nl=False)
        return
    # A spreadsheet takes a CSV for UTF-8 only where it begins with its mark.
    _write(out, text, "utf-8-sig" if how == "csv" else "utf-8")
    Console(stderr=True).print(report.say("written", path=str(out)), markup=False, highlight=False, soft_wrap=True)


def _show(report: Report, out: Path | None) -> None:
    text = io.StringIO()
    console = Console(file=text, width=120) if out else Console()
    console.print(as_table(report))
    if report.filters():
        console.print(report.say("filtered", what=report.filters()), markup=False)
    if out:
        _write(out, text.getvalue(), "utf-8")


def _write(out: Path, text: str, encoding: str) -> None:
    try:
        out.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise InputError("unwritable", "out", f"{out}: {error.strerror}") from error

"""`helloword scan`: the terminal's side of the scan; assistant.cli mounts scan_command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from assistant.scan.checks import WORDS
from assistant.scan.files import Export
from assistant.scan.html import amounts, headline, page, period, share, titles
from assistant.scan.mapping import load_mapping, load_preset, preset_names
from assistant.scan.report import BrokenOrder, ScanReport, Tally
from assistant.scan.scanner import scan_file
from assistant.scan.texts import TEXTS
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import language_of, render
from knowledge.policies import Limits
from knowledge.vocabulary.errors import InputError

_SHOWN_BAD_ROWS = 20
_STYLE = {"high": "bold red", "medium": "yellow", "low": "cyan"}


def scan_command(
    file: Annotated[Path, typer.Argument(help="CSV, JSON Lines or Parquet, each also .gz")],
    preset: Annotated[
        str, typer.Option(help=f"layout of the export: {', '.join(preset_names())}; guessed if not given")
    ] = "",
    mapping: Annotated[Path | None, typer.Option(help="a TOML or JSON file that says which column is what")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the report as JSON")] = False,
    html: Annotated[Path | None, typer.Option(help="write a page with charts, readable offline")] = None,
    findings: Annotated[Path | None, typer.Option(help="write each broken order as a line of JSON")] = None,
    as_of: Annotated[
        str, typer.Option(help="judge deadlines as of this time (ISO 8601); default: when FILE was written")
    ] = "",
    currency: Annotated[str, typer.Option(help="of an export that doesn't say it (ISO 4217)")] = "",
    language: Annotated[str, typer.Option(help="zh-CN or en; default: the terminal's")] = "",
) -> None:
    """How many past orders were broken, why, what money is at risk and what would have been tried."""
    try:
        report = scan(
            file,
            preset=preset,
            mapping=mapping,
            html=html,
            findings=findings,
            as_of=as_of,
            currency=currency,
            language=language,
        )
    except InputError as error:
        Console(stderr=True).print(f"[bold red]{error.code}[/]", end=" ")
        Console(stderr=True, highlight=False).print(error.detail, markup=False, soft_wrap=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(report.json(), ensure_ascii=False, indent=2))
    else:
        show(report, language or terminal_language(), Console())


def scan(
    file: Path,
    *,
    preset: str = "",
    mapping: Path | None = None,
    html: Path | None = None,
    findings: Path | None = None,
    as_of: str = "",
    currency: str = "",
    language: str = "",
    limits: Limits | None = None,
) -> ScanReport:
    """Scans `file`, writes what was asked for, and shows progress on stderr where that is a terminal.

    Raises:
        InputError: what `scan_file` raises, `invalid_time` for `as_of`, `unwritable` for a file that can't be written.
    """
    if preset and mapping:
        raise InputError("invalid_mapping", "preset", "give either a preset or a mapping, not both")
    chosen = load_mapping(mapping) if mapping else load_preset(preset) if preset else None
    language = language or terminal_language()
    with _lines_to(findings) as on_broken, _progress(file, language) as on_progress:
        report = scan_file(
            file,
            chosen,
            currency=currency,
            limits=limits,
            as_of=_moment(as_of),
            on_broken=on_broken,
            on_progress=on_progress,
        )
    if html is not None:
        with _writable(html) as out:
            out.write(page(report, language).encode())
    return report


def terminal_language() -> str:
    """zh-CN where the environment is Chinese, else en."""
    return language_of(os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG"))


def show(report: ScanReport, language: str, console: Console) -> None:
    """The table by fault, what was not checked, and the rows that could not be used."""
    lang = language_of(language)

    def say(key: str, **params: Any) -> str:
        return render(TEXTS, key, lang, **params)

    console.print(say("headline", **headline(report)), style="bold", markup=False)
    console.print(say("period", **period(report)), style="dim", markup=False, highlight=False, soft_wrap=True)
    console.print(_table(report, say, lang))
    if report.running:
        console.print(say("running", count=f"{report.running:,}"), style="dim", markup=False)
    if report.not_checked:
        console.print(say("not_checked"), style="bold")
        for code, needs in report.not_checked.items():
            gone = say("not_exported", needs=[WORDS[need][lang] for need in needs])
            console.print(f"  {titles(code, lang)[0]} ({code.value}) — {gone}", markup=False, highlight=False)
    if report.bad_rows:
        console.print(say("bad_rows", count=f"{report.bad_rows:,}"), style="bold yellow")
        for bad in report.bad[:_SHOWN_BAD_ROWS]:
            console.print(f"  {say('bad_row', line=str(bad.line), reason=bad.reason)}", markup=False, highlight=False)
        if report.bad_rows > _SHOWN_BAD_ROWS:
            console.print("  " + say("more", count=f"{report.bad_rows - _SHOWN_BAD_ROWS:,}"))


def _table(report: ScanReport, say: Callable[..., str], lang: str) -> Table:
    table = Table(show_lines=False)
    for key in ("fault", "severity"):
        table.add_column(say(key))
    for key in ("orders", "share", "at_risk"):
        table.add_column(say(key), justify="right", no_wrap=True)
    table.add_column(say("suggested"), ratio=1, overflow="fold")
    for code in report.checked():
        tally = report.faults.get(code) or Tally(severity=CATALOGUE[code].severity)
        own, other = titles(code, lang)
        severity = tally.severity.value
        table.add_row(
            f"{own}\n[dim]{other}[/]", f"[{_STYLE[severity]}]{say(severity)}[/]",
            f"{tally.orders:,}" if tally.orders else f"[dim]{say('none')}[/]",
            share(tally.orders, report.orders), amounts(tally.at_risk), CATALOGUE[code].texts["suggested"][lang],
        )  # fmt: skip
    return table


# -- files and progress -------------------------------------------------------------------------------------------


@contextmanager
def _writable(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("wb") as out:
            yield out
    except OSError as error:
        raise InputError("unwritable", str(path), error.strerror or str(error)) from error


@contextmanager
def _lines_to(path: Path | None) -> Iterator[Callable[[BrokenOrder], None] | None]:
    """Writes broken orders as JSON Lines while the scan goes on."""
    if path is None:
        yield None
        return
    encoder = msgspec.json.Encoder()
    with _writable(path) as out:

        def write(broken: BrokenOrder) -> None:
            out.write(encoder.encode(broken) + b"\n")

        yield write


@contextmanager
def _progress(file: Path, language: str) -> Iterator[Callable[[Export, int], None] | None]:
    """A bar by bytes read, on stderr; none where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[orders]:,}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(render(TEXTS, "reading", language, file=file.name), total=1.0, orders=0)
        yield lambda export, orders: progress.update(task, completed=export.share, orders=orders)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError("invalid_time", "as-of", f"{text!r} is no ISO 8601 time") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)

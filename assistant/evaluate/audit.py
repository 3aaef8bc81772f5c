"""`helloword audit verify`: SPEC.md's eight invariants on the live database and the connected shop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from assistant.evaluate.invariants import judge
from assistant.evaluate.loading import load_world
from assistant.evaluate.rest import Rest, wait_until
from assistant.evaluate.violation import Verdict
from assistant.settings import Settings
from assistant.store.engine import Store, make_engine, utcnow
from knowledge.vocabulary.errors import HellowordError, UnavailableError
from tools.connectors.gate import GatePolicy
from tools.connectors.http import HttpShop
from tools.connectors.ports import ShopReader

HOLDS, VIOLATED, UNREACHABLE = 0, 1, 2
LOOKS, BETWEEN_LOOKS = 2, 1.0  # a violation is one that two looks, seconds apart, have both seen
SHOWN = 10  # violations of one invariant in the table; `--json` has them all


def audit_command(
    settings: Settings, *, as_json: bool = False, wait: float = 0.0, console: Console | None = None
) -> int:
    """Checks and prints; waits up to `wait` seconds for the cases to come to rest first.

    Returns 0 when all that can be checked holds, 1 when an invariant is violated, 2 when shop or database don't answer.
    """
    console = console or Console()
    store = open_store(settings)
    try:
        with connected(settings) as shop:
            rest = wait_until(store, lambda seen: seen.quiet, wait) if wait else None
            verdicts = audit(store, shop.reader, settings)
    except UnavailableError as error:
        _say_unreachable(console, error, as_json=as_json)
        return UNREACHABLE
    finally:
        store.engine.dispose()
    if as_json:
        print(json.dumps(report(verdicts, rest), ensure_ascii=False))
    else:
        show(console, verdicts, rest)
    return HOLDS if all(v.holds for v in verdicts) else VIOLATED


def audit(
    store: Store, reader: ShopReader, settings: Settings, *, sleep: Callable[[float], None] = time.sleep
) -> list[Verdict]:
    """The verdicts. Things go on while we read, so a violation counts when a second look sees it again.

    Raises:
        UnavailableError: the shop or the database doesn't answer.
    """
    verdicts = judge(load_world(store, reader, settings, utcnow()))
    for _ in range(LOOKS - 1):
        if all(v.holds for v in verdicts):
            break
        sleep(BETWEEN_LOOKS)
        verdicts = seen_twice(verdicts, judge(load_world(store, reader, settings, utcnow())))
    return verdicts


def seen_twice(before: list[Verdict], after: list[Verdict]) -> list[Verdict]:
    """The later verdicts with only those violations whose invariant and subject the earlier ones had too."""
    known = {(v.invariant, v.subject) for verdict in before for v in verdict.violations}
    return [
        msgspec.structs.replace(
            verdict, violations=[v for v in verdict.violations if (v.invariant, v.subject) in known]
        )
        for verdict in after
    ]


def open_store(settings: Settings) -> Store:
    """The deployment's database, which must be there: an audit makes none.

    Raises:
        HellowordError: `no_database`.
    """
    url = settings.database
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        raise HellowordError("no_database", f"there is no {url.removeprefix('sqlite:///')}; is HELLOWORD_HOME right?")
    return Store(make_engine(url))


def connected(settings: Settings) -> HttpShop:
    """The connected shop; a context manager.

    Raises:
        UnavailableError: `shop_not_connected`.
    """
    if not settings.shop_url:
        raise UnavailableError("shop_not_connected", "no shop is connected: set HELLOWORD_SHOP_URL and _SHOP_TOKEN")
    policy = GatePolicy(read_timeout=settings.shop_timeout)
    return HttpShop(settings.shop_url, settings.shop_token.get_secret_value(), policy=policy)


# -- telling --------------------------------------------------------------------------------------------------------


def report(verdicts: list[Verdict], rest: Rest | None = None) -> dict[str, Any]:
    """For machines."""
    found: dict[str, Any] = {
        "holds": all(v.holds for v in verdicts),
        "invariants": msgspec.to_builtins(verdicts),
        "violations": [msgspec.to_builtins(v) for verdict in verdicts for v in verdict.violations],
    }
    return found | ({"at_rest": rest.quiet} if rest else {})


def show(console: Console, verdicts: list[Verdict], rest: Rest | None = None) -> None:
    """A table: invariant, how many were checked, how many violate it; then the offending ids and what can't be seen."""
    if rest is not None and not rest.quiet:
        console.print(f"[yellow]not at rest yet[/]: {rest}")
    table = Table(title="The invariants (SPEC.md, F2)", title_justify="left")
    for name, justify in (("", "right"), ("invariant", "left"), ("checked", "right"), ("violated", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for v in verdicts:
        style = "" if v.holds else "red"
        table.add_row(str(v.invariant), v.wording, f"{v.checked} {v.of_what}", str(len(v.violations)), style=style)
    console.print(table)
    for verdict in verdicts:
        for violation in verdict.violations[:SHOWN]:
            console.print(f"[red]{violation.invariant}[/] {violation.subject}: {violation.detail}", highlight=False)
        if (more := len(verdict.violations) - SHOWN) > 0:
            console.print(f"[red]{verdict.invariant}[/] … and {more} more (--json lists them)")
    for verdict in verdicts:
        for gap in verdict.not_checkable:
            console.print(f"[dim]{verdict.invariant} not checkable here:[/] {gap}", highlight=False)


def _say_unreachable(console: Console, error: UnavailableError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"holds": None, "error": {"code": error.code, "detail": error.detail}}))
    else:
        console.print(f"[red]the audit could not be made[/]: {error.code}: {error.detail}", highlight=False)

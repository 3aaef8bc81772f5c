"""The bench of the service levels: its counts are the product's own, its verdict is honest, and it runs."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from assistant.evaluate.bench_sla import Load, OfSeverity, Phase, SlaBench, measure_sla, of_severities
from assistant.evaluate.bench_sla_report import ratio_of, report, show
from assistant.evaluate.proof import fields_of
from assistant.promises.standing import Figures
from assistant.security.vault import Vault
from assistant.store.engine import Store, utcnow
from knowledge.vocabulary.codes import Severity
from tests.assistant.promises.watched import Watched
from tools.sandbox.config import ASSISTANT_SETTINGS


def row(severity: str, *, met: int = 4, settled: int = 4, p95: float | None = 2.0, **more: int) -> OfSeverity:
    share = met / settled if settled else None
    found = Figures(
        settled=settled, met=met, share=share, p50_seconds=1.0, p95_seconds=p95, worst_seconds=p95, waited_seconds=0.0
    )
    counts = {"cases": settled, "undecided": 0, "paused": 0, "not_counted": 0, **more}
    return OfSeverity(severity=severity, figures=found, **counts)


def phase(*rows: OfSeverity, factor: float = 1.0, made: float = 1.0) -> Phase:
    return Phase(
        factor=factor, seconds=60.0, drained_after=3.0, wanted_per_second=1.0, made_per_second=made, orders=60,
        deepest_queue=2, oldest_timer={"retry": 0.1}, assistant_cores=0.2, machine_cores=None, severities=list(rows),
    )  # fmt: skip


def bench(base: Phase, peak: Phase) -> SlaBench:
    return SlaBench(machine={"python": "3"}, orders_a_day=86_400, broken=0.05, base=base, peak=peak)


def test_it_passes_when_everything_was_kept_and_the_load_was_reached() -> None:
    assert bench(phase(row("high")), phase(row("high"), factor=15)).passed


@pytest.mark.parametrize(
    "peak",
    [
        phase(row("high", met=3), factor=15), phase(row("low", undecided=1), factor=15),
        phase(row("high"), factor=15, made=0.9),
    ],
)  # fmt: skip
def test_a_miss_an_open_end_or_a_load_not_reached_is_no_proof(peak: Phase) -> None:
    found = bench(phase(row("high")), peak)
    assert not found.passed
    written = io.StringIO()
    show(Console(file=written, width=180), found)
    assert any(words in written.getvalue() for words in ("1 promises missed", "1 undecided", "not reached at 15×"))


def test_what_waits_for_its_customer_is_nobodys_failure() -> None:
    assert bench(phase(row("low", undecided=2, paused=2)), phase(row("low"))).passed


def test_ratios_say_how_much_longer_it_took() -> None:
    assert ratio_of(row("high"), row("high", p95=5.0))["p95_seconds"] == 2.5
    assert ratio_of(row("high", p95=None), row("high"))["p95_seconds"] is None
    found = report(bench(phase(row("high")), phase(row("high", p95=5.0), factor=15)))
    assert (found["passed"], found["ratios"]["high"]["worst_seconds"]) == (True, 2.5)


def test_its_counts_are_those_of_the_cases_found_since_it_began(store: Store, vault: Vault) -> None:
    desk = Watched(store, vault)
    before = desk.open_as(Severity.HIGH)
    desk.set_case(before, detected_at=utcnow() - timedelta(hours=1))
    case_id = desk.open_as(Severity.HIGH, "ev-2", checkout_id="ck-2")
    desk.open_as(Severity.LOW, "ev-3", checkout_id="ck-3", live=False)
    began = desk.at(case_id, -60)
    found = {one.severity: one for one in of_severities(store, began, desk.at(case_id, 30))}
    assert (found["high"].cases, found["high"].undecided, found["high"].figures.settled) == (1, 1, 0)
    assert (found["low"].cases, found["low"].not_counted, found["low"].undecided) == (1, 1, 0)
    later = {one.severity: one for one in of_severities(store, began, desk.at(case_id, 61))}
    assert (later["high"].undecided, later["high"].figures.share) == (0, 0.0)


@pytest.mark.proof
def test_the_bench_of_the_service_levels_runs(database_url: str, tmp_path: Path) -> None:
    settings = {"log_level": "warning", **fields_of(ASSISTANT_SETTINGS)}
    found = measure_sla(tmp_path, Load(1.0, 0.3, 5.0, 10.0, 60.0), 3.0, database_url, settings)
    assert found.peak.orders == 30
    assert sum(one.cases for one in found.peak.severities) > 0
    assert found.passed, report(found)

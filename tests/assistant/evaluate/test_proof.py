"""The proof itself: real processes, real faults; long, so `make proof` runs it. And how it fails."""

from __future__ import annotations

import io
import json
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from assistant.evaluate.audit import judge
from assistant.evaluate.processes import clean_environment, running
from assistant.evaluate.proof import Run, Supervisor, fields_of, prove, report
from assistant.evaluate.proof_report import show
from assistant.evaluate.tally import Ends, by_fault, on_healthy, speeds
from assistant.settings import Settings
from knowledge.vocabulary.errors import HellowordError
from tests.assistant.evaluate import worlds as w
from tests.assistant.evaluate.test_tally import truth
from tools.sandbox.config import ASSISTANT_SETTINGS


def a_run(healthy_was_written_to: bool = False) -> Run:
    """A run as if it had been made."""
    world = w.world()
    broken, fine = truth("paid_order_missing"), truth(None, w.CHECKOUT if healthy_was_written_to else "chk-2")
    return Run(
        orders=2, fault_share=0.5, seed=7, took_seconds=1.0, at_rest=True, last_seen="", verdicts={"ok": 2},
        faults=by_fault([broken], world, Ends()), healthy=on_healthy([fine], world), speeds=speeds(world.cases),
        invariants=judge(world), writes={"applied": 1}, open_cases={},
    )  # fmt: skip


def printed(run: Run) -> str:
    written = io.StringIO()
    show(Console(file=written, width=200), run)
    return written.getvalue()


def test_a_run_passes_when_all_is_well_and_says_so() -> None:
    run = a_run()
    assert run.passed
    assert "passed: every invariant holds" in printed(run)
    assert report(run)["passed"] is True
    json.dumps(report(run))


def test_a_run_fails_when_a_healthy_order_was_written_to_or_it_never_rested() -> None:
    harmed = a_run(healthy_was_written_to=True)
    assert not harmed.passed
    assert "healthy and written to: chk-1" in printed(harmed)
    restless = a_run()
    restless.at_rest = False
    assert not restless.passed
    assert "not at rest" in printed(restless)


def test_a_run_fails_when_an_invariant_is_violated() -> None:
    run = a_run()
    run.invariants = judge(w.world(orphans=[("timeline", "case_0")]))
    assert not run.passed
    assert "1 violations" in printed(run)


def test_every_plan_that_waits_is_approved_once() -> None:
    approved: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"items": [{"id": f"case_{n}", "plan_version": 1} for n in range(3)]})
        approved.append(request.url.path)
        return httpx.Response(409 if len(approved) == 1 else 200, json={})

    with httpx.Client(base_url="http://assistant", transport=httpx.MockTransport(answer)) as api:
        supervisor = Supervisor(api)
        supervisor.decide()
        supervisor.decide()
    assert approved == [f"/v1/cases/case_{n}/approve" for n in range(3)]


def test_the_shops_table_becomes_settings() -> None:
    fields = fields_of({"HELLOWORD_DEADLINE_ORDER": "3", "HELLOWORD_DEADLINE_PAYMENT_BOLETO": "60"})
    settings = Settings(**fields)
    assert (settings.deadline_order, settings.deadline_payment_by_method) == (3.0, {"boleto": 60.0})
    assert set(fields_of(ASSISTANT_SETTINGS)) <= set(Settings.model_fields)


def test_a_program_that_does_not_start_is_reported_with_its_last_words(tmp_path: Path) -> None:
    wrong = {"HELLOWORD_DEADLINE_ORDER": "soon"}
    started = running(["serve"], "http://127.0.0.1:9/healthz", tmp_path / "log", wrong)
    with pytest.raises(HellowordError, match=r"HELLOWORD_DEADLINE_ORDER"), started:
        pytest.fail("it started")


def test_programs_start_without_the_callers_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELLOWORD_SHOP_URL", "http://somewhere")
    assert not [name for name in clean_environment() if name.startswith("HELLOWORD_")]


@pytest.mark.proof
def test_broken_and_healthy_orders_end_as_they_should(database_url: str, tmp_path: Path) -> None:
    run = prove(tmp_path, ASSISTANT_SETTINGS, orders=60, fault_share=0.4, seed=3, rate=3.0, database_url=database_url)
    assert run.passed, printed(run)
    assert sum(f.injected for f in run.faults) > 10
    assert [f.fault for f in run.faults if f.acceptable < f.injected] == []
